"""The jitter buffer of one leg: packets of any length in, one 20 ms frame a tick out.

Sound is kept on a timeline of single samples by its RTP timestamp, so order, repeats and the length
of packets do not matter. Time is counted in samples (8,000 a second) and comes in with each call.

How late a frame is played follows how late packets have lately been: a packet that came as fast as
any has waited `delay`, and `delay` is held at `target`. Waiting grows in the gap where the late
packet is missed, and shrinks by a splice of two alike pieces, in quiet frames first.
"""

import numpy as np

from contactcentre.adapters.media_aiortc.g711 import Law
from contactcentre.adapters.media_aiortc.splice import splice
from contactcentre.adapters.media_aiortc.stream import Stream
from contactcentre.limits import SAMPLES_PER_TICK

SAMPLES_PER_MS = 8
FRAMES_MIN = 2
"""Least frames that a packet waits: one for the tick's own rhythm, one for the sender's."""
FRAMES_MAX = 10
"""Most frames that sound is held back, whatever the network does: a longer pause is a talk lost."""
RING_SAMPLES = 8_192
SEQUENCE_JUMP_MAX = 3_000
"""A larger step is another stream (RFC 3550, appendix A.1)."""
TRANSIT_JUMP_MAX = 8_000
"""A clock that steps further than a second is another clock."""
WINDOW_SAMPLES = 16_000
"""The fastest packet of this long and the time before it is what all others are compared with."""
PEAK_FORGET = 64
"""After so many packets a third of a burst's lateness is still remembered."""
PAUSE_SAMPLES = 8_000
"""Nothing for so long is a sender that pauses, not one whose packets are lost."""
LATE_RUN_MAX = 10
"""So many packets in a row that came too late: the network has become slower, and stays so."""
SILENCE_MORE_SAMPLES = 3 * SAMPLES_PER_TICK
QUIET_LEVEL = 200
"""Mean magnitude of samples under which a frame holds no speech (-44 dB)."""
SPLICE_EVERY_FRAMES = 10
"""While somebody speaks, so long passes between splices: a tenth faster is not noticed."""

_MASK = RING_SAMPLES - 1
_SEEN_MASK = (1 << 128) - 1
"""Of so many packets it is known which have come."""
_THERE = b"\x01" * RING_SAMPLES
_NOT_THERE = bytes(RING_SAMPLES)
_FRAME_THERE = _THERE[:SAMPLES_PER_TICK]
_FRAME_NOT_THERE = _NOT_THERE[:SAMPLES_PER_TICK]
"""What nearly every packet and every tick needs, made once."""

assert RING_SAMPLES & _MASK == 0, "a power of two, so that a place is found by a mask"
assert (FRAMES_MAX + 1) * SAMPLES_PER_TICK < RING_SAMPLES, "what may wait has room"


def _signed(value: int, bits: int) -> int:
    """Return a difference of two wrapping counters as the shorter way round."""
    half = 1 << (bits - 1)
    return ((value + half) & ((1 << bits) - 1)) - half


