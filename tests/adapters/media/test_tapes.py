"""What is recorded of a talk: each side in its own channel, and only what the other side hears."""

import numpy as np
import pytest

from contactcentre.adapters.media_aiortc.g711 import PCMU, Samples
from contactcentre.adapters.media_aiortc.inband import find_keys
from contactcentre.adapters.media_aiortc.tones import keypad_tones
from tests.adapters.media.engine_room import Caller, Room, S, power_at, strongest, tone

CALLER, ADVISER = 0, 1


class ListedTape:
    """A tape that keeps all that it is given."""

    def __init__(self) -> None:
        self.pieces: list[tuple[int, bytes]] = []
        self.is_closed = False

    def write(self, sound: bytes, *, at: int) -> None:
        """Keep it."""
        assert not self.is_closed, "nothing comes after the end"
        self.pieces.append((at, sound))

    def close(self) -> None:
        """Take no more."""
        self.is_closed = True

    def channel(self, number: int) -> Samples:
        """Return all that was said on one side."""
        end = 0
        for at, sound in self.pieces:
            assert at == end, "no piece is missing"
            end += len(sound) // 2
        return PCMU.decode(b"".join(sound for _, sound in self.pieces))[number::2]


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def tape() -> ListedTape:
    return ListedTape()


def talk(room: Room, tape: ListedTape) -> tuple[Caller, Caller]:
    """Return a caller and an adviser who are recorded."""
    ada, bob = room.enter("ada", 440), room.enter("bob", 1_000)
    room.join(ada, bob)
    room.join(bob, ada)
    room.run(0.5)
    room.engine.tapes.record(tape, ada.seat, bob.seat)
    return ada, bob


