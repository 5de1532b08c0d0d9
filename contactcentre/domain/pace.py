"""How fast a router matches after the live state has been put together again: not all at once.

Everybody who waited meanwhile could be matched in one moment, and every ring opens a leg at a node
and rings at a desk. So it begins slowly and doubles, until there is no bound any more. Time comes
in.
"""

PACE_FIRST_PER_S = 20
"""So many matches a second of one router at first."""
PACE_DOUBLES_EVERY_MS = 2_000
PACED_FOR_MS = 10_000


class Pace:
    """One router's matches since it has gone on."""

    def __init__(self) -> None:
        self._since_ms: int | None = None
        self._made_count = 0

    def begin(self, *, at_ms: int) -> None:
        """Begin slowly from now on."""
        self._since_ms, self._made_count = at_ms, 0

    @property
    def is_on(self) -> bool:
        """Say whether matches are paced now."""
        return self._since_ms is not None

    def note(self) -> None:
        """Count a match."""
        self._made_count += 1

    def allows(self, *, at_ms: int) -> bool:
        """Say whether one more may be made now."""
        if self._since_ms is None:
            return True
        span_ms = at_ms - self._since_ms
        if span_ms >= PACED_FOR_MS:
            self._since_ms = None
            return True
        return self._made_count <= allowed_count(span_ms)


def allowed_count(span_ms: int) -> int:
    """Return how many matches are due so long after the beginning, besides the first one."""
    doublings, rest_ms = divmod(span_ms, PACE_DOUBLES_EVERY_MS)
    # one step after the other: 1 + 2 + 4 + … of what the first one allows, and a part of the next
    factor = 1 << doublings
    whole_ms = (factor - 1) * PACE_DOUBLES_EVERY_MS + factor * rest_ms
    return PACE_FIRST_PER_S * whole_ms // 1_000
