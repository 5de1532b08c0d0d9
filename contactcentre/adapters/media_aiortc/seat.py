"""One leg's place in the engine: what came from it, what it is to hear, what was told of it."""

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from contactcentre.adapters.media_aiortc.g711 import Law, Samples
from contactcentre.adapters.media_aiortc.jitter import SAMPLES_PER_MS, JitterBuffer
from contactcentre.adapters.media_aiortc.packets import (
    Heard,
    read_round_trip_ms,
    read_rtp,
    read_sender_report,
)
from contactcentre.adapters.media_aiortc.telephone_event import KeyPresses, duration_of
from contactcentre.domain.ids import LegId
from contactcentre.limits import LEG_SILENT_AFTER_MS, SAMPLES_PER_TICK
from contactcentre.ports.media import KeyHeard, LegEvent, LegHeardAgain, LegQuality, LegSilent

PLAYS_MAX = 4
"""Runs of sounds that may wait for one another on one leg."""
SILENCE_DBOV = -127.0
_FULL_SCALE = 32_768.0**2
_SAMPLES_PER_S = 8_000
_NTP_SHORT = 65_536


def clock_samples(clock_s: float) -> int:
    """Return a monotonic time as a count of samples."""
    return int(clock_s * _SAMPLES_PER_S)


def dbov(mean_square: float) -> float:
    """Return a loudness relative to full scale (RFC 6464)."""
    if mean_square <= 0:
        return SILENCE_DBOV
    return max(SILENCE_DBOV, 10 * math.log10(mean_square / _FULL_SCALE))


class Playing:
    """Sounds on their way to one leg, one after another."""

    __slots__ = ("_at", "_sounds", "done")

    def __init__(self, sounds: Sequence[Samples], done: asyncio.Future[None]) -> None:
        self._sounds = deque(sounds)
        self._at = 0
        self.done = done

    def next_into(self, mixed: Samples) -> bool:
        """Put the next 20 ms into a frame, and say whether they were the last."""
        filled = 0
        while self._sounds and filled < SAMPLES_PER_TICK:
            sound = self._sounds[0]
            piece = sound[self._at : self._at + SAMPLES_PER_TICK - filled]
            mixed[filled : filled + len(piece)] = piece
            filled += len(piece)
            self._at += len(piece)
            if self._at >= len(sound):
                self._sounds.popleft()
                self._at = 0
        return not self._sounds


class Lender(Protocol):
    """Who goes on with the streams of jitter buffers."""

    def give_back(self, seat: "Seat") -> None:
        """Give a stream back."""

    def tell(self, seat: "Seat", buffer: JitterBuffer) -> None:
        """Bring a buffer's figures up to date, and keep its stream."""


