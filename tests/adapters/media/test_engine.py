"""The tick, with legs that are lists: what goes in, what comes out, and when."""

import asyncio

import numpy as np
import pytest

from contactcentre.adapters.media_aiortc.engine import HEARS_MAX, Engine
from contactcentre.adapters.media_aiortc.g711 import PCMA, PCMU, Law, Samples
from contactcentre.adapters.media_aiortc.packets import read_rtp, read_sender_report, write_rtp
from contactcentre.adapters.media_aiortc.seat import Playing, Seat
from contactcentre.domain.errors import MediaUnavailable
from contactcentre.domain.ids import LegId
from contactcentre.ports.media import KeyHeard, LegEvent, LegHeardAgain, LegSilent

S = 8_000
MUSIC_HZ, PROMPT_HZ = 300.0, 700.0
KEYS = 101


def tone(hz: float, seconds: float, level: int = 8_000) -> Samples:
    wave = level * np.sin(2 * np.pi * hz / S * np.arange(int(seconds * S)))
    rounded: Samples = wave.astype(np.int16)
    return rounded


def strongest(sound: Samples) -> float:
    if not sound.any():
        return 0.0
    spectrum = np.abs(np.fft.rfft(sound.astype(float) * np.hanning(len(sound))))
    return float(np.argmax(spectrum)) * S / len(sound)


def power_at(sound: Samples, hz: float) -> float:
    """Return how much of a tone is in some sound (Goertzel)."""
    at = np.arange(len(sound))
    return float(abs(np.dot(sound, np.exp(-2j * np.pi * hz / S * at))) * 2 / len(sound))


class Caller:
    """A leg that hums a tone of its own and keeps what it is sent."""

    def __init__(self, room: "Room", name: str, hz: float | None, law: Law = PCMU) -> None:
        self.events: list[LegEvent] = []
        self.seat = Seat(
            leg=LegId(name),
            law=law,
            keys_payload_type=KEYS,
            heard=self.events.append,
            clock=lambda: room.now_s,
        )
        self.packets: list[bytes] = []
        self.reports: list[bytes] = []
        self.is_sending = True
        self._hz = hz
        self._number = 0
        self._law = law
        room.engine.seat(self.seat)
        self.seat.send, self.seat.send_report = self.packets.append, self.reports.append
        self.seat.connected()

    def send(self) -> None:
        """Send the next 20 ms."""
        self._number += 1
        at = np.arange(self._number * 160, self._number * 160 + 160)
        wave = 8_000 * np.sin(2 * np.pi * (self._hz or 0) / S * at)
        codes = self._law.encode(wave.astype(np.int16))
        packet = write_rtp(
            self._law.payload_type, self._number & 0xFFFF, self._number * 160, 7, codes
        )
        self.seat.packet_came(packet)

    def press(self, key: str) -> None:
        """Send a key as one packet among the sound."""
        self._number += 1
        payload = bytes([int(key), 10, 0, 160])
        self.seat.packet_came(write_rtp(KEYS, self._number, self._number * 160, 7, payload))

    def heard(self, seconds: float = 0.5) -> Samples:
        """Return the last sound that was sent to this leg."""
        last = self.packets[-int(seconds * 50) :]
        return self._law.decode(b"".join(packet[12:] for packet in last))


