"""A call, and which event may follow which.

Rule 1: a call's state changes in this file and nowhere else.
Rule 2: nothing here reads a clock, rolls dice or waits. Time comes in on events.

A caller who has waited never loses the wait: neither a lapsed reservation, the loss of a talk nor a
transfer moves `enqueued_ms`, and queues are ordered by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import get_args

from contactcentre.domain import events as e
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import OutOfOrder, StaleEpoch
from contactcentre.domain.ids import NO_TOKEN, AdviserId, CallId, LineId, NodeId, QueueId, Token
from contactcentre.domain.languages import Language


class CallState(StrEnum):
    """Where a call is on its way."""

    IN_MENU = "in_menu"
    WAITING = "waiting"
    RINGING = "ringing"
    TALKING = "talking"
    ON_HOLD = "on_hold"
    ENDED = "ended"


S = CallState


TALKS = frozenset({S.TALKING, S.ON_HOLD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Who talks with a caller, under which reservation."""

    adviser: AdviserId
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One contact, with everything its record will say of it."""

    id: CallId
    line: LineId
    language: Language
    node: NodeId
    epoch: LegEpoch
    state: CallState
    version: int
    """Rises with every event and with every epoch, so that of two copies the later is known."""
    arrived_at_ms: int
    queue: QueueId | None = None
    service_class: ServiceClass | None = None
    enqueued_ms: int | None = None
    adviser: AdviserId | None = None
    """Who is rung or talked with; after the end, who talked last."""
    token: Token = NO_TOKEN
    """The highest reservation this call has seen."""
    deflected_to: str | None = None
    rang_count: int = 0
    bridged_at_ms: int | None = None
    """When the first talk began."""
    held_at_ms: int | None = None
    held_ms: int = 0
    ended_at_ms: int | None = None
    ending: e.Ending | None = None
    ended_by: e.HungUpBy | None = None


VERSIONS_PER_EPOCH = 1_000_000
"""Room for the events of one leg: a newer leg's record is later than any of an older one's."""

FOLLOWS: Mapping[CallState, Mapping[type[e.Event], CallState]] = MappingProxyType(
    {
        S.IN_MENU: {
            e.CallResumed: S.IN_MENU,
            e.TextWritten: S.IN_MENU,
            e.CallDialledIn: S.IN_MENU,
            e.CallRedialled: S.IN_MENU,
            e.LanguageChosen: S.IN_MENU,
            e.StepReached: S.IN_MENU,
            e.CallDeflected: S.IN_MENU,
            e.CallQueued: S.WAITING,
            e.CallEnded: S.ENDED,
        },
        S.WAITING: {
            e.CallResumed: S.WAITING,
            e.TextWritten: S.WAITING,
            e.CallQueued: S.WAITING,
            e.CallOverflowed: S.WAITING,
            e.PlaceTold: S.WAITING,
            e.CallbackBooked: S.WAITING,
            e.CallRang: S.RINGING,
            e.CallEnded: S.ENDED,
        },
        S.RINGING: {
            e.CallResumed: S.RINGING,
            e.TextWritten: S.RINGING,
            e.PlaceTold: S.RINGING,
            e.CallbackBooked: S.RINGING,
            e.ReservationLapsed: S.WAITING,
            e.CallBridged: S.TALKING,
            e.CallEnded: S.ENDED,
        },
        S.TALKING: {
            e.CallResumed: S.TALKING,
            e.TextWritten: S.TALKING,
            e.CallHeld: S.ON_HOLD,
            e.CallSupervised: S.TALKING,
            e.AdviserConsulted: S.TALKING,
            e.OutsideConsulted: S.TALKING,
            e.CallSentOutside: S.TALKING,
            e.CallHandedOver: S.TALKING,
            e.CallTransferred: S.WAITING,
            e.TalkBroken: S.WAITING,
            e.CallEnded: S.ENDED,
        },
        S.ON_HOLD: {
            e.CallResumed: S.ON_HOLD,
            e.TextWritten: S.ON_HOLD,
            e.CallTakenOffHold: S.TALKING,
            e.CallSupervised: S.ON_HOLD,
            e.AdviserConsulted: S.ON_HOLD,
            e.OutsideConsulted: S.ON_HOLD,
            e.CallSentOutside: S.ON_HOLD,
            e.CallHandedOver: S.TALKING,
            e.CallTransferred: S.WAITING,
            e.TalkBroken: S.WAITING,
            e.CallEnded: S.ENDED,
        },
        S.ENDED: {},
    }
)
assert FOLLOWS.keys() == set(CallState), "every state has its row"


Unchanging = (
    e.CallArrived
    | e.CallMade
    | e.CallDialledIn
    | e.CallRedialled
    | e.StepReached
    | e.PlaceTold
    | e.CallbackBooked
    | e.AdviserConsulted
    | e.OutsideConsulted
    | e.CallSentOutside
    | e.CallSupervised
    | e.CallResumed
    | e.TextWritten
    | e.RecordingKept
)
"""What is written down of a call and says nothing that the call itself would know."""


def arrive(event: e.CallArrived) -> Call:
    """Return the call that begins with an arrival."""
    return Call(
        id=event.call,
        line=event.line,
        language=event.language,
        node=event.node,
        epoch=event.epoch,
        state=S.IN_MENU,
        version=event.epoch.count * VERSIONS_PER_EPOCH,
        arrived_at_ms=event.at_ms,
    )


def make(event: e.CallMade) -> Call:
    """Return the call that begins as a talk with a caller who was rung back."""
    return Call(
        id=event.call,
        line=event.line,
        language=event.language,
        node=event.node,
        epoch=event.epoch,
        state=S.TALKING,
        version=event.epoch.count * VERSIONS_PER_EPOCH,
        arrived_at_ms=event.at_ms,
        queue=event.queue,
        service_class=event.service_class,
        enqueued_ms=event.enqueued_ms,
        adviser=event.adviser,
        token=event.token,
        bridged_at_ms=event.at_ms,
    )


def come_back(call: Call, *, epoch: LegEpoch, node: NodeId) -> Call:
    """Return the call as a newer leg takes it up; state, place and history are as they were.

    Raises StaleEpoch if a leg as new or newer has it already.
    """
    if epoch <= call.epoch:
        raise StaleEpoch("This call has been taken up by a newer connection.")
    version = max(call.version + 1, epoch.count * VERSIONS_PER_EPOCH)
    return replace(call, epoch=epoch, node=node, version=version)


def take_over(
    call: Call, *, at_ms: int, epoch: LegEpoch, node: NodeId, talk: Talk | None, token: Token
) -> Call:
    """Return a call whose node is lost as another takes it up.

    `talk` is the one that goes on, also one that this copy of the call had not heard of; `token`
    is the highest reservation that is known of. A ring ends with its node, and so does a talk that
    nobody knows of any more: the caller waits again at the old place.
    Raises StaleEpoch as `come_back` does.
    """
    back = replace(come_back(call, epoch=epoch, node=node), token=max(call.token, token))
    if call.state is S.IN_MENU:
        return back
    if talk is None:
        return replace(back, state=S.WAITING, adviser=None, held_at_ms=None)
    if call.state in TALKS and talk.token == call.token:
        return back
    first = call.bridged_at_ms if call.bridged_at_ms is not None else at_ms
    return replace(back, state=S.TALKING, adviser=talk.adviser, bridged_at_ms=first)


def follow(call: Call, event: e.CallEvent) -> Call:
    """Return the call as it stands once `event` has happened to it.

    Raises OutOfOrder if that event may not follow in the call's state.
    """
    state = FOLLOWS[call.state].get(type(event))
    if state is None:
        raise OutOfOrder(f"{type(event).__name__} may not follow while a call is {call.state}")
    return _note(replace(call, state=state, version=call.version + 1), event)


def _note(call: Call, event: e.CallEvent) -> Call:  # noqa: C901, PLR0911, PLR0912 - one case an event
    """Return the call with the event's facts written down."""
    if isinstance(event, Unchanging):
        return call
    match event:
        case e.LanguageChosen():
            return replace(call, language=event.language)
        case e.CallDeflected():
            return replace(call, deflected_to=event.service)
        case e.CallQueued() | e.CallOverflowed():
            return _placed(call, event)
        case e.CallRang():
            return replace(
                call, adviser=event.adviser, token=event.token, rang_count=call.rang_count + 1
            )
        case e.ReservationLapsed():
            return replace(call, adviser=None)
        case e.CallBridged():
            first = call.bridged_at_ms if call.bridged_at_ms is not None else event.at_ms
            return replace(call, adviser=event.adviser, token=event.token, bridged_at_ms=first)
        case e.CallHeld():
            return replace(call, held_at_ms=event.at_ms)
        case e.CallTakenOffHold():
            return _off_hold(call, event.at_ms)
        case e.CallHandedOver():
            after = _off_hold(call, event.at_ms)
            return replace(after, adviser=event.adviser, token=event.token)
        case e.TalkBroken():
            return replace(_off_hold(call, event.at_ms), adviser=None)
        case e.CallTransferred():
            return replace(_placed(_off_hold(call, event.at_ms), event), adviser=None)
        case e.CallEnded():
            return replace(
                _off_hold(call, event.at_ms),
                ended_at_ms=event.at_ms,
                ending=event.ending,
                ended_by=event.by,
            )


