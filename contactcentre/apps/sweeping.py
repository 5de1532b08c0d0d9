"""Memory that nobody uses any more, given back a little at a time.

What a call leaves behind points at itself in rings, which Python looks for now and then among
everything that there is. The more calls have ended since, the longer it stands still for that: a
third of a second after some hundred calls, in which nobody hears anything. So a node has that done
often, when little has come together.
"""

import gc
import time
from collections.abc import Awaitable, Callable

LOOK_EVERY_S = 0.05
SHARE = 20
"""Sweeping takes no more than about the twentieth part of the time,"""
REST_MAX_S = 0.2
"""unless so much comes together that a longer rest would only make the next sweep longer."""


class Sweeping:
    """Has the waste of one process swept."""

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[None]],
        *,
        clock: Callable[[], float] = time.monotonic,
        waste: Callable[[], int] = lambda: gc.get_count()[2],
        sweep: Callable[[], object] = gc.collect,
    ) -> None:
        """Begin; `waste` tells how much has come together since the last sweep, 0 for little."""
        self._sleep = sleep
        self._clock = clock
        self._waste = waste
        self._sweep = sweep

    async def keep_clean(self) -> None:
        """Sweep for ever, as soon as there is something and the last sweep has been paid for."""
        while True:
            await self._sleep(LOOK_EVERY_S)
            if not self._waste():
                continue
            began = self._clock()
            self._sweep()
            await self._sleep(min(SHARE * (self._clock() - began), REST_MAX_S))


def set_aside() -> None:
    """Look no more through what a process has loaded at its start, and keeps."""
    gc.collect()
    gc.freeze()
