"""Every call that came in is somewhere."""

from dataclasses import replace

import pytest

from contactcentre.domain.conservation import Account, total
from contactcentre.domain.ids import QueueId

MONDAY = Account(
    queue=QueueId("tax.paying.en"),
    offered_count=31,
    handled_count=2,
    abandoned_count=5,
    deflected_count=4,
    callback_count=7,
    left_in_menu_count=3,
    closed_count=4,
    system_lost_count=1,
    in_progress_count=2,
    overflowed_count=2,
    transferred_count=1,
    provisional_count=1,
)


def test_the_law_holds_where_every_call_is_counted_once() -> None:
    assert MONDAY.accounted_count == 31
    assert MONDAY.holds


@pytest.mark.parametrize("offered_count", [30, 32])
def test_a_call_that_is_missing_or_counted_twice_breaks_it(offered_count: int) -> None:
    assert not replace(MONDAY, offered_count=offered_count).holds


def test_the_total_is_of_no_queue_and_adds_up_every_side() -> None:
    both = total([MONDAY, replace(MONDAY, queue=None, offered_count=20)])
    assert (both.queue, both.offered_count, both.accounted_count) == (None, 45, 56)
    assert (both.system_lost_count, both.provisional_count) == (2, 2)


def test_who_was_passed_on_from_one_queue_to_another_came_in_once() -> None:
    left = replace(MONDAY, in_progress_count=0, overflowed_count=4)
    entered = replace(MONDAY, overflowed_count=0, transferred_count=0, in_progress_count=5)
    assert left.holds
    assert entered.holds
    both = total([left, entered])
    assert both.holds
    assert (both.offered_count, both.overflowed_count, both.transferred_count) == (57, 0, 0)


def test_a_total_of_nothing_holds() -> None:
    assert total([]).holds
