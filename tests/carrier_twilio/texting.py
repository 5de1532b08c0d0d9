"""The account at Twilio that sends texts as well."""

from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from contactcentre.drills.twilio_carrier import TOKEN, Carrier
from contactcentre.drills.twilio_phone import Number, Phone
from tests.carrier_twilio.text_office import TextOffice


class TextingCarrier(Carrier):
    """A carrier that knows numbers and sends texts."""

    def __init__(self, *, tokens: Sequence[str] = (TOKEN,)) -> None:
        super().__init__(tokens=tokens)
        self.texts = TextOffice(self.proves)

    def routes(self) -> Sequence[web.RouteDef]:
        """Return what may be asked over REST."""
        return [*super().routes(), *self.texts.routes()]

    def call(self, number: Number) -> Phone:
        """Let somebody ring a number, from where the texts go."""
        return super().call(replace(number, caller=self.texts.caller))
