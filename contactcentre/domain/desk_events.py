"""What may happen to an adviser's desk, and when, by the desk process's own monotonic clock."""

from dataclasses import dataclass

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
    """A desk process that has been started again finds what the live state has of an adviser."""

    state: Presence
    reason: AwayReason | None
    call: CallId | None
    token: Token


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
    ring_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkBegan(DeskEvent):
    """The node has joined caller and adviser."""

    call: CallId
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class RingEnded(DeskEvent):
    """The node says that the ring came to nothing, or (None) that the talk is over."""

    token: Token
    lapse: LapseReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeGone(DeskEvent):
    """The node of the call has not been heard of for so long that the talk is over."""


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
