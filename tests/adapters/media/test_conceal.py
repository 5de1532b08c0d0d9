"""What is heard where a packet is missing."""

import numpy as np
import pytest

from contactcentre.adapters.media_aiortc.conceal import HISTORY_SAMPLES, Concealment
from contactcentre.adapters.media_aiortc.g711 import Samples

LEVEL = 8_000


def voice(pitch_hz: float, samples: int, *, start: int = 0) -> Samples:
    """Return a buzz of eight harmonics, which is what a vowel is to a telephone."""
    at = np.arange(start, start + samples) / 8_000
    wave = np.zeros(samples)
    for n in range(1, 9):
        wave += np.sin(2 * np.pi * pitch_hz * n * at + n) / n
    return (LEVEL / 2 * wave).astype(np.int16)


def error_db(heard: Samples, true: Samples) -> float:
    difference = heard.astype(float) - true.astype(float)
    return float(10 * np.log10((1 + (difference**2).mean()) / (true.astype(float) ** 2).mean()))


def jumps(sound: Samples) -> int:
    return int(np.abs(np.diff(sound.astype(int))).max())


@pytest.mark.parametrize("pitch_hz", [80, 100, 125, 160, 200, 250, 320])
def test_a_voice_goes_on_at_its_pitch(pitch_hz: int) -> None:
    past = voice(pitch_hz, HISTORY_SAMPLES)
    true = voice(pitch_hz, 80, start=HISTORY_SAMPLES)
    assert error_db(Concealment(past).next_frame()[:80], true) < -10


@pytest.mark.parametrize("pitch_hz", [90, 140, 210])
def test_nobody_hears_a_click_where_sound_stops_and_comes_again(pitch_hz: int) -> None:
    past = voice(pitch_hz, HISTORY_SAMPLES)
    concealment = Concealment(past)
    missing = concealment.next_frame()
    back = concealment.fade_into(voice(pitch_hz, 160, start=HISTORY_SAMPLES + 160))
    assert jumps(np.concatenate([past, missing, back])) < 1.6 * jumps(past)


def test_a_long_gap_fades_to_silence_after_60_ms() -> None:
    concealment = Concealment(voice(120, HISTORY_SAMPLES))
    loudness = [float(np.abs(concealment.next_frame().astype(int)).mean()) for _ in range(6)]
    assert loudness[0] > loudness[1] > loudness[2] > 0
    assert loudness[3:] == [0, 0, 0]


def test_real_sound_is_itself_10_ms_after_it_has_come_again() -> None:
    concealment = Concealment(voice(120, HISTORY_SAMPLES))
    for _ in range(3):
        concealment.next_frame()
    real = voice(120, 160, start=2_000)
    assert np.array_equal(concealment.fade_into(real)[80:], real[80:])


def test_silence_is_continued_by_silence() -> None:
    concealment = Concealment(np.zeros(HISTORY_SAMPLES, np.int16))
    assert not concealment.next_frame().any()
    assert not concealment.fade_into(np.zeros(160, np.int16)).any()


def test_the_loudest_sound_is_continued_without_overflow() -> None:
    loud = np.where(np.arange(HISTORY_SAMPLES) // 30 % 2, 32_767, -32_768).astype(np.int16)
    frame = Concealment(loud).next_frame()
    assert set(np.unique(np.sign(frame.astype(int)))) <= {-1, 0, 1}
    assert np.abs(frame.astype(int)).max() <= 32_768