class Seat:
    """One leg among all that the engine hears and speaks to."""

    __slots__ = (
        "_clock",
        "_heard",
        "_jitter",
        "_keys",
        "_keys_payload_type",
        "_report",
        "_reported_highest",
        "_reported_lost",
        "_round_trip_ms",
        "has_port",
        "hears",
        "is_connected",
        "is_muted",
        "is_silent",
        "last_packet_at",
        "law",
        "leg",
        "lent_to",
        "music_heard",
        "music_on",
        "name",
        "plays",
        "row",
        "send",
        "send_report",
        "source",
    )

    def __init__(
        self,
        *,
        leg: LegId,
        law: Law,
        keys_payload_type: int | None,
        heard: Callable[[LegEvent], None],
        clock: Callable[[], float],
    ) -> None:
        self.leg = leg
        self.law = law
        self.row = -1
        self.lent_to: Lender | None = None
        """Who goes on with the jitter buffer's stream, None while it does so itself."""
        self.has_port = False
        self.last_packet_at = 0
        self._jitter = JitterBuffer(law=law)
        self.hears: set[Seat] = set()
        self.plays: deque[Playing] = deque()
        self.music_on = self.music_heard = False
        self.is_connected = self.is_muted = self.is_silent = False
        self.source = random.getrandbits(32)
        self.name = f"{random.getrandbits(64):016x}"
        self.send: Callable[[bytes], bool] = _unsent
        self.send_report: Callable[[bytes], None] = _nowhere
        self._keys = KeyPresses()
        self._keys_payload_type = keys_payload_type
        self._heard = heard
        self._clock = clock
        self._report = (0, 0)
        self._round_trip_ms: float | None = None
        self._reported_highest = self._reported_lost = 0

    @property
    def jitter(self) -> JitterBuffer:
        """Return the jitter buffer, with its stream."""
        if self.lent_to is not None:
            self.lent_to.give_back(self)
        return self._jitter

    @property
    def figures(self) -> JitterBuffer:
        """Return the jitter buffer for what it tells of the leg's packets, and for nothing else."""
        if self.lent_to is not None:
            self.lent_to.tell(self, self._jitter)
        return self._jitter

    def packet_came(self, data: bytes, waited_s: float = 0.0) -> None:
        """Take a packet apart: sound to the jitter buffer, keys to whoever listens for them."""
        packet = read_rtp(data)
        if packet is None:
            return
        payload_type, sequence, timestamp, source, payload = packet
        now = clock_samples(self._clock() - waited_s)
        if payload_type == self.law.payload_type:
            self.jitter.push(sequence, timestamp, source, payload, now)
        elif payload_type == self._keys_payload_type:
            self._key_came(sequence, timestamp, source, payload, now)
        else:
            return
        self.last_packet_at = now
        if self.is_silent:
            self.is_silent = False
            self._heard(LegHeardAgain(leg=self.leg))

    def _key_came(
        self, sequence: int, timestamp: int, source: int, payload: bytes, now: int
    ) -> None:
        """Tell a key at the first packet of its press; the press is silence for everybody else."""
        self.jitter.push_silence(sequence, timestamp, source, duration_of(payload), now)
        key = self._keys.heard(source, timestamp, payload)
        if key is not None:
            self._heard(KeyHeard(leg=self.leg, key=key))

    def report_came(self, data: bytes) -> None:
        """Note the round trip, and the other side's clock, which our next report gives back."""
        round_trip_ms = read_round_trip_ms(data, self.source, clock_s=time.time())
        if round_trip_ms is not None:
            self._round_trip_ms = round_trip_ms
        middle = read_sender_report(data)
        if middle is not None:
            self._report = (middle, clock_samples(self._clock()))

    def connected(self) -> None:
        """Let sound flow, and count silence from now on."""
        self.is_connected = True
        self.last_packet_at = clock_samples(self._clock())

    def leave(self) -> None:
        """Be no leg's place any more: nothing is sent by its carriage, nor is that held."""
        self.is_connected = False
        self.send, self.send_report = _unsent, _nowhere

    def watch(self, now: int) -> None:
        """Tell once that nothing has come for too long."""
        quiet_for = now - self.last_packet_at
        if not self.is_silent and quiet_for >= LEG_SILENT_AFTER_MS * SAMPLES_PER_MS:
            self.is_silent = True
            self._heard(LegSilent(leg=self.leg))

    def reported(self, now: int) -> Heard | None:
        """Return what was heard since the last report, None if nothing ever was."""
        jitter = self.figures
        if jitter.source is None:
            return None
        lost, highest = jitter.lost_count, jitter.highest
        expected = max(1, highest - self._reported_highest)
        fraction = 256 * max(0, lost - self._reported_lost) // expected
        self._reported_highest, self._reported_lost = highest, lost
        middle, came_at = self._report
        since = (now - came_at) * _NTP_SHORT // _SAMPLES_PER_S if middle else 0
        return Heard(
            source=jitter.source,
            fraction_lost=fraction,
            lost_count=lost,
            highest=highest,
            jitter=int(jitter.jitter),
            last_report=middle,
            since_last_report=since,
        )

    def quality(self, mean_square: float) -> LegQuality:
        """Return what the leg's packets have been like, with the loudness the engine measured."""
        jitter = self.figures
        return LegQuality(
            received_count=jitter.received_count,
            lost_count=jitter.lost_count,
            concealed_count=jitter.concealed_count,
            jitter_ms=jitter.jitter / SAMPLES_PER_MS,
            delay_ms=jitter.delay / SAMPLES_PER_MS,
            level_dbov=dbov(mean_square),
            round_trip_ms=self._round_trip_ms,
        )


def _unsent(_packet: bytes) -> bool:
    """Send nothing."""
    return False


def _nowhere(_packet: bytes) -> None:
    """Send nothing: no connection stands yet, or none any more."""