class JitterBuffer:
    """What has come from one leg and is not played yet, and what its packets have been like."""

    __slots__ = (
        "_base",
        "_concealing",
        "_end",
        "_fastest",
        "_fastest_before",
        "_fastest_lately",
        "_first",
        "_frames_since_splice",
        "_highest",
        "_is_usual",
        "_jitter",
        "_late_run",
        "_law",
        "_lost_before",
        "_peak",
        "_play",
        "_seen",
        "_sound",
        "_source",
        "_stream_received",
        "_there",
        "_transit",
        "_window_ends",
        "concealed_count",
        "delay",
        "late_count",
        "received_count",
        "target",
    )

    def __init__(self, *, law: Law) -> None:
        self._law = law
        self._sound = bytearray(law.silence[:1] * RING_SAMPLES)
        self._there = bytearray(RING_SAMPLES)
        self._source: int | None = None
        self._base = self._highest = self._stream_received = self._lost_before = 0
        self._seen = 0
        self._first = self._play = self._end = 0
        self._fastest = self._fastest_lately = self._fastest_before = self._window_ends = 0
        self._transit = self._peak = 0
        self._jitter = 0.0
        self._late_run = 0
        self._concealing = self._is_usual = False
        self._frames_since_splice = 0
        self.received_count = self.late_count = self.concealed_count = 0
        self.delay = 0
        """How long the sound just played has waited, in samples."""
        self.target = FRAMES_MIN
        """How long it should wait, in frames."""

    @property
    def source(self) -> int | None:
        """Whose packets these are (the SSRC), None before the first."""
        return self._source

    @property
    def highest(self) -> int:
        """The highest sequence number, with the times it went round in its upper bits."""
        return self._highest

    @property
    def lost_count(self) -> int:
        """How many packets were sent and have not come."""
        return self._lost_before + self._lost_of_stream()

    @property
    def jitter(self) -> float:
        """Interarrival jitter in samples (RFC 3550, section 6.4.1)."""
        return self._jitter

    def push(self, sequence: int, timestamp: int, source: int, payload: bytes, now: int) -> None:
        """Put a packet's sound on the timeline, unless its time is over or it was there before."""
        at = self._arrive(sequence, timestamp, source, now)
        if at is not None:
            self._measure(now - at, now)
            self._put(at, payload, now)

    def push_silence(
        self, sequence: int, timestamp: int, source: int, length: int, now: int
    ) -> None:
        """Put silence where the sender put something else than sound, such as a key.

        It goes a little further than said, because the end of a key is said several times.
        """
        at = self._arrive(sequence, timestamp, source, now)
        if at is None:
            return
        end = at + length + SILENCE_MORE_SAMPLES
        start = max(at, self._end, end - FRAMES_MAX * SAMPLES_PER_TICK)
        if start < end:
            self._put(start, self._law.silence[:1] * (end - start), now)

    def pull(self, now: int) -> bytes | None:
        """Return the next 20 ms, or None if there should be sound and is none."""
        if self._source is None:
            return self._law.silence
        self.delay = delay = now - self._fastest - self._play
        if not self._is_there(self._play):
            if self._play < self._first:
                self._take(SAMPLES_PER_TICK)
                return self._law.silence
            return self._miss(delay)
        self._concealing = False
        self._frames_since_splice += 1
        if delay > (self.target + 1) * SAMPLES_PER_TICK and self._is_there(
            self._play + SAMPLES_PER_TICK
        ):
            return self._hurry()
        return self._take(SAMPLES_PER_TICK)

    def lend(self, most: int) -> Stream | None:
        """Return the stream to whoever goes on with it, if it is steady; `resume` takes it back.

        It is where 20 ms come in each packet, and no more than `most` samples wait without a gap.
        """
        waits = self._end - self._play
        is_steady = self._is_usual and not self._concealing and 0 <= waits <= most
        if self._source is None or not is_steady:
            return None
        if 0 in self._read(self._there, waits):
            return None
        return Stream(
            sequence=self._highest + 1 & 0xFFFF,
            timestamp=self._end & 0xFFFF_FFFF,
            source=self._source,
            waiting=self._read(self._sound, waits),
            end=self._end,
            play=self._play,
            fastest=self._fastest,
            fastest_lately=self._fastest_lately,
            fastest_before=self._fastest_before,
            window_ends=self._window_ends,
            transit=self._transit,
            peak=self._peak,
            target=self.target,
            delay=self.delay,
            frames_since_splice=self._frames_since_splice,
            jitter=self._jitter,
        )

    def count(self, received: int, *, jitter: float, delay: int) -> None:
        """Count packets of a stream that is lent, each the next."""
        self._jitter, self.delay = jitter, delay
        self._highest += received
        self._stream_received += received
        self.received_count += received
        self._seen = (self._seen << received | (1 << received) - 1) & _SEEN_MASK
        self._late_run = 0 if received else self._late_run

    def resume(self, stream: Stream, received: int) -> None:
        """Take a stream back, which has gone on by so many packets since."""
        self.count(received, jitter=stream.jitter, delay=stream.delay)
        self._end, self._play = stream.end, stream.play
        self._fastest, self._fastest_lately = stream.fastest, stream.fastest_lately
        self._fastest_before, self._window_ends = stream.fastest_before, stream.window_ends
        self._transit, self._peak, self.target = stream.transit, stream.peak, stream.target
        self._frames_since_splice = stream.frames_since_splice
        self._there[:] = _NOT_THERE
        self._write(stream.play, stream.waiting)

    def _lost_of_stream(self) -> int:
        """Return how many packets of the present stream have not come."""
        if self._source is None:
            return 0
        return max(0, self._highest - self._base + 1 - self._stream_received)

    def _arrive(self, sequence: int, timestamp: int, source: int, now: int) -> int | None:
        """Count a packet and return its place on the timeline; None if it has come before."""
        if source != self._source:
            return self._begin(sequence, timestamp, source, now)
        at, step = self._end, 1
        if timestamp != at & 0xFFFF_FFFF:
            at += _signed(timestamp - at, 32)
        if sequence != self._highest + 1 & 0xFFFF:
            step = _signed(sequence - self._highest, 16)
        jumped = not -TRANSIT_JUMP_MAX <= now - at - self._fastest <= TRANSIT_JUMP_MAX
        if jumped or not -SEQUENCE_JUMP_MAX <= step <= SEQUENCE_JUMP_MAX:
            return self._begin(sequence, timestamp, source, now)
        if step > 0:
            self._highest += step
            self._seen = (self._seen << step | 1) & _SEEN_MASK
        elif self._seen >> -step & 1:
            return None
        else:
            self._seen |= (1 << -step) & _SEEN_MASK
        self.received_count += 1
        self._stream_received += 1
        return at

    def _begin(self, sequence: int, timestamp: int, source: int, now: int) -> int:
        """Start a new timeline at a stream's first packet."""
        self._lost_before += self._lost_of_stream()
        self._source = source
        self._base = self._highest = sequence
        self._stream_received = self._seen = 1
        self.received_count += 1
        self._begin_timing(now - timestamp, now)
        self._restart(timestamp, now)
        return timestamp

    def _begin_timing(self, transit: int, now: int) -> None:
        """Compare packets from now on with one that was on its way for so long."""
        self._transit = transit
        self._fastest = self._fastest_lately = self._fastest_before = transit
        self._window_ends = now + WINDOW_SAMPLES

    def _restart(self, at: int, now: int) -> None:
        """Forget what waits, and let what begins at `at` wait as long as it should."""
        self._there[:] = _NOT_THERE
        self._first = self._end = at
        self._play = max(at, now - self._fastest) - self.target * SAMPLES_PER_TICK

    def _measure(self, transit: int, now: int) -> None:
        """Learn from how long a packet was on its way."""
        self._jitter += (abs(transit - self._transit) - self._jitter) / 16
        self._transit = transit
        if now >= self._window_ends:
            self._fastest_before, self._fastest_lately = self._fastest_lately, transit
            self._fastest = min(self._fastest_lately, self._fastest_before)
            self._window_ends = now + WINDOW_SAMPLES
        elif transit < self._fastest_lately:
            self._fastest_lately = transit
            self._fastest = min(self._fastest_lately, self._fastest_before)
        late, forgetting = transit - self._fastest, self._peak - self._peak // PEAK_FORGET - 1
        self._peak = max(forgetting, late)
        frames = -(-self._peak // SAMPLES_PER_TICK) + 1
        self.target = FRAMES_MIN if frames <= FRAMES_MIN else min(frames, FRAMES_MAX)

    def _put(self, at: int, payload: bytes, now: int) -> None:
        """Write sound to its place: nearly always a whole frame whose time has not come."""
        length = len(payload)
        start, end = at & _MASK, at + length
        self._is_usual = length == SAMPLES_PER_TICK
        usual = self._is_usual and start <= RING_SAMPLES - SAMPLES_PER_TICK
        if usual and self._play <= at <= self._play + RING_SAMPLES - SAMPLES_PER_TICK:
            self._late_run = 0
            self._sound[start : start + SAMPLES_PER_TICK] = payload
            self._there[start : start + SAMPLES_PER_TICK] = _FRAME_THERE
            self._end = max(self._end, end)
        else:
            self._put_piece(at, payload, now)

    def _put_piece(self, at: int, payload: bytes, now: int) -> None:
        """Write sound of any length to wherever it belongs, or count it as late."""
        end = at + len(payload)
        if end - self._play > RING_SAMPLES:
            self._restart(at, now)
        if end <= self._play:
            self.late_count += 1
            self._late_run += 1
            if self._late_run < LATE_RUN_MAX:
                return
            self._begin_timing(now - at, now)
            self._peak, self.target = 0, FRAMES_MIN
            self._restart(at, now)
        self._late_run = 0
        if at < self._play:
            payload = payload[self._play - at :]
            at = self._play
        self._write(at, payload)
        self._end = max(self._end, end)

    def _write(self, at: int, payload: bytes) -> None:
        """Write sound to its place, around the end of the ring if need be."""
        start, length = at & _MASK, len(payload)
        room = min(length, RING_SAMPLES - start)
        self._sound[start : start + room] = payload[:room]
        self._there[start : start + room] = _THERE[:room]
        if room < length:
            self._sound[: length - room] = payload[room:]
            self._there[: length - room] = _THERE[: length - room]

    def _is_there(self, at: int) -> bool:
        """Say whether a whole frame has come."""
        start = at & _MASK
        end = start + SAMPLES_PER_TICK
        if end <= RING_SAMPLES:
            return self._there.find(0, start, end) < 0
        return self._there.find(0, start) < 0 and self._there.find(0, 0, end - RING_SAMPLES) < 0

    def _take(self, length: int) -> bytes:
        """Return the next samples and go on behind them."""
        start = self._play & _MASK
        end = start + length
        self._play += length
        if end <= RING_SAMPLES:
            gone = _FRAME_NOT_THERE if length == SAMPLES_PER_TICK else _NOT_THERE[:length]
            self._there[start:end] = gone
            return bytes(self._sound[start:end])
        sound = bytes(self._sound[start:] + self._sound[: end - RING_SAMPLES])
        self._there[start:] = _NOT_THERE[: RING_SAMPLES - start]
        self._there[: end - RING_SAMPLES] = _NOT_THERE[: end - RING_SAMPLES]
        return sound

    def _miss(self, delay: int) -> bytes | None:
        """Bridge a frame that has not come: wait for it, go past it, or skip what was too long."""
        if self._play - self._end > PAUSE_SAMPLES:
            self._play += SAMPLES_PER_TICK
            self._concealing = True
            return self._law.silence
        target = self.target * SAMPLES_PER_TICK
        more = self._end > self._play
        if self._concealing and more:
            while delay - SAMPLES_PER_TICK >= target and not self._is_there(self._play):
                self._take(SAMPLES_PER_TICK)
                delay -= SAMPLES_PER_TICK
            if self._is_there(self._play):
                self._concealing = False
                return self._take(SAMPLES_PER_TICK)
        if delay >= (target if more else FRAMES_MAX * SAMPLES_PER_TICK):
            self._take(SAMPLES_PER_TICK)
        self._concealing = True
        self.concealed_count += 1
        return None

    def _hurry(self) -> bytes:
        """Return the next frame, made of two if that can be done unheard or must be done."""
        frame = self._take(SAMPLES_PER_TICK)
        samples = self._law.decode(frame)
        quiet = float(np.abs(samples.astype(np.int32)).mean()) < QUIET_LEVEL
        if not quiet and self._frames_since_splice < SPLICE_EVERY_FRAMES:
            return frame
        self._frames_since_splice = 0
        ahead = self._law.decode(self._read(self._sound, SAMPLES_PER_TICK))
        spliced, used = splice(np.concatenate([samples, ahead]))
        self._take(used - SAMPLES_PER_TICK)
        return self._law.encode(spliced)

    def _read(self, ring: bytearray, length: int) -> bytes:
        """Return what comes next in one of the rings, and let it stand."""
        start = self._play & _MASK
        end = start + length
        if end <= RING_SAMPLES:
            return bytes(ring[start:end])
        return bytes(ring[start:] + ring[: end - RING_SAMPLES])
