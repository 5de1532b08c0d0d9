"""What a desk process says to an adviser's browser over the live socket, and takes over HTTP.

GET  /api/live            WebSocket, text frames: DeskSays down, Beat up; needs the session cookie;
                          without one it is closed as wire/closing.py says (NOT_SIGNED_IN)
POST /api/sign-in         SignIn → Me (sets the cookie)      GET /api/me → Me, 401 of nobody
POST /api/sign-out        → nothing                          409 while a call or a chat is open
POST /api/presence        SetPresence → PresenceNow
POST /api/phone           TryPhone → PhoneTried: whether that number may be an adviser's phone
POST /api/wrap-up/finish  FinishWrapUp → PresenceNow         POST /api/wrap-up/more-time → WrapUpNow
PUT  /api/calls/{call}/outcome  WriteOutcome → OutcomeWritten
GET  /api/talk            → TalkNow, with a fresh ticket; ?call= names a chat; 409 without a talk
POST /api/calls/{call}/end      → PresenceNow: the adviser ends a talk whose node cannot be told
POST /api/callbacks/{call}      DoCallback → CallbackHeard; what follows comes over the live socket
POST /api/callbacks/{call}/way  → CallbackWay: where the page has the caller rung
GET  /api/transfers       → TransferTargets: where the adviser may hand a caller (said to the node)
GET  /api/board           → Board (supervisors)
GET  /api/talks?adviser=  → Talks (supervisors), of advisers whose names have that in them
POST /api/talks/{call}/way     → WayToTalk (supervisors), 409 when that talk is over
POST /api/switches        TurnSwitch → SwitchesNow (supervisors); 503 while the records are away
A desk that opens its socket is told how it stands: presence, health, queues, and what it is at.
Errors are RFC 9457 problem+json with `code` as in domain/errors.py and `detail` for people.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from contactcentre.domain.callback import Attempt, TakeUp
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import (
    AdviserId,
    CallId,
    LineId,
    NodeId,
    OutcomeCode,
    QueueId,
    SoundName,
    Token,
)
from contactcentre.domain.ivr.flow import QueueName
from contactcentre.domain.ivr.switches import SwitchKind
from contactcentre.domain.languages import Language
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.limits import NOTES_MAX_CHARS, WHY_MAX_CHARS
from contactcentre.wire.callbacks import CallbackNow
from contactcentre.wire.cluster import JourneyStep
from contactcentre.wire.ice import IceServer
from contactcentre.wire.legs import Beat
from contactcentre.wire.said import Said


class SignIn(Said):
    """A local account."""

    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


class OutcomeChoice(Said):
    """One of the outcomes a line's advisers may choose."""

    code: OutcomeCode
    titles: dict[Language, str]


class QueueTitle(Said):
    """A queue's name for people."""

    queue: QueueId
    titles: dict[Language, str]
    outcomes: list[OutcomeChoice]


class Me(Said):
    """Who is signed in, and what the desk must know to draw itself."""

    adviser: AdviserId
    name: str
    role: Literal["adviser", "supervisor"]
    language: Language
    queues: list[QueueTitle]
    away_reasons: list[AwayReason]
    """The ones an adviser may choose."""
    ice_servers: list[IceServer]
    chats_max: int
    """With how many callers the adviser may chat at a time; 0 without a queue of chats."""
    chats_beside_call_max: int
    """With more open chats the adviser is offered no call."""
    may_use_phone: bool
    """Whether the adviser may take the sound on a phone."""
    may_have_rung: bool
    """Whether the number of a callback can be rung from here; else by hand."""


class SetPresence(Said):
    """The adviser presses Ready, or goes away for a reason."""

    state: Literal[Presence.READY, Presence.AWAY]
    reason: AwayReason | None = None


class TryPhone(Said):
    """A number on which an adviser would take the sound."""

    number: str = Field(min_length=1, max_length=32)


class PhoneTried(Said):
    """It may be rung, written so."""

    number: str


class FinishWrapUp(Said):
    """The adviser has finished with a call."""

    call: CallId
    then: Literal[Presence.READY, Presence.AWAY] = Presence.READY
    reason: AwayReason | None = None
    """Why away; None counts as other work."""


class WriteOutcome(Said):
    """The adviser's words on a call, whole each time; the higher version stands."""

    outcome: OutcomeCode | None
    notes: str = Field(max_length=NOTES_MAX_CHARS)
    version: int = Field(ge=1)


class OutcomeWritten(Said):
    """The words are durable."""

    version: int
    at_ms: int


class PresenceNow(Said):
    """How the adviser stands."""

    kind: Literal["presence"] = "presence"
    state: Presence
    reason: AwayReason | None
    since_ms: int
    """How long ago this state began; a span, so that no two clocks are compared."""


class DoCallback(Said):
    """What the adviser does with a callback: takes it or not, and says how the attempt ended."""

    word: TakeUp | Attempt
    ticket: str | None = None
    """That of its ring: with it a desk takes the word that has not rung."""


class CallbackHeard(Said):
    """What has become of the adviser's word."""

    written: bool
    """It is in the record; otherwise its keeper has it, and the same word may be said again."""


class RingNow(Said):
    """A call rings at this desk; or a callback, for which there is no leg to attach to."""

    kind: Literal["ring"] = "ring"
    call: CallId
    token: Token
    node_url: str
    ticket: str
    line: LineId
    queue: QueueId
    language: Language
    waited_ms: int
    ring_ms: int
    """How much of the ring is left; 0 once it has been answered."""
    journey: list[JourneyStep]
    consulted_by: AdviserId | None
    """Another adviser asks about a caller who is on hold."""
    callback: CallbackNow | None


