"""What happened to a call. An event is never edited, only followed by another.

Times are milliseconds since 1970 by the clock of the node that saw it; they are written down and
never compared with another machine's clock.
"""

from dataclasses import dataclass
from enum import StrEnum

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.ids import (
    AdviserId,
    CallId,
    LineId,
    NodeId,
    OutsideName,
    QueueId,
    RecordingPart,
    StepName,
    TextId,
    Token,
)
from contactcentre.domain.languages import Language


class Ending(StrEnum):
    """How a call ended; each call has one (the conservation law counts them)."""

    HANDLED = "handled"
    """It was talked with an adviser."""
    ABANDONED = "abandoned"
    """The caller left while waiting or ringing."""
    LEFT_IN_MENU = "left_in_menu"
    """The caller left before joining a queue."""
    DEFLECTED = "deflected"
    """The caller accepted an online route."""
    CALLBACK = "callback"
    """The caller keeps the place and will be rung back."""
    CLOSED = "closed"
    """The caller came outside the opening hours and was told so."""
    SYSTEM_LOST = "system_lost"
    """We lost it. Must never be."""


class LapseReason(StrEnum):
    """Why a reservation went back without a talk."""

    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    DESK_UNREACHABLE = "desk_unreachable"
    CALLER_LEFT = "caller_left"
    NOT_TAKEN_UP = "not_taken_up"
    NODE_LOST = "node_lost"
    """The caller's node was lost while it rang; nobody's doing."""


class OverflowWhy(StrEnum):
    """By which bound of its queue a call was passed on to another one."""

    WAITING = "waiting"
    """Too many callers waited."""
    PER_ADVISER = "per_adviser"
    """Too many callers waited for each adviser at work."""
    WAITED = "waited"
    """The caller had waited for too long."""


class HungUpBy(StrEnum):
    """Whose act ended the call."""

    CALLER = "caller"
    ADVISER = "adviser"
    FLOW = "flow"
    PLATFORM = "platform"


class Channel(StrEnum):
    """How telephone calls come in."""

    SIP = "sip"
    """From a trunk of our own."""
    TWILIO = "twilio"


class Writer(StrEnum):
    """Who writes in a chat."""

    CALLER = "caller"
    ADVISER = "adviser"


class SupervisorMode(StrEnum):
    """How a supervisor is in a talk."""

    LISTEN = "listen"
    """Hears whoever talks, and is heard by nobody."""
    WHISPER = "whisper"
    """Is heard by the adviser alone."""
    JOIN = "join"
    """Talks with everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a call."""

    call: CallId
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived(Event):
    """A leg was admitted, the call's first or one that resumes it."""

    line: LineId
    language: Language
    node: NodeId
    epoch: LegEpoch


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDialledIn(Event):
    """The caller has come by telephone, and not from a page."""

    channel: Channel
    trunk: str
    """The trunk's name in the settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMade(Event):
    """A caller who is rung back has answered and hears the adviser: the call begins as a talk.

    It has the id of its callback. Nobody has called us, so it counts nowhere as a call that came
    in; of a callback that is answered twice, a mailbox the first time, the row is the later call's.
    """

    line: LineId
    language: Language
    node: NodeId
    epoch: LegEpoch
    queue: QueueId
    service_class: ServiceClass
    enqueued_ms: int
    adviser: AdviserId
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRedialled(Event):
    """The caller had waited in an earlier call and left it unserved: a wait counts from then."""

    earlier: CallId
    enqueued_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageChosen(Event):
    """The caller chose the language to be served in."""

    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReached(Event):
    """The caller came to a step of the flow."""

    step: StepName


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDeflected(Event):
    """The caller was told of an online route that may do instead."""

    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(Event):
    """The call waits; its place is by `enqueued_ms`, given once and for ever."""

    queue: QueueId
    service_class: ServiceClass
    enqueued_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOverflowed(Event):
    """The call's queue passed it on to another one, where its wait goes on with the same time."""

    from_queue: QueueId
    queue: QueueId
    service_class: ServiceClass
    enqueued_ms: int
    why: OverflowWhy


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred(Event):
    """The adviser handed the caller to a queue, to wait there with the time of the first wait."""

    adviser: AdviserId
    token: Token
    from_queue: QueueId
    queue: QueueId
    service_class: ServiceClass
    enqueued_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceTold(Event):
    """The caller heard the place and, where we know it honestly, the wait."""

    place: int
    wait_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackBooked(Event):
    """It is durable that the caller will be rung back; the number stands there and nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRang(Event):
    """The call's node took up the reservation and an adviser's desk rings."""

    adviser: AdviserId
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationLapsed(Event):
    """The offer came to nothing; the caller keeps the place."""

    adviser: AdviserId
    token: Token
    why: LapseReason


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBridged(Event):
    """Caller and adviser hear each other."""

    adviser: AdviserId
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(Event):
    """The adviser put the caller on hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTakenOffHold(Event):
    """The adviser came back to the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkBroken(Event):
    """The adviser was lost in the middle of the talk, or handed the caller back.

    The caller goes back to the place.
    """

    adviser: AdviserId
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviserConsulted(Event):
    """Another adviser was asked about the caller and has answered."""

    adviser: AdviserId
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHandedOver(Event):
    """Whoever was asked about the caller has the call from now on."""

    from_adviser: AdviserId
    adviser: AdviserId
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideConsulted(Event):
    """Somebody on an outside number was asked about the caller and has answered."""

    outside: OutsideName


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSentOutside(Event):
    """The adviser has left the caller to somebody on an outside number; the call ends with that."""

    adviser: AdviserId
    token: Token
    outside: OutsideName


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSupervised(Event):
    """A supervisor is in the talk from now on, and how; the audit trail has it from here.

    It is over with the leg of the caller on which it began: `CallResumed` ends it as well.
    """

    supervisor: AdviserId
    mode: SupervisorMode | None
    """None: no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed(Event):
    """A newer leg took the call up, here or on another node; nothing of the call was lost."""

    node: NodeId
    epoch: LegEpoch


@dataclass(frozen=True, slots=True, kw_only=True)
class TextWritten(Event):
    """Somebody wrote in a chat. After a loss the same text may be written down a second time."""

    by: Writer
    text: TextId
    """With the writer it names the text for ever."""
    order: int
    """Of two texts of a chat the one with the lower number comes first."""
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingKept(Event):
    """A part of the call's recording is whole on its node's disk, perhaps after the call's end.

    It changes nothing of the call. After a loss it may be written down a second time.
    """

    part: RecordingPart
    file: str
    """Where it is, under the folder of all recordings."""
    started_at_ms: int
    duration_ms: int
    gaps_ms: int
    """Of it: what could not be kept, and is silence."""
    is_cut: bool
    """Its node was lost before it could be closed: its last seconds are missing."""
    key: str
    """The name of the key that opens it."""
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Event):
    """The call is over."""

    ending: Ending
    by: HungUpBy


CallEvent = (
    CallArrived
    | CallMade
    | CallDialledIn
    | CallRedialled
    | LanguageChosen
    | StepReached
    | CallDeflected
    | CallQueued
    | CallOverflowed
    | CallTransferred
    | PlaceTold
    | CallbackBooked
    | CallRang
    | ReservationLapsed
    | CallBridged
    | CallHeld
    | CallTakenOffHold
    | TalkBroken
    | AdviserConsulted
    | CallHandedOver
    | OutsideConsulted
    | CallSentOutside
    | CallSupervised
    | CallResumed
    | TextWritten
    | RecordingKept
    | CallEnded
)
