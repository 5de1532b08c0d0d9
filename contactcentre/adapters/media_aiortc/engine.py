"""The one 20 ms tick of a node: every leg heard, mixed and spoken to, as arrays.

A leg is a row. Each tick takes one frame from every jitter buffer, decodes them all at once, adds
up for each row what it may hear, encodes all rows at once and sends them. A tick that was held up
is skipped and counted; sound is never sent in a burst to catch up.
"""

import asyncio
import heapq
import random
import time
from collections.abc import Awaitable, Callable

import numpy as np
from numpy.typing import NDArray

from contactcentre.adapters.media_aiortc.g711 import (
    LAWS,
    SAMPLE_MAX,
    SAMPLE_MIN,
    SAMPLE_OFFSET,
    Samples,
)
from contactcentre.adapters.media_aiortc.hearing import Hearing
from contactcentre.adapters.media_aiortc.load import MediaLoad, Timekeeping
from contactcentre.adapters.media_aiortc.mishaps import Mishaps
from contactcentre.adapters.media_aiortc.music import Music
from contactcentre.adapters.media_aiortc.packets import (
    HEADER_LENGTH,
    PACKET_LENGTH,
    VERSION,
    Sent,
    write_report,
)
from contactcentre.adapters.media_aiortc.seat import Playing, Seat, clock_samples
from contactcentre.adapters.media_aiortc.sound_port import PORTS_A_LEG, SoundPorts
from contactcentre.adapters.media_aiortc.tapes import Tapes
from contactcentre.domain.errors import MediaUnavailable
from contactcentre.limits import SAMPLES_PER_TICK, TICK_MS

HEARS_MAX = 8
"""How many others one leg hears at once."""
TICK_S = TICK_MS / 1_000
REPORT_EVERY_TICKS = 50
WATCH_EVERY_TICKS = 5
_PACKET_SPACE = 256
"""Behind a packet is room for what encryption adds."""
_NONE = -1
_FADE_IN = np.linspace(0.0, 1.0, SAMPLES_PER_TICK, endpoint=False, dtype=np.float32)

_ENCODED = np.concatenate([law.encoded for law in LAWS])


