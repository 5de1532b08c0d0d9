"""A voice's raw sound becomes a prompt."""

import numpy as np
import pytest

from contactcentre.adapters.flow_files.shaping import (
    FULL_SCALE,
    Signal,
    levelled,
    to_prompt,
    to_telephone,
    trimmed,
)


def tone(frequency_hz: float, *, span_s: float = 1.0, rate_hz: int = 16_000) -> Signal:
    time_s = np.arange(int(span_s * rate_hz)) / rate_hz
    return np.asarray(0.3 * np.sin(2 * np.pi * frequency_hz * time_s))


def strength(signal: Signal, frequency_hz: float) -> float:
    """Return how strong a frequency is in the middle of a sound at 8 kHz."""
    middle = signal[1_000:7_000]
    time_s = np.arange(len(middle)) / 8_000
    return float(2 * abs(np.mean(middle * np.exp(-2j * np.pi * frequency_hz * time_s))))


@pytest.mark.parametrize("rate_hz", [16_000, 22_050])
def test_speech_keeps_its_pitch_and_length_at_the_telephones_rate(rate_hz: int) -> None:
    heard = to_telephone(tone(440, rate_hz=rate_hz), rate_hz)
    assert len(heard) == pytest.approx(8_800, abs=2)
    assert strength(heard, 440) == pytest.approx(0.3, rel=0.02)


def test_what_a_telephone_does_not_carry_is_left_out_and_does_not_fold_back() -> None:
    heard = to_telephone(tone(5_000), 16_000)
    assert strength(heard, 3_000) < 0.001
    assert np.abs(heard[1_000:7_000]).max() < 0.003


def test_silence_around_the_words_is_cut_off() -> None:
    words = tone(440, span_s=0.5, rate_hz=8_000)
    raw = np.concatenate([np.zeros(8_000), words, np.zeros(12_000)])
    kept = trimmed(raw)
    assert len(words) <= len(kept) <= len(words) + 800
    assert np.abs(kept[:2]).max() < 0.01


@pytest.mark.parametrize("loudness", [0.01, 0.3, 1.0])
def test_every_prompt_is_as_loud_as_the_others_and_never_clipped(loudness: float) -> None:
    prompt = levelled(loudness * tone(440, rate_hz=8_000))
    level_dbfs = 10 * np.log10(np.mean(prompt**2))
    assert level_dbfs == pytest.approx(-21.0, abs=0.3)
    assert np.abs(prompt).max() < 0.8


def test_a_pause_follows_a_sentence_and_hardly_any_a_piece_of_one() -> None:
    sentence = to_prompt(tone(440), 16_000, whole=True)
    piece = to_prompt(tone(440), 16_000, whole=False)
    assert sentence.dtype == piece.dtype == np.int16
    assert len(sentence) - len(piece) == 1_600
    assert not sentence[-1_600:].any()
    assert np.abs(piece[-1_000:]).max() > FULL_SCALE / 100