def let_say(room: Room, speaker: Caller, sound: Samples) -> None:
    """Let one say some sound, as far as it fills whole packets, while the others hum."""
    room.callers.remove(speaker)
    for frame in sound[: len(sound) // 160 * 160].reshape(-1, 160):
        speaker.say(frame)
        room.run(0.02)


def test_each_side_has_a_channel_of_its_own(room: Room, tape: ListedTape) -> None:
    talk(room, tape)
    room.run(2.5)
    room.engine.tapes.stop(tape)
    assert tape.is_closed
    caller, adviser = tape.channel(CALLER), tape.channel(ADVISER)
    assert len(caller) == len(adviser) == 20_000, "the last half second as well"
    assert strongest(caller) == pytest.approx(440, abs=1)
    assert strongest(adviser) == pytest.approx(1_000, abs=1)
    assert power_at(caller, 1_000) < 50
    assert power_at(adviser, 440) < 50


def test_a_pause_is_silence_of_its_length(room: Room, tape: ListedTape) -> None:
    talk(room, tape)
    room.run(1)
    room.engine.tapes.pause(tape, on=True)
    room.run(1)
    room.engine.tapes.pause(tape, on=False)
    room.run(1)
    room.engine.tapes.stop(tape)
    for side in (CALLER, ADVISER):
        sound = tape.channel(side)
        assert not sound[8_000:16_000].any()
        assert sound[:8_000].std() == pytest.approx(sound[16_000:].std(), rel=0.1)


def test_who_is_not_heard_is_not_recorded(room: Room, tape: ListedTape) -> None:
    ada, bob = talk(room, tape)
    room.engine.mute(bob.seat, on=True)
    room.run(1)
    room.engine.mute(bob.seat, on=False)
    for one, other in ((ada, bob), (bob, ada)):
        room.join(one, other, on=False)
    room.run(1)
    room.engine.tapes.stop(tape)
    assert tape.channel(CALLER)[:8_000].any(), "only the adviser was mute"
    assert not tape.channel(ADVISER).any(), "mute, and then on hold"
    assert not tape.channel(CALLER)[8_000:].any(), "a caller on hold speaks to nobody here"


def test_prompts_and_music_are_not_recorded(room: Room, tape: ListedTape) -> None:
    ada, _ = talk(room, tape)
    room.engine.play_music(ada.seat, on=True)
    room.run(1)
    room.engine.tapes.stop(tape)
    assert power_at(tape.channel(ADVISER), 300) < 50
    assert power_at(ada.heard(), 300) > 500


def test_a_new_leg_goes_on_where_the_old_one_was(room: Room, tape: ListedTape) -> None:
    ada, bob = talk(room, tape)
    room.run(1)
    room.callers.remove(ada)
    room.engine.unseat(ada.seat)
    room.run(0.5)
    new = room.enter("ada-2", 600)
    room.join(new, bob)
    room.join(bob, new)
    room.engine.tapes.record(tape, new.seat, bob.seat)
    room.run(1.5)
    room.engine.tapes.stop(tape)
    caller = tape.channel(CALLER)
    assert len(caller) == 24_000
    assert strongest(caller[:8_000]) == pytest.approx(440, abs=1)
    assert not caller[8_400:12_000].any()
    assert strongest(caller[16_000:]) == pytest.approx(600, abs=1)


def test_ticks_that_were_left_out_are_silence(room: Room, tape: ListedTape) -> None:
    talk(room, tape)
    room.run(1)
    room.now_s += 0.42
    room.engine.tick(room.now_s, skipped=20)
    room.engine.tapes.stop(tape)
    assert len(tape.channel(CALLER)) == 8_000 + 21 * 160


def test_a_pressed_key_is_on_no_tape(room: Room, tape: ListedTape) -> None:
    ada, _ = talk(room, tape)
    room.run(0.5)
    ada.press("7")
    room.run(0.5)
    room.engine.tapes.stop(tape)
    loud = np.flatnonzero(tape.channel(CALLER))
    assert np.diff(loud).max() >= 150, "a press of 20 ms"


@pytest.mark.parametrize("level", [6_000, 600])
def test_a_key_that_is_heard_as_a_tone_is_on_no_tape(
    room: Room, tape: ListedTape, level: int
) -> None:
    ada, _ = talk(room, tape)
    keys = [key.astype(np.int32) * level // 6_000 for key in keypad_tones().values()]
    sound = np.concatenate([tone(440, 0.506), *keys, tone(440, 0.51)]).astype(np.int16)
    let_say(room, ada, sound)
    room.engine.tapes.stop(tape)
    heard = tape.channel(CALLER)
    assert not find_keys(heard.reshape(-1, 160)).any()
    for hz in (697, 770, 852, 941, 1_209, 1_336, 1_477):
        assert power_at(heard, hz) < level / 50
    assert power_at(heard[:3_200], 440) > 5_000, "what is said beside it stays"


@pytest.mark.parametrize("is_paused", [True, False])
def test_a_key_that_is_heard_as_a_tone_is_silence_to_the_adviser_while_the_tape_is_paused(
    room: Room,
    tape: ListedTape,
    is_paused: bool,  # noqa: FBT001 - a case
) -> None:
    ada, bob = talk(room, tape)
    room.engine.tapes.pause(tape, on=is_paused)
    keys = np.concatenate([np.zeros(70, np.int16), *keypad_tones().values()])
    sound = np.concatenate([keys, tone(440, 0.5)])
    let_say(room, ada, sound)
    heard = bob.heard(len(sound) / S)
    windows = np.lib.stride_tricks.sliding_window_view(heard[: len(keys)], 160)[::10]
    assert bool(find_keys(windows).any()) is not is_paused
    assert power_at(heard[-1_600:], 440) > 5_000, "what is said after it is heard"


@pytest.mark.parametrize("pitch_hz", [95, 120, 180, 233, 241])
def test_a_voice_is_not_taken_for_keys(pitch_hz: float) -> None:
    rng = np.random.default_rng(int(pitch_hz))
    at = np.arange(2 * S) / S
    voice = sum((np.sin(2 * np.pi * pitch_hz * n * at) / n for n in range(1, 12)), np.zeros(2 * S))
    sound = (6_000 * voice + rng.normal(0, 200, len(voice))).astype(np.int16)
    assert not find_keys(sound.reshape(-1, 160)).any()
