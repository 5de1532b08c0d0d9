"""One consultation: where it stands, who is asked, and what queue and desks are told of it."""

import asyncio
from dataclasses import dataclass, field

from contactcentre.apps.adviser_part import AdviserPart
from contactcentre.domain.classes import ServiceClass, head_start_ms
from contactcentre.domain.consulting import ConsultState
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.ids import NO_TOKEN, CallId, LegId, QueueId, Token
from contactcentre.limits import KEYS_INBOX_MAX
from contactcentre.ports.live import AdviserAct, Offered
from contactcentre.ports.state import CallReport

HEAD_START_MS = head_start_ms(ServiceClass.P0)


@dataclass(slots=True, kw_only=True)
class Consult:
    """One consultation."""

    id: CallId
    queue: QueueId
    epoch: LegEpoch
    enqueued_ms: int = 0
    state: ConsultState = ConsultState.WAITING
    token: Token = NO_TOKEN
    offered: Offered | None = None
    part: AdviserPart | None = None
    ring_until_ms: int = 0
    offers: asyncio.Queue[Offered] = field(default_factory=lambda: asyncio.Queue(1))
    acts: asyncio.Queue[AdviserAct] = field(default_factory=lambda: asyncio.Queue(KEYS_INBOX_MAX))

    @property
    def is_joined(self) -> bool:
        """Say whether the other adviser is there."""
        return self.state in {ConsultState.TALKING, ConsultState.MERGED}

    @property
    def leg(self) -> LegId | None:
        """Return the other adviser's connected leg."""
        return None if self.part is None else self.part.connected_leg

    def report(self) -> CallReport | None:
        """Return what a node's beat says of it; None before it has a place."""
        if not self.enqueued_ms:
            return None
        offered = None if self.state is ConsultState.WAITING else self.offered
        state = "ringing" if self.state is ConsultState.RINGING else "talking"
        return CallReport(
            call=self.id,
            queue=self.queue,
            head_start_ms=HEAD_START_MS,
            enqueued_ms=self.enqueued_ms,
            epoch=self.epoch,
            state="waiting" if offered is None else state,
            adviser=None if offered is None else offered.adviser,
            token=self.token,
        )
