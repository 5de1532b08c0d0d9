"""How a node says of many calls how they stand: in parts that leave others room between them."""

from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

from contactcentre.limits import REPORT_CALLS_MAX, REPORT_SPREAD_MS
from contactcentre.ports.environment import Clock

Thing = TypeVar("Thing")


def spread_ms(count: int) -> int:
    """Return over how many ms reports of so many calls are spread: not at all if one will do."""
    return REPORT_SPREAD_MS if count > REPORT_CALLS_MAX else 0


async def spread(things: Sequence[Thing], clock: Clock) -> AsyncIterator[Sequence[Thing]]:
    """Yield what fits into one report after the other, each when it is due; a late one at once."""
    starts = range(0, len(things), REPORT_CALLS_MAX)
    began_ms = clock.monotonic_ms()
    for number, start in enumerate(starts):
        due_ms = began_ms + number * spread_ms(len(things)) // len(starts)
        early_ms = due_ms - clock.monotonic_ms()
        if early_ms > 0:
            await clock.sleep_ms(early_ms)
        yield things[start : start + REPORT_CALLS_MAX]
