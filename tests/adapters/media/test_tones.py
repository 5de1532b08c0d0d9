"""The tones of a keypad, by their frequencies."""

import numpy as np
import pytest

from contactcentre.adapters.media_aiortc.g711 import PCMU
from contactcentre.adapters.media_aiortc.tones import keypad_tones
from contactcentre.domain.ids import SoundName

EXPECTED = {
    "1": (697, 1_209),
    "5": (770, 1_336),
    "9": (852, 1_477),
    "star": (941, 1_209),
    "0": (941, 1_336),
    "hash": (941, 1_477),
}


@pytest.mark.parametrize(("key", "pair"), EXPECTED.items())
def test_a_key_is_its_two_frequencies_also_after_g711(key: str, pair: tuple[int, int]) -> None:
    sound = PCMU.decode(PCMU.encode(keypad_tones()[SoundName(f"tone_{key}")]))[:800]
    spectrum = np.abs(np.fft.rfft(sound.astype(float), 8_000))
    low = int(np.argmax(spectrum[:1_075]))
    high = 1_075 + int(np.argmax(spectrum[1_075:2_000]))
    assert abs(low - pair[0]) < 8
    assert abs(high - pair[1]) < 8


def test_every_key_has_its_tone_and_a_pause_after_it() -> None:
    tones = keypad_tones()
    assert len(tones) == 12
    assert all(not tone[-400:].any() for tone in tones.values())
