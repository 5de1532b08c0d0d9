"""Answers calls with a tone, and remembers which keys were pressed on them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import numpy as np

from contactcentre.adapters.media_aiortc.addresses import offer_addresses
from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.media_aiortc.phone_leg import PhoneLeg
from contactcentre.adapters.media_aiortc.phone_ports import PhonePorts
from contactcentre.domain.errors import Outage, Refusal
from contactcentre.domain.ids import CallId, LegId, SoundName
from contactcentre.domain.languages import Language
from contactcentre.ports.media import KeyHeard, LegEvent
from contactcentre.ports.phones import Phone, Ringing
from tests.adapters.sip.entrance import LOOPBACK, NUMBER

TONE_HZ = 700.0
MINUTE = np.arange(8_000 * 60) / 8_000
SOUNDS = {
    (Language.ENGLISH, SoundName("tone")): (8_000 * np.sin(2 * np.pi * TONE_HZ * MINUTE)).astype(
        np.int16
    )
}


class Heard:
    """One call with real sound (ports.phones.Caller)."""

    def __init__(self, board: "SoundingBoard", ringing: Ringing, phone: Phone) -> None:
        self._media = board.media
        self.phone = phone
        self.offer = ringing.offer or ""
        self.leg = LegId(f"leg {len(board.calls)}")
        self.sound = PhoneLeg.of_offer(
            self.offer, address=LOOPBACK, ports=board.ports, believed=[ringing.host]
        )
        self.keys = ""
        self.is_over = False
        self.playing = asyncio.create_task(self._play())

    async def _play(self) -> None:
        word = self._media.announce(self.sound.terms())
        answer = await self._media.accept(
            call=CallId(self.leg), leg=self.leg, offer_sdp=word, heard=self._heard
        )
        self.phone.answer(answer, call=CallId(self.leg))
        with suppress(Refusal, Outage):
            await self._media.play(self.leg, [SoundName("tone")], Language.ENGLISH)

    def _heard(self, event: LegEvent) -> None:
        if isinstance(event, KeyHeard):
            self.keys += event.key

    def phone_began(self) -> None:
        """Let sound flow."""
        self.sound.begin()

    def phone_answered(self, answer: str) -> None:
        """Take an answer."""
        self.sound.answered(answer)

    def phone_pressed(self, key: str) -> None:
        """Remember a key."""
        self.keys += key

    def phone_offered(self, offer: str) -> str:
        """Follow a new offer."""
        return self.sound.offered(offer)

    def phone_ended(self, *, was_lost: bool) -> None:  # noqa: ARG002 - over is over
        """Remember the end."""
        self.is_over = True

    async def close(self) -> None:
        """Let go of the leg."""
        await self._media.close(self.leg)
        self.playing.cancel()
        await asyncio.wait([self.playing])


class SoundingBoard:
    """Takes calls to one number (ports.phones.Switchboard)."""

    def __init__(self, media: AiortcMedia) -> None:
        self.media = media
        self.ports = PhonePorts(host=LOOPBACK, first=23_000, last=23_399)
        self.retry_after_s: int | None = None
        self.is_strained = False
        self.calls: list[Heard] = []

    def takes(self, called: str) -> bool:
        """Know one number."""
        return called == NUMBER

    def rings(self, ringing: Ringing, phone: Phone) -> Heard:
        """Take a call."""
        phone.ring()
        heard = Heard(self, ringing, phone)
        self.calls.append(heard)
        return heard


@asynccontextmanager
async def sounding_board(legs_max: int = 40) -> AsyncIterator[SoundingBoard]:
    """Give a board whose sound is real."""
    media = AiortcMedia(
        sounds=SOUNDS,
        music=np.zeros(8_000, np.int16),
        addresses=[LOOPBACK],
        ice_servers=[],
        legs_max=legs_max,
    )
    await media.start()
    board = SoundingBoard(media)
    yield board
    for call in board.calls:
        await call.close()
    await media.stop()
    offer_addresses([])
