"""Sound that waits at its port for the tick: what a tick takes, and what it is told of it."""

import socket
import sys
import time
from collections.abc import Iterator

import numpy as np
import pylibsrtp
import pytest
from numpy.typing import NDArray

from contactcentre.adapters.media_aiortc import listening, sound_port
from contactcentre.adapters.media_aiortc.batches import RingBatch, Rows
from contactcentre.adapters.media_aiortc.listening import TAKEN_MAX
from contactcentre.adapters.media_aiortc.packets import PACKET_LENGTH, write_rtp
from contactcentre.adapters.media_aiortc.ring import Ring, RingFailed
from contactcentre.adapters.media_aiortc.slots import Place
from contactcentre.adapters.media_aiortc.sound_port import SoundPorts
from contactcentre.limits import TICK_MS
from tests.adapters.media.test_jitter import TONE_HZ, S, frequency, impaired, play, talk

OLD_S = 0.03
STAMPED_S = 0.002
KEY = bytes(range(30))
PORTS_MAX = 3

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system does not say when")


def no_ring(*_slots: object) -> RingBatch:
    """Say what a system says that allows no ring."""
    raise PermissionError


class Leg:
    """Whose sound it is."""

    def __init__(self) -> None:
        self.row, self.is_connected, self.has_port = 1, True, False
        self.heard: list[bytes] = []

    def packet_came(self, data: bytes, _waited_s: float = 0.0, /) -> None:
        """Take a packet that is known to be the leg's."""
        self.heard.append(data)


