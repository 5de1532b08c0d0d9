"""What a desk process can see of two promises: one call an adviser (I4), and nobody stuck (I5)."""

from dataclasses import dataclass, replace

from contactcentre.domain.desk_stand import Desk
from contactcentre.domain.ids import AdviserId
from contactcentre.domain.presence import Presence
from contactcentre.limits import BEAT_EVERY_MS
from contactcentre.ports.monitors import Violated
from contactcentre.ports.state import AdviserStanding
from contactcentre.wire.cluster import Ring

DIFFER_MAX_MS = 5_000
"""So long the live state may have an adviser otherwise than the desk does."""
LOOKS_APART_MAX_MS = 3 * BEAT_EVERY_MS
"""Whoever has not looked for longer has seen nothing of the time between."""


@dataclass(frozen=True, slots=True)
class Differing:
    """Since when an adviser has stood otherwise, and when that was last seen."""

    since_ms: int
    seen_ms: int
    told: bool


class DeskMonitors:
    """Watches the promises that a desk can see broken."""

    def __init__(self, violated: Violated) -> None:
        self._violated = violated
        self._differing: dict[AdviserId, Differing] = {}

    def rings(self, desk: Desk, ring: Ring) -> None:
        """Look at a ring before it is refused."""
        if desk.state is Presence.TALKING and ring.token > desk.token:
            self._violated("I4", adviser=desk.adviser, call=ring.call, token=ring.token)

    def stands(self, desk: Desk, standing: AdviserStanding, now_ms: int) -> None:
        """Look at how the live state has an adviser who has just been reported."""
        if _agree(desk, standing):
            self.forget(desk.adviser)
            return
        seen = self._differing.get(desk.adviser)
        if seen is None or now_ms - seen.seen_ms > LOOKS_APART_MAX_MS:
            seen = Differing(now_ms, now_ms, told=False)
        if now_ms - seen.since_ms > DIFFER_MAX_MS and not seen.told:
            self._violated(
                "I5", adviser=desk.adviser, desk_state=desk.state, live_state=standing.state
            )
            seen = replace(seen, told=True)
        self._differing[desk.adviser] = replace(seen, seen_ms=now_ms)

    def forget(self, adviser: AdviserId) -> None:
        """Watch an adviser no longer, or from now on anew."""
        self._differing.pop(adviser, None)


def _agree(desk: Desk, standing: AdviserStanding) -> bool:
    """Say whether both mean the same: only the live state knows of a call on its way here."""
    on_its_way = standing.state is Presence.RESERVED and desk.state is Presence.READY
    return on_its_way or standing.state is desk.state
