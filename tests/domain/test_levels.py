"""From which waiting time on each level is asked."""

import pytest

from contactcentre.domain.ids import QueueId
from contactcentre.domain.levels import AFTER_MAX_S, Asked, asked_later, wrong_in

PAYING, WELSH = QueueId("tax.paying.en"), QueueId("tax.paying.cy")


@pytest.mark.parametrize("after_s", [(0, 20, 60), (0, 0, 0), (0, 0, AFTER_MAX_S), (0, 30, 30)])
def test_times_that_do_not_fall_are_in_order(after_s: tuple[int, ...]) -> None:
    assert wrong_in(after_s) is None


@pytest.mark.parametrize(
    ("after_s", "told"),
    [
        ((0, 20), "there are 2 times"),
        ((), "there are 0 times"),
        ((5, 20, 60), "write 0 first, not 5"),
        ((0, 60, 20), "write times that do not fall"),
        ((0, 20, AFTER_MAX_S + 1), "write a shorter time"),
    ],
)
def test_times_that_make_no_sense_are_told_with_what_to_write(
    after_s: tuple[int, ...], told: str
) -> None:
    assert told in (wrong_in(after_s) or "nothing wrong")


def test_an_adviser_of_a_lower_level_is_asked_later_where_the_queue_tells_levels_apart() -> None:
    widening = {PAYING: (0, 20_000, 60_000)}
    assert asked_later({PAYING: 2, WELSH: 3}, widening) == {PAYING: Asked(level=2, after_ms=20_000)}
    assert asked_later({PAYING: 3}, widening) == {PAYING: Asked(level=3, after_ms=60_000)}
    assert asked_later({PAYING: 1}, widening) == {}
    assert asked_later({}, widening) == {}