def _placed(call: Call, event: e.CallQueued | e.CallOverflowed | e.CallTransferred) -> Call:
    """Return the call with its place."""
    return replace(
        call,
        queue=event.queue,
        service_class=event.service_class,
        enqueued_ms=event.enqueued_ms,
    )


def _off_hold(call: Call, at_ms: int) -> Call:
    """Return the call with the hold, if there is one, added up."""
    if call.held_at_ms is None:
        return call
    return replace(call, held_at_ms=None, held_ms=call.held_ms + at_ms - call.held_at_ms)


def ending_of(call: Call) -> e.Ending:
    """Return how a call has ended if it ends as it stands now."""
    if call.bridged_at_ms is not None:
        return e.Ending.HANDLED
    if call.queue is not None:
        return e.Ending.ABANDONED
    if call.deflected_to is not None:
        return e.Ending.DEFLECTED
    return e.Ending.LEFT_IN_MENU


BEGINS = frozenset({e.CallArrived, e.CallMade})
"""What a call begins with: it follows on nothing."""
BESIDE = frozenset({e.RecordingKept})
"""Written down with the call as it stands, also after its end: no state follows from them."""

assert {kind for row in FOLLOWS.values() for kind in row} | BEGINS | BESIDE == set(
    get_args(e.CallEvent)
), "every event may follow somewhere"
