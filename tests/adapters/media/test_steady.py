"""Streams that are heard as arrays: to the ear and in every figure as they are one by one."""

import dataclasses
import random

import numpy as np
import pytest

from contactcentre.adapters.media_aiortc.g711 import PCMU, Codes
from contactcentre.adapters.media_aiortc.jitter import JitterBuffer
from contactcentre.adapters.media_aiortc.packets import write_rtp
from contactcentre.adapters.media_aiortc.seat import Seat
from contactcentre.adapters.media_aiortc.steady import HURRIED_MAX, SteadyStreams
from contactcentre.domain.ids import LegId
from contactcentre.limits import SAMPLES_PER_TICK
from contactcentre.ports.media import KeyHeard, LegEvent
from tests.adapters.media.test_jitter import FRAME, TICK_PHASE, Packet, S, impaired, talk

KEYS = 101
SECONDS = 16


class OneByOne:
    """A jitter buffer alone: what all is compared with."""

    def __init__(self) -> None:
        self.buffer = JitterBuffer(law=PCMU)

    def push(self, packet: Packet) -> None:
        """Take a packet."""
        self.buffer.push(
            packet.sequence, packet.timestamp, packet.source, packet.payload, int(packet.arrives)
        )

    def pull(self, now: int) -> bytes | None:
        """Return the next 20 ms."""
        return self.buffer.pull(now)


class AsArrays:
    """A leg that is heard as the engine hears those with a port, in a row of many."""

    def __init__(self, row: int = 2) -> None:
        self.now_s = 0.0
        self.seat = Seat(
            leg=LegId("leg"),
            law=PCMU,
            keys_payload_type=KEYS,
            heard=lambda _event: None,
            clock=lambda: self.now_s,
        )
        self.seat.row, self.seat.has_port = row, True
        self.streams = SteadyStreams(row + 2)
        self.streams.loose[self.seat] = None
        self.codes: Codes = np.zeros((row + 2, SAMPLES_PER_TICK), np.uint8)
        self.lent_count = self.steady_count = 0

    @property
    def is_lent(self) -> bool:
        """Say whether the stream is steady now."""
        return self.seat not in self.streams.loose

    def push(self, packet: Packet) -> None:
        """Take a packet as a settled port does."""
        data = write_rtp(0, packet.sequence, packet.timestamp, packet.source, packet.payload)
        came_at = int(packet.arrives)
        if len(packet.payload) == SAMPLES_PER_TICK:
            are_taken = self.streams.push(
                np.array([self.seat.row]),
                np.frombuffer(data, np.uint8).reshape(1, -1),
                np.array([came_at]),
            )
            if are_taken.all():
                self.steady_count += 1
                return
        self.now_s = (came_at + 0.5) / S
        self.seat.packet_came(data)

    def pull(self, now: int) -> bytes | None:
        """Return the next 20 ms as a tick does."""
        self.streams.pull(now, self.codes)
        if self.is_lent:
            self.lent_count += 1
            return bytes(self.codes[self.seat.row])
        frame = self.seat.jitter.pull(now)
        if frame is not None:
            self.streams.lend(self.seat)
        return frame


def figures(buffer: JitterBuffer) -> list[float | None]:
    """Return every figure that anybody is told of a buffer."""
    return [
        buffer.source,
        buffer.highest,
        buffer.received_count,
        buffer.lost_count,
        buffer.late_count,
        buffer.concealed_count,
        buffer.jitter,
        buffer.delay,
        buffer.target,
    ]


def compare(packets: list[Packet], *, look_every: int = 10_000) -> AsArrays:
    """Play a talk both ways, and compare each frame and, now and then, every figure."""
    one, arrays, at = OneByOne(), AsArrays(), 0
    waiting = sorted(packets, key=lambda packet: packet.arrives)
    for tick, now in enumerate(range(TICK_PHASE, SECONDS * S, FRAME)):
        while at < len(waiting) and waiting[at].arrives <= now:
            one.push(waiting[at])
            arrays.push(waiting[at])
            at += 1
        assert one.pull(now) == arrays.pull(now), f"frame {tick}"
        if tick % look_every == look_every - 1:
            was_lent = arrays.is_lent
            assert figures(one.buffer)[:-1] == figures(arrays.seat.figures)[:-1]
            assert arrays.is_lent is was_lent, "to be asked for figures takes no stream back"
            assert figures(one.buffer) == figures(arrays.seat.jitter)
    assert figures(one.buffer) == figures(arrays.seat.jitter)
    return arrays


@pytest.mark.parametrize("seed", range(6))
def test_a_bad_network_sounds_and_is_told_the_same(seed: int) -> None:
    packets = impaired(talk(SECONDS), loss=0.04, jitter_ms=45, bad=(4, 9), seed=seed)
    arrays = compare(packets, look_every=7)
    assert arrays.lent_count > 100, "the network was good for long enough to be steady"


