"""What has been answered, for as long as the same request may come again.

A busy node remembers thousands, so each is as small as it can be: the answer's bytes and the way
that they went, one timer for all that are remembered for the same time.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from contactcentre.adapters.sip.ways import Way

Kept = TypeVar("Kept")


class Answered(NamedTuple):
    """A request that was answered for good."""

    data: bytes
    way: Way

    def again(self) -> None:
        """Answer it as before."""
        self.way.send(self.data)


class Fading(Generic[Kept]):
    """Things that are each let go of after the same time."""

    def __init__(self, life_s: float, gone: Callable[[Kept], None]) -> None:
        self._life_s = life_s
        self._gone = gone
        self._kept: deque[tuple[float, Kept]] = deque()
        self._next: asyncio.TimerHandle | None = None

    def keep(self, kept: Kept) -> None:
        """Tell of a thing once its time is over."""
        loop = asyncio.get_running_loop()
        self._kept.append((loop.time() + self._life_s, kept))
        if self._next is None:
            self._next = loop.call_at(self._kept[0][0], self._look)

    def close(self) -> None:
        """Tell of nothing any more."""
        self._kept.clear()
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _look(self) -> None:
        self._next = None
        loop = asyncio.get_running_loop()
        while self._kept and self._kept[0][0] <= loop.time():
            self._gone(self._kept.popleft()[1])
        if self._kept and self._next is None:
            self._next = loop.call_at(self._kept[0][0], self._look)
