"""How much of the last hour an adviser has been in talk and wrap-up.

Counted by one clock, that of the desk process. What lies before the desk began to count is known
as a share only, as another desk process had it; it fades as the hour moves on.
"""

from dataclasses import dataclass, replace

from contactcentre.domain.presence import Presence

HOUR_MS = 3_600_000
WHOLE = 1_000
"""Shares are in thousandths."""
OCCUPIED = frozenset({Presence.TALKING, Presence.WRAP_UP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy:
    """What a desk knows of its adviser's last hour."""

    began_at_ms: int
    share_before: int = 0
    """Of the hour before that."""
    since_at_ms: int | None = None
    """Since when the adviser has been occupied; None if not."""
    spans: tuple[tuple[int, int], ...] = ()
    """From when to when the adviser has been occupied before."""


def see(occupancy: Occupancy, state: Presence, *, at_ms: int) -> Occupancy:
    """Return what is known once an adviser has come to a state."""
    since_at_ms, occupied = occupancy.since_at_ms, state in OCCUPIED
    if occupied and since_at_ms is None:
        return replace(occupancy, since_at_ms=at_ms)
    if occupied or since_at_ms is None:
        return occupancy
    recent = tuple(span for span in occupancy.spans if span[1] > at_ms - HOUR_MS)
    return replace(occupancy, since_at_ms=None, spans=(*recent, (since_at_ms, at_ms)))


def share(occupancy: Occupancy, *, at_ms: int) -> int:
    """Return which part of the last hour the adviser has been occupied, in thousandths."""
    from_ms = at_ms - HOUR_MS
    spans = occupancy.spans
    if occupancy.since_at_ms is not None:
        spans = (*spans, (occupancy.since_at_ms, at_ms))
    counted_ms = sum(max(0, end_ms - max(begin_ms, from_ms)) for begin_ms, end_ms in spans)
    before_ms = max(0, occupancy.began_at_ms - from_ms)
    return (counted_ms * WHOLE + before_ms * occupancy.share_before) // HOUR_MS
