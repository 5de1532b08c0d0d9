"""The tick's own time, and what is told of it: streams, reports, loudness, ticks left out."""

import asyncio

import numpy as np
import pytest

from contactcentre.adapters.media_aiortc.engine import Engine
from contactcentre.adapters.media_aiortc.packets import read_rtp, read_sender_report
from tests.adapters.media.engine_room import Room, S, tone


@pytest.fixture
def room() -> Room:
    return Room()


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
    ada.lose(25)
    room.run(0.5)
    report = ada.seat.reported(int(room.now_s * S))
    assert report is not None
    assert report.lost_count == 25
    assert report.fraction_lost == 128


async def test_a_tick_that_is_held_up_is_left_out_and_counted() -> None:
    room = Room()
    clock = [100.0]

    async def sleep(seconds: float) -> None:
        clock[0] += seconds + (0.09 if len(ada.packets) == 10 else 0)
        if len(ada.packets) >= 30:
            raise asyncio.CancelledError

    room.engine = Engine(music=tone(300, 1), legs_max=4, clock=lambda: clock[0], sleep=sleep)
    ada = room.enter("ada")
    with pytest.raises(asyncio.CancelledError):
        await room.engine.run()
    load = room.engine.load()
    assert load.skipped_count == 4
    assert load.late_ratio == pytest.approx(5 / 34)
    packets = [packet for packet in map(read_rtp, ada.packets) if packet is not None]
    steps = np.diff(np.array([packet[2] for packet in packets], np.uint32))
    assert sorted(set(steps)) == [160, 5 * 160]
