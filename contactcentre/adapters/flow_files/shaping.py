"""From a voice's raw sound to a prompt: telephone rate, no silence around it, one loudness."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from contactcentre.adapters.flow_files.sounds import RATE_HZ, Samples

Signal = NDArray[np.float64]
"""Samples between -1 and 1."""

FULL_SCALE: Final = 32_767
FRAME: Final = RATE_HZ // 100
"""10 ms."""
QUIET_DB: Final = -38.0
"""Frames so far below the loudest count as silence."""
LOUDNESS_DBFS: Final = -21.0
"""Mean level of what is not silence; a caller may turn it up, a clipped prompt stays clipped."""
PEAK_MAX: Final = 0.8
BAND_HZ: Final = (120.0, 3_700.0)
"""What a telephone carries; the rest would only cost loudness."""
EDGE_HZ: Final = (60.0, 250.0)
"""How wide the slopes at both ends of the band are."""
LEAD_IN: Final = 4 * FRAME
AFTER_SENTENCE: Final = 22 * FRAME
AFTER_PIECE: Final = 2 * FRAME
"""Prompts are played one after another: the pause between two belongs to the first."""


def to_prompt(raw: Signal, rate_hz: int, *, whole: bool) -> Samples:
    """Return a voice's sound as a prompt, a whole sentence or the beginning of one."""
    sound = levelled(trimmed(to_telephone(raw, rate_hz)))
    pause = np.zeros(AFTER_SENTENCE if whole else AFTER_PIECE)
    return np.round(np.concatenate([sound, pause]) * FULL_SCALE).astype(np.int16)


def to_telephone(raw: Signal, rate_hz: int) -> Signal:
    """Return a sound at 8 kHz with nothing outside the telephone's band."""
    padded = np.concatenate([raw, np.zeros(rate_hz // 10)])
    count = len(padded) * RATE_HZ // rate_hz
    spectrum = np.fft.rfft(padded)[: count // 2 + 1]
    frequencies = np.arange(len(spectrum)) * rate_hz / len(padded)
    rising = np.clip((frequencies - BAND_HZ[0]) / EDGE_HZ[0], 0.0, 1.0)
    falling = np.clip((BAND_HZ[1] - frequencies) / EDGE_HZ[1], 0.0, 1.0)
    shaped = spectrum * np.sin(0.5 * np.pi * rising) * np.sin(0.5 * np.pi * falling)
    return np.fft.irfft(shaped, count) * count / len(padded)


def trimmed(signal: Signal) -> Signal:
    """Return a sound without the silence around it."""
    loud = np.flatnonzero(_loud_frames(signal))
    first, last = int(loud[0]) * FRAME, int(loud[-1] + 1) * FRAME
    kept = signal[max(0, first - LEAD_IN) : last + LEAD_IN].copy()
    fade = np.linspace(0.0, 1.0, FRAME)
    kept[:FRAME] *= fade
    kept[-FRAME:] *= fade[::-1]
    return kept


def levelled(signal: Signal) -> Signal:
    """Return a sound at our loudness, its few highest peaks pressed softly."""
    frames = _frames(signal)[_loud_frames(signal)]
    gain = 10 ** (LOUDNESS_DBFS / 20) / float(np.sqrt(np.mean(frames**2)))
    return PEAK_MAX * np.tanh(gain * signal / PEAK_MAX)


def _frames(signal: Signal) -> Signal:
    return signal[: len(signal) // FRAME * FRAME].reshape(-1, FRAME)


def _loud_frames(signal: Signal) -> NDArray[np.bool_]:
    power = np.mean(_frames(signal) ** 2, axis=1)
    return np.asarray(power > power.max() * 10 ** (QUIET_DB / 10))
