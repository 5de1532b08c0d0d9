"""How a call begins and how it ends on one node."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import structlog

from contactcentre.adapters.state_redis.keys import own_queue
from contactcentre.apps.node_tools import NodeTools
from contactcentre.domain.call import Call, CallState, ending_of
from contactcentre.domain.classes import head_start_ms
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import OutOfOrder, StateUnavailable, UnknownName
from contactcentre.domain.events import (
    CallArrived,
    CallEvent,
    CallMade,
    CallResumed,
    Ending,
    HungUpBy,
)
from contactcentre.domain.ids import AdviserId, QueueId
from contactcentre.domain.ivr.moves import Position
from contactcentre.domain.ivr.transfer import target_queue
from contactcentre.ports.live import Offered
from contactcentre.ports.state import CallReport
from contactcentre.wire.claims import OutsideMemory

log = structlog.get_logger()

ON_ITS_WAY_MS = 1_500
"""A page that was sent to another node is there by then."""
LOOKED_FOR_EVERY_MS = 100
END_ON_DISK_WITHIN_MS = 500

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How a call comes to be on this node."""

    call: Call
    first: CallArrived | CallMade | CallResumed | None
    """None of a call that has ended, and whose caller is with somebody outside."""
    also: tuple[CallEvent, ...] = ()
    """What is written down behind the first event."""
    position: Position | None = None
    """Where in the menus a caller was who came from another node."""
    kept_ms: int | None = None
    offered: Offered | None = None
    """The talk that goes on here."""
    failed: Sequence[AdviserId] = ()
    is_booked: bool = False
    """It has a callback by now, and only its end was missing."""
    is_announced: bool = False
    """The caller has heard that the talk is recorded;"""
    is_paused: bool = False
    """and the adviser had the recording paused."""
    recording_act: int = 0
    """How often a pause had begun or ended, as far as that is known."""
    outside: OutsideMemory | None = None
    """Somebody outside who is with the adviser, or with the caller."""

    @property
    def end(self) -> "End | None":
        """Return how the call has ended already; None while it lives."""
        call = self.call
        if call.state is not CallState.ENDED:
            return None
        return End(epoch=call.epoch, ending=ending_of(call), seq=0)

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


def report_of(call: Call, *, is_hidden: bool) -> CallReport | None:
    """Return what a node's beat says of a call; None at its end. A wait may be hidden."""
    if call.state is CallState.ENDED:
        return None
    hidden = call.state is CallState.WAITING and is_hidden
    return CallReport(
        call=call.id,
        queue=call.queue,
        head_start_ms=0 if call.service_class is None else head_start_ms(call.service_class),
        enqueued_ms=call.enqueued_ms,
        epoch=call.epoch,
        state="hidden" if hidden else call.state,
        adviser=call.adviser,
        token=call.token,
    )


async def is_elsewhere(tools: NodeTools, call: Call) -> bool:
    """Say whether a newer leg at another node has a call, whose page may be on its way there.

    An end that is written here while the page is on its way is a second one.
    """
    queues, clock = tools.queues, tools.clock
    until_ms = clock.monotonic_ms() + ON_ITS_WAY_MS
    while True:
        try:
            found = await queues.look_calls([call.id])
        except StateUnavailable:
            return False
        if found and found[0].epoch > call.epoch:
            return True
        if clock.monotonic_ms() >= until_ms:
            return False
        await clock.sleep_ms(LOOKED_FOR_EVERY_MS)


async def keep_end(tools: NodeTools) -> None:
    """Wait until a call's end outlives this node, before anybody takes it for settled.

    If the node died with it, and everybody knew that the call was over, nobody would write it.
    """
    with suppress(TimeoutError):  # a disk that fails keeps nobody waiting
        async with asyncio.timeout(END_ON_DISK_WITHIN_MS / 1_000):
            await tools.spool.on_disk()


def ended_by(stages: asyncio.Task[HungUpBy]) -> HungUpBy:
    """Return who ended a call whose stages are over: cancelled ones by the caller, failed by us."""
    if stages.cancelled():
        _let_go_of(stages)
        return HungUpBy.CALLER
    if (error := stages.exception()) is not None:
        log.error("a call was lost by a mistake of ours", exc_info=error)
        return HungUpBy.PLATFORM
    return stages.result()


def _let_go_of(cancelled: asyncio.Task[HungUpBy]) -> None:
    """Let go of the way that a cancellation has taken, which holds all that the stages held."""
    try:
        cancelled.exception()
    except asyncio.CancelledError as raised:
        one: BaseException | None = raised
        while one is not None:
            one.__traceback__, one = None, one.__context__


def whom_to_ask(
    tools: NodeTools, call: Call, queue: QueueId | None, adviser: AdviserId | None
) -> QueueId:
    """Return the queue in which a consultation waits. Raises UnknownName, QueueClosed, OutOfOrder.

    Each adviser has a queue of one's own, in which whoever waits for that one alone stands.
    """
    if adviser is not None:
        if adviser == call.adviser:
            raise OutOfOrder("Choose somebody else: that is you.")
        return own_queue(adviser)
    if queue is None:
        raise UnknownName("Choose a queue or an adviser.")
    at_ms = tools.clock.now_ms()
    return target_queue(tools.lines, tools.switches, queue, is_chat=False, at_ms=at_ms).id


async def next_of(inbox: asyncio.Queue[Item], within_ms: int | None) -> Item | None:
    """Return the next thing of an inbox; None if nothing came in time."""
    try:
        async with asyncio.timeout(None if within_ms is None else within_ms / 1_000):
            return await inbox.get()
    except TimeoutError:
        return None
