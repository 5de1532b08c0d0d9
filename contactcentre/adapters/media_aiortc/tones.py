"""The tones of a keypad (ITU-T Q.23), for keys that an adviser sends to a caller."""

from typing import Final

import numpy as np

from contactcentre.adapters.media_aiortc.g711 import Samples
from contactcentre.domain.ids import SoundName

RATE_HZ: Final = 8_000
TONE_MS: Final = 120
PAUSE_MS: Final = 60
LEVEL: Final = 6_000
"""Peak of each of the two frequencies, about -12 dBm0 together."""

ROWS_HZ: Final = (697, 770, 852, 941)
COLUMNS_HZ: Final = (1_209, 1_336, 1_477)
KEYS: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "star", "0", "hash")


def keypad_tones() -> dict[SoundName, Samples]:
    """Return the sound of every key, as `tone_0` … `tone_9`, `tone_star` and `tone_hash`."""
    return {
        SoundName(f"tone_{key}"): _tone(ROWS_HZ[at // 3], COLUMNS_HZ[at % 3])
        for at, key in enumerate(KEYS)
    }


def _tone(row_hz: int, column_hz: int) -> Samples:
    at_s = np.arange(RATE_HZ * TONE_MS // 1_000) / RATE_HZ
    waves = np.sin(2 * np.pi * row_hz * at_s) + np.sin(2 * np.pi * column_hz * at_s)
    pause = np.zeros(RATE_HZ * PAUSE_MS // 1_000)
    return np.concatenate([waves * LEVEL, pause]).astype(np.int16)
