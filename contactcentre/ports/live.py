"""A call on the node that holds its legs, as the stages of the journey see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from contactcentre.domain.call import Call
from contactcentre.domain.errors import Refusal
from contactcentre.domain.events import CallEvent, LapseReason
from contactcentre.domain.ids import (
    AdviserId,
    CallId,
    DeskId,
    LegId,
    OutsideName,
    QueueId,
    SoundName,
    Token,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A reservation that this node has taken up: ring that adviser."""

    adviser: AdviserId
    desk: DeskId
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviserAttached:
    """The adviser's browser is connected: both ends could hear each other now."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviserAnswered:
    """The adviser pressed Answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviserDeclined:
    """The adviser can't take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRung:
    """The adviser has pressed Answer, and now the adviser's phone rings."""

    within_ms: int
    """So soon it is known whether anybody picks it up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneUnanswered:
    """Nobody has picked the adviser's phone up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAsked:
    """The adviser wants the caller on hold, or back."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteAsked:
    """The adviser does not want to be heard, or to be heard again."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySent:
    """The adviser sends a keypad tone to the caller."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAsked:
    """The adviser hands the caller to a queue."""

    queue: QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultAsked:
    """The adviser asks for another one: of a queue, or (None) that very adviser."""

    queue: QueueId | None
    adviser: AdviserId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideAsked:
    """The adviser asks somebody on an outside number about the caller."""

    outside: OutsideName
    hands_over: bool
    """The caller is left there as soon as somebody has answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeAsked:
    """The adviser wants caller and other adviser to talk as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverAsked:
    """The adviser leaves the caller to the other adviser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultDropped:
    """The adviser lets the other one go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviserHungUp:
    """The adviser ended the talk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedBack:
    """The adviser has to go: the caller goes back to the place, for another adviser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviserLost:
    """Neither the adviser's socket nor any sound has been there for the grace of a leg."""


AdviserAct = (
    AdviserAttached
    | AdviserAnswered
    | AdviserDeclined
    | PhoneRung
    | PhoneUnanswered
    | HoldAsked
    | MuteAsked
    | KeySent
    | TransferAsked
    | ConsultAsked
    | OutsideAsked
    | MergeAsked
    | HandOverAsked
    | ConsultDropped
    | AdviserHungUp
    | HandedBack
    | AdviserLost
)


AdviserGone = AdviserHungUp | HandedBack | AdviserLost | PhoneUnanswered
"""After any of these nobody is there to talk."""


class TalkEnd(Enum):
    """How a talk ended, other than by the caller's leaving."""

    ADVISER_HUNG_UP = auto()
    BROKEN = auto()
    """The adviser is gone; the caller goes back to the place."""
    TRANSFERRED = auto()
    """The adviser has handed the caller on to a queue."""
    LEFT_OUTSIDE = auto()
    """The adviser has left the caller to somebody on an outside number."""
    HANDED_BACK = auto()
    """The adviser had to go; the caller goes back to the place, for another adviser."""


class Asking(Protocol):
    """What an adviser may do about asking somebody. Each raises a Refusal where it cannot be."""

    def ask(self, queue: QueueId | None, adviser: AdviserId | None) -> None:
        """Ask another adviser, of a queue or by name."""

    def ask_outside(self, name: OutsideName, *, hands_over: bool) -> None:
        """Ask somebody on an outside number, and leave the caller there once that one answers."""

    def merge(self) -> None:
        """Let whoever was asked talk with the caller as well."""

    def drop(self) -> None:
        """Let whoever was asked go, or ask for nobody any longer."""

    @property
    def is_outside(self) -> bool:
        """Say whether it is somebody on an outside number who was asked, and is there."""

    @property
    def is_handing_over(self) -> bool:
        """Say whether an outside number rings that is to have the caller at once, or did just now.

        An adviser who hangs up meanwhile takes the caller for gone there, and not for gone.
        """

    def check_loose(self) -> None:
        """Raise OutOfOrder while the caller is being handed on and nothing takes that back."""

    async def is_handed_over(self) -> bool:
        """Say whether somebody outside is there who was to have the caller at once.

        While the caller's trunk hands the caller on its word is waited for, for so long as a number
        rings at most.
        """

    def leave_outside(self) -> None:
        """Leave the caller to somebody on an outside number: the talk with the adviser is over."""