class RingEnded(Said):
    """The ring has ended without a talk."""

    kind: Literal["ring_ended"] = "ring_ended"
    call: CallId
    token: Token
    lapse: LapseReason


class TalkNow(Said):
    """The adviser talks (sent when it begins, after a reload, and when it goes on elsewhere)."""

    kind: Literal["talk"] = "talk"
    call: CallId
    token: Token
    talked_ms: int
    ring: RingNow | None
    """What is known of the call, the node where it is now, and a fresh ticket to a leg there.

    None only until a desk process that does not know the talk has heard of it from the node.
    """


class WrapUpNow(Said):
    """The talk has ended; the adviser has this long for notes and outcome."""

    kind: Literal["wrap_up"] = "wrap_up"
    call: CallId
    queue: QueueId | None
    """None where the desk process was started again meanwhile."""
    left_ms: int
    """0 once the time is up; without an outcome the desk waits on, quietly."""
    outcome: OutcomeCode | None
    notes: str
    version: int


class QueueNow(Said):
    """One of the adviser's queues."""

    queue: QueueId
    waiting_count: int
    longest_ms: int | None


class QueuesNow(Said):
    """The adviser's queues, at most once a second."""

    kind: Literal["queues"] = "queues"
    queues: list[QueueNow]


class ChatNow(Said):
    """What is new of one of the adviser's chats, as for a call."""

    kind: Literal["chat"] = "chat"
    seat: AdviserId
    """Which of the adviser's places for chats."""
    said: Annotated[
        PresenceNow | RingNow | RingEnded | TalkNow | WrapUpNow, Field(discriminator="kind")
    ]


class Replaced(Said):
    """Another tab of this adviser has taken the desk over."""

    kind: Literal["replaced"] = "replaced"


class HealthNow(Said):
    """What the desk itself can reach; the call's own sound is told by its node."""

    kind: Literal["health"] = "health"
    queue_reachable: bool
    records_reachable: bool


DeskMessage = (
    PresenceNow
    | RingNow
    | RingEnded
    | TalkNow
    | WrapUpNow
    | QueuesNow
    | ChatNow
    | Replaced
    | HealthNow
    | Beat
)
DeskSays = Annotated[DeskMessage, Field(discriminator="kind")]
DESK_SAYS: TypeAdapter[DeskMessage] = TypeAdapter(DeskSays)


class BoardQueue(Said):
    """A queue on the board."""

    queue: QueueId
    title: str
    waiting_count: int
    longest_ms: int | None
    ready_count: int
    overflows_to: str | None
    """The queue that callers are passed on to now, by its title; None while they stay."""
    callbacks_count: int | None
    """Promised and not kept yet, those that are not due among them; None: cannot be read."""


class BoardNode(Said):
    """A media node on the board."""

    node: NodeId
    site: str
    state: Literal["serving", "strained", "draining", "stopped"]
    legs_count: int
    legs_max: int


class BoardNotice(Said):
    """What a supervisor may let be said before the menu."""

    name: SoundName
    words: str


class BoardDivert(Said):
    """One queue of a line, in whatever language, and where its new callers are sent."""

    queue: QueueName
    title: str
    to: QueueName | None
    """None is as planned."""
    is_emptied: bool
    """Whoever waits is moved as well."""
    is_fixed: bool
    """Extra support is never diverted."""


class BoardTurn(Said):
    """The last turn of one of a line's switches."""

    who: AdviserId
    at_ms: int
    why: str


class BoardLine(Said):
    """A line and its switches."""

    line: LineId
    title: str
    is_open: bool
    """By the hours; a line that is shut is closed all the same."""
    may_be_shut: bool
    """Whether the flow has something to say when it is closed."""
    is_shut: bool
    notice: SoundName | None
    notices: list[BoardNotice]
    diverts: list[BoardDivert]
    last: BoardTurn | None
    """None where nobody has turned a switch yet, or the records could not be read."""


class TurnSwitch(Said):
    """A supervisor turns a switch; see domain/ivr/switches for what `value` means."""

    line: LineId
    kind: SwitchKind
    subject: QueueName | None = None
    value: str | None
    why: Annotated[str, Field(min_length=1, max_length=WHY_MAX_CHARS, pattern=r"\S")]


class SwitchesNow(Said):
    """How the switches stand after a turn."""

    lines: list[BoardLine]


class Today(Said):
    """Counts of calls that arrived since midnight, UK time, from the records."""

    offered_count: int
    handled_count: int
    abandoned_count: int
    deflected_count: int
    callback_count: int
    left_in_menu_count: int
    closed_count: int
    system_lost_count: int
    in_progress_count: int
    answered_within_target_count: int
    """Bridged within `target_ms` of entering the queue."""
    target_ms: int
    callbacks_kept_count: int
    callbacks_broken_count: int


class Board(Said):
    """What a supervisor's board shows; each figure is measured, or absent."""

    queues: list[BoardQueue]
    advisers: dict[Presence, int]
    nodes: list[BoardNode]
    coming_back_count: int
    """Callers whose node was lost and who are on their way to another one."""
    is_storm: bool
    """One adviser at a time is rung, as the desks of several have failed on it."""
    today: Today | None
    """None while the records cannot be read."""
    lines: list[BoardLine]
    """Empty while nobody can say how the switches stand."""
