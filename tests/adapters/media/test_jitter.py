"""The jitter buffer over networks that are made up, in simulated time."""

import itertools
import random
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pytest

from contactcentre.adapters.media_aiortc.conceal import HISTORY_SAMPLES, Concealment
from contactcentre.adapters.media_aiortc.g711 import PCMU, Samples
from contactcentre.adapters.media_aiortc.jitter import FRAMES_MAX, JitterBuffer
from contactcentre.adapters.media_aiortc.splice import splice

S = 8_000
FRAME = 160
TONE_HZ = 440
SEQUENCE = 65_500
TIMESTAMP = 0xFFFF_F000
"""Both go round within the first seconds of every test."""
NETWORK_SAMPLES = 240
ON_THE_WAY = 2
"""Packets that have not arrived when a talk ends."""
TICK_PHASE = 57


def tone(start: int, samples: int, hz: float = TONE_HZ) -> Samples:
    wave = 8_000 * np.sin(2 * np.pi * hz / S * np.arange(start, start + samples))
    rounded: Samples = wave.astype(np.int16)
    return rounded


@dataclass(slots=True)
class Packet:
    """One packet of a talk, and when it arrives."""

    arrives: float
    sequence: int
    timestamp: int
    payload: bytes
    source: int = 7


def talk(seconds: float, *, frame: int = FRAME, ppm: float = 0) -> list[Packet]:
    """Return the packets of somebody humming, none lost, each as fast as the other."""
    return [
        Packet(
            arrives=n * frame * (1 + ppm / 1e6) + NETWORK_SAMPLES,
            sequence=(SEQUENCE + n) & 0xFFFF,
            timestamp=(TIMESTAMP + n * frame) & 0xFFFF_FFFF,
            payload=PCMU.encode(tone(n * frame, frame)),
        )
        for n in range(int(seconds * S / frame))
    ]


def impaired(
    packets: list[Packet], *, loss: float, jitter_ms: int, bad: tuple[float, float], seed: int = 1
) -> list[Packet]:
    """Return what a bad network leaves of a talk between two moments."""
    chance = random.Random(seed)  # noqa: S311 - the same seed, the same network
    left = []
    for packet in packets:
        if bad[0] * S <= packet.arrives < bad[1] * S:
            if chance.random() < loss:
                continue
            packet.arrives += chance.random() * jitter_ms * 8
        left.append(packet)
    return left


@dataclass(slots=True)
class Played:
    """What a listener got, tick by tick."""

    buffer: JitterBuffer
    sound: Samples = field(default_factory=lambda: np.zeros(0, np.int16))
    delays_ms: list[float] = field(default_factory=list)

    def delay_ms(self, at_s: float) -> float:
        """Return how long sound waited at a moment."""
        return self.delays_ms[int(at_s * 50)]

    def quietest_db(self, start_s: float, end_s: float, *, window_ms: int = 80) -> float:
        """Return the loudness of the quietest piece of a span, relative to the tone."""
        sound = self.sound[int(start_s * S) : int(end_s * S)].astype(float)
        width = window_ms * 8
        pieces = [sound[n : n + width] for n in range(0, len(sound) - width, FRAME)]
        quietest = min(float((piece**2).mean()) for piece in pieces)
        return float(10 * np.log10((quietest + 1e-6) / (8_000**2 / 2)))


def play(packets: Iterable[Packet], seconds: float, *, taken: bool = False) -> Played:
    """Push packets when they arrive, pull every 20 ms, and conceal as the engine does.

    If they are taken, each tick pushes no more behind the first that came within a tick.
    """
    played = Played(JitterBuffer(law=PCMU))
    waiting = sorted(packets, key=lambda packet: packet.arrives)
    history = np.zeros(HISTORY_SAMPLES, np.int16)
    frames, concealment, at = [], None, 0
    for now in range(TICK_PHASE, int(seconds * S), FRAME):
        while at < len(waiting) and waiting[at].arrives <= now:
            packet = waiting[at]
            played.buffer.push(
                packet.sequence,
                packet.timestamp,
                packet.source,
                packet.payload,
                int(packet.arrives),
            )
            at += 1
            if taken and packet.arrives > now - FRAME:
                break
        codes = played.buffer.pull(now)
        if codes is None:
            concealment = concealment or Concealment(history)
            frame = concealment.next_frame()
        else:
            frame = PCMU.decode(codes)
            if concealment is not None:
                frame, concealment = concealment.fade_into(frame), None
        history = np.concatenate([history[FRAME:], frame])
        frames.append(frame)
        played.delays_ms.append(played.buffer.delay / 8)
    played.sound = np.concatenate(frames)
    return played


