"""What has come from all legs of a node: 20 ms of each a tick, decoded, mended and measured."""

import numpy as np

from contactcentre.adapters.media_aiortc.conceal import HISTORY_SAMPLES, Concealment
from contactcentre.adapters.media_aiortc.g711 import LAWS, PCMU, Codes, Samples
from contactcentre.adapters.media_aiortc.mishaps import Mishaps
from contactcentre.adapters.media_aiortc.seat import Seat
from contactcentre.adapters.media_aiortc.steady import SteadyStreams
from contactcentre.limits import SAMPLES_PER_TICK

LEVEL_TICKS = 50
DECODED_AT_ONCE = 64
"""Rows: what is looked up at once stays in the cache."""
_FRAMES_KEPT = HISTORY_SAMPLES // SAMPLES_PER_TICK + 1
"""The present one, and what a missing one is invented from."""
_DECODED = np.concatenate([law.decoded for law in LAWS])


class Hearing:
    """The sound of all legs, a leg a row, and a row more that is always silent."""

    def __init__(self, legs_max: int, mishaps: Mishaps) -> None:
        """Begin; what fails with one leg is one of the `mishaps`, and silence to the others."""
        self._mishaps = mishaps
        self.streams = SteadyStreams(legs_max, mishaps)
        self.codes: Codes = np.full((legs_max, SAMPLES_PER_TICK), PCMU.silence[0], np.uint8)
        """20 ms of each as it came, whatever was put in place of what is mended."""
        self.is_mended = np.zeros(legs_max, np.bool_)
        """Whether sound is not as it came."""
        self._frames: Samples = np.zeros((_FRAMES_KEPT, legs_max + 1, SAMPLES_PER_TICK), np.int16)
        self.samples = self._frames[0]
        """20 ms of each."""
        self._decode_from = np.zeros((legs_max, 1), np.uint16)
        self._concealing: dict[Seat, Concealment] = {}
        self._power = np.zeros((LEVEL_TICKS, legs_max), np.float32)
        self._ticks = 0

    def seat(self, seat: Seat) -> None:
        """Hear a leg, from silence on."""
        self.streams.loose[seat] = None
        self._decode_from[seat.row] = LAWS.index(seat.law) * 256
        self._frames[:, seat.row] = 0
        self._power[:, seat.row] = 0

    def unseat(self, seat: Seat) -> None:
        """Hear nothing of a leg any more."""
        self.streams.forget(seat)
        self._concealing.pop(seat, None)
        self.codes[seat.row] = PCMU.silence[0]
        self._decode_from[seat.row] = 0

    def power(self, seat: Seat) -> float:
        """Return the mean square of what came from a leg in the last second."""
        return float(self._power[:, seat.row].mean())

    def hear(self, rows: int, now: int) -> None:
        """Take a frame from every leg of the first rows, and decode them all."""
        self._ticks += 1
        self.samples = self._frames[self._ticks % _FRAMES_KEPT]
        codes = self.codes
        self.streams.pull(now, codes)
        missing: dict[Seat, None] = {}
        for seat in list(self.streams.loose):
            missing[seat] = None
            with self._mishaps:
                frame = seat.jitter.pull(now)
                if frame is not None:
                    codes[seat.row] = np.frombuffer(frame, np.uint8)
                    del missing[seat]
                    if seat.has_port:
                        self.streams.lend(seat)
        for start in range(0, rows, DECODED_AT_ONCE):
            some = slice(start, min(start + DECODED_AT_ONCE, rows))
            places = codes[some] + self._decode_from[some]
            np.take(_DECODED, places, out=self.samples[some], mode="clip")
        self._mend(missing)
        loud = self.samples[:rows].astype(np.float32)
        power = np.einsum("ij,ij->i", loud, loud) / SAMPLES_PER_TICK
        self._power[self._ticks % LEVEL_TICKS, :rows] = power

    def _mend(self, missing: dict[Seat, None]) -> None:
        """Invent the frames that did not come, and fade back where sound has come again."""
        self.is_mended[:] = False
        samples = self.samples
        for seat, concealment in list(self._concealing.items()):
            self.is_mended[seat.row] = True
            if seat not in missing:
                del self._concealing[seat]
                with self._mishaps:
                    samples[seat.row] = concealment.fade_into(samples[seat.row])
        for seat in missing:
            self.is_mended[seat.row] = True
            samples[seat.row] = 0
            with self._mishaps:
                if seat not in self._concealing:
                    before = [(self._ticks - ago) % _FRAMES_KEPT for ago in (3, 2, 1)]
                    frames = self._frames[before, seat.row].reshape(-1)
                    self._concealing[seat] = Concealment(frames)
                samples[seat.row] = self._concealing[seat].next_frame()
