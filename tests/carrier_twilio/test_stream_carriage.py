"""The sound of a stream: nothing piles up on either side, and the last word is heard."""

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest

from contactcentre.adapters.carrier_twilio.stream import (
    Key,
    Mark,
    Message,
    Sound,
    Start,
    Stop,
    read_message,
)
from contactcentre.adapters.media_aiortc.packets import read_rtp
from contactcentre.adapters.media_aiortc.sound_port import SoundPort
from contactcentre.apps import stream_carriage
from contactcentre.apps.stream_carriage import WAITING_MAX_BYTES, StreamCarriage
from contactcentre.domain.errors import BadRequest

SID = "MZ" + "5" * 32
HEADER = bytes(12)


def no_port(*_asked: object) -> SoundPort:
    """Open no port: a stream has none."""
    raise OSError


class Line:
    """A carriage, and what it says to Twilio (apps.stream_carriage.Wire)."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.waiting_bytes = 0
        """The network takes nothing while that grows."""
        self.is_open = True
        self.carriage = StreamCarriage(SID, self, clock=lambda: self.now_s)
        self.said: list[dict[str, Any]] = []
        self.heard: list[bytes] = []
        self.carriage.terms.open(
            lambda data, _=0.0: self.heard.append(data), self.heard.append, no_port
        )

    def send(self, text: bytes) -> None:
        """Take a message, or let it wait."""
        self.said.append(json.loads(text))
        self.waiting_bytes += 0 if self.is_open else len(text)

    def until_over(self, *, is_last: bool = False) -> asyncio.Task[None]:
        """Wait for the leg's end."""
        return asyncio.create_task(self.carriage.until_over(is_last=lambda: is_last))

    def frames(self) -> list[int]:
        """Return the first sample of each frame that was sent."""
        return [b64decode(one["media"]["payload"])[0] for one in self.said if "media" in one]

    def marks(self) -> list[str]:
        """Return the marks that were sent."""
        return [one["mark"]["name"] for one in self.said if one["event"] == "mark"]


async def settle(until: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not until():  # noqa: ASYNC110 - the writer is a task of its own
            await asyncio.sleep(0)


def frame(number: int) -> bytes:
    return HEADER + bytes([number]) * 160


async def test_sound_that_the_network_does_not_take_is_not_piled_up() -> None:
    line = Line()
    line.is_open = False
    for number in range(30):
        line.carriage.send(frame(number))
    assert 8 <= len(line.frames()) <= 12, "some 200 ms"
    assert line.frames() == [*range(len(line.frames()))]
    line.is_open, line.waiting_bytes = True, 0
    line.carriage.send(frame(99))
    assert line.frames()[-1] == 99, "what is said now is heard now"


async def test_whoever_takes_no_sound_for_long_is_lost() -> None:
    line = Line()
    over = line.until_over()
    line.waiting_bytes = WAITING_MAX_BYTES + 1
    for late_s, is_lost in ((0.0, False), (5.0, False), (5.1, True)):
        line.now_s = 100.0 + late_s
        line.carriage.send(frame(1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert over.done() is is_lost
    assert line.said == []


async def test_what_a_caller_hears_too_late_is_cleared_once() -> None:
    line = Line()
    for _ in range(4 * 50):
        line.carriage.send(frame(1))
    names = line.marks()
    assert names == ["m50", "m100", "m150", "m200"]
    for name, late_s in zip(names, (0.1, 0.3, 0.7, 0.9), strict=True):
        line.now_s = 100.0 + late_s
        line.carriage.mark_came(name)
    assert line.said[-1]["event"] == "clear"
    assert [one["event"] for one in line.said].count("clear") == 1
    assert line.carriage.cleared_count == 1


async def test_the_socket_stays_until_the_last_word_was_heard() -> None:
    line = Line()
    over = line.until_over(is_last=True)
    line.carriage.send(frame(7))
    line.carriage.end()
    await settle(lambda: line.marks() == ["last"])
    await asyncio.sleep(0.05)
    assert not over.done()
    line.carriage.mark_came("last")
    await settle(over.done)
    assert line.frames() == [7]


async def test_nobody_waits_for_long_for_a_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_carriage, "PLAYED_WITHIN_MS", 50)
    line = Line()
    line.carriage.end()
    over = line.until_over(is_last=True)
    await settle(over.done)
    assert line.marks() == ["last"]


async def test_what_the_caller_says_comes_as_packets_with_twilios_own_time() -> None:
    line = Line()
    line.carriage.sound_came(Sound(3, 40, b"\x11" * 160))
    packet = read_rtp(line.heard[0])
    assert packet is not None
    assert packet[:3] == (0, 3, 320)
    assert packet[4] == b"\x11" * 160
    line.carriage.end()
    line.carriage.sound_came(Sound(4, 60, b"\x11" * 160))
    assert len(line.heard) == 1


def read(**said: Any) -> Message:
    """Return a message as it is read."""
    return read_message(json.dumps({"sequenceNumber": "4", "streamSid": SID, **said}).encode())


def test_what_twilio_says_is_understood_as_documented() -> None:
    facts = {
        "accountSid": "AC" + "0" * 32,
        "streamSid": SID,
        "callSid": "CA" + "1" * 32,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"pass": "p"},
    }
    start = read(event="start", start=facts)
    assert isinstance(start, Start)
    assert start.start.parameters == {"pass": "p"}
    media = {"track": "inbound", "chunk": "2", "timestamp": "5", "payload": "/w=="}
    assert read(event="media", media=media) == Sound(2, 5, b"\xff")
    key = read(event="dtmf", dtmf={"track": "inbound_track", "digit": "1"})
    assert isinstance(key, Key)
    assert key.dtmf.digit == "1"
    assert isinstance(read(event="mark", mark={"name": "m50"}), Mark)
    assert isinstance(read(event="stop", stop={}), Stop)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '{"event":"media","media":null}',
        '{"event":"media","media":{"chunk":"x","timestamp":"1","payload":"/w=="}}',
        '{"event":"media","media":{"chunk":"1","timestamp":"-1","payload":"/w=="}}',
        '{"event":"start","streamSid":"MZ","start":{}}',
        '{"event":"media","media":{"chunk":"1","timestamp":"1","payload":"%s"}}' % ("/w==" * 2_000),
    ],
)
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        read_message(text.encode())
