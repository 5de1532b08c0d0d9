"""The adviser's end of a call whose sound is on a phone: the desk decides, the phone speaks.

The desk rings, and the adviser answers there as ever. Only then is the phone rung, and once it is
picked up the adviser has answered. The call to the phone outlives the page that asked for it: a
page that is loaded again takes it on, and nothing rings twice.
"""

import asyncio
from collections.abc import Callable

import structlog

from contactcentre.apps.adviser_part import AdviserPart, Browser
from contactcentre.apps.node_tools import NodeTools
from contactcentre.domain.dialling import DialFailure
from contactcentre.domain.errors import NumberNotAllowed, Outage, Refusal
from contactcentre.domain.ids import CallId, LegId, PhoneNumber
from contactcentre.limits import PHONE_ANSWERS_WITHIN_MS, PHONE_RING_MS
from contactcentre.ports.dialling import (
    DialEvent,
    Dialled,
    Dialler,
    NumberAnswered,
    NumberEnded,
    NumberFailed,
    NumberRings,
)
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

BUSY_AGAIN_MS = 2_000
"""A phone that is still in the call of a lost node is rung again so often."""


class RungPhone:
    """One call to an adviser's phone, whichever page it belongs to now."""

    def __init__(self, number: PhoneNumber, leg: LegId) -> None:
        self.number = number
        self.leg = leg
        self.is_answered = False
        self.told: Callable[[DialEvent], None] = _nobody
        self._dialled: Dialled | None = None
        self._is_dropped = False

    def hear(self, event: DialEvent) -> None:
        """Take what becomes of the call."""
        self.is_answered = self.is_answered or isinstance(event, NumberAnswered)
        self.told(event)

    def dialled(self, dialled: Dialled) -> None:
        """Take the call, which nobody may want any more by now."""
        self._dialled = dialled
        if self._is_dropped:
            dialled.hang_up()

    def hang_up(self) -> None:
        """End the call."""
        self.told, self._is_dropped = _nobody, True
        if self._dialled is not None:
            self._dialled.hang_up()


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
        self._until_ms: int | None = None
        """Until when the phone is rung; None while it is not to be."""
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
        self.leg, self._phone.told = self._phone.leg, self._told
        if self._phone.is_answered:
            self._answered()
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
        elif self._until_ms is None and self._phone is None:
            self._ring()

    def _ring(self) -> None:
        """Have the phone rung."""
        self._until_ms = self._tools.clock.monotonic_ms() + PHONE_RING_MS
        self.act(PhoneRung(within_ms=PHONE_ANSWERS_WITHIN_MS))
        self.send(PhoneNow(state="ringing", why=None))
        self._spawn(self._dial(), "adviser's phone")

    async def _dial(self) -> None:
        """Ring the phone for what is left of its time."""
        if self._until_ms is None:
            return
        dialler, tools = dialler_of(self._tools), self._tools
        phone = RungPhone(self._number, LegId(f"{self._call}.phone.{tools.chance.nonce()}"))
        phone.told = self._told
        self.leg, self._phone = phone.leg, phone
        left_ms = self._until_ms - tools.clock.monotonic_ms()
        try:
            dialled = await dialler.dial(
                phone.number,
                call=self._call,
                leg=phone.leg,
                ring_ms=max(left_ms, BUSY_AGAIN_MS),
                told=phone.hear,
                heard=_no_matter,
            )
        except (Refusal, Outage) as problem:
            if self._phone is phone:
                self._failed(problem.code)
        else:
            phone.dialled(dialled)

    async def _dial_again(self) -> None:
        await asyncio.sleep(BUSY_AGAIN_MS / 1_000)
        await self._dial()

    def _told(self, event: DialEvent) -> None:
        """Take what becomes of the call to the phone."""
        match event:
            case NumberRings():
                pass
            case NumberAnswered():
                self._answered()
            case NumberFailed(why=why):
                self._phone = None
                if why is DialFailure.BUSY and self._has_time:
                    self._spawn(self._dial_again(), "adviser's phone again")
                else:
                    self._failed(why.value)
            case NumberEnded(was_lost=was_lost):
                self._phone, self._until_ms = None, None
                self._is_connected = False
                if was_lost:
                    self.send(PhoneNow(state="failed", why=DialFailure.UNREACHABLE.value))
                self.act(AdviserLost() if was_lost else AdviserHungUp())

    @property
    def _has_time(self) -> bool:
        now_ms = self._tools.clock.monotonic_ms()
        return self._until_ms is not None and now_ms + 2 * BUSY_AGAIN_MS < self._until_ms

    def _answered(self) -> None:
        """Let the adviser have answered, now that there is somebody to hear the caller."""
        self._is_connected = True
        self._set_sound_lost(lost=False)
        self.send(PhoneNow(state="answered", why=None))
        self.act(AdviserAttached(leg=self.leg))
        self.act(AdviserAnswered())

    def _failed(self, why: str) -> None:
        """Let it be as if nobody had answered at the desk."""
        log.info("an adviser's phone was not answered", call=self._call, why=why)
        self._phone, self._until_ms = None, None
        self.send(PhoneNow(state="failed", why=why))
        self.act(PhoneUnanswered())

    def _close_sound(self) -> None:
        """Hang up the phone, unless another page has it now."""
        phone, self._phone = self._phone, None
        self._until_ms = None
        if phone is not None:
            phone.hang_up()


def dialler_of(tools: NodeTools) -> Dialler:
    """Return what rings phones from this node. Raises NumberNotAllowed."""
    dialler = tools.dialler()
    if dialler is None:
        raise NumberNotAllowed(
            "No phones are rung from here: no outside numbers are allowed (CC_OUTSIDE_NUMBERS)."
        )
    return dialler


def _nobody(_event: DialEvent) -> None:
    """Be told nothing."""


def _no_matter(_event: LegEvent) -> None:
    """Hear nothing of the leg: what the phone says counts."""
