"""What our processes say to one another: HTTP with JSON, under the cluster key.

POST {node}/offers                     router → node     OfferCall        204, or 409 with a code
POST {node}/rings/again                desk → node       AskRing          200 RingAgain, 404, 409
POST {node}/recordings/steps           desk → node       RecordingStep    200, 404, 409
POST {node}/phones/look                public → node     AskPhone         200 PhoneStands
POST {node}/phones/left                public → node     AskPhone         204, 404 nobody knows it
POST {keeper}/callbacks/words          desk → keeper     CallbackSaid     204, 404, 409
POST {keeper}/callbacks/attempts       desk → keeper     AttemptSaid      204, 404
POST {keeper}/callbacks/dials          node → keeper     AskDial          200 DialFacts, 404, 409
POST {keeper}/callbacks/dials/over     node → keeper     DialOver         204, 404, 409
POST {keeper}/callbacks/answers        node → keeper     CallbackAnswered 204, 404
POST {desk}/rings                      node → desk       Ring             204, or 404 no such desk
POST {desk}/rings/{token}/over         node → desk       RingOver         204
POST {desk}/rings/{token}/bridged      node → desk       Talk             204
POST {desk}/rings/{token}/moved        node → desk       Ring             204, the talk goes on

The keeper of a callback takes /offers and /rings/again as a node does, and rings desks likewise.

What a node says of a ring or talk carries the epoch of the leg it speaks for: a node that has been
lost and wakes up again ends nothing that another has taken over.
"""

from pydantic import Field

from contactcentre.domain.callback import Attempt, TakeUp
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import (
    AdviserId,
    CallId,
    DeskId,
    LineId,
    NodeId,
    PhoneNumber,
    QueueId,
    Token,
)
from contactcentre.domain.languages import Language
from contactcentre.wire.said import Said


class OfferCall(Said):
    """A router tells a call's node that the call is reserved for an adviser."""

    call: CallId
    adviser: AdviserId
    desk: DeskId
    token: Token


class JourneyStep(Said):
    """One thing the caller did on the way here, for the adviser to read."""

    at_ms: int
    words: dict[Language, str]


class CallbackFacts(Said):
    """What a desk must know of a callback that rings there."""

    number: PhoneNumber
    booked_ms: int
    """How long ago it was promised."""
    attempts_count: int
    """How often the number has been rung in vain."""
    keeper_url: str
    """Where the desk process tells what the adviser does."""


class Ring(Said):
    """A call's node rings an adviser's desk; or, with a `callback`, the keeper of that does."""

    call: CallId
    adviser: AdviserId
    token: Token
    node: NodeId
    node_url: str
    """The node's leg socket as browsers reach it."""
    ticket: str
    line: LineId
    queue: QueueId
    language: Language
    waited_ms: int
    ring_ms: int
    """How long it rings from now on; 0 for a talk."""
    epoch: LegEpoch
    journey: list[JourneyStep]
    consulted_by: AdviserId | None = None
    """Another adviser asks about a caller; `call` is the consultation."""
    callback: CallbackFacts | None = None
    """Nobody is on the line yet: there is neither a leg nor a ticket to one."""


class CallbackSaid(Said):
    """What an adviser does with a callback that rings at the desk or is taken."""

    call: CallId
    adviser: AdviserId
    token: Token
    word: TakeUp | Attempt


class AttemptSaid(Said):
    """How the attempt to reach a caller has ended, to be written down by any keeper."""

    call: CallId
    adviser: AdviserId
    token: Token
    attempt: Attempt


class AskDial(Said):
    """A media node asks whether it may ring the number of a callback, and again while it does."""

    call: CallId
    adviser: AdviserId
    token: Token
    dial: str = Field(min_length=1, max_length=32)
    """The node's own name for it: only the one that is asked about first is rung."""


class DialFacts(Said):
    """What a media node must know to ring the number, and to let the call begin."""

    number: PhoneNumber
    line: LineId
    queue: QueueId
    language: Language
    service_class: ServiceClass
    enqueued_ms: int
    epoch: LegEpoch
    """The keeper's: the call is the node's from a newer one on."""
    desk: DeskId
    """The desk process of the adviser."""


class DialOver(Said):
    """A media node rings the number no longer, and nobody has answered."""

    call: CallId
    adviser: AdviserId
    token: Token
    dial: str = Field(min_length=1, max_length=32)
    is_made: bool
    """This was the attempt; else the adviser may have the number rung again."""


class CallbackAnswered(Said):
    """Somebody has answered the number, to be written down by any keeper."""

    call: CallId
    adviser: AdviserId
    token: Token


class Talk(Said):
    """The node has joined caller and adviser."""

    call: CallId
    adviser: AdviserId
    token: Token
    epoch: LegEpoch


class AskRing(Said):
    """A desk process that was started again, or has taken an adviser over, asks how a call stands.

    From now on the node speaks to the desk that asked.
    """

    call: CallId
    adviser: AdviserId
    token: Token
    desk: DeskId


class RingAgain(Said):
    """What the node conducts: the ring as it was told, and whether there is a talk by now."""

    ring: Ring
    talking: bool


class RingOver(Said):
    """The ring or the talk has ended."""

    call: CallId
    adviser: AdviserId
    token: Token
    epoch: LegEpoch
    lapse: LapseReason | None
    """None: there was a talk and it has ended, wrap-up begins."""