def frequency(sound: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(sound.astype(float) * np.hanning(len(sound))))
    return float(np.argmax(spectrum)) * S / len(sound)


def test_a_good_network_is_played_as_it_came_and_waits_no_more_than_60_ms() -> None:
    played = play(talk(10), 10)
    assert played.buffer.concealed_count == 0
    assert played.buffer.lost_count == 0
    assert played.buffer.received_count == 500 - ON_THE_WAY
    assert max(played.delays_ms) <= 60
    start = int(np.argmax(played.sound != 0))
    heard = played.sound[start:].astype(int)
    sent = tone(1, len(heard)).astype(int)
    assert np.abs(heard - sent).max() < 300, "G.711 alone has changed it"


@pytest.mark.parametrize("seed", range(10))
def test_five_percent_loss_and_40_ms_of_jitter_stall_nothing_and_leave_no_delay(seed: int) -> None:
    bad = (5.0, 12.0)
    played = play(impaired(talk(20), loss=0.05, jitter_ms=40, bad=bad, seed=seed), 20)
    lost = played.buffer.lost_count
    assert 5 <= lost <= 35
    assert lost <= played.buffer.concealed_count <= lost + 5, "concealed, and little else"
    assert played.quietest_db(1, 20) > -6, "no 80 ms without the tone"
    assert max(played.delays_ms) <= 120
    assert played.delay_ms(14.5) <= 60, "back to normal"
    assert abs(frequency(played.sound[7 * S : 9 * S]) - TONE_HZ) < 5


def test_a_packet_that_overtakes_another_is_put_behind_it() -> None:
    packets = talk(4)
    for packet in packets[51::10]:
        packet.arrives -= FRAME * 1.4
    played = play(packets, 4)
    assert played.buffer.lost_count == 0
    assert played.buffer.concealed_count == 0


def test_a_packet_that_comes_twice_is_played_once() -> None:
    packets = talk(4)
    twice = [
        Packet(packet.arrives + 8, packet.sequence, packet.timestamp, packet.payload)
        for packet in packets
    ]
    alone, both = play(talk(4), 4), play(packets + twice, 4)
    assert np.array_equal(alone.sound, both.sound)
    assert both.buffer.received_count == 200 - ON_THE_WAY
    assert both.buffer.lost_count == 0


@pytest.mark.parametrize("length_ms", [10, 20, 30, 40, 60])
def test_packets_of_any_usual_length_are_played_alike(length_ms: int) -> None:
    played = play(talk(6, frame=length_ms * 8), 6)
    assert played.buffer.concealed_count == 0
    assert played.quietest_db(1, 6) > -1
    assert abs(frequency(played.sound[S:]) - TONE_HZ) < 2


def test_a_pause_of_200_ms_in_the_network_is_waited_for_and_made_up_again() -> None:
    packets = talk(16)
    for packet in packets:
        if 5 * S <= packet.arrives < 5.2 * S:
            packet.arrives = 5.2 * S
    played = play(packets, 16)
    assert played.buffer.lost_count == 0
    assert max(played.delays_ms) <= FRAMES_MAX * 20 + 40
    assert played.delay_ms(15) <= 60
    assert played.quietest_db(6, 16) > -3, "what makes up for it is not heard as a gap"