class Engine:
    """All legs of a node and the tick that joins them."""

    def __init__(
        self,
        *,
        music: Samples,
        legs_max: int,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._legs_max = legs_max
        self._seats: list[Seat | None] = [None] * legs_max
        self._free = list(range(legs_max))
        self._rows = 0
        self._nobody = legs_max
        self._playing: dict[Seat, None] = {}
        self._with_music: dict[Seat, None] = {}
        self.mishaps = Mishaps()
        self.tapes = Tapes(tapes_max=legs_max, nobody=legs_max, mishaps=self.mishaps)
        self._music_at: NDArray[np.intp] = np.zeros(legs_max, np.intp)
        self._music = Music(music)
        self._hears: NDArray[np.intp] = np.full((legs_max, HEARS_MAX), self._nobody)
        self._hears_counts = np.zeros(legs_max, np.int8)
        self._hears_most = 1
        self._heard_until_now: dict[Seat, NDArray[np.intp]] = {}
        self._encode_from = np.full((legs_max, 1), SAMPLE_OFFSET, np.int32)
        self._laws: NDArray[np.intp] = np.zeros(legs_max, np.intp)
        self._alone: NDArray[np.intp] = np.full(legs_max, _NONE)
        """Whom a leg hears that hears one other alone, of the same law."""
        self._is_mixed = np.zeros(legs_max, np.bool_)
        self._mixed: NDArray[np.int32] = np.zeros((legs_max, SAMPLES_PER_TICK), np.int32)
        self._by_call: list[Seat] = []
        self._has_moved = False
        self._sequences = np.zeros(legs_max, np.uint16)
        self._timestamps = np.zeros(legs_max, np.uint32)
        self._packets = np.zeros((legs_max, _PACKET_SPACE), np.uint8)
        self._payloads = self._packets[:, HEADER_LENGTH:PACKET_LENGTH]
        self._sent_counts = np.zeros(legs_max, np.int64)
        self._hearing = Hearing(legs_max, self.mishaps)
        self.ports = SoundPorts(
            PORTS_A_LEG * legs_max,
            packets=self._packets,
            take_steady=self._hearing.streams.push,
            clock=clock,
            mishaps=self.mishaps,
        )
        self._time = Timekeeping()
        self._ticks = 0

    @property
    def is_full(self) -> bool:
        """Say whether there is no row left."""
        return not self._free

    def seat(self, seat: Seat) -> None:
        """Give a leg its row; it hears silence."""
        row = seat.row = heapq.heappop(self._free)
        self._seats[row] = seat
        self._rows = max(self._rows, row + 1)
        law = self._laws[row] = LAWS.index(seat.law)
        self._hearing.seat(seat)
        self._encode_from[row] = law * 65_536 + SAMPLE_OFFSET
        self._hears[row] = self._nobody
        self._alone[row] = _NONE
        self._hears_counts[row] = 0
        self._has_moved = True
        self._sent_counts[row] = 0
        self._sequences[row] = random.getrandbits(15)
        self._timestamps[row] = random.getrandbits(32)
        header = self._packets[row, :HEADER_LENGTH]
        header[0], header[1] = VERSION, seat.law.payload_type
        header[8:] = np.frombuffer(seat.source.to_bytes(4, "big"), np.uint8)

    def connect(self, seat: Seat) -> None:
        """Speak to a leg from now on."""
        seat.connected()
        self.ports.note()
        self._has_moved = True

    def unseat(self, seat: Seat) -> None:
        """Take a leg's row back; nobody hears it any more, and its sounds end unplayed."""
        self._hearing.unseat(seat)
        self.ports.note()
        self._has_moved = True
        row, seat.row = seat.row, -1
        self._seats[row] = None
        self._playing.pop(seat, None)
        self._with_music.pop(seat, None)
        self._heard_until_now.pop(seat, None)
        for before in self._heard_until_now.values():
            before[before == row] = self._nobody
        seat.leave()
        self.tapes.note(seat)
        heapq.heappush(self._free, row)
        for other in self._seats:
            if other is not None and seat in other.hears:
                other.hears.discard(seat)
                self._note_hearing(other)
        while self._rows and self._seats[self._rows - 1] is None:
            self._rows -= 1
        for playing in seat.plays:
            if not playing.done.done():
                playing.done.set_exception(MediaUnavailable("The leg was closed."))
        seat.plays.clear()

    def let_hear(self, listener: Seat, speaker: Seat, *, on: bool) -> None:
        """Change one entry of who hears whom."""
        if on and speaker not in listener.hears and len(listener.hears) >= HEARS_MAX:
            raise MediaUnavailable(f"A leg hears no more than {HEARS_MAX} others.")
        (listener.hears.add if on else listener.hears.discard)(speaker)
        self._note_hearing(listener)

    def mute(self, seat: Seat, *, on: bool) -> None:
        """Take a leg out of what the others hear, or put it back."""
        seat.is_muted = on
        for other in self._seats:
            if other is not None and seat in other.hears:
                self._note_hearing(other)

    def play(self, seat: Seat, playing: Playing) -> None:
        """Let sounds follow those that a leg already has before it."""
        seat.plays.append(playing)
        self._playing[seat] = None

    def stop_playing(self, seat: Seat, playing: Playing) -> None:
        """Take sounds back, wherever they stand."""
        if playing in seat.plays:
            seat.plays.remove(playing)

    def play_music(self, seat: Seat, *, on: bool) -> None:
        """Let a leg hear the music from its start, or no longer."""
        if on and not seat.music_on:
            self._music_at[seat.row], seat.music_heard = 0, False
        seat.music_on = on
        if on:
            self._with_music[seat] = None
        else:
            self._with_music.pop(seat, None)

    def power(self, seat: Seat) -> float:
        """Return the mean square of what came from a leg in the last second."""
        return self._hearing.power(seat)

    def load(self) -> MediaLoad:
        """Return how much there is to do and how well time was kept."""
        return MediaLoad(
            legs_count=self._legs_max - len(self._free),
            legs_max=self._legs_max,
            late_ratio=self._time.late_ratio,
            lag_p99_ms=self._time.lag_p99_ms,
            busy_ratio=self._time.busy_ratio,
            skipped_count=self._time.skipped_count,
            is_batched=self.ports.is_batched,
            dropped_count=self.ports.dropped_count,
            mishap_count=self.mishaps.count,
        )

    async def run(self) -> None:
        """Tick for ever, each tick due 20 ms after the last was due."""
        due = self._clock()
        while True:
            due += TICK_S
            await self._sleep(max(0.0, due - self._clock()))
            now = self._clock()
            skipped = max(0, int((now - due) / TICK_S))
            self._time.note_lag((now - due) * 1_000, skipped)
            due += skipped * TICK_S
            self.tick(now, skipped=skipped)
            self._time.note_busy((self._clock() - now) * 1_000)

    def tick(self, now_s: float, *, skipped: int = 0) -> None:
        """Hear every leg once and speak to every leg once."""
        self._ticks += 1
        if not self._rows:
            return
        self.ports.take()
        now = clock_samples(now_s)
        self._hearing.hear(self._rows, now)
        with self.mishaps:
            self.tapes.silence_keys(self._hearing.samples, self._hearing.is_mended)
        self.tapes.take(self._hearing.samples, skipped=skipped)
        self._mix()
        self._play()
        self._speak(skipped)
        self._look_after(now)

    def _note_hearing(self, seat: Seat) -> None:
        """Write a leg's row of who hears whom, and remember the row that it had in this tick."""
        self.tapes.note(seat)
        self._heard_until_now.setdefault(seat, self._hears[seat.row].copy())
        speakers = [speaker for speaker in seat.hears if not speaker.is_muted]
        self._hears[seat.row] = self._nobody
        self._hears[seat.row, : len(speakers)] = [speaker.row for speaker in speakers]
        is_alone = len(speakers) == 1 and speakers[0].law is seat.law
        self._alone[seat.row] = speakers[0].row if is_alone else _NONE
        self._hears_counts[seat.row] = len(speakers)
        self._hears_most = max(1, int(self._hears_counts.max()))

    def _choose_mixed(self) -> NDArray[np.intp]:
        """Return the rows that must be mixed: all but who hears one other as it came, or music."""
        is_mixed, alone = self._is_mixed[: self._rows], self._alone[: self._rows]
        np.less(alone, 0, out=is_mixed)
        is_mixed |= self._hearing.is_mended[alone]
        for seats in (self._heard_until_now, self._playing, self._with_music):
            is_mixed[[seat.row for seat in seats]] = True
        is_mixed[
            [
                seat.row
                for seat in self._with_music
                if seat.music_heard and not (seat.plays or seat.hears)
                if seat.is_connected and seat not in self._heard_until_now
            ]
        ] = False
        return np.flatnonzero(is_mixed)

    def _mix(self) -> None:
        """Add up for every row what it may hear, faded where that has changed."""
        mixed, heard, rows = self._mixed, self._hearing.samples, self._choose_mixed()
        hears = self._hears[rows]
        sums = heard[hears[:, 0]].astype(np.int32)
        for place in range(1, self._hears_most):
            sums += heard[hears[:, place]]
        mixed[rows] = sums
        for seat, before in self._heard_until_now.items():
            faded_out = heard[before].sum(axis=0, dtype=np.int32)
            step = mixed[seat.row] - faded_out
            mixed[seat.row] = faded_out + (step * _FADE_IN).astype(np.int32)
        self._heard_until_now.clear()

    def _play(self) -> None:
        """Add prompts, and music where no prompt stands before it."""
        frame = np.empty(SAMPLES_PER_TICK, np.int16)
        for seat in list(self._playing):
            if not seat.is_connected:
                continue
            while seat.plays and seat.plays[0].done.done():
                seat.plays.popleft()
            if not seat.plays:
                del self._playing[seat]
                continue
            frame[:] = 0
            playing, is_over = seat.plays[0], True
            with self.mishaps:  # what cannot be played is over
                is_over = playing.next_into(frame)
            if is_over:
                playing.done.set_result(None)
            self._mixed[seat.row] += frame
        if self._with_music:
            self._add_music()

    def _add_music(self) -> None:
        """Add 20 ms of music to all who hear it, faded where it begins or a prompt comes first."""
        rows = []
        for seat in self._with_music:
            is_heard = not seat.plays and seat.is_connected
            if is_heard or seat.music_heard:
                rows.append(seat.row)
            if is_heard is not seat.music_heard:
                self._mixed[seat.row] += self._music_change(seat.row, is_heard=is_heard)
                seat.music_heard = is_heard
        heard = np.array(rows, np.intp)
        at, is_mixed = self._music_at[heard], self._is_mixed[heard]
        self._mixed[heard[is_mixed]] += self._music.samples[at[is_mixed]]
        plain = heard[~is_mixed]
        self._payloads[plain] = self._music.coded(self._laws[plain], at[~is_mixed])
        self._music_at[heard] = (at + SAMPLES_PER_TICK) % self._music.length

    def _music_change(self, row: int, *, is_heard: bool) -> NDArray[np.int32]:
        """Return what makes of 20 ms of music the music that fades in or out."""
        fade = _FADE_IN if is_heard else 1 - _FADE_IN
        music = self._music.samples[self._music_at[row]]
        change: NDArray[np.int32] = (music * fade).astype(np.int32) - music
        return change

    def _encode(self) -> None:
        """Encode what was mixed, and pass on what was not as it came."""
        is_mixed, alone = self._is_mixed[: self._rows], self._alone[: self._rows]
        rows = np.flatnonzero(is_mixed)
        mixed = np.clip(self._mixed[rows], SAMPLE_MIN, SAMPLE_MAX)
        mixed += self._encode_from[rows]
        self._payloads[rows] = np.take(_ENCODED, mixed, mode="clip")
        plain = np.flatnonzero(~is_mixed & (alone >= 0))
        self._payloads[plain] = self._hearing.codes[alone[plain]]

    def _speak(self, skipped: int) -> None:
        """Send every row."""
        self._encode()
        rows = self._rows
        packets = self._packets[:rows]
        self._timestamps += np.uint32(SAMPLES_PER_TICK * (1 + skipped))
        packets[:, 2:4] = self._sequences[:rows].astype(">u2").view(np.uint8).reshape(rows, 2)
        packets[:, 4:8] = self._timestamps[:rows].astype(">u4").view(np.uint8).reshape(rows, 4)
        if self.ports.arrange() or self._has_moved:
            self._has_moved = False
            spoken = self.ports.spoken_to
            seats = [seat for seat in self._seats[:rows] if seat is not None]
            self._by_call = [seat for seat in seats if seat.is_connected and seat not in spoken]
        sent = [seat.row for seat in self._by_call if self._send(seat)]
        for sent_rows in (np.array(sent, np.intp), self.ports.send()):
            self._sequences[sent_rows] += 1  # SRTP loses count where numbers are left out
            self._sent_counts[sent_rows] += 1

    def _send(self, seat: Seat) -> bool:
        """Let a leg's carriage send the leg's packet, and say whether it has."""
        with self.mishaps:
            return seat.send(self._packets[seat.row, :PACKET_LENGTH].tobytes())
        return False

    def _look_after(self, now: int) -> None:
        """Watch those who may be silent, and report to a fiftieth of the legs."""
        rows = self._rows
        if self._ticks % WATCH_EVERY_TICKS == 0:
            for seat in list(self._hearing.streams.loose):
                with self.mishaps:
                    if seat.is_connected:
                        seat.watch(now)
        for sender in self._seats[self._ticks % REPORT_EVERY_TICKS : rows : REPORT_EVERY_TICKS]:
            with self.mishaps:
                if sender is not None and sender.is_connected:
                    self._report(sender, now)

    def _report(self, seat: Seat, now: int) -> None:
        """Send a leg its RTCP report."""
        count = int(self._sent_counts[seat.row])
        sent = Sent(
            source=seat.source,
            timestamp=int(self._timestamps[seat.row]),
            packet_count=count,
            octet_count=count * SAMPLES_PER_TICK,
            name=seat.name,
        )
        seat.send_report(write_report(sent, seat.reported(now), clock_s=time.time()))
