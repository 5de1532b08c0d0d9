"""Legs that no browser has offered: announced, accepted by a word, and heard like any other."""

import asyncio
from collections.abc import Callable

import pytest

from contactcentre.adapters.media_aiortc.carriage import Carriage, Datagram, Terms
from contactcentre.adapters.media_aiortc.g711 import PCMA
from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.media_aiortc.packets import HEADER_LENGTH
from contactcentre.adapters.media_aiortc.sound_port import Listen
from contactcentre.domain.errors import MalformedOffer, NodeFull
from contactcentre.domain.ids import CallId, LegId, SoundName
from contactcentre.domain.languages import Language
from contactcentre.ports.media import LegConnected, LegEvent, LegGone

CALL, LEG = CallId("call"), LegId("leg")
PACKET_LENGTH = HEADER_LENGTH + 160
DEADLINE_S = 5.0


class Wire:
    """A carriage that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = asyncio.Event()
        self._over = asyncio.Event()

    def terms(self) -> Terms:
        """Return the terms under which this is opened."""

        def opened(_packet_came: Datagram, _report_came: Datagram, _listen: Listen) -> Carriage:
            return self

        return Terms(law=PCMA, keys_payload_type=None, open=opened)

    async def answer(self, *, source: int, name: str) -> str:
        """Answer with what was given."""
        return f"{source} {name}"

    async def run(self, connected: Callable[[], None]) -> None:
        """Be connected at once, and stay so until the end."""
        connected()
        await self._over.wait()

    def end(self) -> None:
        """End."""
        self._over.set()

    async def close(self) -> None:
        """Close."""
        self.end()
        self.closed.set()

    def send(self, packet: bytes) -> bool:
        """Keep a packet."""
        self.sent.append(packet)
        return True

    def send_report(self, packet: bytes) -> None:
        """Drop a report."""


async def test_an_announced_leg_hears_its_prompt_and_is_told_to_be_gone_when_it_ends(
    media: AiortcMedia,
) -> None:
    wire, events = Wire(), list[LegEvent]()
    word = media.announce(wire.terms())
    await media.accept(call=CALL, leg=LEG, offer_sdp=word, heard=events.append)
    async with asyncio.timeout(DEADLINE_S):
        await media.play(LEG, [SoundName("short")], Language.ENGLISH)
    assert {len(packet) for packet in wire.sent} == {PACKET_LENGTH}
    assert any(packet[HEADER_LENGTH:] != PCMA.silence for packet in wire.sent)
    wire.end()
    async with asyncio.timeout(DEADLINE_S):
        await wire.closed.wait()
    assert events == [LegConnected(leg=LEG), LegGone(leg=LEG)]


async def test_the_word_of_an_announced_leg_is_good_once(media: AiortcMedia) -> None:
    word = media.announce(Wire().terms())
    await media.accept(call=CALL, leg=LEG, offer_sdp=word, heard=lambda _event: None)
    with pytest.raises(MalformedOffer):
        await media.accept(call=CALL, leg=LegId("b"), offer_sdp=word, heard=lambda _event: None)


async def test_a_leg_that_is_withdrawn_cannot_be_accepted(media: AiortcMedia) -> None:
    word = media.announce(Wire().terms())
    media.withdraw(word)
    with pytest.raises(MalformedOffer):
        await media.accept(call=CALL, leg=LEG, offer_sdp=word, heard=lambda _event: None)


async def test_no_more_legs_are_announced_than_the_node_may_carry(media: AiortcMedia) -> None:
    words = [media.announce(Wire().terms()) for _ in range(4)]
    with pytest.raises(NodeFull):
        media.announce(Wire().terms())
    media.withdraw(words[0])
    media.announce(Wire().terms())