def test_when_everything_is_lost_for_seconds_sound_returns_without_delay() -> None:
    played = play(impaired(talk(12), loss=1, jitter_ms=0, bad=(4, 9)), 12)
    assert played.delay_ms(9.5) <= 80
    assert played.quietest_db(9.2, 12) > -1
    assert played.buffer.lost_count == 250
    assert played.buffer.concealed_count < 75, "a pause is not concealed for ever"


@pytest.mark.parametrize("ppm", [300, -300])
def test_a_clock_that_runs_at_another_speed_is_followed(ppm: int) -> None:
    played = play(talk(120, ppm=ppm), 120)
    assert max(played.delays_ms) <= 90
    assert played.buffer.target == 2
    assert played.buffer.concealed_count <= 3
    assert played.quietest_db(1, 119) > -6


def test_a_network_that_becomes_longer_is_normal_again_once_that_is_known() -> None:
    packets = talk(16)
    for packet in packets:
        if packet.arrives >= 6 * S:
            packet.arrives += 80 * 8
    played = play(packets, 16)
    assert played.buffer.lost_count == 0
    assert played.buffer.concealed_count <= 5
    assert played.buffer.target == 2
    assert played.delay_ms(15) <= 60


def test_a_network_that_becomes_slower_than_may_be_waited_for_is_heard_again_at_once() -> None:
    packets = talk(16)
    for packet in packets:
        if packet.arrives >= 6 * S:
            packet.arrives += 250 * 8
    played = play(packets, 16)
    assert played.buffer.late_count <= 10
    assert played.quietest_db(6.6, 16) > -3
    assert played.delay_ms(15) <= 60


def test_a_few_packets_that_come_much_too_late_change_nothing() -> None:
    packets = talk(16)
    for number, packet in enumerate(packets):
        if packet.arrives >= 6 * S and number % 10:
            packet.arrives += 300 * 8 * (number % 3 > 0)
    played = play(packets, 16)
    assert max(played.delays_ms) <= FRAMES_MAX * 20 + 40


def changed(packets: list[Packet], **to: int) -> list[Packet]:
    """Return a talk whose second half is another stream."""
    half = len(packets) // 2
    for packet in packets[half:]:
        packet.source += to.get("source", 0)
        packet.sequence = (packet.sequence + to.get("sequence", 0)) & 0xFFFF
        packet.timestamp = (packet.timestamp + to.get("timestamp", 0)) & 0xFFFF_FFFF
    return packets


@pytest.mark.parametrize(
    "to",
    [
        pytest.param({"source": 1}, id="source"),
        pytest.param({"source": 1, "sequence": 20_000, "timestamp": 1 << 30}, id="everything"),
        pytest.param({"sequence": 30_000}, id="sequence"),
        pytest.param({"timestamp": 1 << 31}, id="timestamp"),
        pytest.param({"timestamp": -(10**6)}, id="timestamp back"),
    ],
)
def test_a_stream_that_changes_its_numbers_is_heard_on(to: dict[str, int]) -> None:
    played = play(changed(talk(8), **to), 8)
    assert played.buffer.received_count == 400 - ON_THE_WAY
    assert played.buffer.lost_count <= 1
    assert played.buffer.source == 7 + to.get("source", 0)
    assert played.delay_ms(7.9) <= 60
    assert played.quietest_db(1, 8, window_ms=120) > -6


def test_a_timestamp_that_is_not_a_multiple_of_a_frame_goes_on_unbroken() -> None:
    played = play(changed(talk(8), timestamp=37), 8)
    assert played.buffer.concealed_count <= 1
    assert played.quietest_db(1, 8) > -3


def test_quiet_frames_are_taken_out_at_once_and_loud_ones_seldom() -> None:
    def ticks_until_normal(payload: bytes) -> int:
        packets = talk(20)
        for packet in packets:
            packet.payload = payload or packet.payload
            if 5 * S <= packet.arrives < 5.16 * S:
                packet.arrives = 5.16 * S
        delays = play(packets, 20).delays_ms
        return next(n for n in range(258, 1_000) if delays[n] <= 60) - 258

    quiet, loud = ticks_until_normal(PCMU.silence), ticks_until_normal(b"")
    assert quiet < loud