class Line:
    """A port, who sends to it, and what it has given up."""

    def __init__(self, family: socket.AddressFamily = socket.AF_INET) -> None:
        self.packets = np.zeros((PORTS_MAX, 256), np.uint8)
        self.steady: list[bytes] = []
        self.are_steady = False
        self.ports = SoundPorts(
            PORTS_MAX, packets=self.packets, take_steady=self._take_steady, clock=time.monotonic
        )
        self.leg = Leg()
        opened, self.phone = _bound(family), _bound(family)
        self.there: Place = opened.getsockname()[:2]
        self.phone_there: Place = self.phone.getsockname()[:2]
        self.taken: list[bytes] = []
        self.waited_s: list[float] = []
        self.addresses: list[Place] = []
        self.port = self.ports.open(self.leg, opened, self._came)
        self._until_stamped()

    def _until_stamped(self) -> None:
        """Wait until the system says when packets come: at the first who asks it begins later."""
        waited_s = 0.0
        while waited_s < STAMPED_S:
            self.send(b"when")
            time.sleep(STAMPED_S)
            self.ports.take()
            waited_s = max(self.waited_s, default=0.0)
        while self.taken:
            self.taken.clear()
            self.ports.take()
        self.addresses.clear()
        self.waited_s.clear()

    def _came(self, data: bytes, address: Place, waited_s: float) -> None:
        self.taken.append(data)
        self.addresses.append(address)
        self.waited_s.append(waited_s)

    def _take_steady(
        self, rows: Rows, packets: NDArray[np.uint8], _now: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        assert (rows == self.leg.row).all()
        if self.are_steady:
            self.steady.extend(packet.tobytes() for packet in packets)
        return np.full(len(rows), self.are_steady)

    def send(self, *packets: bytes) -> None:
        """Send some packets at once."""
        for packet in packets:
            self.phone.sendto(packet, self.there)

    def received(self) -> list[bytes]:
        """Return what has come to the other end."""
        packets = []
        try:
            while True:
                packets.append(self.phone.recv(2_048))
        except BlockingIOError:
            return packets

    def close(self) -> None:
        """Close both ends."""
        self.phone.close()
        self.port.close()


def _bound(family: socket.AddressFamily) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.settimeout(0)
    opened.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
    return opened


@pytest.fixture(params=["ring", "each"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Read and write sockets by one call of the system, and by one each."""
    if request.param == "each":
        monkeypatch.setattr(sound_port, "RingBatch", no_ring)
    else:
        try:
            Ring()
        except OSError:
            pytest.skip("the system allows no ring")
    return str(request.param)


@pytest.fixture
def line(way: str) -> Iterator[Line]:
    line = Line()
    assert (type(line.ports._batch).__name__ == "RingBatch") is (way == "ring")  # noqa: SLF001 - so that both are tried
    yield line
    line.close()


def sound(number: int, payload: bytes = b"s" * 160) -> bytes:
    """Return 20 ms of somebody."""
    return write_rtp(0, number, number * 160, 9, payload)


def sessions() -> tuple[pylibsrtp.Session, pylibsrtp.Session]:
    """Return what encrypts, and what decrypts that."""
    policy = pylibsrtp.Policy
    return (
        pylibsrtp.Session(policy(key=KEY, ssrc_type=policy.SSRC_ANY_OUTBOUND)),
        pylibsrtp.Session(policy(key=KEY, ssrc_type=policy.SSRC_ANY_INBOUND)),
    )


def test_a_packet_comes_with_how_long_it_has_waited_and_where_it_is_from(line: Line) -> None:
    line.send(b"a")
    time.sleep(OLD_S)
    sent_at_s = time.monotonic()
    line.send(b"b")
    line.ports.take()
    assert line.taken == [b"a", b"b"]
    old_s, fresh_s = line.waited_s
    assert old_s >= OLD_S
    assert fresh_s <= time.monotonic() - sent_at_s
    assert line.addresses == [line.phone_there] * 2


def test_a_tick_takes_all_that_is_old_and_no_more_than_one_that_is_not(line: Line) -> None:
    line.send(b"a", b"b", b"c")
    time.sleep(OLD_S)
    line.send(b"d", b"e")
    line.ports.take()
    assert line.taken[:4] == [b"a", b"b", b"c", b"d"]
    assert min(line.waited_s[:-1]) >= TICK_MS / 1_000, "nothing was taken behind a fresh one"
    time.sleep(OLD_S)
    line.ports.take()
    assert line.taken == [b"a", b"b", b"c", b"d", b"e"]


def test_a_flooded_port_gives_up_no_more_in_a_tick_than_it_may(line: Line) -> None:
    line.send(*[b"x"] * (TAKEN_MAX + 5))
    time.sleep(OLD_S)
    line.ports.take()
    assert len(line.taken) == TAKEN_MAX
    line.ports.take()
    assert len(line.taken) == TAKEN_MAX + 5


def test_a_flood_of_what_is_no_sound_is_bounded_for_all_ports_together(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "ODD_MAX", 10)
    flooded = _bound(socket.AF_INET)
    there, odd = flooded.getsockname(), list[bytes]()
    port = line.ports.open(Leg(), flooded, lambda data, _there, _waited_s: odd.append(data))
    line.port.hear(line.phone_there)
    spoken = [sound(number) for number in range(TAKEN_MAX)]
    line.send(b"asks", *spoken[1:])
    for number in range(TAKEN_MAX):
        line.phone.sendto(b"x%d" % number, there)
    time.sleep(OLD_S)
    line.ports.take()
    assert line.taken == [b"asks"], "whoever asks once is heard"
    assert line.leg.heard == spoken[1:], "and all sound is"
    assert odd == [b"x%d" % number for number in range(9)]
    assert line.ports.dropped_count == TAKEN_MAX - 9
    for packet in spoken:
        line.phone.sendto(packet, there)
    time.sleep(OLD_S)
    line.ports.take()
    assert odd[9:] == spoken, "a port that is not settled yet may have sound"
    port.hear(("192.0.2.1", 9))
    for packet in spoken:
        line.phone.sendto(packet, there)
    time.sleep(OLD_S)
    line.ports.take()
    assert odd[9:] == [*spoken, *spoken[:10]], "what comes from elsewhere is none"
    assert line.ports.dropped_count == TAKEN_MAX - 9 + TAKEN_MAX - 10
    port.close()


def test_a_port_that_is_closed_gives_and_takes_nothing(line: Line) -> None:
    line.port.speak(line.phone_there)
    line.send(b"a")
    line.port.close()
    line.port.close()
    line.ports.take()
    line.port.send(b"b", line.phone_there)
    line.ports.arrange()
    assert not line.ports.spoken_to
    assert not len(line.ports.send())
    assert not line.taken
    assert not line.received()


def test_a_port_that_is_closed_amid_a_tick_hands_on_no_more_of_it(line: Line) -> None:
    def came(data: bytes, _there: Place, _waited_s: float) -> None:
        line.taken.append(data)
        line.port.close()

    line.port.received = came
    line.send(b"a", b"b", b"c")
    time.sleep(OLD_S)
    line.ports.take()
    assert line.taken == [b"a"]


def test_each_port_is_used_again_once_it_is_closed_and_no_more_are_opened_than_there_are(
    way: str,
) -> None:
    del way
    line = Line()
    for _ in range(3 * PORTS_MAX):
        opened = _bound(socket.AF_INET)
        port = line.ports.open(line.leg, opened, line._came)  # noqa: SLF001 - the same receiver
        line.phone.sendto(b"again", opened.getsockname())
        line.ports.take()
        port.close()
    assert line.taken == [b"again"] * 3 * PORTS_MAX
    rest = [line.ports.open(line.leg, _bound(socket.AF_INET), line._came) for _ in range(2)]  # noqa: SLF001 - likewise
    spare = _bound(socket.AF_INET)
    with pytest.raises(OSError, match="used"):
        line.ports.open(line.leg, spare, line._came)  # noqa: SLF001 - likewise
    for port in rest:
        port.close()
    spare.close()
    line.close()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_sound_of_a_settled_place_asks_nobody_and_anything_else_does(
    way: str, family: socket.AddressFamily
) -> None:
    del way
    line = Line(family)
    report = bytes([0x80, 200]) + bytes(26)
    line.port.hear(line.phone_there)
    stranger = _bound(family)
    line.send(sound(1), report, b"\x16dtls, or so")
    stranger.sendto(sound(2), line.there)
    time.sleep(OLD_S)
    line.ports.take()
    assert line.leg.heard == [sound(1)]
    assert line.taken == [report, b"\x16dtls, or so", sound(2)]
    assert line.addresses[-1] == stranger.getsockname()[:2]
    assert line.leg.has_port
    line.are_steady = True
    line.send(sound(3), sound(4, b"short"))
    time.sleep(OLD_S)
    line.ports.take()
    assert line.steady == [sound(3)]
    assert line.leg.heard == [sound(1), sound(4, b"short")]
    assert time.monotonic() - line.port.heard_at_s < OLD_S
    line.port.hear_all()
    line.send(sound(5))
    line.ports.take()
    assert line.taken[-1] == sound(5)
    assert not line.leg.has_port
    stranger.close()
    line.close()


def test_what_is_encrypted_is_heard_in_the_clear_and_a_forgery_is_passed_on_as_it_came(
    line: Line,
) -> None:
    lock, unlock = sessions()
    line.port.hear(None, unlock)
    good, forged = lock.protect(sound(1)), lock.protect(sound(2))
    forged = forged[:-1] + bytes([forged[-1] ^ 1])
    line.send(good, forged, lock.protect(sound(3)))
    time.sleep(OLD_S)
    line.ports.take()
    assert line.leg.heard == [sound(1), sound(3)]
    assert line.taken == [forged]


@pytest.mark.parametrize("is_locked", [False, True])
def test_who_is_spoken_to_hears_what_the_engine_has_written(line: Line, is_locked: bool) -> None:  # noqa: FBT001 - a case
    lock, unlock = sessions()
    line.port.speak(line.phone_there, lock if is_locked else None)
    for number in (1, 2):
        line.packets[line.leg.row, :PACKET_LENGTH] = np.frombuffer(sound(number), np.uint8)
        assert line.ports.arrange() is (number == 1)
        assert list(line.ports.spoken_to) == [line.leg]
        assert line.ports.send().tolist() == [line.leg.row]
    packets = [unlock.unprotect(one) if is_locked else one for one in line.received()]
    assert packets == [sound(1), sound(2)]
    line.port.speak(None)
    line.ports.arrange()
    assert not line.ports.spoken_to
    line.ports.send()
    line.leg.is_connected = False
    line.port.speak(line.phone_there)
    line.ports.arrange()
    assert not line.ports.spoken_to, "who is not connected is not spoken to"
    line.ports.send()
    assert not line.received()


@pytest.mark.parametrize("fails", ["take", "send"])
def test_a_ring_that_fails_is_left_and_each_socket_goes_on(
    fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_entries: object) -> None:
        raise RingFailed

    line = Line()
    line.port.speak(line.phone_there)
    line.ports.arrange()
    with monkeypatch.context() as broken:
        broken.setattr(Ring, "run", fail)
        line.send(b"a")
        (line.ports.take if fails == "take" else line.ports.send)()
    line.ports.take()
    line.ports.send()
    assert line.taken == [b"a"]
    assert len(line.received()) == 1
    assert not line.ports.is_batched
    line.close()


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
