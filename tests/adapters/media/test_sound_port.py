"""Sound that waits at its port for the tick: what a tick takes, and what it is told of it."""

import socket
import sys
import time
from collections.abc import Iterator

import pytest

from contactcentre.adapters.media_aiortc.sound_port import TAKEN_MAX, Place, SoundPort
from contactcentre.limits import TICK_MS
from tests.adapters.media.test_jitter import TONE_HZ, S, frequency, impaired, play, talk

OLD_S = 0.03

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system does not say when")


class Line:
    """A port, who sends to it, and what it has given up."""

    def __init__(self) -> None:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.settimeout(0)
        opened.bind(("127.0.0.1", 0))
        self._there = opened.getsockname()
        self._sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.taken: list[bytes] = []
        self.waited_s: list[float] = []
        self.port = SoundPort(opened, self._came)

    def _came(self, data: bytes, _address: Place, waited_s: float) -> None:
        self.taken.append(data)
        self.waited_s.append(waited_s)

    def send(self, *packets: bytes) -> None:
        """Send some packets at once."""
        for packet in packets:
            self._sender.sendto(packet, self._there)

    def close(self) -> None:
        """Close both ends."""
        self._sender.close()
        self.port.close()


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.close()


def test_a_packet_comes_with_how_long_it_has_waited(line: Line) -> None:
    line.send(b"a")
    time.sleep(OLD_S)
    line.send(b"b")
    line.port.take()
    assert line.taken == [b"a", b"b"]
    old_s, fresh_s = line.waited_s
    assert old_s >= OLD_S
    assert old_s - fresh_s >= OLD_S


def test_a_tick_takes_all_that_is_old_and_no_more_than_one_that_is_not(line: Line) -> None:
    line.send(b"a", b"b", b"c")
    time.sleep(OLD_S)
    line.send(b"d", b"e")
    line.port.take()
    assert line.taken[:4] == [b"a", b"b", b"c", b"d"]
    assert min(line.waited_s[:-1]) >= TICK_MS / 1_000, "nothing was taken behind a fresh one"
    time.sleep(OLD_S)
    line.port.take()
    assert line.taken == [b"a", b"b", b"c", b"d", b"e"]


def test_a_flooded_port_gives_up_no_more_in_a_tick_than_it_may(line: Line) -> None:
    line.send(*[b"x"] * (TAKEN_MAX + 5))
    time.sleep(OLD_S)
    line.port.take()
    assert len(line.taken) == TAKEN_MAX
    line.port.take()
    assert len(line.taken) == TAKEN_MAX + 5


def test_a_port_that_is_closed_gives_and_takes_nothing(line: Line) -> None:
    line.send(b"a")
    line.port.close()
    line.port.take()
    line.port.send(b"b", ("127.0.0.1", 9))
    assert not line.taken


@pytest.mark.parametrize("length_ms", [10, 20, 30, 60])
@pytest.mark.parametrize("loss", [0, 0.05])
def test_packets_that_wait_for_the_tick_sound_as_if_it_had_been_woken(
    loss: float, length_ms: int
) -> None:
    for seed in range(3):
        woken, taken = (
            play(
                impaired(
                    talk(14, frame=length_ms * 8), loss=loss, jitter_ms=40, bad=(3, 9), seed=seed
                ),
                14,
                taken=taken,
            )
            for taken in (False, True)
        )
        assert taken.buffer.received_count >= woken.buffer.received_count - 1
        assert taken.buffer.late_count == 0
        assert taken.buffer.concealed_count <= woken.buffer.concealed_count + 3
        assert taken.delay_ms(13) <= 60
        assert abs(frequency(taken.sound[4 * S : 8 * S]) - TONE_HZ) < 5
