"""A packet or a leg that nobody foresaw costs nobody else anything."""

import asyncio
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NoReturn, cast

import pytest

from contactcentre.adapters.media_aiortc.g711 import Samples
from contactcentre.adapters.media_aiortc.jitter import JitterBuffer
from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.media_aiortc.seat import Playing
from contactcentre.adapters.telemetry.metrics import metrics_page
from contactcentre.apps.call_metrics import Gauges
from contactcentre.domain.ids import LegId
from tests.adapters.media.conftest import Rooms
from tests.adapters.media.engine_room import Room, power_at, strongest, tone
from tests.adapters.media.test_sound_port import Line
from tests.adapters.media.test_tapes import ListedTape

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


class Broken:
    """A jitter buffer in which everything fails."""

    def __getattr__(self, _name: str) -> Callable[..., NoReturn]:
        """Return what fails."""
        return fails


class FailingTape(ListedTape):
    """A tape that fails as long as it is to."""

    fails = True

    def write(self, sound: bytes, *, at: int) -> None:
        """Fail, or keep it."""
        if self.fails:
            fails()
        super().write(sound, at=at)


class FailingSound(Playing):
    """A sound that cannot be played."""

    def next_into(self, mixed: Samples) -> bool:
        """Fail."""
        fails(mixed)


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
    assert room.engine.mishaps.count > 50
    assert ada.heard().any()
    assert not bob.packets


def test_a_leg_whose_buffer_fails_is_silent_and_the_others_are_heard() -> None:
    room = Room()
    ada, bob, cid = room.enter("ada", 440.0), room.enter("bob", 500.0), room.enter("cid", 900.0)
    for listener, speaker in ((ada, bob), (bob, cid), (cid, ada), (cid, bob)):
        room.join(listener, speaker)
    room.run(1.0)
    jitter = bob.seat._jitter  # noqa: SLF001 - nothing else fails so
    bob.is_sending, bob.seat._jitter = False, cast("JitterBuffer", Broken())  # noqa: SLF001
    room.run(1.0)
    failed = room.engine.load().mishap_count
    assert failed >= 50, "each tick"
    assert not ada.heard().any(), "bob is silent"
    assert strongest(bob.heard()) == pytest.approx(900, abs=3), "and hears all the same"
    assert strongest(cid.heard()) == pytest.approx(440, abs=3)
    bob.is_sending, bob.seat._jitter = True, jitter  # noqa: SLF001
    room.run(2.0)
    assert room.engine.mishaps.count == failed
    assert strongest(ada.heard()) == pytest.approx(500, abs=3)


def test_a_steady_leg_whose_buffer_cannot_go_on_leaves_the_others_their_sound() -> None:
    room = Room()
    ada, bob = room.enter("ada", 440.0), room.enter("bob", 500.0)
    room.join(bob, ada)
    bob.seat.has_port = True
    room.run(1.0)
    assert bob.seat.lent_to is not None, "its stream is among the steady ones"
    bob.is_sending, bob.seat._jitter = False, cast("JitterBuffer", Broken())  # noqa: SLF001
    room.run(1.0)
    assert room.engine.mishaps.count >= 1
    assert strongest(bob.heard()) == pytest.approx(440, abs=3)


def test_a_tape_that_fails_costs_no_other_its_sound_and_has_a_gap() -> None:
    room = Room()
    ada, bob = room.enter("ada", 440.0), room.enter("bob", 500.0)
    room.join(ada, bob)
    room.join(bob, ada)
    bad, good = FailingTape(), ListedTape()
    room.engine.tapes.record(bad, ada.seat, bob.seat)
    room.engine.tapes.record(good, ada.seat, bob.seat)
    room.run(1.0)
    assert room.engine.mishaps.count == 1
    bad.fails = False
    room.run(1.0)
    bad.fails = True
    room.run(0.5)
    room.engine.tapes.stop(bad)
    room.engine.tapes.stop(good)
    assert [at for at, _ in bad.pieces] == [8_000], "what it did not take is a gap"
    assert bad.is_closed
    assert len(good.channel(0)) == 20_000
    assert room.engine.mishaps.count == 2
    assert strongest(ada.heard()) == pytest.approx(500, abs=3)


async def test_a_sound_that_cannot_be_played_is_over_and_the_next_one_is_heard() -> None:
    room = Room()
    ada, bob = room.enter("ada"), room.enter("bob", 440.0)
    room.join(ada, bob)
    futures = [asyncio.get_running_loop().create_future() for _ in range(2)]
    room.engine.play(ada.seat, FailingSound([], futures[0]))
    room.engine.play(ada.seat, Playing([tone(700, 1)], futures[1]))
    room.run(0.5)
    assert [done.done() for done in futures] == [True, False]
    assert room.engine.mishaps.count == 1
    assert power_at(ada.heard(0.3), 700) > 500
    room.run(1.0)
    assert futures[1].done()


def test_what_is_passed_over_is_among_the_numbers_of_the_node() -> None:
    def shown(why: str) -> float:
        page = metrics_page()[0].decode()
        name = f'contactcentre_bridging_passed_over_total{{why="{why}"}}'
        return float(page.partition(f"{name} ")[2].partition("\n")[0] or "nan")

    room, gauges = Room(), Gauges()
    ada = room.enter("ada", 440.0)
    gauges.show([], sound=room.engine.load(), spooled_count=0)
    before = {why: shown(why) for why in ("mishap", "flood")}
    ada.seat.send = fails
    for seconds in (0.2, 0.4, 0.0):
        room.run(seconds)
        sound = replace(room.engine.load(), dropped_count=7)
        gauges.show([], sound=sound, spooled_count=0)
    assert shown("mishap") == before["mishap"] + 30, "each is counted once"
    assert shown("flood") == before["flood"] + 7


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
    async with asyncio.timeout(10):
        with pytest.raises(RuntimeError, match="a mistake"):
            await keeping
    assert not media.is_ticking
    with pytest.raises(Exception, match="carries no sound"):
        await rooms.caller("b")
    await media.close(LegId("a"))