class LiveCall(Protocol):
    """One call: what it is now, what its caller hears, and what comes in from its people.

    The caller's hanging up is no event here: it cancels the stage that runs.
    """

    @property
    def call(self) -> Call:
        """Return the call as it stands."""

    @property
    def steps(self) -> Sequence[CallEvent]:
        """Return what an adviser should read of the call, the earliest first; 50 at most."""

    @property
    def caller_leg(self) -> LegId:
        """Return the leg the caller speaks on."""

    @property
    def adviser_leg(self) -> LegId | None:
        """Return the leg of the adviser who is rung or talked with, once it is connected."""

    @property
    def is_adviser_there(self) -> bool:
        """Say whether the adviser who is rung could answer, on whatever leg that will be."""

    def note(self, event: CallEvent) -> None:
        """Write an event down: the call follows it, the spool keeps it, the page is told.

        What everybody in the room hears follows from how the call stands then.
        """

    async def say(self, sounds: Sequence[SoundName], *, keys: Mapping[str, SoundName]) -> None:
        """Play prompts to the caller, with their words and the keys that do something on the page.

        Returns when the last has been heard. Cancelling it stops the sound.
        """

    async def key(self, *, within_ms: int | None) -> str | None:
        """Return the next key the caller pressed; None if none came in time."""

    def tell_place(self, *, place: int, wait_ms: int | None) -> None:
        """Show the caller the place without saying it."""

    async def offer(self, *, within_ms: int) -> Offered | None:
        """Return the next reservation this node has taken up; None if none came in time."""

    async def adviser_act(self, *, within_ms: int | None) -> AdviserAct | None:
        """Return what the adviser did next; None if nothing in time."""

    def tell_bridged(self) -> None:
        """Tell the adviser's browser that both hear each other."""

    def tell_held(self, *, on: bool) -> None:
        """Tell the adviser's browser that the caller is on hold, or no longer."""

    def tell_refused(self, refusal: Refusal) -> None:
        """Tell the adviser's browser that what it asked for last cannot be done; all goes on."""

    @property
    def asking(self) -> Asking:
        """Return the consultation about the call."""

    def give_over(self) -> Offered:
        """Give the call to the other adviser, and return who that is. Raises OutOfOrder.

        The first adviser's part is over; the other desk and the queues are told.
        """

    def let_adviser_go(self, *, lapse: LapseReason | None) -> None:
        """End the adviser's part: the browser is told, its leg is closed."""


class Desks(Protocol):
    """The advisers' desks, as a node reaches them. Raises PeerUnavailable and what desks refuse."""

    async def ring(
        self, call: Call, offered: Offered, *, ring_ms: int, steps: Sequence[CallEvent]
    ) -> None:
        """Let an adviser's desk ring; `steps` are what has happened to the call so far."""

    async def bridged(self, call: Call, offered: Offered) -> None:
        """Tell the desk that the talk has begun."""

    async def moved(self, call: Call, offered: Offered, *, steps: Sequence[CallEvent]) -> None:
        """Tell the desk that the talk goes on at this node: its browser is to come here."""

    async def over(self, call: Call, offered: Offered, *, lapse: LapseReason | None) -> None:
        """Tell the desk that the ring came to nothing, or (None) that the talk has ended."""


class Nodes(Protocol):
    """The media nodes, as a router reaches them."""

    async def offer(
        self,
        *,
        node_url: str,
        call: CallId,
        adviser: AdviserId,
        desk: DeskId,
        token: Token,
        within_ms: int,
    ) -> None:
        """Tell a call's node of its reservation. Raises PeerUnavailable and what nodes refuse."""
