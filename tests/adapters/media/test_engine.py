"""The tick, with legs that are lists: who hears what."""

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest

from contactcentre.adapters.media_aiortc.engine import HEARS_MAX
from contactcentre.adapters.media_aiortc.g711 import PCMA, PCMU, Law, Samples
from contactcentre.adapters.media_aiortc.seat import Playing
from contactcentre.domain.errors import MediaUnavailable
from contactcentre.domain.ids import LegId
from contactcentre.ports.media import KeyHeard, LegHeardAgain, LegSilent
from tests.adapters.media.engine_room import MUSIC_HZ, PROMPT_HZ, Room, S, power_at, strongest, tone


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


def test_no_change_of_who_hears_whom_is_heard_as_a_click(room: Room) -> None:
    ada, bob, eve = room.enter("ada"), room.enter("bob", 440), room.enter("eve", 350)
    room.run(1)
    for number in range(12):
        room.join(ada, bob, on=number % 2 == 0)
        room.join(ada, eve, on=number % 3 == 0)
        room.engine.mute(bob.seat, on=number % 4 == 0)
        room.run(0.1)
    heard = ada.heard(1.3).astype(int)
    assert np.abs(heard).max() > 8_000
    assert np.abs(np.diff(heard)).max() < 5_600, "two tones alone have steps of 4,965"


def test_who_takes_the_row_of_another_is_not_heard_in_its_place(room: Room) -> None:
    ada, bob = room.enter("ada"), room.enter("bob", 440)
    room.join(ada, bob)
    room.run(0.5)
    room.join(ada, bob, on=False)
    room.engine.unseat(bob.seat)
    room.callers.remove(bob)
    carol = room.enter("carol", 2_000)
    for _ in range(5):
        carol.send()
    room.run(0.02)
    assert not ada.heard(0.02).any()


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


def test_a_lost_packet_is_not_heard_as_a_gap(room: Room) -> None:
    ada, bob = room.enter("ada", 440), room.enter("bob")
    room.join(bob, ada)
    room.run(1)
    for packets in (1, 2):
        room.pass_by(packets, lost=ada)
        room.run(0.5)
    heard = bob.heard(1.06).astype(float)
    pieces = heard[: len(heard) // 80 * 80].reshape(-1, 80)
    assert (pieces**2).mean(axis=1).min() > 8_000**2 / 2 / 4
    assert np.abs(np.diff(heard)).max() < 4_000, "nor as a click"
    assert ada.seat.quality(0).concealed_count >= 2


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


@pytest.mark.parametrize("law", [PCMU, PCMA])
def test_who_hears_one_other_of_the_same_law_hears_what_came_byte_for_byte(law: Law) -> None:
    room = Room()
    ada, bob = room.enter("ada", law=law), room.enter("bob", 440, law=law)
    room.join(ada, bob)
    room.run(0.5)
    said = list(_all_codes(law))
    for codes in said:
        bob.say(law.decode(codes))
        bob.is_sending = False
        room.run(0.02)
    bob.is_sending = True
    room.run(0.2)
    heard = [packet[12:] for packet in ada.packets]
    assert all(codes in heard for codes in said)


def test_what_is_missing_of_the_only_one_who_is_heard_is_invented_for_the_listener() -> None:
    room = Room()
    ada, bob = room.enter("ada"), room.enter("bob", 440)
    room.join(ada, bob)
    room.run(1)
    room.pass_by(2, lost=bob)
    room.run(0.1)
    frames = [ada.heard(0.02 * back)[:160].astype(float) for back in range(1, 9)]
    assert min(float((frame**2).mean()) for frame in frames) > 1_000**2, "no frame is silent"


@pytest.mark.parametrize("law", [PCMU, PCMA])
def test_who_hears_music_alone_hears_the_music_itself_and_who_hears_more_hears_both(
    law: Law,
) -> None:
    room = Room()
    ada, bob = room.enter("ada", law=law), room.enter("bob", 440)
    room.engine.play_music(ada.seat, on=True)
    room.run(0.5)
    music = law.encode(tone(MUSIC_HZ, 1))
    assert b"".join(packet[12:] for packet in ada.packets[2:12]) == music[320:1_920]
    room.join(ada, bob)
    room.run(0.6)
    assert power_at(ada.heard(), MUSIC_HZ) > 7_000
    assert power_at(ada.heard(), 440) > 7_000
    for _ in range(5):
        room.join(ada, bob, on=False)
        room.run(0.1)
        assert np.abs(np.diff(ada.heard(0.2).astype(float))).max() < 5_500, "no click"
        room.join(ada, bob)
        room.run(0.32)
    room.join(ada, bob, on=False)
    room.run(0.6)
    assert strongest(ada.heard()) == pytest.approx(MUSIC_HZ, abs=5)


def _all_codes(law: Law) -> Iterator[bytes]:
    """Yield frames that hold every byte of a law but for the second of its zeros."""
    codes = bytes(code for code in range(256) if law.encode(law.decode(bytes([code])))[0] == code)
    for start in range(0, len(codes), 32):
        yield (codes[start : start + 32] * 5).ljust(160, codes[:1])[:160]
