"""How fast a router matches after the live state has been put together again."""

from itertools import pairwise

from contactcentre.domain.pace import (
    PACE_DOUBLES_EVERY_MS,
    PACE_FIRST_PER_S,
    PACED_FOR_MS,
    Pace,
    allowed_count,
)


def made(pace: Pace, *, at_ms: int, wanted: int = 100_000) -> int:
    """Make as many matches as are allowed at a moment; return how many it were."""
    count = 0
    while count < wanted and pace.allows(at_ms=at_ms):
        pace.note()
        count += 1
    return count


def test_without_a_loss_there_is_no_bound() -> None:
    assert made(Pace(), at_ms=0) == 100_000


def test_matching_begins_with_one_and_goes_on_with_twenty_a_second() -> None:
    pace = Pace()
    pace.begin(at_ms=5_000)
    assert made(pace, at_ms=5_000) == 1
    assert made(pace, at_ms=5_500) == PACE_FIRST_PER_S // 2
    assert made(pace, at_ms=5_500) == 0
    assert made(pace, at_ms=6_000) == PACE_FIRST_PER_S // 2


def test_the_pace_doubles_again_and_again() -> None:
    edges = [step * PACE_DOUBLES_EVERY_MS for step in range(6)]
    each = [allowed_count(after) - allowed_count(before) for before, after in pairwise(edges)]
    first = PACE_FIRST_PER_S * PACE_DOUBLES_EVERY_MS // 1_000
    assert each == [first, 2 * first, 4 * first, 8 * first, 16 * first]


def test_after_ten_seconds_there_is_no_bound_any_more_until_the_next_loss() -> None:
    pace = Pace()
    pace.begin(at_ms=0)
    assert made(pace, at_ms=PACED_FOR_MS - 1) < 100_000
    assert made(pace, at_ms=PACED_FOR_MS) == 100_000
    pace.begin(at_ms=PACED_FOR_MS + 1)
    assert made(pace, at_ms=PACED_FOR_MS + 1) == 1
