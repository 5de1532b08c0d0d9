"""All legs whose packets come as they should, one after another: heard as arrays, not one by one.

A leg's jitter buffer lends its stream to here once it is steady, and has it back as soon as
anything is otherwise: a packet that is lost, late, a key or another stream, sound that runs out or
is to be hurried, or anybody who asks for the buffer itself. What is done with a stream here is what
the buffer would do with it (`jitter.py`), packet for packet and frame for frame.
"""

import numpy as np
from numpy.typing import NDArray

from contactcentre.adapters.media_aiortc.batches import Rows
from contactcentre.adapters.media_aiortc.g711 import LAWS, Codes
from contactcentre.adapters.media_aiortc.jitter import (
    FRAMES_MAX,
    FRAMES_MIN,
    PEAK_FORGET,
    QUIET_LEVEL,
    SPLICE_EVERY_FRAMES,
    TRANSIT_JUMP_MAX,
    WINDOW_SAMPLES,
    JitterBuffer,
)
from contactcentre.adapters.media_aiortc.mishaps import Mishaps
from contactcentre.adapters.media_aiortc.packets import HEADER_LENGTH, VERSION
from contactcentre.adapters.media_aiortc.seat import Seat
from contactcentre.adapters.media_aiortc.stream import Stream
from contactcentre.limits import SAMPLES_PER_TICK

FRAMES = 48
"""Room for what waits of a stream, also where the node itself was held up."""
HURRIED_MAX = 32
"""Streams that some sound is taken out of in one tick, those that wait longest first.

It is dear, and a node that was held up has to hurry all of them.
"""
WAITING_MAX = (FRAMES - 2) * SAMPLES_PER_TICK
_RING = FRAMES * SAMPLES_PER_TICK
_LINE = _RING + SAMPLES_PER_TICK
"""Behind its last frame a row has the first once more, so that no frame is in two pieces."""
_HEADER = np.dtype(
    [
        ("version", "u1"),
        ("payload_type", "u1"),
        ("sequence", ">u2"),
        ("timestamp", ">u4"),
        ("source", ">u4"),
    ]
)
_WORD = np.uint32
_MAGNITUDES = np.array([np.abs(law.decoded.astype(np.int64)) for law in LAWS])

(
    _END,
    _PLAY,
    _FASTEST,
    _LATELY,
    _BEFORE,
    _WINDOW_ENDS,
    _TRANSIT,
    _PEAK,
    _TARGET,
    _DELAY,
    _SPLICED,
    _NUMBERS,
) = range(12)
"""The numbers of a stream, in the order of Stream's own."""

assert FRAMES > FRAMES_MAX + 2, "what may wait has room"
assert _HEADER.itemsize == HEADER_LENGTH


