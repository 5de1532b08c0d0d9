"""Numbers that we ring: who may be rung, a call to one of them, and what becomes of it.

Its sound is one more leg in the room of a call of this node, there from the moment it is dialled:
whoever is to hear how it rings can, where the network sends that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from contactcentre.domain.dialling import DialFailure, Lines, OutsideNumber
from contactcentre.domain.ids import CallId, LegId, OutsideName, PhoneNumber
from contactcentre.ports.media import LegEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRings:
    """The number rings; told again if it rings elsewhere, or begins to be heard."""

    is_heard: bool
    """The network sends what is to be heard meanwhile: its own tone, or words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberAnswered:
    """Somebody has answered; sound flows both ways. Told once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFailed:
    """Nobody has answered, and nobody will. Told once, and last; the leg is closed."""

    why: DialFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberEnded:
    """Whoever had answered has gone. Told once, and last; the leg is closed."""

    was_lost: bool = False
    """Nobody has said goodbye: the phone does not answer any more, or does not know the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberElsewhere:
    """Another node goes on with it, and nothing was said to the phone. Told once, and last."""


DialEvent = NumberRings | NumberAnswered | NumberFailed | NumberEnded | NumberElsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideBefore:
    """A call to a number as another node had it."""

    leg: LegId
    kept: str
    """What that node has kept of it."""


class Dialled(Protocol):
    """One call to a number."""

    @property
    def leg(self) -> LegId:
        """Return its leg, in the room of the call that it was dialled for."""

    @property
    def number(self) -> PhoneNumber:
        """Return the number, as it was dialled: for no log and no store."""

    @property
    def kept(self) -> str | None:
        """Return what another node needs to go on with it; None while nobody has answered."""

    def hang_up(self) -> None:
        """End it, whatever it has come to; nothing more is told, and the leg is closed."""

    def let_go(self) -> None:
        """Leave it to another node without a word to the phone; nobody who rings is left so.

        Should no other node have it after a while it is ended all the same.
        """

    async def is_there(self) -> bool:
        """Ask the phone whether it is still in the call; False once it is known not to be.

        Whoever is not there any more is told of as NumberEnded as well.
        """


class Dialler(Protocol):
    """Rings numbers over a trunk of this node."""

    def check(self, number: str) -> PhoneNumber:
        """Return a number as it would be dialled. Raises NumberNotAllowed.

        It may be written with or without its country (+44…, 01…), or be an extension of a trunk.
        """

    def named(self, name: OutsideName) -> OutsideNumber:
        """Return the number of a name that is known to everybody. Raises UnknownName."""

    def own_of(self, numbers: Sequence[PhoneNumber]) -> PhoneNumber | None:
        """Return the first of some numbers that may be shown; None if none may."""

    async def refer(self, number: str, *, call: CallId, within_ms: int) -> DialFailure | bool:
        """Have the trunk that a call's caller rings from hand the caller to a number by itself.

        True: somebody has answered there, and has the caller. False: the trunk does no such things,
        and the number may be dialled instead. Else why nobody answered. Nothing takes it back.

        Raises NumberNotAllowed, LinesBusy, as it is counted among what is rung.
        """

    async def dial(
        self,
        number: str,
        *,
        call: CallId,
        leg: LegId,
        ring_ms: int,
        told: Callable[[DialEvent], None],
        heard: Callable[[LegEvent], None],
        shown: PhoneNumber | None = None,
        lines: Lines = Lines.OUTSIDE,
    ) -> Dialled:
        """Begin to ring a number, with a leg of this name in the call's room; return at once.

        `told` hears what becomes of it, `heard` what the media hears of the leg (LegConnected once
        sound flows, which may be before an answer; KeyHeard; silence); neither may block. Whoever
        has not answered after `ring_ms` is rung no longer. `shown` is the number of ours that is
        shown; the first of the settings if None. `lines` says which caps it counts towards.

        Raises NumberNotAllowed for a number that may not be rung or shown, LinesBusy for more calls
        than the settings allow, NodeFull, MediaUnavailable. Each is counted.
        """

    async def take_over(
        self,
        before: OutsideBefore,
        number: PhoneNumber,
        *,
        call: CallId,
        leg: LegId,
        told: Callable[[DialEvent], None],
        heard: Callable[[LegEvent], None],
    ) -> Dialled:
        """Go on with a call that another node has `kept`, with a leg of this name; return at once.

        The phone is offered the sound of this node; LegConnected says that it has taken it, and
        NumberEnded that it has not. Nobody is rung, so no cap is asked.
        Raises BadClaim for what cannot be read, NodeFull, MediaUnavailable.
        """
