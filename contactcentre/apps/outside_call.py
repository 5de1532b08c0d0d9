"""One call of this node to a number: what its phone does, told to whoever has it rung."""

from collections.abc import Callable, Iterator
from typing import Protocol

import structlog

from contactcentre.adapters.media_aiortc.phone_leg import PhoneLeg
from contactcentre.domain.dialling import DialFailure
from contactcentre.domain.errors import MalformedOffer
from contactcentre.domain.ids import LegId, PhoneNumber
from contactcentre.ports.dialling import (
    DialEvent,
    NumberAnswered,
    NumberElsewhere,
    NumberEnded,
    NumberFailed,
    NumberRings,
)
from contactcentre.ports.media import KeyHeard, LegEvent
from contactcentre.wire.said import Said

log = structlog.get_logger()

ANSWERED, GIVEN_UP, LET_GO = "answered", "given_up", "let_go"


class KeptOutside(Said):
    """What another node needs to go on with an outside number, or to let it go."""

    dialog: str
    codec: str
    waits: bool
    """Whether another node may want it; an adviser's phone is rung anew, and must be free."""


class OutwardPhone(Protocol):
    """The dialog with whoever is rung: one of our own, or one that another node has begun."""

    @property
    def facts(self) -> str | None:
        """Return what another node needs to go on with it, once it stands."""

    def hang_up(self) -> None:
        """End it, whatever it has come to."""

    def let_go(self) -> None:
        """Leave it to another node without a word."""

    async def is_there(self) -> bool:
        """Ask the phone whether it is still in the call."""


class OutsideCall:
    """One call to a number (ports.dialling.Dialled, ports.phones.Called)."""

    def __init__(
        self,
        leg: LegId,
        number: PhoneNumber,
        *,
        sound: PhoneLeg,
        told: Callable[[DialEvent], None],
        heard: Callable[[LegEvent], None],
        over: Callable[["OutsideCall", str], None],
    ) -> None:
        self.leg = leg
        self.number = number
        self.phone: OutwardPhone
        self.host = ""
        """Where its signalling comes from."""
        self.others: Iterator[Callable[[], OutwardPhone]] = iter(())
        """Each begins the same call over another trunk."""
        self.is_answered = False
        self.waits = True
        """Another node may go on with it."""
        self.is_call = False
        """It is the caller's leg of a call of this node, which sees to it from then on."""
        self._has_rung = False
        self._sound = sound
        self._told = told
        self._heard = heard
        self._over = over
        self._is_over = False

    @property
    def sound(self) -> PhoneLeg:
        """Return what carries its sound."""
        return self._sound

    @property
    def kept(self) -> str | None:
        """Return what another node needs to go on with it; None while nobody has answered."""
        has_it = self.is_answered and not (self.is_call or self._is_over)
        facts = self.phone.facts if has_it else None
        if facts is None:
            return None
        codec = self._sound.codec
        return KeptOutside(dialog=facts, codec=codec, waits=self.waits).model_dump_json()

    def hang_up(self) -> None:
        """End it; nothing more is told."""
        if not self._is_over:
            self.phone.hang_up()
            self._end(ANSWERED if self.is_answered else GIVEN_UP)

    def let_go(self) -> None:
        """Leave it to another node, if anybody has answered; nothing more is told."""
        if not self.is_answered:
            self.hang_up()
        elif self._end(LET_GO):
            self.phone.let_go()

    def elsewhere(self) -> None:
        """Leave it to another node that has it already, and tell so."""
        if self._end(LET_GO):
            self.phone.let_go()
            self._told(NumberElsewhere())

    async def is_there(self) -> bool:
        """Ask the phone whether it is still in the call."""
        return not self._is_over and await self.phone.is_there()

    # What the phone does

    def phone_rings(self, early: str | None) -> None:
        """Let what the network sends meanwhile be heard."""
        is_heard, self._has_rung = False, True
        if early is not None and not self._is_over:
            try:
                self._sound.answered(early)
                is_heard = True
            except MalformedOffer as problem:
                log.info("what rings sends sound that cannot be used", why=str(problem))
        self._tell(NumberRings(is_heard=is_heard))

    def phone_answered(self, answer: str) -> None:
        """Send sound to where the phone says. Raises MalformedOffer."""
        self._sound.answered(answer)

    def phone_began(self) -> None:
        """Tell that somebody has answered."""
        self.is_answered = True
        self._tell(NumberAnswered())

    def phone_pressed(self, key: str) -> None:
        """Pass a key on that came as a message."""
        self._heard(KeyHeard(leg=self.leg, key=key))

    def phone_offered(self, offer: str) -> str:
        """Return our answer to a new offer. Raises MalformedOffer."""
        return self._sound.offered(offer)

    def phone_failed(self, why: DialFailure) -> None:
        """Try the next trunk if this one is out of reach; else tell that nobody has answered."""
        if why is DialFailure.UNREACHABLE and not (self._has_rung or self._is_over):
            other = next(self.others, None)
            if other is not None:
                log.warning("a trunk is out of reach, and another one is tried", leg=self.leg)
                self.phone = other()
                return
        if self._end(why.value):
            self._told(NumberFailed(why=why))

    def phone_ended(self, *, was_lost: bool) -> None:
        """Tell that whoever had answered has gone."""
        if self._end(ANSWERED):
            self._told(NumberEnded(was_lost=was_lost))

    def _tell(self, event: DialEvent) -> None:
        if not self._is_over:
            self._told(event)

    def _end(self, outcome: str) -> bool:
        """Let go of the leg, and say whether that was not done before."""
        if self._is_over:
            return False
        self._is_over = True
        self._over(self, outcome)
        return True
