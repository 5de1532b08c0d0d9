"""A slow line keeps packets for a while and loses some, always the same ones for a seed."""

import socket
import time

import pytest

from contactcentre.drills.slow_line import HELD_MAX, Held, SlowLine, Slowness


def held(**said: float) -> Held:
    """Return a line with nothing on it."""
    return Held(Slowness(**{"delay_ms": 0} | said))  # type: ignore[arg-type]


def test_a_packet_comes_out_after_its_delay_and_not_before() -> None:
    line = held(delay_ms=100)
    line.take(b"one", at_s=1.0)
    assert line.next_in_s(at_s=1.0) == pytest.approx(0.1)
    assert line.due(at_s=1.099) == []
    assert line.due(at_s=1.1) == [b"one"]
    assert line.next_in_s(at_s=1.1) is None


def test_packets_never_overtake_one_another() -> None:
    line = held(delay_ms=10, jitter_ms=1_000, seed=7)
    packets = [str(number).encode() for number in range(100)]
    for number, packet in enumerate(packets):
        line.take(packet, at_s=number / 100)
    early = line.due(at_s=0.5)
    assert 0 < len(early) < 50, "some are late by more than others"
    assert early + line.due(at_s=3.0) == packets


def test_the_same_seed_loses_the_same_packets() -> None:
    def arrived(seed: int) -> list[bytes]:
        line = held(loss=0.5, seed=seed)
        for number in range(200):
            line.take(str(number).encode(), at_s=0.0)
        return line.due(at_s=0.0)

    assert 50 < len(arrived(1)) < 150
    assert arrived(1) == arrived(1)
    assert arrived(1) != arrived(2)


def test_a_line_holds_no_more_than_so_many_packets() -> None:
    line = held(delay_ms=10)
    for _ in range(HELD_MAX + 5):
        line.take(b"one", at_s=0.0)
    assert len(line.due(at_s=1.0)) == HELD_MAX


def test_packets_go_through_the_running_line_and_it_ends_when_told_to() -> None:
    ours, device = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line = SlowLine(device.detach(), Slowness(delay_ms=100))
    with ours:
        ours.settimeout(5.0)
        ours.send(b"to see that it runs")
        ours.recv(100)
        began = time.monotonic()
        for word in (b"one", b"two"):
            ours.send(word)
        assert [ours.recv(9), ours.recv(9)] == [b"one", b"two"]
        assert time.monotonic() - began >= 0.1
        line.close()
        assert ours.recv(9) == b"", "nobody is at the other end any more"
