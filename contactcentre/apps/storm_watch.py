"""A router's eyes on how rings end, and the brake on its matching while there is a storm.

A ring is told from another one by its token; how those ended that were there before this router
began to look is an old story and counts for nothing.
"""

from collections.abc import Sequence

import structlog

from contactcentre.adapters.telemetry import metrics
from contactcentre.domain.storm import StormBreaker
from contactcentre.limits import RINGS_LOOK_EVERY_MS, STORM_TOLD_EVERY_MS
from contactcentre.ports.environment import Clock
from contactcentre.ports.rings import RingEnded, Rings

log = structlog.get_logger()


class StormWatch:
    """One router's brake."""

    def __init__(self, rings: Rings, clock: Clock, breaker: StormBreaker) -> None:
        self._rings = rings
        self._clock = clock
        self._breaker = breaker
        self._known: frozenset[RingEnded] | None = None
        self._looked_at_ms = -RINGS_LOOK_EVERY_MS
        self._told_at_ms: int | None = None
        """When others were last told of a storm; None while there is none."""

    async def look(self) -> None:
        """Look how rings have ended since the last look, unless that was just now."""
        now_ms = self._clock.monotonic_ms()
        if now_ms - self._looked_at_ms < RINGS_LOOK_EVERY_MS:
            return
        self._looked_at_ms = now_ms
        self._note(await self._rings.rings_ended(), at_ms=now_ms)
        await self._tell(now_ms)

    @property
    def is_on(self) -> bool:
        """Say whether advisers are to be rung one at a time."""
        return self._breaker.is_open(at_ms=self._clock.monotonic_ms())

    def allows(self) -> bool:
        """Say whether one more adviser may be rung now."""
        return self._breaker.allows(at_ms=self._clock.monotonic_ms())

    def tried(self) -> None:
        """Note that one is rung."""
        self._breaker.tried(at_ms=self._clock.monotonic_ms())

    def _note(self, ended: Sequence[RingEnded], *, at_ms: int) -> None:
        news = [] if self._known is None else [one for one in ended if one not in self._known]
        self._known = frozenset(ended)
        for one in reversed(news):
            self._breaker.note(one.adviser, is_failed=one.is_failed, at_ms=at_ms)

    async def _tell(self, now_ms: int) -> None:
        """Tell boards of a storm again and again, and the log of its beginning and end."""
        was_open, is_open = self._told_at_ms is not None, self._breaker.is_open(at_ms=now_ms)
        if is_open and not was_open:
            metrics.count_storm()
            log.warning(
                "the desks of several advisers failed as they were rung; one at a time is tried"
            )
        elif was_open and not is_open:
            self._told_at_ms = None
            log.warning("rings go well again; everybody is rung")
        metrics.show_storm(is_storm=is_open)
        if is_open and (not was_open or now_ms - (self._told_at_ms or 0) >= STORM_TOLD_EVERY_MS):
            self._told_at_ms = now_ms
            await self._rings.tell_storm()
