"""What browsers and media nodes say to one another over a leg socket (`/leg`), JSON text frames.

The first message is an offer (caller), an attach (adviser) or a supervise (supervisor); the node
answers it or refuses and closes. Both ends send a beat every `SOCKET_BEAT_EVERY_MS`.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from contactcentre.domain.call import CallState
from contactcentre.domain.events import Ending, LapseReason, Writer
from contactcentre.domain.ids import CallId, TextId, Token
from contactcentre.domain.languages import Language
from contactcentre.domain.room import Role
from contactcentre.limits import SDP_MAX_BYTES, TEXT_MAX_CHARS
from contactcentre.wire.callbacks import CallerRung
from contactcentre.wire.recording import Record, RecordingNow, RecordingSeen
from contactcentre.wire.said import Said
from contactcentre.wire.staff import (
    Ask,
    AskOutside,
    Consulted,
    DropConsult,
    HandOver,
    Merge,
    NotDone,
    SuperviseAs,
    Supervised,
    Supervising,
    Transfer,
)

Sdp = Annotated[str, Field(min_length=1, max_length=SDP_MAX_BYTES)]
ATTEMPTS_MAX = 1_000
Key = Annotated[str, Field(pattern=r"^[0-9*#]$")]


class Beat(Said):
    """The sender lives."""

    kind: Literal["beat"] = "beat"


class HangUp(Said):
    """The person ends the call, or the consultation that is named."""

    kind: Literal["hang_up"] = "hang_up"
    call: CallId | None = None
    """What an adviser wants to end: a caller who was left to them just now is not meant by it."""


class PressKey(Said):
    """A key of the keypad: the caller's choice, or a tone an adviser sends to the caller."""

    kind: Literal["key"] = "key"
    key: Key


class Offer(Said):
    """A caller's page offers sound, with its claim and the secret that the claim is bound to."""

    kind: Literal["offer"] = "offer"
    claim: str = Field(max_length=4_096)
    secret: str = Field(min_length=16, max_length=128)
    sdp: Sdp
    attempt: int = Field(default=0, ge=0, le=ATTEMPTS_MAX)
    """How often the page has offered this very claim before.

    A node may have taken the call in, or up, without the page's hearing of it: of two that did, the
    one that was asked later has the call.
    """


class Leave(Said):
    """A page ends a call whose node it has lost: any node takes that, without sound."""

    kind: Literal["leave"] = "leave"
    claim: str = Field(max_length=4_096)
    secret: str = Field(min_length=16, max_length=128)


class CancelCallback(Said):
    """A page takes back the callback of a call that has ended: any node takes that."""

    kind: Literal["cancel_callback"] = "cancel_callback"
    claim: str = Field(max_length=4_096)
    secret: str = Field(min_length=16, max_length=128)


class Attach(Said):
    """An adviser's browser offers sound for the call that rings at its desk."""

    kind: Literal["attach"] = "attach"
    ticket: str = Field(max_length=4_096)
    sdp: Sdp
    phone: str | None = Field(default=None, min_length=1, max_length=32)
    """The number on which the adviser takes the sound; then `sdp` is `phone`."""
    recording: RecordingSeen | None = None
    """What the page shows of the recording of this very talk, if a node has told it anything."""


class AnswerCall(Said):
    """The adviser takes the call that rings."""

    kind: Literal["answer_call"] = "answer_call"


class Decline(Said):
    """The adviser can't take the call; the caller keeps the place."""

    kind: Literal["decline"] = "decline"


class HandBack(Said):
    """The adviser has to go; the caller goes back to the place, for another adviser."""

    kind: Literal["hand_back"] = "hand_back"


class Hold(Said):
    """The adviser puts the caller on hold, or comes back."""

    kind: Literal["hold"] = "hold"
    on: bool


class Mute(Said):
    """The adviser's sound is kept from the caller by the node as well."""

    kind: Literal["mute"] = "mute"
    on: bool


class Supervise(Said):
    """A supervisor's browser offers sound for a talk; it only listens at first."""

    kind: Literal["supervise"] = "supervise"
    ticket: str = Field(max_length=4_096)
    sdp: Sdp


class Write(Said):
    """A text for the other side of a chat.

    Said again with the same id for as long as the node has not said that it was written.
    """

    kind: Literal["write"] = "write"
    text: Annotated[TextId, Field(pattern=r"^[A-Za-z0-9_-]{8,32}$")]
    words: Annotated[str, Field(min_length=1, max_length=TEXT_MAX_CHARS, pattern=r"\S")]
    order: int | None = Field(default=None, ge=1)
    """As a node that is gone has told; None if no node has."""


class Typing(Said):
    """The writer is typing, or no longer; to either side of a chat, from the other."""

    kind: Literal["typing"] = "typing"
    on: bool


