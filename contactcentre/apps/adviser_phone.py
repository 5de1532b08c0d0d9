"""The adviser's end of a call whose sound is on a phone: the desk decides, the phone speaks.

The desk rings, and the adviser answers there as ever. Only then is the phone rung, and once it is
picked up the adviser has answered. The call to the phone outlives the page that asked for it: a
page that is loaded again takes it on, and nothing rings twice.
"""

import structlog

from contactcentre.apps.adviser_part import AdviserPart, Browser
from contactcentre.apps.node_tools import NodeTools
from contactcentre.apps.rung_phone import RungPhone
from contactcentre.domain.dialling import DialFailure
from contactcentre.domain.ids import CallId, LegId, PhoneNumber
from contactcentre.limits import PHONE_ANSWERS_WITHIN_MS
from contactcentre.ports.live import (
    AdviserAct,
    AdviserAnswered,
    AdviserAttached,
    AdviserHungUp,
    AdviserLost,
    PhoneRung,
    PhoneUnanswered,
)
from contactcentre.ports.media import LegEvent
from contactcentre.wire.claims import AdviserTicket
from contactcentre.wire.legs import PhoneNow

log = structlog.get_logger()


class PhonePart(AdviserPart):
    """One attachment of an adviser's page to a call that the adviser hears on a phone."""

    def __init__(
        self,
        ticket: AdviserTicket,
        browser: Browser,
        tools: NodeTools,
        *,
        call: CallId,
        number: PhoneNumber,
        before: AdviserPart | None,
    ) -> None:
        """Take the phone on that the page before this one has rung, if it is the same."""
        super().__init__(
            adviser=ticket.adviser,
            token=ticket.token,
            leg=LegId(""),
            browser=browser,
            media=tools.media,
            spawn=tools.spawn,
            grace_ms=tools.patience.adviser_grace_ms,
            has_sound=False,
        )
        self._tools = tools
        self._call = call
        self._number = number
        self._phone = before.give_phone(ticket, number) if isinstance(before, PhonePart) else None

    def give_phone(self, ticket: AdviserTicket, number: PhoneNumber) -> RungPhone | None:
        """Give the phone away to another page of the same adviser in the same call."""
        if (self.token, self._number) != (ticket.token, number):
            return None
        phone, self._phone = self._phone, None
        return phone

    def begin(self, *, is_talk: bool) -> None:
        """Go on with the phone that was rung, or ring it where there is a talk already."""
        if self._phone is None:
            if is_talk:
                self._ring()
            return
        self._phone.user = self
        if self._phone.is_answered:
            self.phone_answered()
        else:
            self.send(PhoneNow(state="ringing", why=None))

    @property
    def may_answer(self) -> bool:
        """Say that it needs no sound: the phone is rung once the adviser answers."""
        return True

    def heard(self, event: LegEvent) -> None:
        """Take nothing from the sound: a phone may be silent, and says itself when it hangs up."""

    def asked(self, act: AdviserAct) -> None:
        """Take what the adviser does at the desk; to answer is to have the phone rung."""
        if not isinstance(act, AdviserAnswered):
            self.act(act)
        elif self._phone is None:
            self._ring()

    def _ring(self) -> None:
        """Have the phone rung."""
        self._phone = RungPhone(self._number, call=self._call, tools=self._tools, user=self)
        self.act(PhoneRung(within_ms=PHONE_ANSWERS_WITHIN_MS))
        self.send(PhoneNow(state="ringing", why=None))
        self._phone.begin()

    # What becomes of the phone (rung_phone.PhoneUser)

    def phone_answered(self) -> None:
        """Let the adviser have answered, now that there is somebody to hear the caller."""
        assert self._phone is not None, "it is the phone that tells it"
        self.leg = self._phone.leg
        self._is_connected = True
        self._set_sound_lost(lost=False)
        self.send(PhoneNow(state="answered", why=None))
        self.act(AdviserAttached(leg=self.leg))
        self.act(AdviserAnswered())

    def phone_failed(self, why: str) -> None:
        """Let it be as if nobody had answered at the desk."""
        log.info("an adviser's phone was not answered", call=self._call, why=why)
        self._phone = None
        self.send(PhoneNow(state="failed", why=why))
        self.act(PhoneUnanswered())

    def phone_ended(self, *, was_lost: bool) -> None:
        """Let the adviser hang up with the phone; to lose it is not to hang up."""
        self._phone = None
        self._is_connected = False
        if was_lost:
            self.send(PhoneNow(state="failed", why=DialFailure.UNREACHABLE.value))
        self.act(AdviserLost() if was_lost else AdviserHungUp())

    # When the page is lost

    def _fall_silent(self) -> None:
        """Let the phone ring on: the page may come back, or the phone be picked up without it."""

    def _be_lost(self) -> None:
        """Ring no longer for a page that has not come back."""
        self._close_sound()
        super()._be_lost()

    def _close_sound(self) -> None:
        """Hang up the phone, unless another page has it now."""
        phone, self._phone = self._phone, None
        if phone is not None:
            phone.hang_up()