def test_a_network_with_a_little_jitter_stays_steady() -> None:
    packets = impaired(talk(SECONDS), loss=0, jitter_ms=15, bad=(0, SECONDS), seed=3)
    arrays = compare(packets)
    assert arrays.lent_count > SECONDS * 50 * 0.95
    assert arrays.steady_count > len(packets) * 0.95


def test_a_sender_whose_clock_is_fast_is_hurried_the_same() -> None:
    arrays = compare(talk(SECONDS, ppm=-2_000))
    assert arrays.lent_count > SECONDS * 25


def test_a_sender_whose_clock_is_slow_is_bridged_the_same() -> None:
    compare(talk(SECONDS, ppm=2_000))


def test_a_pause_another_stream_and_packets_out_of_order_are_the_same() -> None:
    chance = random.Random(5)  # noqa: S311 - the same seed, the same network
    packets = [packet for packet in talk(SECONDS) if not 3 * S < packet.arrives < 5 * S]
    for number, packet in enumerate(packets):
        if packet.arrives > 9 * S:
            packet.source, packet.timestamp = 8, (packet.timestamp + 123_457) & 0xFFFF_FFFF
        if chance.random() < 0.02:
            packet.arrives += 200
        if number % 97 == 0:
            packets.append(dataclasses.replace(packet, arrives=packet.arrives + 90))
    arrays = compare(packets, look_every=11)
    assert arrays.lent_count > SECONDS * 25


@pytest.mark.parametrize("frame", [80, 240, 480])
def test_packets_of_another_length_are_never_lent(frame: int) -> None:
    arrays = compare(talk(SECONDS, frame=frame))
    assert not arrays.lent_count


def test_a_key_takes_the_stream_back_and_is_told() -> None:
    arrays, told = AsArrays(), list[LegEvent]()
    for tick, packet in enumerate(talk(1)):
        arrays.push(packet)
        arrays.pull(int(packet.arrives) + 1)
        if tick == 20:
            assert arrays.is_lent
            break
    arrays.seat._heard = told.append  # noqa: SLF001 - what was told until now is not asked about
    arrays.seat.packet_came(write_rtp(KEYS, 65_521, 0, 7, bytes([5, 10, 0, 160])))
    assert not arrays.is_lent
    assert told == [KeyHeard(leg=LegId("leg"), key="5")]


def test_streams_side_by_side_do_not_touch_each_other() -> None:
    streams = SteadyStreams(8)
    legs = [AsArrays(row) for row in range(6)]
    for leg in legs:
        leg.streams = streams
        streams.loose[leg.seat] = None
    codes: Codes = np.zeros((8, SAMPLES_PER_TICK), np.uint8)
    ones = [OneByOne() for _ in legs]
    talks = [impaired(talk(4), loss=0, jitter_ms=18, bad=(0, 4), seed=row) for row in range(6)]
    for number, packet in enumerate(talks[5]):
        packet.payload = bytes([number & 0xFF]) * SAMPLES_PER_TICK
    at = [0] * len(legs)
    steady = 0
    for now in range(TICK_PHASE, 4 * S, FRAME):
        for leg, one, packets in zip(legs, ones, talks, strict=True):
            row = leg.seat.row
            while at[row] < len(packets) and packets[at[row]].arrives <= now:
                leg.push(packets[at[row]])
                one.push(packets[at[row]])
                at[row] += 1
        streams.pull(now, codes)
        for leg, one in zip(legs, ones, strict=True):
            expected = one.pull(now)
            if leg.is_lent:
                steady += 1
                assert codes[leg.seat.row].tobytes() == expected
            else:
                assert leg.seat.jitter.pull(now) == expected
                streams.lend(leg.seat)
    assert steady > 6 * 150


def test_a_node_that_was_held_up_hurries_no_more_in_a_tick_than_it_may_and_all_in_the_end() -> None:
    count, held_up = HURRIED_MAX + 8, range(50, 60)
    streams = SteadyStreams(count)
    legs = [AsArrays(row) for row in range(count)]
    for leg in legs:
        leg.streams = streams
        streams.loose[leg.seat] = None
    codes: Codes = np.zeros((count, SAMPLES_PER_TICK), np.uint8)
    hurried = []
    for tick, packet in enumerate(talk(6)):
        packet.payload = PCMU.silence
        now = int(packet.arrives) + TICK_PHASE
        for leg in legs:
            leg.push(packet)
        if tick in held_up:
            continue
        streams.pull(now, codes)
        if tick >= held_up.stop:
            hurried.append(len(streams.loose))
        for seat in list(streams.loose):
            seat.jitter.pull(now)
            streams.lend(seat)
    assert max(hurried) == HURRIED_MAX
    for leg in legs:
        buffer = leg.seat.figures
        assert buffer.delay <= (buffer.target + 1) * SAMPLES_PER_TICK
        assert not buffer.concealed_count