class SteadyStreams:
    """The steady streams of a node, by the rows of their legs."""

    def __init__(self, legs_max: int, mishaps: Mishaps | None = None) -> None:
        self._mishaps = mishaps or Mishaps()
        self.loose: dict[Seat, None] = {}
        """The legs that are heard one by one."""
        self._is_lent = np.zeros(legs_max, np.bool_)
        self._lent: Rows = np.zeros(0, np.intp)
        self._has_changed = False
        self._seats: list[Seat | None] = [None] * legs_max
        self._next: NDArray[np.void] = np.zeros(legs_max, _HEADER)
        self._next_words = self._next.view(_WORD).reshape(legs_max, -1)
        self._numbers: NDArray[np.int64] = np.zeros((_NUMBERS, legs_max), np.int64)
        self._jitter = np.zeros(legs_max)
        self._received = np.zeros(legs_max, np.int64)
        self._came_at = np.zeros(legs_max, np.int64)
        self._laws: Rows = np.zeros(legs_max, np.intp)
        self._put_at: Rows = np.zeros(legs_max, np.intp)
        self._take_at: Rows = np.zeros(legs_max, np.intp)
        self._sound: Codes = np.zeros((legs_max, FRAMES + 1, SAMPLES_PER_TICK), np.uint8)
        self._lines = self._sound.reshape(legs_max, _LINE)
        self._windows = np.lib.stride_tricks.sliding_window_view(
            self._sound.reshape(-1), SAMPLES_PER_TICK
        )

    def lend(self, seat: Seat) -> None:
        """Take a leg's stream over, if it is steady."""
        stream = seat.jitter.lend(WAITING_MAX)
        if stream is None:
            return
        row = seat.row
        following = self._next[row]
        following["version"], following["payload_type"] = VERSION, seat.law.payload_type
        following["sequence"], following["timestamp"] = stream.sequence, stream.timestamp
        following["source"] = stream.source
        self._numbers[:, row] = stream[4:-1]
        self._jitter[row], self._received[row] = stream.jitter, 0
        self._came_at[row], self._laws[row] = seat.last_packet_at, LAWS.index(seat.law)
        begin = _RING - len(stream.waiting)
        self._lines[row, begin:_RING] = np.frombuffer(stream.waiting, np.uint8)
        self._put_at[row], self._take_at[row] = 0, begin % _RING
        self._seats[row] = seat
        self._is_lent[row] = self._has_changed = True
        del self.loose[seat]
        seat.lent_to = self

    def give_back(self, seat: Seat) -> None:
        """Give a leg's stream back to its buffer."""
        row = seat.row
        seat.lent_to = None
        numbers, following = self._numbers[:, row].tolist(), self._next[row]
        waits, begin = numbers[_END] - numbers[_PLAY], int(self._take_at[row])
        line = self._lines[row]
        waiting = line[begin : min(begin + waits, _RING)].tobytes()
        waiting += line[: waits - len(waiting)].tobytes()
        stream = Stream._make(
            [*following.tolist()[2:], waiting, *numbers, float(self._jitter[row])]
        )
        seat.last_packet_at = int(self._came_at[row])
        self._seats[row] = None
        self._is_lent[row], self._has_changed = False, True
        self.loose[seat] = None
        seat.jitter.resume(stream, int(self._received[row]))

    def tell(self, seat: Seat, buffer: JitterBuffer) -> None:
        """Bring a buffer's figures up to date, and keep its stream."""
        row = seat.row
        delay = int(self._numbers[_DELAY, row])
        buffer.count(int(self._received[row]), jitter=float(self._jitter[row]), delay=delay)
        self._received[row] = 0

    def forget(self, seat: Seat) -> None:
        """Hear a leg no more."""
        if seat.lent_to is not None:
            self.give_back(seat)
        self.loose.pop(seat, None)

    def push(
        self, rows: Rows, packets: NDArray[np.uint8], now: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Take the packets that are next in their streams, and say which those were.

        No row may be named twice. A packet of a steady stream that is not its next one is left.
        """
        are_next = self._is_lent[rows]
        headers = packets[:, :HEADER_LENGTH].view(_WORD)
        are_next &= (headers == self._next_words[rows]).all(axis=1)
        numbers = self._numbers[:, rows]
        transit = now - numbers[_END]
        are_next &= np.abs(transit - numbers[_FASTEST]) <= TRANSIT_JUMP_MAX
        are_next &= numbers[_END] - numbers[_PLAY] <= WAITING_MAX
        if not are_next.all():
            rows, packets, now = rows[are_next], packets[are_next], now[are_next]
            numbers, transit = numbers[:, are_next], transit[are_next]
        self._measure(rows, numbers, transit, now)
        numbers[_END] += SAMPLES_PER_TICK
        self._numbers[:, rows] = numbers
        self._next["sequence"][rows] += 1
        self._next["timestamp"][rows] += SAMPLES_PER_TICK
        self._received[rows] += 1
        self._came_at[rows] = now
        frames = self._put_at[rows]
        self._put_at[rows] = (frames + 1) % FRAMES
        self._sound[rows, frames] = packets[:, HEADER_LENGTH:]
        around = frames == 0
        if around.any():
            self._sound[rows[around], FRAMES] = packets[around, HEADER_LENGTH:]
        return are_next

    def pull(self, now: int, codes: Codes) -> None:
        """Put the next 20 ms of all steady streams into their rows; give the others back."""
        if self._has_changed:
            self._lent, self._has_changed = np.flatnonzero(self._is_lent), False
        rows = self._lent
        if not len(rows):
            return
        numbers = self._numbers[:, rows]
        waits = numbers[_END] - numbers[_PLAY]
        delay = now - numbers[_FASTEST] - numbers[_PLAY]
        are_slow = delay > (numbers[_TARGET] + 1) * SAMPLES_PER_TICK
        are_slow &= waits >= 2 * SAMPLES_PER_TICK
        slow = np.flatnonzero(are_slow)
        if len(slow):
            are_slow[slow] = self._are_hurried(rows[slow], numbers[_SPLICED, slow], delay[slow])
        go_on = (waits >= SAMPLES_PER_TICK) & ~are_slow
        if not go_on.all():
            for row in rows[~go_on].tolist():
                seat = self._seats[row]
                assert seat is not None
                with self._mishaps:
                    self.give_back(seat)
            rows, numbers, delay = rows[go_on], numbers[:, go_on], delay[go_on]
        numbers[_DELAY] = delay
        numbers[_PLAY] += SAMPLES_PER_TICK
        numbers[_SPLICED] += 1
        self._numbers[:, rows] = numbers
        begin = self._take_at[rows]
        self._take_at[rows] = (begin + SAMPLES_PER_TICK) % _RING
        codes[rows] = self._windows[rows * _LINE + begin]

    def _are_hurried(
        self, rows: Rows, since_splice: NDArray[np.int64], delay: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Say for which of the streams that wait too long some sound is to be taken out now."""
        codes = self._windows[rows * _LINE + self._take_at[rows]]
        loudness = _MAGNITUDES[self._laws[rows][:, None], codes].sum(axis=1)
        are_due: NDArray[np.bool_] = loudness < QUIET_LEVEL * SAMPLES_PER_TICK
        are_due |= since_splice + 1 >= SPLICE_EVERY_FRAMES
        due = np.flatnonzero(are_due)
        if len(due) > HURRIED_MAX:
            are_due[due[np.argsort(delay[due])[:-HURRIED_MAX]]] = False
        return are_due

    def _measure(
        self,
        rows: Rows,
        numbers: NDArray[np.int64],
        transit: NDArray[np.int64],
        now: NDArray[np.int64],
    ) -> None:
        """Learn from how long the packets were on their way."""
        jitter = self._jitter[rows]
        jitter += (np.abs(transit - numbers[_TRANSIT]) - jitter) / 16
        self._jitter[rows] = jitter
        numbers[_TRANSIT] = transit
        is_over = now >= numbers[_WINDOW_ENDS]
        if is_over.any():
            numbers[_BEFORE, is_over] = numbers[_LATELY, is_over]
            numbers[_LATELY, is_over] = transit[is_over]
            numbers[_WINDOW_ENDS, is_over] = now[is_over] + WINDOW_SAMPLES
        np.minimum(numbers[_LATELY], transit, out=numbers[_LATELY])
        np.minimum(numbers[_LATELY], numbers[_BEFORE], out=numbers[_FASTEST])
        peak = numbers[_PEAK]
        peak -= peak // PEAK_FORGET + 1
        np.maximum(peak, transit - numbers[_FASTEST], out=peak)
        np.clip(-(-peak // SAMPLES_PER_TICK) + 1, FRAMES_MIN, FRAMES_MAX, out=numbers[_TARGET])
