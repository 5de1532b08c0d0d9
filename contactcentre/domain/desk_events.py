"""What may happen to an adviser's desk, and when, by the desk process's own monotonic clock."""

from dataclasses import dataclass

from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import CallId, QueueId, Token
from contactcentre.domain.presence import AwayReason, Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskEvent:
    """Something that happened to a desk."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(DeskEvent):
    """Name and password were right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered(DeskEvent):
    """A desk process that does not know an adviser, or not enough, finds what the live state has.

    It was started again, or the adviser's page has come over from another one.
    """

    state: Presence
    reason: AwayReason | None
    call: CallId | None
    token: Token
    for_ms: int
    """For how long it has been so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketOpened(DeskEvent):
    """The adviser's page is there, for the first time or again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLost(DeskEvent):
    """The adviser's page is not heard any longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyPressed(DeskEvent):
    """A person wants calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwayPressed(DeskEvent):
    """A person wants no calls."""

    reason: AwayReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang(DeskEvent):
    """A call's node rings."""

    call: CallId
    queue: QueueId
    token: Token
    epoch: LegEpoch
    ring_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RingFound(DeskEvent):
    """The node has told again of a ring or talk that was taken up from the live state."""

    queue: QueueId
    token: Token
    epoch: LegEpoch
    ring_ms: int
    talking: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkBegan(DeskEvent):
    """The node has joined caller and adviser."""

    call: CallId
    token: Token
    epoch: LegEpoch


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkMoved(DeskEvent):
    """Another node has taken the caller up, and the talk goes on there."""

    call: CallId
    queue: QueueId
    token: Token
    epoch: LegEpoch


@dataclass(frozen=True, slots=True, kw_only=True)
class RingEnded(DeskEvent):
    """The node says that the ring came to nothing, or (None) that the talk is over."""

    token: Token
    epoch: LegEpoch
    lapse: LapseReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallGone(DeskEvent):
    """The live state has it that the ring or talk is over, and the node has not told."""

    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkLeft(DeskEvent):
    """The adviser has ended a talk that the node cannot be told of."""

    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeChosen(DeskEvent):
    """The adviser has chosen an outcome for a call, or taken it back."""

    call: CallId
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreTimeAsked(DeskEvent):
    """The adviser needs another minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpFinished(DeskEvent):
    """The adviser has finished with a call."""

    call: CallId
    away: AwayReason | None
    """None: ready for the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingSeen(DeskEvent):
    """The live state says how the adviser stands there."""

    state: Presence
    reason: AwayReason | None
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed(DeskEvent):
    """Nothing happened but time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut(DeskEvent):
    """The adviser has gone home."""
