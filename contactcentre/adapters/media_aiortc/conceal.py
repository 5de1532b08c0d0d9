"""What is heard in place of a packet that did not come, in the manner of G.711 appendix I.

The last pitch periods are repeated, softer as time goes on and gone after 60 ms; when packets come
again the invented sound is faded into the real one.
"""

import numpy as np
from numpy.typing import NDArray

from contactcentre.adapters.media_aiortc.g711 import SAMPLE_MAX, SAMPLE_MIN, Samples
from contactcentre.limits import SAMPLES_PER_TICK

HISTORY_SAMPLES = 480
"""60 ms: the longest pitch period three times, and what it is compared with."""
_PITCH_MIN, _PITCH_MAX = 40, 120
"""5 to 15 ms: voices from 66 to 200 Hz; higher ones repeat at a multiple."""
_PERIODS_MAX = 3
"""More periods are taken as the gap grows: one alone, repeated for long, beeps."""
_STEADY_SAMPLES = 80
_FADE_SAMPLES = 400
"""Full for 10 ms, then softer, and nothing after 60 ms."""
_SMOOTH_SAMPLES = 24
"""The first invented sample starts where the last real one stood, for 3 ms."""
_RETURN_SAMPLES = 32
_RETURN_MORE_SAMPLES = 32
_RETURN_MAX_SAMPLES = 80
"""Fading back takes 4 ms, and 4 ms more for each frame missed, at most 10."""

_Wave = NDArray[np.float32]


def _period_of(history: _Wave) -> int:
    """Return the lag at which the end of the past is most like itself."""
    recent = history[-SAMPLES_PER_TICK:]
    past = history[-SAMPLES_PER_TICK - _PITCH_MAX : -_PITCH_MIN]
    alike = np.correlate(past, recent, "valid")
    energy = np.convolve(past * past, np.ones(SAMPLES_PER_TICK, np.float32), "valid")
    score = alike / np.sqrt(energy + 1.0)
    return _PITCH_MAX - int(np.argmax(score))


class Concealment:
    """The invented sound of one leg while its packets are missing."""

    __slots__ = ("_done", "_past", "_period")

    def __init__(self, history: Samples) -> None:
        assert len(history) == HISTORY_SAMPLES
        self._past: _Wave = history.astype(np.float32)
        self._period = _period_of(self._past)
        self._done = 0

    def next_frame(self) -> Samples:
        """Return the next 20 ms that nobody said."""
        frame = self._invent(SAMPLES_PER_TICK)
        self._done += SAMPLES_PER_TICK
        return np.clip(frame, SAMPLE_MIN, SAMPLE_MAX).astype(np.int16)

    def fade_into(self, real: Samples) -> Samples:
        """Return the first real 20 ms with the invented sound fading out over its start."""
        missed = self._done // SAMPLES_PER_TICK
        length = min(_RETURN_SAMPLES + _RETURN_MORE_SAMPLES * missed, _RETURN_MAX_SAMPLES)
        fade = np.linspace(0.0, 1.0, length, endpoint=False, dtype=np.float32)
        invented = self._invent(length)
        joined = real.copy()
        start = invented + (real[:length].astype(np.float32) - invented) * fade
        joined[:length] = np.clip(start, SAMPLE_MIN, SAMPLE_MAX).astype(np.int16)
        return joined

    def _invent(self, length: int) -> _Wave:
        """Return samples from where the invention stands, softened by their age."""
        age = np.arange(self._done, self._done + length)
        if self._done >= _STEADY_SAMPLES + _FADE_SAMPLES:
            return np.zeros(length, np.float32)
        periods = min(1 + self._done // SAMPLES_PER_TICK, _PERIODS_MAX)
        span = self._period * periods
        sound = self._past[-span:][age % span]
        step = self._past[-1] - self._past[-span - 1]
        sound = sound + step * np.clip(1 - age / _SMOOTH_SAMPLES, 0, 1).astype(np.float32)
        softness = np.clip(1 - (age - _STEADY_SAMPLES) / _FADE_SAMPLES, 0, 1)
        softened: _Wave = (sound * softness).astype(np.float32)
        return softened
