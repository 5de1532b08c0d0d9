"""How a call begins and how it ends on one node."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from contactcentre.domain.call import Call
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.events import CallArrived, CallResumed, Ending, HungUpBy
from contactcentre.domain.ids import AdviserId
from contactcentre.domain.ivr.walk import Position
from contactcentre.ports.live import Offered
from contactcentre.ports.state import CallQueues

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How a call comes to be on this node."""

    call: Call
    first: CallArrived | CallResumed
    position: Position | None = None
    """Where in the menus a caller was who came from another node."""
    kept_ms: int | None = None
    offered: Offered | None = None
    """The talk that goes on here."""
    failed: Sequence[AdviserId] = ()

    @property
    def is_moved(self) -> bool:
        """Say whether the call began elsewhere."""
        return isinstance(self.first, CallResumed)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What the store is told of a call that has ended here."""

    epoch: LegEpoch
    ending: Ending
    seq: int
    """The number of the event that says so: until it is durable the store is told again."""


async def is_elsewhere(queues: CallQueues, call: Call) -> bool:
    """Say whether a newer leg at another node has a call, as far as is known now."""
    try:
        found = await queues.look_calls([call.id])
    except StateUnavailable:
        return False
    return bool(found) and found[0].epoch > call.epoch


def ended_by(stages: asyncio.Task[HungUpBy]) -> HungUpBy:
    """Return who ended a call whose stages are over: cancelled ones by the caller, failed by us."""
    if stages.cancelled():
        return HungUpBy.CALLER
    if (error := stages.exception()) is not None:
        log.error("a call was lost by a mistake of ours", exc_info=error)
        return HungUpBy.PLATFORM
    return stages.result()
