"""Calls from the telephone network, and to it: one that rings, and the dialog that it becomes.

A dialog is the one witness of whether its caller is there: sound may stop for many reasons (a mute
key, silence that is not sent, hold), but a phone that has hung up has said so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from contactcentre.domain.dialling import DialFailure
from contactcentre.domain.ids import CallId, NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """A call as it comes in."""

    trunk: str
    """The name of the trunk it came over."""
    called: str
    """The number that was called, as +44…; as it came where it is none."""
    caller: str | None
    """The caller's number, as +44…: a hint and no proof, and not for any log or store."""
    diverted: str | None
    """The number from which the call was diverted to us, if it was."""
    offer: str | None
    """What the phone offers for its sound, in SDP; None if we are to offer."""
    host: str
    """The address its signalling comes from."""
    is_early: bool
    """What asks nothing of the caller may be heard before the call is answered."""


class Caller(Protocol):
    """Whoever has a dialog on our side, and is told what its phone does."""

    def phone_began(self) -> None:
        """Hear that the phone knows that the call is answered."""

    def phone_answered(self, answer: str) -> None:
        """Take the phone's answer, where the offer was ours. Raises MalformedOffer."""

    def phone_pressed(self, key: str) -> None:
        """Take a key that came as a message (INFO); each press is told once."""

    def phone_offered(self, offer: str) -> str:
        """Return our answer to a new offer: hold, back again, or a move. Raises MalformedOffer."""

    def phone_ended(self, *, was_lost: bool) -> None:
        """Hear that it is over: hung up, given up, or not there any more. Told once, and last.

        `was_lost`: it had begun, and the phone has not said that it hangs up.
        """


class Called(Caller, Protocol):
    """Whoever rings a phone from our side, and is told what comes of it.

    Once it has answered it is told the same as of a phone that has rung here: `phone_answered`
    first, then `phone_began`.
    """

    def phone_rings(self, early: str | None) -> None:
        """Hear that it rings, with what the network says of sound that is to be heard meanwhile."""

    def phone_failed(self, why: DialFailure) -> None:
        """Hear that nobody has answered, and nobody will. Told once, and last."""


class Phone(Protocol):
    """One dialog with a phone. Nothing here waits but `is_there`."""

    def ring(self) -> None:
        """Let the phone hear that it rings."""

    def announce(self, sdp: str) -> None:
        """Let our sound be heard before the call is answered."""

    def answer(self, sdp: str, *, call: CallId) -> None:
        """Answer the call, with our sound, and say by which name it is in the record."""

    def refuse(self, code: int, *, retry_after_s: int | None = None) -> None:
        """Turn the call away; a busy centre says when to try again."""

    def hang_up(self) -> None:
        """End the call, whatever it has come to; an ended one is ended already."""

    def let_go(self) -> None:
        """Leave the dialog to another node without a word to the phone."""

    @property
    def facts(self) -> str | None:
        """Return what another node needs to go on with the dialog; None while there is none."""

    async def refer(self, uri: str, *, by: str, within_s: float) -> int | None:
        """Ask the phone's side to call somebody in our place; return how that ended, as SIP has it.

        None if it does no such things.
        """

    async def is_there(self) -> bool:
        """Ask the phone whether it is still in the call; False once it is known not to be."""


class Switchboard(Protocol):
    """Whoever takes calls in."""

    @property
    def retry_after_s(self) -> int | None:
        """Return when to try again, while no call can be taken; None while calls are taken."""

    @property
    def is_strained(self) -> bool:
        """Say whether calls are taken, but had better go elsewhere where they can."""

    def takes(self, called: str) -> bool:
        """Say whether a called number leads anywhere here."""

    def rings(self, ringing: Ringing, phone: Phone) -> Caller:
        """Take a call in, and return who is told of it; it answers or refuses by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkStanding:
    """Whether a trunk answers when it is asked."""

    is_up: bool
    since_ms: int
    """By the clock of the node that asks."""
    is_misnamed: bool = False
    """Whoever is there shows somebody else's certificate, so that nothing is asked."""


class KeptTrunks(Protocol):
    """How trunks stand, for whoever looks at the whole centre."""

    async def keep_trunks(self, node: NodeId, standings: Mapping[str, TrunkStanding]) -> None:
        """Keep how the trunks of a node stand, in place of what was said before.

        Raises StateUnavailable.
        """


class KeptDialogs(Protocol):
    """What of telephone calls outlives their node. Every method raises StateUnavailable."""

    async def keep_dialogs(
        self, node: NodeId, said: Mapping[CallId, str], ended: Sequence[CallId]
    ) -> None:
        """Keep what another node needs of a node's calls, and forget those that have ended."""

    async def take_dialogs(
        self, *, lost: NodeId, taker: NodeId, calls_max: int
    ) -> Mapping[CallId, str]:
        """Take up to so many calls of a lost node up; nobody else has them then."""

    async def look_dialogs(self, calls: Sequence[CallId]) -> Mapping[CallId, str]:
        """Return what is kept of some calls, whoever has them; unknown ones are left out."""
