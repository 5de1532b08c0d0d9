"""Two alike pieces of sound laid over each other, so that the time between them is gone unheard."""

import numpy as np

from contactcentre.adapters.media_aiortc.g711 import Samples
from contactcentre.limits import SAMPLES_PER_TICK

SPLICE_SHORTEST = 40
"""A splice takes out no less than 5 ms, and no more than 20."""
_FADE_IN = np.linspace(0.0, 1.0, SAMPLES_PER_TICK, endpoint=False, dtype=np.float32)


def splice(samples: Samples) -> tuple[Samples, int]:
    """Return 20 ms made of the first two frames, and how many samples they used up."""
    head = samples[:SAMPLES_PER_TICK].astype(np.float32)
    body = samples[SPLICE_SHORTEST:].astype(np.float32)
    alike = np.correlate(body, head, "valid")
    energy = np.convolve(body * body, np.ones(SAMPLES_PER_TICK, np.float32), "valid")
    lag = int(np.argmax(alike / np.sqrt(energy + 1.0))) + SPLICE_SHORTEST
    tail = samples[lag : lag + SAMPLES_PER_TICK].astype(np.float32)
    return (head + (tail - head) * _FADE_IN).astype(np.int16), lag + SAMPLES_PER_TICK
