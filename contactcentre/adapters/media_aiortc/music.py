"""The music that everybody on hold hears, as samples and as it goes over the wire in each law."""

import numpy as np
from numpy.typing import NDArray

from contactcentre.adapters.media_aiortc.g711 import LAWS, SAMPLE_OFFSET, Codes, Samples
from contactcentre.limits import SAMPLES_PER_TICK

_windows = np.lib.stride_tricks.sliding_window_view


class Music:
    """Music that goes round, encoded once for all who hear nothing else."""

    def __init__(self, music: Samples) -> None:
        around = np.resize(music, len(music) + SAMPLES_PER_TICK)
        places = around.astype(np.int32) + SAMPLE_OFFSET
        self.length = len(music)
        self.samples: Samples = _windows(around, SAMPLES_PER_TICK)
        """20 ms of it, from every place."""
        self._line = len(around)
        coded = np.concatenate([law.encoded[places] for law in LAWS])
        self._coded: Codes = _windows(coded, SAMPLES_PER_TICK)

    def coded(self, laws: NDArray[np.intp], at: NDArray[np.intp]) -> Codes:
        """Return 20 ms in each of these laws (by its number), each from a place of its own."""
        coded: Codes = self._coded[laws * self._line + at]
        return coded