def test_a_splice_of_a_tone_is_the_tone() -> None:
    spliced, used = splice(tone(0, 2 * FRAME, 100))
    assert used - FRAME == 80, "one period of 100 Hz"
    assert np.abs(spliced.astype(int) - tone(0, FRAME, 100)).max() < 200


def test_keys_are_neither_lost_nor_concealed() -> None:
    buffer = JitterBuffer(law=PCMU)
    for n in range(100):
        now = n * FRAME + TICK_PHASE
        if 50 <= n < 58:
            pressed_for = min(n - 49, 5) * FRAME
            buffer.push_silence(n, 50 * FRAME, 7, pressed_for, now - 40)
        else:
            buffer.push(n, n * FRAME, 7, PCMU.encode(tone(n * FRAME, FRAME)), now - 40)
        buffer.pull(now)
    assert buffer.lost_count == 0
    assert buffer.concealed_count == 0
    assert buffer.received_count == 100


def test_jitter_is_counted_as_rfc_3550_says() -> None:
    buffer = JitterBuffer(law=PCMU)
    expected = 0.0
    arrivals = [n * FRAME + (n % 3) * 40 for n in range(200)]
    for n, at in enumerate(arrivals):
        buffer.push(n, n * FRAME, 7, PCMU.silence, at)
        if n:
            difference = abs((at - arrivals[n - 1]) - FRAME)
            expected += (difference - expected) / 16
    assert buffer.jitter == pytest.approx(expected)


def test_before_the_first_packet_there_is_silence_and_nothing_is_concealed() -> None:
    buffer = JitterBuffer(law=PCMU)
    assert [buffer.pull(n * FRAME) for n in range(100)] == [PCMU.silence] * 100
    assert buffer.concealed_count == 0


@pytest.mark.parametrize("seed", range(20))
def test_sound_is_never_played_twice_or_after_later_sound(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - likewise
    packets = talk(5)
    for number, packet in enumerate(packets):
        packet.payload = bytes([number & 0xFF]) * FRAME
        packet.arrives += chance.random() * 500
    kept = sorted((p for p in packets if chance.random() > 0.1), key=lambda p: p.arrives)
    buffer, played, at = JitterBuffer(law=PCMU), [], 0
    for now in range(0, 5 * S, FRAME):
        while at < len(kept) and kept[at].arrives <= now:
            packet = kept[at]
            buffer.push(packet.sequence, packet.timestamp, 7, packet.payload, int(packet.arrives))
            at += 1
        frame = buffer.pull(now)
        if frame is not None and frame != PCMU.silence and len(set(frame)) == 1:
            played.append(frame[0])
    steps = {(b - a) % 256 for a, b in itertools.pairwise(played)}
    assert len(played) > 200
    assert 0 not in steps
    assert max(steps) < 20, "a step back would be a large one forward"


@pytest.mark.parametrize("seed", range(20))
def test_no_order_of_packets_breaks_it_or_makes_it_hold_more_than_it_may(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - likewise
    buffer = JitterBuffer(law=PCMU)
    now = 0
    for _ in range(2_000):
        now += chance.choice([0, 1, 40, 160, 160, 160, 5_000])
        if chance.random() < 0.6:
            payload = bytes(chance.choice([0, 1, 80, 160, 240, 480, 1_400]))
            timestamp = (
                now + chance.randrange(-3_000, 3_000) * chance.choice([0, 1, 1_000])
            ) % 2**32
            buffer.push(chance.getrandbits(16), timestamp, chance.choice([1, 1, 2]), payload, now)
        else:
            frame = buffer.pull(now)
            assert frame is None or len(frame) == FRAME
    for _ in range(20):
        now += FRAME
        buffer.push(5, now % 2**32, 9, PCMU.encode(tone(now, FRAME)), now)
        buffer.pull(now)
    assert buffer.delay <= (FRAMES_MAX + 1) * FRAME
