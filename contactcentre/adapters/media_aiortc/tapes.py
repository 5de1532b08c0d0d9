"""What is recorded of a node's sound, taken from the tick as arrays and given to tapes.

A talk is a row of two: its caller and its adviser, as far as each is heard by the other. A tick
copies one frame of all rows at once; each second of a talk is then freed of keys, put into µ-law
and given to its tape, which never waits. Talks begin at any tick, so their seconds end apart.
"""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from contactcentre.adapters.media_aiortc.g711 import PCMU, SAMPLE_OFFSET, Samples
from contactcentre.adapters.media_aiortc.inband import find_keys, mask_keys
from contactcentre.adapters.media_aiortc.mishaps import Mishaps
from contactcentre.adapters.media_aiortc.seat import Seat
from contactcentre.domain.errors import MediaUnavailable
from contactcentre.limits import SAMPLES_PER_TICK
from contactcentre.ports.recording import Tape

FRAMES = 50
"""A second."""
SKIPPED_MAX = 500
"""A pause of a node that is longer than ten seconds is recorded as one of ten."""


class _Reel:
    """One tape and the two who are on it."""

    __slots__ = ("adviser", "at", "caller", "had_keys", "phase", "row", "tape")

    def __init__(self, tape: Tape, caller: Seat, adviser: Seat, *, row: int, phase: int) -> None:
        self.tape = tape
        self.caller = caller
        self.adviser = adviser
        self.row = row
        self.phase = phase
        self.at = 0
        self.had_keys: NDArray[np.bool_] = np.zeros(2, np.bool_)


class Tapes:
    """All tapes that a node's sound goes onto."""

    def __init__(self, *, tapes_max: int, nobody: int, mishaps: Mishaps) -> None:
        """`nobody` is the row of what is heard in which there is never any sound."""
        self._mishaps = mishaps
        self._nobody = nobody
        self._reels: dict[Tape, _Reel] = {}
        self._paused: dict[_Reel, bool] = {}
        """Whether the caller's last frame had the tones of a key, of each tape that is paused."""
        self._of: dict[Seat, list[_Reel]] = defaultdict(list)
        self._due: list[dict[_Reel, None]] = [{} for _ in range(FRAMES)]
        self._free = list(range(tapes_max))[::-1]
        self._rows: NDArray[np.intp] = np.full((tapes_max, 2), nobody)
        self._second: Samples = np.zeros((FRAMES, tapes_max, 2, SAMPLES_PER_TICK), np.int16)
        self._used = 0
        self._now = 0

    def record(self, tape: Tape, caller: Seat, adviser: Seat) -> None:
        """Put two on a tape from now on, or go on with these two. Raises MediaUnavailable."""
        reel = self._reels.get(tape)
        if reel is None:
            if not self._free:
                raise MediaUnavailable("This node records as many talks as it can.")
            row = self._free.pop()
            self._used = max(self._used, row + 1)
            reel = self._reels[tape] = _Reel(tape, caller, adviser, row=row, phase=self._now)
            self._due[reel.phase][reel] = None
        else:
            self._forget(reel)
            reel.caller, reel.adviser = caller, adviser
        self._of[caller].append(reel)
        self._of[adviser].append(reel)
        self._place(reel)

    def pause(self, tape: Tape, *, on: bool) -> None:
        """Put silence on a tape, or again what is said."""
        reel = self._reels.get(tape)
        if reel is None:
            return
        if on:
            self._paused[reel] = False
        else:
            self._paused.pop(reel, None)
        self._place(reel)

    def stop(self, tape: Tape) -> None:
        """Give a tape the rest, and close it."""
        reel = self._reels.pop(tape, None)
        if reel is None:
            return
        self._paused.pop(reel, None)
        frames = (self._now - reel.phase) % FRAMES
        with self._mishaps:
            self._give(reel, frames)
        self._forget(reel)
        del self._due[reel.phase][reel]
        self._rows[reel.row] = self._nobody
        self._free.append(reel.row)
        if not self._reels:
            self._used = 0
        tape.close()

    def note(self, seat: Seat) -> None:
        """Take notice of a change in whom a leg hears, or that it is gone."""
        for reel in self._of.get(seat, ()):
            self._place(reel)

    def silence_keys(self, heard: Samples, changed: NDArray[np.bool_]) -> None:
        """Silence a caller's keys while the tape is paused: nobody hears a card number then.

        What is heard of such a row is no longer what came, which is noted in `changed`.
        """
        reels = [reel for reel in self._paused if reel.caller.row >= 0]
        if not reels:
            return
        rows: NDArray[np.intp] = np.array([reel.caller.row for reel in reels], np.intp)
        keyed = find_keys(heard[rows])
        silent = rows[keyed | np.array([self._paused[reel] for reel in reels])]
        heard[silent], changed[silent] = 0, True
        self._paused.update(zip(reels, keyed.tolist(), strict=True))

    def take(self, heard: Samples, *, skipped: int) -> None:
        """Put one tick on every tape, and silence for those before it that were left out."""
        if not self._reels:
            return
        for _ in range(min(skipped, SKIPPED_MAX)):
            self._second[self._now, : self._used] = 0
            self._turn()
        rows = self._rows[: self._used]
        np.take(heard, rows, axis=0, out=self._second[self._now, : self._used], mode="clip")
        self._turn()

    def _turn(self) -> None:
        """Go on by a frame, and give the tapes whose second is full what they have."""
        self._now = (self._now + 1) % FRAMES
        for reel in list(self._due[self._now]):
            with self._mishaps:
                self._give(reel, FRAMES)

    def _give(self, reel: _Reel, count: int) -> None:
        """Give a tape its last frames; what it does not take is a gap there."""
        if not count:
            return
        at = reel.at
        reel.at += count * SAMPLES_PER_TICK
        places = (self._now - count + np.arange(count)) % FRAMES
        frames = self._second[places, reel.row]
        reel.had_keys = mask_keys(frames, before=reel.had_keys)
        codes = PCMU.encoded[frames.transpose(0, 2, 1).astype(np.int32) + SAMPLE_OFFSET]
        reel.tape.write(codes.tobytes(), at=at)

    def _place(self, reel: _Reel) -> None:
        """Note where the sound of the two comes from: as far as each is heard by the other."""
        caller, adviser = reel.caller, reel.adviser
        are_here = caller.row >= 0 and adviser.row >= 0 and reel not in self._paused
        for channel, (speaker, listener) in enumerate(((caller, adviser), (adviser, caller))):
            is_heard = are_here and speaker in listener.hears and not speaker.is_muted
            self._rows[reel.row, channel] = speaker.row if is_heard else self._nobody

    def _forget(self, reel: _Reel) -> None:
        """Follow the two on a tape no longer."""
        for seat in (reel.caller, reel.adviser):
            self._of[seat].remove(reel)
            if not self._of[seat]:
                del self._of[seat]
