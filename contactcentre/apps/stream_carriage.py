"""The sound of one telephone call at Twilio: between the engine's packets and Twilio's messages.

Twilio plays what it is sent in its own time and never catches up, so that whatever waits on our
side for a slow network is dropped, the oldest first, and what waits on Twilio's side is measured by
marks and cleared where it grows.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from contactcentre.adapters.carrier_twilio.stream import Says, Sound
from contactcentre.adapters.media_aiortc.carriage import Carriage, Datagram, Terms
from contactcentre.adapters.media_aiortc.g711 import PCMU
from contactcentre.adapters.media_aiortc.packets import HEADER_LENGTH, write_rtp
from contactcentre.adapters.telemetry.metrics import count_dropped

WAITING_MAX = 10
"""20 ms frames that may wait to be sent: what is older is of no use to anybody."""
MARK_EVERY_FRAMES = 50
MARKS_MAX = 10
"""Marks that may be on their way; while so many are, Twilio does not answer them."""
BEHIND_MAX_MS = 400
"""Sound that is heard so much later than the promptest is cleared."""
PLAYED_WITHIN_MS = 1_500
"""The last words are waited for so long before the socket is closed under them."""
LAST_MARK = "last"
SAMPLES_PER_MS = 8

Send = Callable[[str], Awaitable[None]]


class StreamCarriage:
    """A leg's Carriage over one stream."""

    def __init__(self, stream_sid: str, *, clock: Callable[[], float]) -> None:
        self._says = Says(stream_sid)
        self._clock = clock
        self._source = random.getrandbits(32)
        self._packet_came: Datagram | None = None
        self._waiting: deque[str] = deque()
        self._something = asyncio.Event()
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

    def _opened(self, packet_came: Datagram, _report_came: Datagram) -> Carriage:
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
        """Let `run` return; nothing but what waits is sent from now on."""
        self._over.set()
        self._something.set()

    async def close(self) -> None:
        """End."""
        self.end()

    def take(self) -> None:
        """Do nothing: what comes is handed on as it comes."""

    def send(self, packet: bytes) -> None:
        """Send 20 ms of sound, and with every fiftieth a mark."""
        if self._over.is_set():
            return
        self._put(self._says.sound(packet[HEADER_LENGTH:]))
        self._frames += 1
        if self._frames % MARK_EVERY_FRAMES == 0 and len(self._marks) < MARKS_MAX:
            name = f"m{self._frames}"
            self._marks[name] = self._clock()
            self._put(self._says.mark(name))

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
            self._put(self._says.clear)

    async def write(self, send: Send, *, is_last: Callable[[], bool]) -> None:
        """Send what waits until the leg is over; if that is the call's end, till it was heard."""
        while not self._over.is_set() or self._waiting:
            await self._something.wait()
            self._something.clear()
            while self._waiting:
                await send(self._waiting.popleft())
        if not is_last():
            return
        await send(self._says.mark(LAST_MARK))
        with suppress(TimeoutError):
            async with asyncio.timeout(PLAYED_WITHIN_MS / 1_000):
                await self._played.wait()

    def _put(self, text: str) -> None:
        if len(self._waiting) >= WAITING_MAX:
            self._waiting.popleft()
            count_dropped("telephone sound")
        self._waiting.append(text)
        self._something.set()