class Room:
    """An engine, its callers, and a clock that only this moves."""

    def __init__(self, *, legs_max: int = 10, music: Samples | None = None) -> None:
        self.now_s = 100.0
        self.engine = Engine(
            music=tone(MUSIC_HZ, 1) if music is None else music,
            legs_max=legs_max,
            clock=lambda: self.now_s,
        )
        self.callers: list[Caller] = []

    def enter(self, name: str, hz: float | None = None, law: Law = PCMU) -> Caller:
        """Seat a leg."""
        caller = Caller(self, name, hz, law)
        self.callers.append(caller)
        return caller

    def run(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(int(seconds * 50)):
            for caller in self.callers:
                if caller.is_sending:
                    caller.send()
            self.now_s += 0.02
            self.engine.tick(self.now_s)

    def join(self, listener: Caller, speaker: Caller, *, on: bool = True) -> None:
        """Let one hear the other."""
        self.engine.let_hear(listener.seat, speaker.seat, on=on)


@pytest.fixture
def room() -> Room:
    return Room()


def playing(*sounds: Samples) -> Playing:
    return Playing(sounds, asyncio.get_running_loop().create_future())


def test_a_leg_that_has_just_come_hears_silence(room: Room) -> None:
    ada, bob = room.enter("ada", 440), room.enter("bob", 1_000)
    room.run(1)
    assert len(ada.packets) == len(bob.packets) == 50, "packets all the same"
    assert not ada.heard().any()
    assert not bob.heard().any()


def test_two_legs_of_a_room_hear_each_other_and_not_themselves(room: Room) -> None:
    ada, bob = room.enter("ada", 440), room.enter("bob", 1_000)
    room.join(ada, bob)
    room.join(bob, ada)
    room.run(1)
    assert strongest(ada.heard()) == 1_000
    assert strongest(bob.heard()) == 440
    assert power_at(ada.heard(), 440) < 50


def test_one_may_listen_in_unheard(room: Room) -> None:
    ada, bob, eve = room.enter("ada", 440), room.enter("bob", 1_000), room.enter("eve", 2_000)
    room.join(ada, bob)
    room.join(bob, ada)
    room.join(eve, ada)
    room.join(eve, bob)
    room.run(1)
    assert power_at(eve.heard(), 440) == pytest.approx(8_000, rel=0.05)
    assert power_at(eve.heard(), 1_000) == pytest.approx(8_000, rel=0.05)
    assert power_at(ada.heard(), 2_000) < 50
    assert power_at(bob.heard(), 2_000) < 50


@pytest.mark.parametrize("laws", [(PCMU, PCMA), (PCMA, PCMU), (PCMA, PCMA)])
def test_legs_of_different_laws_hear_each_other(room: Room, laws: tuple[Law, Law]) -> None:
    ada, bob = room.enter("ada", 440, laws[0]), room.enter("bob", 1_000, laws[1])
    room.join(ada, bob)
    room.join(bob, ada)
    room.run(1)
    assert power_at(ada.heard(), 1_000) == pytest.approx(8_000, rel=0.05)
    assert power_at(bob.heard(), 440) == pytest.approx(8_000, rel=0.05)


def test_who_is_muted_hears_and_is_not_heard(room: Room) -> None:
    ada, bob = room.enter("ada", 440), room.enter("bob", 1_000)
    room.join(ada, bob)
    room.join(bob, ada)
    room.engine.mute(ada.seat, on=True)
    room.run(1)
    assert strongest(ada.heard()) == 1_000
    assert not bob.heard().any()
    room.engine.mute(ada.seat, on=False)
    room.run(1)
    assert strongest(bob.heard()) == 440


def test_on_hold_there_is_music_and_not_the_other(room: Room) -> None:
    ada, bob = room.enter("ada", 440), room.enter("bob", 1_000)
    room.join(ada, bob)
    room.run(1)
    room.join(ada, bob, on=False)
    room.engine.play_music(ada.seat, on=True)
    room.run(1)
    assert strongest(ada.heard()) == MUSIC_HZ
    assert power_at(ada.heard(), 1_000) < 50
    room.engine.play_music(ada.seat, on=False)
    room.join(ada, bob)
    room.run(1)
    assert strongest(ada.heard()) == 1_000
    assert power_at(ada.heard(), MUSIC_HZ) < 50


def test_music_begins_again_at_its_end_without_a_gap() -> None:
    noise = np.random.default_rng(1).integers(-8_000, 8_000, 8_037).astype(np.int16)
    room = Room(music=noise)
    ada = room.enter("ada")
    room.engine.play_music(ada.seat, on=True)
    room.run(3.5)
    played = np.resize(noise, int(3.5 * S))[160:]
    assert np.abs(ada.heard(3.5)[160:].astype(int) - played).max() < 300


async def test_a_prompt_is_heard_before_the_music_which_then_goes_on(room: Room) -> None:
    ada = room.enter("ada")
    room.engine.play_music(ada.seat, on=True)
    room.run(1)
    prompt = playing(tone(PROMPT_HZ, 1))
    room.engine.play(ada.seat, prompt)
    room.run(0.9)
    assert not prompt.done.done()
    assert strongest(ada.heard()) == PROMPT_HZ
    assert power_at(ada.heard(), MUSIC_HZ) < 50
    room.run(0.2)
    assert prompt.done.done()
    room.run(1)
    assert strongest(ada.heard()) == MUSIC_HZ


async def test_sounds_follow_one_another_without_a_gap(room: Room) -> None:
    ada = room.enter("ada")
    whole = tone(PROMPT_HZ, 1)
    prompt = playing(whole[:1_003], whole[1_003:1_010], whole[1_010:])
    room.engine.play(ada.seat, prompt)
    room.run(1)
    assert prompt.done.done()
    assert np.abs(ada.heard(1).astype(int) - whole).max() < 300


async def test_a_prompt_that_is_taken_back_stops_within_one_tick(room: Room) -> None:
    ada = room.enter("ada")
    prompt = playing(tone(PROMPT_HZ, 5))
    room.engine.play(ada.seat, prompt)
    room.run(1)
    room.engine.stop_playing(ada.seat, prompt)
    room.run(0.02)
    assert not ada.heard(0.02).any()


async def test_a_prompt_ends_with_its_leg(room: Room) -> None:
    ada = room.enter("ada")
    prompt = playing(tone(PROMPT_HZ, 5))
    room.engine.play(ada.seat, prompt)
    room.run(1)
    room.engine.unseat(ada.seat)
    with pytest.raises(MediaUnavailable):
        await prompt.done


def test_whoever_leaves_is_not_heard_and_the_next_in_the_row_not_by_mistake(room: Room) -> None:
    ada, bob = room.enter("ada", 440), room.enter("bob", 1_000)
    room.join(ada, bob)
    room.run(0.5)
    room.engine.unseat(bob.seat)
    room.callers.remove(bob)
    carol = room.enter("carol", 2_000)
    room.run(0.5)
    assert carol.seat.row == 1
    assert ada.seat.hears == set()
    assert not ada.heard(0.3).any()
    assert not carol.heard().any()


def test_a_voice_too_many_is_refused() -> None:
    room = Room(legs_max=HEARS_MAX + 2)
    ada = room.enter("ada")
    others = [room.enter(f"leg {n}", 100.0 * (n + 1)) for n in range(HEARS_MAX + 1)]
    for other in others[:-1]:
        room.join(ada, other)
    with pytest.raises(MediaUnavailable):
        room.join(ada, others[-1])
    room.run(1)
    assert power_at(ada.heard(), 100) > 2_000
    assert np.abs(ada.heard().astype(int)).max() <= 32_768


def test_loud_voices_are_clipped_and_do_not_wrap_round(room: Room) -> None:
    ada = room.enter("ada")
    for n in range(6):
        room.join(ada, room.enter(f"leg {n}", 400))
    room.run(1)
    assert power_at(ada.heard(), 400) > 30_000


def test_every_leg_has_a_stream_of_its_own_without_a_gap(room: Room) -> None:
    ada, bob = room.enter("ada"), room.enter("bob")
    room.run(1)
    streams = []
    for caller in (ada, bob):
        packets = [packet for packet in map(read_rtp, caller.packets) if packet is not None]
        sequences = np.array([packet[1] for packet in packets], np.uint16)
        timestamps = np.array([packet[2] for packet in packets], np.uint32)
        assert set(np.diff(sequences)) == {1}
        assert set(np.diff(timestamps)) == {160}
        assert {len(packet[4]) for packet in packets} == {160}
        streams.append({packet[3] for packet in packets})
    assert streams[0].isdisjoint(streams[1])


def test_ticks_left_out_are_a_step_in_time_and_no_packet_is_missing(room: Room) -> None:
    ada = room.enter("ada")
    room.run(0.1)
    room.engine.tick(room.now_s + 0.08, skipped=3)
    before, after = (read_rtp(packet) for packet in ada.packets[-2:])
    assert before is not None
    assert after is not None
    assert (after[1] - before[1]) % 2**16 == 1
    assert (after[2] - before[2]) % 2**32 == 4 * 160


def test_a_key_is_told_once_and_heard_by_nobody(room: Room) -> None:
    ada, bob = room.enter("ada", 440), room.enter("bob")
    room.join(bob, ada)
    room.run(1)
    for key in "12":
        ada.press(key)
        room.run(0.5)
    assert ada.events == [KeyHeard(leg=LegId("ada"), key="1"), KeyHeard(leg=LegId("ada"), key="2")]
    quality = ada.seat.quality(0)
    assert quality.lost_count == 0


def test_a_leg_without_packets_is_told_once_and_once_when_it_is_heard_again(room: Room) -> None:
    ada = room.enter("ada", 440)
    room.run(1)
    ada.is_sending = False
    room.run(1.4)
    assert ada.events == []
    room.run(0.3)
    assert ada.events == [LegSilent(leg=LegId("ada"))]
    room.run(5)
    ada.is_sending = True
    room.run(1)
    assert ada.events == [LegSilent(leg=LegId("ada")), LegHeardAgain(leg=LegId("ada"))]


def test_a_leg_that_never_sends_is_told_too(room: Room) -> None:
    ada = room.enter("ada")
    ada.is_sending = False
    room.run(2)
    assert ada.events == [LegSilent(leg=LegId("ada"))]


def test_loudness_is_that_of_the_last_second(room: Room) -> None:
    ada = room.enter("ada", 440)
    room.run(2)
    level = ada.seat.quality(room.engine.power(ada.seat)).level_dbov
    assert level == pytest.approx(20 * np.log10(8_000 / 32_768) - 3, abs=0.5)
    ada.is_sending = False
    room.run(3)
    assert ada.seat.quality(room.engine.power(ada.seat)).level_dbov == -127


def test_each_leg_is_reported_to_once_a_second(room: Room) -> None:
    callers = [room.enter(f"leg {n}", 400) for n in range(10)]
    room.run(5)
    assert {len(caller.reports) for caller in callers} == {5}
    assert read_sender_report(callers[0].reports[0]) is not None


def test_a_report_says_what_share_was_lost_since_the_last(room: Room) -> None:
    ada = room.enter("ada", 440)
    room.run(2)
    ada.seat.reported(int(room.now_s * S))
    ada.is_sending = False
    ada._number += 25  # noqa: SLF001 - half a second of packets that the network lost
    ada.is_sending = True
    room.run(0.5)
    report = ada.seat.reported(int(room.now_s * S))
    assert report is not None
    assert report.lost_count == 25
    assert report.fraction_lost == 128


async def test_a_tick_that_is_held_up_is_left_out_and_counted() -> None:
    room = Room()
    ada = room.enter("ada")
    clock = [100.0]

    async def sleep(seconds: float) -> None:
        clock[0] += seconds + (0.09 if len(ada.packets) == 10 else 0)
        if len(ada.packets) >= 30:
            raise asyncio.CancelledError

    engine = Engine(music=tone(300, 1), legs_max=4, clock=lambda: clock[0], sleep=sleep)
    room.engine.unseat(ada.seat)
    engine.seat(ada.seat)
    ada.seat.is_connected = True
    with pytest.raises(asyncio.CancelledError):
        await engine.run()
    load = engine.load()
    assert load.skipped_count == 4
    assert load.late_ratio == pytest.approx(5 / 34)
    packets = [packet for packet in map(read_rtp, ada.packets) if packet is not None]
    steps = np.diff(np.array([packet[2] for packet in packets], np.uint32))
    assert sorted(set(steps)) == [160, 5 * 160]
