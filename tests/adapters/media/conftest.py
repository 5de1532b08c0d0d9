"""A media node, and real callers on this machine's loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import numpy as np
import pytest

from contactcentre.adapters.media_aiortc.addresses import offer_addresses
from contactcentre.adapters.media_aiortc.g711 import PCMU, Law, Samples
from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.bench.peer import Peer
from contactcentre.domain.ids import CallId, LegId, SoundName
from contactcentre.domain.languages import Language
from contactcentre.ports.media import LegConnected, LegEvent

LOOPBACK = "127.0.0.1"
SAMPLES_PER_S = 8_000
MUSIC_HZ = 300.0
LEGS_MAX = 4
CONNECTED_MAX_S = 10.0


def tone(hz: float, seconds: float) -> Samples:
    """Return a tone that every test can tell from others."""
    wave = 8_000 * np.sin(2 * np.pi * hz / SAMPLES_PER_S * np.arange(int(seconds * SAMPLES_PER_S)))
    rounded: Samples = wave.astype(np.int16)
    return rounded


SOUNDS = {
    (Language.ENGLISH, SoundName("short")): tone(700, 1),
    (Language.ENGLISH, SoundName("long")): tone(700, 60),
    (Language.WELSH, SoundName("short")): tone(900, 1),
}


@pytest.fixture
async def media() -> AsyncIterator[AiortcMedia]:
    """Return a node that ticks."""
    node = AiortcMedia(
        sounds=SOUNDS,
        music=tone(MUSIC_HZ, 2),
        addresses=[LOOPBACK],
        ice_servers=[],
        legs_max=LEGS_MAX,
    )
    await node.start()
    yield node
    await node.stop()
    offer_addresses([])


class Rooms:
    """Brings real callers into the rooms of a node, and takes them home."""

    def __init__(self, media: AiortcMedia, leaving: AsyncExitStack) -> None:
        self._media = media
        self._leaving = leaving
        self.events: list[LegEvent] = []
        self.answers: list[str] = []
        """What each offer was answered with."""

    async def caller(
        self, leg: str, *, hz: float | None = None, call: str = "call", law: Law = PCMU
    ) -> Peer:
        """Return a caller who is connected as a leg of a call and hums a tone."""
        peer = Peer(law=law, seed=len(leg))
        self._leaving.push_async_callback(peer.close)
        answer = await self._media.accept(
            call=CallId(call),
            leg=LegId(leg),
            offer_sdp=await peer.offer(),
            heard=self.events.append,
        )
        self.answers.append(answer)
        await peer.accept(answer)
        async with asyncio.timeout(CONNECTED_MAX_S):
            while LegId(leg) not in self.connected:  # noqa: ASYNC110 - events are told by a callback
                await asyncio.sleep(0.01)
        peer.tone(hz)
        return peer

    def join(self, *legs: str, on: bool = True) -> None:
        """Let legs hear one another, or no longer."""
        for listener in legs:
            for speaker in legs:
                if listener != speaker:
                    self._media.let_hear(listener=LegId(listener), speaker=LegId(speaker), on=on)

    @property
    def connected(self) -> list[LegId]:
        """Return the legs that were told to be connected, in order."""
        return [event.leg for event in self.events if isinstance(event, LegConnected)]


@pytest.fixture
async def rooms(media: AiortcMedia) -> AsyncIterator[Rooms]:
    """Return the way into the node's rooms."""
    async with AsyncExitStack() as leaving:
        yield Rooms(media, leaving)
