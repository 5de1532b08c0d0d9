"""Keys that are heard as tones in somebody's sound (ITU-T Q.23): no recording has them.

A key that comes as an event (RFC 4733) is silence to everybody from the jitter buffer on. What some
networks send besides, or instead, is a sound like any other: here it is told by nearly all of a
frame's power being in two frequencies of a keypad, one of a row and one of a column.
"""

import numpy as np
from numpy.typing import NDArray

from contactcentre.adapters.media_aiortc.g711 import Samples
from contactcentre.adapters.media_aiortc.tones import COLUMNS_HZ, RATE_HZ, ROWS_HZ
from contactcentre.limits import SAMPLES_PER_TICK

PURE = 0.7
"""So much of a frame's power is in the two tones; voices stay well below."""
WEAKER = 0.08
"""The weaker of the two has at least so much of it: 10 dB below the other."""
AUDIBLE = 30.0**2
"""Mean square of samples below which nobody can make out a key (-61 dB)."""
_FOURTH_COLUMN_HZ = 1_633

_AT = np.arange(SAMPLES_PER_TICK) / RATE_HZ
_HZ = np.array([*ROWS_HZ, *COLUMNS_HZ, _FOURTH_COLUMN_HZ])
_WAVES = np.exp(-2j * np.pi * _HZ[:, None] * _AT).T
_BASIS = np.concatenate([_WAVES.real, _WAVES.imag], axis=1).astype(np.float32)
_SCALE = 2 / SAMPLES_PER_TICK**2
_ROWS = len(ROWS_HZ)


def find_keys(frames: Samples) -> NDArray[np.bool_]:
    """Say of each frame of 20 ms (the last axis) whether the tones of a key are heard in it."""
    sound = frames.astype(np.float32)
    parts = (sound @ _BASIS) ** 2
    tones = (parts[..., : len(_HZ)] + parts[..., len(_HZ) :]) * _SCALE
    power = np.einsum("...i,...i->...", sound, sound) / SAMPLES_PER_TICK
    row, column = tones[..., :_ROWS].max(axis=-1), tones[..., _ROWS:].max(axis=-1)
    are_pure = row + column > PURE * power
    are_both = np.minimum(row, column) > WEAKER * power
    found: NDArray[np.bool_] = (power > AUDIBLE) & are_pure & are_both
    return found


def mask_keys(frames: Samples, *, before: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Silence the keys in some frames (frame, channel, samples), and those next to them.

    `before` says of each channel whether the frame before these had one; return it for the next.
    """
    found = find_keys(frames)
    masked = found.copy()
    masked[1:] |= found[:-1]
    masked[:-1] |= found[1:]
    masked[0] |= before
    frames[masked] = 0
    last: NDArray[np.bool_] = found[-1]
    return last
