"""Advisers who have come to this node to have the numbers of their callbacks rung."""

from contactcentre.apps.adviser_part import Browser
from contactcentre.apps.adviser_phone import PhonePart
from contactcentre.apps.callback_dial import CallbackDial, DialTools
from contactcentre.apps.node_calls import browser_part
from contactcentre.apps.rung_phone import dialler_of
from contactcentre.domain.errors import MalformedOffer, NodeFull
from contactcentre.ports.media import PHONE_OFFER, TEXT_OFFER
from contactcentre.wire.claims import AdviserTicket
from contactcentre.wire.legs import Answer


class CallbackDials:
    """The door for such advisers."""

    def __init__(self, shared: DialTools) -> None:
        self._shared = shared
        self._tools = shared.tools

    async def attach(
        self, ticket: AdviserTicket, sdp: str, browser: Browser, *, phone: str | None
    ) -> CallbackDial:
        """Answer the offer of an adviser's browser, and ring once its sound is here.

        Raises NodeFull, MalformedOffer, MediaUnavailable, NumberNotAllowed.
        """
        calls = self._shared.calls
        if calls.draining or calls.is_full:
            raise NodeFull("This node takes no further calls. Try again.")
        if sdp == TEXT_OFFER or (phone is not None) is not (sdp == PHONE_OFFER):
            raise MalformedOffer("Offer sound, or a phone by its number.")
        if phone is not None:
            return self._by_phone(ticket, browser, phone)
        part = browser_part(ticket, browser, self._tools)
        dial = CallbackDial(ticket, part, self._shared)
        answer = await self._tools.media.accept(
            call=ticket.call, leg=part.leg, offer_sdp=sdp, heard=part.heard
        )
        browser.send(Answer(call=ticket.call, sdp=answer))
        self._tools.spawn(dial.run(), "callback")
        return dial

    def _by_phone(self, ticket: AdviserTicket, browser: Browser, phone: str) -> CallbackDial:
        """Ring the phone of an adviser who takes the sound there, and then the caller's."""
        number = dialler_of(self._tools).check(phone)
        part = PhonePart(ticket, browser, self._tools, call=ticket.call, number=number, before=None)
        dial = CallbackDial(ticket, part, self._shared)
        browser.send(Answer(call=ticket.call, sdp=PHONE_OFFER))
        part.begin(is_talk=True)
        self._tools.spawn(dial.run(), "callback")
        return dial
