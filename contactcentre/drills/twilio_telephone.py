"""A telephone whose calls come over Twilio: the carrier does everything, the caller holds the line.

When a node is lost the carrier's stream ends, and the carrier asks where the call goes on; or it is
told so, when nothing ended. The caller hears a pause and nothing else of it.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from contactcentre.adapters.media_aiortc.g711 import PCMU
from contactcentre.drills.ears import Ears, Music, SoundWatch
from contactcentre.drills.history import DialUnanswered, now_ms
from contactcentre.drills.leg import CALLER_HZ
from contactcentre.drills.phone_caller import LOOK_EVERY_S, Moved
from contactcentre.drills.twilio_carrier import Carrier
from contactcentre.drills.twilio_phone import BROKEN, Number, Phone
from contactcentre.drills.who import Caller

PUBLIC_URL = "http://phones.example.com"
"""What the carrier is told of the centre; the carrier knows what stands behind."""
FALLBACK_URL = f"{PUBLIC_URL}/twilio/voice?again"
"""What is asked at the other site first."""
CALLED = "twilio-{}"
"""What a call is called in the centre, by the carrier's name for it."""
STREAM_SUFFIX = "/twilio"
OVERRIDES = "#rc=1&rp=ct&ct=1000&rt=4000&tt=6000"
FALLBACK_OVERRIDES = "#rc=2&rp=ct&ct=1000"
"""As docs/how-to/connect-twilio.md has the number set up."""
DIAL_FOR_S, DIAL_AGAIN_S = 60.0, 1.0
"""Whoever is told that all lines are busy rings again, for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account at the carrier that all callers of a drill ring by."""

    carrier: Carrier
    number: str
    music: Music

    def number_for(self, caller: Caller) -> Number:
        """Return the number as it is set up, as one caller rings it."""
        return Number(
            number=self.number,
            voice_url=f"{PUBLIC_URL}/twilio/voice{OVERRIDES}",
            fallback_url=f"{FALLBACK_URL}=1{FALLBACK_OVERRIDES}",
            status_url=f"{PUBLIC_URL}/twilio/status",
            caller=f"+44163296{caller.number:04d}",
        )


def account_settings(carrier: Carrier, sid: str, token: str) -> Mapping[str, str]:
    """Return what every process is told of the carrier."""
    return {
        "CC_PUBLIC_URL": PUBLIC_URL,
        "CC_TWILIO_ACCOUNT_SID": sid,
        "CC_TWILIO_AUTH_TOKENS": token,
        "CC_TWILIO_API_URL": carrier.url,
    }


class TwilioTelephone:
    """One telephone (drills.phone_caller.Telephone)."""

    leg = "twilio"

    def __init__(self, account: Account, caller: Caller) -> None:
        self._account = account
        self._caller = caller
        watch = SoundWatch(lambda: self.call, caller.history.note)
        self.ears = Ears(PCMU, account.music, watch)
        self._phone: Phone | None = None
        self._streams = 0
        self._told: Moved = _nobody
        self.call = ""
        self.over = asyncio.Event()

    @property
    def own(self) -> str | None:
        """Return the leg socket of the node that has the call."""
        if self._phone is None or not self._phone.streams:
            return None
        return self._phone.stream.url.removesuffix(STREAM_SUFFIX)

    def tell_moved(self, moved: Moved) -> None:
        """Say whom to tell that another node has the call."""
        self._told = moved

    async def dial(self) -> str:
        """Ring; return why the call has come to nothing."""
        until_ms = now_ms() + int(DIAL_FOR_S * 1_000)
        refused = ""
        while now_ms() < until_ms:
            phone = self._ring()
            while not phone.over.is_set():
                if self.ears.is_heard:
                    return ""
                await asyncio.sleep(LOOK_EVERY_S)
            refused = ", ".join(phone.said) or "no-answer"
            self._caller.history.note(DialUnanswered(at_ms=now_ms()))
            await asyncio.sleep(DIAL_AGAIN_S)
        return refused

    async def press(self, key: str) -> None:
        """Press a key; between two streams nobody takes it."""
        if self._streams and self._phone is not None:
            with suppress(*BROKEN):
                await self._phone.press(key)

    async def hang_up(self) -> None:
        """Hang up; the carrier tells whoever wants to know."""
        if self._phone is not None:
            self._phone.told = _nobody
            self._caller.closing.create_task(self._phone.hang_up(), name="telephone hangs up")

    def _ring(self) -> Phone:
        account = self._account
        phone = self._phone = account.carrier.call(account.number_for(self._caller))
        self.call = CALLED.format(phone.sid)
        phone.ear.came = self.ears.came
        self._streams = 0
        self.over.clear()
        phone.told = self._hear_of_it
        phone.tone(CALLER_HZ)
        return phone

    def _hear_of_it(self) -> None:
        """Take note of a stream that has begun, or of the call's end."""
        phone = self._phone
        assert phone is not None, "it was dialled"
        if phone.over.is_set():
            self.over.set()
        elif len(phone.streams) > self._streams:
            is_first, self._streams = not self._streams, len(phone.streams)
            if not is_first:
                self._told()


def _nobody() -> None:
    """Tell nobody."""
