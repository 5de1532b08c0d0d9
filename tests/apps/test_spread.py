"""How a node spreads what it says of many calls."""

from collections.abc import Sequence

from contactcentre.apps.spread import spread, spread_ms
from contactcentre.limits import REPORT_CALLS_MAX, REPORT_SPREAD_MS

MANY = [*range(2 * REPORT_CALLS_MAX + 1)]
"""What fits into three reports."""


class Hand:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.at_ms = 0

    def now_ms(self) -> int:
        """Return the time."""
        return self.at_ms

    def monotonic_ms(self) -> int:
        """Return the time."""
        return self.at_ms

    async def sleep_ms(self, span_ms: int) -> None:
        """Let time pass at once."""
        self.at_ms += span_ms


async def said(things: Sequence[int], *, each_takes_ms: int = 0) -> list[tuple[int, Sequence[int]]]:
    """Return the parts and when each was said."""
    clock = Hand()
    found = []
    async for part in spread(things, clock):
        found.append((clock.at_ms, part))
        clock.at_ms += each_takes_ms
    return found


async def test_calls_that_fit_into_one_report_are_reported_at_once() -> None:
    few = MANY[:REPORT_CALLS_MAX]
    assert await said(few) == [(0, few)]
    assert spread_ms(len(few)) == 0
    assert await said([]) == []


async def test_the_reports_of_many_calls_leave_room_between_them_and_leave_nobody_out() -> None:
    found = await said(MANY)
    assert [at_ms for at_ms, _ in found] == [0, REPORT_SPREAD_MS // 3, REPORT_SPREAD_MS * 2 // 3]
    assert [one for _, part in found for one in part] == MANY
    assert max(len(part) for _, part in found) == REPORT_CALLS_MAX


async def test_a_report_that_is_late_waits_no_longer() -> None:
    slow_ms = REPORT_SPREAD_MS
    found = await said(MANY, each_takes_ms=slow_ms)
    assert [at_ms for at_ms, _ in found] == [0, slow_ms, 2 * slow_ms]
