"""The sound of one telephone call at Twilio: between the engine's packets and Twilio's messages.

Twilio plays what it is sent in its own time and never catches up, so that nothing is sent on top of
what already waits on our side for a slow network, and what waits on Twilio's side is measured by
marks and cleared where it grows. Each frame is written at once, without a task that waits for it:
there are a hundred a second of every leg.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from contactcentre.adapters.carrier_twilio.stream import Says, Sound
from contactcentre.adapters.media_aiortc.carriage import Carriage, Datagram, Terms
from contactcentre.adapters.media_aiortc.g711 import PCMU
from contactcentre.adapters.media_aiortc.packets import HEADER_LENGTH, write_rtp
from contactcentre.adapters.media_aiortc.sound_port import Listen
from contactcentre.adapters.telemetry.metrics import count_dropped
from contactcentre.limits import SOCKET_LOST_AFTER_MS

WAITING_MAX_BYTES = 3_000
"""May wait to be sent, ten frames of 20 ms: what comes later still is of no use to anybody."""
MARK_EVERY_FRAMES = 50
MARKS_MAX = 10
"""Marks that may be on their way; while so many are, Twilio does not answer them."""
BEHIND_MAX_MS = 400
"""Sound that is heard so much later than the promptest is cleared."""
PLAYED_WITHIN_MS = 1_500
"""The last words are waited for so long before the socket is closed under them."""
LAST_MARK = "last"
SAMPLES_PER_MS = 8


class Wire(Protocol):
    """What messages go out by."""

    @property
    def waiting_bytes(self) -> int:
        """Return how much the network has not taken yet."""

    def send(self, text: bytes) -> None:
        """Send a message; where the wire is broken, do nothing."""


class StreamCarriage:
    """A leg's Carriage over one stream."""

    def __init__(self, stream_sid: str, wire: Wire, *, clock: Callable[[], float]) -> None:
        self._says = Says(stream_sid)
        self._wire = wire
        self._clock = clock
        self._source = random.getrandbits(32)
        self._packet_came: Datagram | None = None
        self._clogged_s: float | None = None
        """Since when the network takes nothing; None while it does."""
        self._over = asyncio.Event()
        self._played = asyncio.Event()
        self._frames = 0
        self._marks: dict[str, float] = {}
        """When each mark that has not come back was given."""
        self._promptest_ms: float | None = None
        self.cleared_count = 0

    @property
    def terms(self) -> Terms:
        """Return on which terms the leg is announced; keys come as messages."""
        return Terms(law=PCMU, keys_payload_type=None, open=self._opened)

    def _opened(self, packet_came: Datagram, _report_came: Datagram, _listen: Listen) -> Carriage:
        self._packet_came = packet_came
        return self

    # What the engine sees

    async def answer(self, *, source: int, name: str) -> str:
        """Return nothing of interest: Twilio has said how it sends."""
        del source, name
        return ""

    async def run(self, connected: Callable[[], None]) -> None:
        """Let sound flow until the leg is over."""
        if not self._over.is_set():
            connected()
        await self._over.wait()

    def end(self) -> None:
        """Let `run` return; no sound is sent from now on."""
        self._over.set()

    async def close(self) -> None:
        """End."""
        self.end()

    def send(self, packet: bytes) -> bool:
        """Send 20 ms of sound, and with every fiftieth a mark."""
        if self._over.is_set():
            return False
        self._frames += 1
        if self._wire.waiting_bytes > WAITING_MAX_BYTES:
            self._drop()
            return False
        self._clogged_s = None
        self._wire.send(self._says.sound(packet[HEADER_LENGTH:]))
        if self._frames % MARK_EVERY_FRAMES == 0 and len(self._marks) < MARKS_MAX:
            name = f"m{self._frames}"
            self._marks[name] = self._clock()
            self._wire.send(self._says.mark(name))
        return True

    def _drop(self) -> None:
        """Leave out what is due; whoever takes nothing for long is lost."""
        count_dropped("telephone sound")
        now_s = self._clock()
        if self._clogged_s is None:
            self._clogged_s = now_s
        elif now_s - self._clogged_s > SOCKET_LOST_AFTER_MS / 1_000:
            self._over.set()

    def send_report(self, packet: bytes) -> None:
        """Send nothing: nobody reads it."""

    # What the socket sees

    def sound_came(self, sound: Sound) -> None:
        """Pass on what the caller says."""
        if self._packet_came is not None and not self._over.is_set():
            packet = write_rtp(
                PCMU.payload_type,
                sound.number & 0xFFFF,
                sound.at_ms * SAMPLES_PER_MS & 0xFFFF_FFFF,
                self._source,
                sound.samples,
            )
            self._packet_came(packet)

    def mark_came(self, name: str) -> None:
        """Measure how far behind the caller hears; clear what waits where that has grown."""
        if name == LAST_MARK:
            self._played.set()
        given = self._marks.pop(name, None)
        if given is None:
            return
        took_ms = (self._clock() - given) * 1_000
        if self._promptest_ms is None or took_ms < self._promptest_ms:
            self._promptest_ms = took_ms
        elif took_ms - self._promptest_ms > BEHIND_MAX_MS:
            self._marks.clear()  # they come back at once, and tell nothing
            self.cleared_count += 1
            self._wire.send(self._says.clear)

    async def until_over(self, *, is_last: Callable[[], bool]) -> None:
        """Return once the leg is over; if that is the call's end, once it was heard."""
        await self._over.wait()
        if not is_last():
            return
        self._wire.send(self._says.mark(LAST_MARK))
        with suppress(TimeoutError):
            async with asyncio.timeout(PLAYED_WITHIN_MS / 1_000):
                await self._played.wait()
