"""What has come and is not dealt with yet: a little of it in each round of the loop.

The sound of every call is due each 20 ms, on the same loop. A burst of messages must not stand in
its way, so each round deals with messages for a few milliseconds at most; the others wait in order.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from contactcentre.adapters.sip.ways import Way

ROUND_MAX_S = 0.002
"""So long are messages dealt with in one round of the loop, and as long as the last one takes."""
BEHIND_AFTER_S = 0.020
"""A loop whose rounds take so long has no time for more: the sound is due as often."""
ROUNDS_KEPT = 8
"""The length of a round is smoothed over so many: one that was long alone means nothing."""
STALE_AFTER_S = 0.5
WAITING_MAX = 2_000
"""What is of no call in progress and comes on top of so many is dropped: it will come again."""
WAITING_MOST = 2 * WAITING_MAX
"""So many wait at most, whatever they are: over TCP nobody says goodbye twice."""


class Inbox:
    """Passes messages on, each in its turn."""

    def __init__(
        self,
        take: Callable[[bytes, Way], None],
        *,
        may_drop: Callable[[bytes], bool],
        dropped: Callable[[], None],
    ) -> None:
        self._take = take
        self._may_drop = may_drop
        self._dropped = dropped
        self._waiting: deque[tuple[bytes, Way]] = deque()
        self._spent_s = 0.0
        self._round: asyncio.Handle | None = None
        self._began_s = self._looked_s = time.perf_counter()
        self._length_s = 0.0

    @property
    def is_behind(self) -> bool:
        """Say whether the loop has more to do than there is time for."""
        is_known = time.perf_counter() - self._looked_s < STALE_AFTER_S
        return is_known and self._length_s > BEHIND_AFTER_S

    def came(self, data: bytes, way: Way) -> None:
        """Pass a message on now if this round has time for it and none waits, else later."""
        if self._waiting or self._spent_s >= ROUND_MAX_S:
            count = len(self._waiting)
            if count >= WAITING_MOST or (count >= WAITING_MAX and self._may_drop(data)):
                self._dropped()
            else:
                self._waiting.append((data, way))
            return
        self._pass_on(data, way)
        if self._round is None:
            self._begin_round()

    def close(self) -> None:
        """Pass nothing on any more."""
        self._waiting.clear()
        if self._round is not None:
            self._round.cancel()
            self._round = None

    def _pass_on(self, data: bytes, way: Way) -> None:
        began = time.perf_counter()
        self._take(data, way)
        self._spent_s += time.perf_counter() - began

    def _begin_round(self) -> None:
        self._began_s = time.perf_counter()
        self._round = asyncio.get_running_loop().call_soon(self._next_round)

    def _next_round(self) -> None:
        if (now_s := time.perf_counter()) - self._looked_s >= STALE_AFTER_S:
            self._length_s = 0.0
        self._length_s += (now_s - self._began_s - self._length_s) / ROUNDS_KEPT
        self._looked_s = now_s
        self._spent_s, self._round = 0.0, None
        while self._waiting and self._spent_s < ROUND_MAX_S:
            self._pass_on(*self._waiting.popleft())
        if self._spent_s:
            self._begin_round()
