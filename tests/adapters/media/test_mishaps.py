"""A packet or a leg that nobody foresaw costs nobody else anything."""

import asyncio
import re
import socket
from collections.abc import Iterator
from typing import NoReturn

import pytest

from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.domain.ids import LegId
from tests.adapters.media.conftest import Rooms
from tests.adapters.media.engine_room import Room
from tests.adapters.media.test_sound_port import Line

BINDING = bytes.fromhex("0001 0008 2112a442") + bytes(12)
PRIORITY_OF_THREE_BYTES = bytes.fromhex("0024 0003 00000000")


@pytest.fixture
def line() -> Iterator[Line]:
    """Give a port and who sends to it."""
    line = Line()
    yield line
    line.close()


def fails(*_: object, **__: object) -> NoReturn:
    """Make a mistake."""
    raise RuntimeError("a mistake")


def test_what_cannot_be_taken_apart_is_passed_over(line: Line) -> None:
    received, line.port.received = line.port.received, fails
    line.send(b"one", b"two")
    line.ports.take()
    line.ports.take()
    line.port.received = received
    line.send(b"three")
    line.ports.take()
    assert line.ports.mishaps.count == 2
    assert line.taken == [b"three"]


def test_a_leg_that_cannot_be_sent_to_leaves_the_others_their_sound() -> None:
    room = Room()
    ada, bob = room.enter("ada", 440.0), room.enter("bob", 500.0)
    room.join(ada, bob)
    room.join(bob, ada)
    bob.seat.send = bob.seat.send_report = fails
    room.run(2.0)
    assert room.engine.ports.mishaps.count > 50
    assert ada.heard().any()
    assert not bob.packets


def test_packets_are_numbered_as_they_are_sent() -> None:
    room = Room()
    ada = room.enter("ada", 440.0)
    sends, ada.seat.send = ada.seat.send, lambda _packet: False
    room.run(1.0)
    ada.seat.send = sends
    room.run(0.1)
    ada.seat.send = lambda _packet: False
    room.run(1.0)
    ada.seat.send = sends
    room.run(0.1)
    numbers = [int.from_bytes(packet[2:4], "big") for packet in ada.packets]
    assert [number - numbers[0] & 0xFFFF for number in numbers] == list(range(len(numbers)))
    times = [int.from_bytes(packet[4:8], "big") for packet in ada.packets]
    assert times[5] - times[4] & 0xFFFF_FFFF == 51 * 160, "time passes all the same"


async def test_a_forged_request_to_connect_stops_nobodys_sound(
    media: AiortcMedia, rooms: Rooms
) -> None:
    ada, bob = await rooms.caller("a", hz=440.0), await rooms.caller("bo", hz=500.0)
    rooms.join("a", "bo")
    assert await bob.hears(440.0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for sdp in rooms.answers:
            for port in re.findall(r"a=candidate:.* udp .* 127\.0\.0\.1 (\d+) typ host", sdp):
                stranger.sendto(BINDING + PRIORITY_OF_THREE_BYTES, ("127.0.0.1", int(port)))
    await asyncio.sleep(0.2)
    assert media.mishap_count > 0
    assert media.is_ticking
    assert await ada.hears(500.0)
    assert await bob.hears(440.0)


async def test_a_node_whose_tick_ends_is_told_so(
    media: AiortcMedia, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping = asyncio.create_task(media.keep_ticking())
    await rooms.caller("a")
    monkeypatch.setattr(media._engine, "tick", fails)  # noqa: SLF001 - nothing else ends it
    async with asyncio.timeout(1.0):
        with pytest.raises(RuntimeError, match="a mistake"):
            await keeping
    assert not media.is_ticking
    with pytest.raises(Exception, match="carries no sound"):
        await rooms.caller("b")
    await media.close(LegId("a"))