AdviserSays = Annotated[
    Attach
    | AnswerCall
    | Decline
    | HandBack
    | Hold
    | Mute
    | Record
    | PressKey
    | Transfer
    | Ask
    | AskOutside
    | Merge
    | HandOver
    | DropConsult
    | Write
    | Typing
    | HangUp
    | Beat,
    Field(discriminator="kind"),
]
SupervisorSays = Annotated[Supervise | SuperviseAs | HangUp | Beat, Field(discriminator="kind")]
LegMessage = (
    Offer
    | Leave
    | CancelCallback
    | Attach
    | AnswerCall
    | Decline
    | HandBack
    | Hold
    | Mute
    | Record
    | PressKey
    | Transfer
    | Ask
    | AskOutside
    | Merge
    | HandOver
    | DropConsult
    | Supervise
    | SuperviseAs
    | Write
    | Typing
    | HangUp
    | Beat
)
"""What a browser may say, a caller's, an adviser's or a supervisor's."""
LEG_SAYS: TypeAdapter[LegMessage] = TypeAdapter(Annotated[LegMessage, Field(discriminator="kind")])


class Answer(Said):
    """The node's answer to an offer or attach."""

    kind: Literal["answer"] = "answer"
    call: CallId
    sdp: str


class ClaimChanged(Said):
    """A fresh claim; the page keeps the last one."""

    kind: Literal["claim"] = "claim"
    claim: str


class Stage(Said):
    """Where the call is now, and what is being said to the caller in words (captions)."""

    kind: Literal["stage"] = "stage"
    state: CallState
    language: Language
    words: list[str]
    """The prompts playing now, sentence by sentence, in `language`."""
    keys: dict[str, str]
    """Keys that do something now, each with what it does, in `language`."""
    is_booked: bool = False
    """It is durable that the caller will be rung back: the call ends with these words."""


class PlaceNow(Said):
    """The caller's place; also sent when it was not said aloud."""

    kind: Literal["place"] = "place"
    place: int = Field(ge=1)
    wait_ms: int | None
    """The upper end of an honest range; None where we do not know."""
    words: str


class Quality(Said):
    """What the node hears of this leg."""

    kind: Literal["quality"] = "quality"
    loss_ratio: float
    """Over the last five seconds."""
    jitter_ms: float
    delay_ms: float
    level_dbov: float
    round_trip_ms: float | None
    """None before the browser has told of any."""
    mos: float
    """What people would say of it, 1 to 4.4, by the E-model."""


class LegNow(Said):
    """One leg of a room."""

    role: Role
    quality: Quality


class LegsNow(Said):
    """Adviser and supervisor: how everybody in the room comes in."""

    kind: Literal["legs"] = "legs"
    legs: list[LegNow]


class Bridged(Said):
    """Adviser: you and the caller hear each other."""

    kind: Literal["bridged"] = "bridged"
    token: Token


class Held(Said):
    """Adviser: the caller is on hold, or no longer."""

    kind: Literal["held"] = "held"
    on: bool


class PhoneNow(Said):
    """Adviser: what becomes of the phone on which you take the sound."""

    kind: Literal["phone"] = "phone"
    state: Literal["ringing", "answered", "failed"]
    why: str | None
    """Why it failed: a word of domain/dialling or a code of domain/errors."""


class CallerHeard(Said):
    """Adviser: the caller's sound has stopped, or has come back."""

    kind: Literal["caller_heard"] = "caller_heard"
    on: bool


class Written(Said):
    """A text of a chat is written down, for ever: its writer may show it as sent."""

    kind: Literal["written"] = "written"
    text: TextId
    by: Writer
    order: int
    """Of two texts the one with the lower number comes first."""
    words: str
    at_ms: int


class NotWritten(Said):
    """A text cannot be written now; `code` as in domain/errors.py."""

    kind: Literal["not_written"] = "not_written"
    text: TextId
    code: str
    words: str


class SoFar(Said):
    """All texts that this node has were told: what is missing among one's own is to be said."""

    kind: Literal["so_far"] = "so_far"


class Over(Said):
    """The call, or this adviser's part in it, is over; the node closes the socket after it."""

    kind: Literal["over"] = "over"
    ending: Ending | None
    """None when only the ring ended."""
    lapse: LapseReason | None
    words: str


class Refused(Said):
    """What was asked cannot be done; `code` as in domain/errors.py."""

    kind: Literal["refused"] = "refused"
    code: str
    words: str


NodeMessage = (
    Answer
    | ClaimChanged
    | Stage
    | PlaceNow
    | Quality
    | LegsNow
    | Bridged
    | Held
    | NotDone
    | Consulted
    | Supervising
    | Supervised
    | RecordingNow
    | CallerHeard
    | PhoneNow
    | CallerRung
    | Written
    | NotWritten
    | SoFar
    | Typing
    | Over
    | Refused
    | Beat
)
NodeSays = Annotated[NodeMessage, Field(discriminator="kind")]
NODE_SAYS: TypeAdapter[NodeMessage] = TypeAdapter(NodeSays)
