"""Priority that ages: a class is a head start, and a score never changes."""

from itertools import pairwise

from contactcentre.domain.classes import ServiceClass, head_start_ms, score

CAME_MS = 1_790_000_000_000


def test_each_class_starts_ahead_of_the_next() -> None:
    assert all(head_start_ms(a) > head_start_ms(b) for a, b in pairwise(ServiceClass))


def test_a_caller_who_needs_extra_support_goes_before_everyone_who_came_today() -> None:
    this_morning = score(CAME_MS - 20 * 3_600_000, ServiceClass.P1)
    assert score(CAME_MS, ServiceClass.P0) < this_morning


def test_a_deadline_overtakes_five_minutes_of_waiting_and_no_more() -> None:
    urgent = score(CAME_MS, ServiceClass.P1)
    assert urgent < score(CAME_MS - 299_000, ServiceClass.P2)
    assert urgent > score(CAME_MS - 301_000, ServiceClass.P2)
