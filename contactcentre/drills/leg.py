"""A leg as a browser has it: one socket to one node, sound beside it, and how it came to end.

It is made for one node and never used again. Its end is known at once; what is left of it is closed
afterwards, so that a node that has stopped holds nobody up.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from contactcentre.adapters.media_aiortc.g711 import PCMU
from contactcentre.adapters.media_aiortc.packets import RtpPacket
from contactcentre.adapters.web.pages.site import SOON_MS
from contactcentre.bench.peer import Peer, strongest_tone
from contactcentre.drills.first_open import BROKEN, first_open
from contactcentre.drills.history import now_ms
from contactcentre.limits import (
    SOCKET_BEAT_EVERY_MS,
    SOCKET_DEAF_AFTER_MS,
    SOCKET_LOST_AFTER_MS,
)
from contactcentre.wire.closing import Closing

OPEN_WITHIN_S = 3.0
CONNECT_WITHIN_MS = 10_000
CLOSE_WITHIN_S = 0.5
LOOK_EVERY_S = 0.25
SOUND_LOST_MS = 2_000
"""A node is gone if its sound is so silent, and its socket for `SOCKET_DEAF_AFTER_MS`."""
CLOSED_LOOKS = 2
"""A node that has ended the sound says why on the socket, or it hears nothing of us at all."""
CALLER_HZ, ADVISER_HZ, OUTSIDE_HZ = 620.0, 940.0, 1_300.0
SAME_TONE_HZ = 20.0
VOICE_PACKETS = 15
VOICE_FRESH_MS = 200
NO_WORD = frozenset({Closing.DONE, Closing.STOPPING, Closing.ELSEWHERE, 1_005, 1_006, None})
"""Close codes by which a node does not say that it goes on."""
BEAT_EVERY_LOOKS = int(SOCKET_BEAT_EVERY_MS / 1_000 / LOOK_EVERY_S)

Said = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnd:
    """How a leg ended."""

    why: str
    """over, refused or lost."""
    code: str = ""
    """The ending, or why it was refused."""
    connected: bool = False
    lives: bool = False
    """The node has said so itself, or was heard until now."""
    site_lost: bool = False
    """The node has sent us to another site, or has let go of us without a word."""


class Sound(Protocol):
    """The sound of one leg, as its browser has it."""

    heard: Callable[[], None]
    """Called whenever something of the node's sound comes; set by the leg."""

    @property
    def is_closed(self) -> bool:
        """Say whether the node has ended the connection."""

    def voice_hz(self) -> float:
        """Return by which tone whoever speaks just now is known."""

    async def offer(self) -> str:
        """Return an offer of sound."""

    async def accept(self, sdp: str) -> None:
        """Take the answer, and return once connected."""

    async def close(self) -> None:
        """Let go of it."""


MakeSound = Callable[[float], Sound]
"""Makes the sound of a leg on which a tone of so many Hz is hummed."""


class PeerSound:
    """Real sound."""

    def __init__(self, hums_hz: float) -> None:
        self.heard: Callable[[], None] = lambda: None
        self._peer = Peer(seed=now_ms())
        self._peer.packet_came = self._packet_came
        self._peer.tone(hums_hz)
        self._codes: deque[bytes] = deque(maxlen=VOICE_PACKETS)

    @property
    def is_closed(self) -> bool:
        """Say whether the node has ended the connection."""
        return self._peer.is_closed

    def voice_hz(self) -> float:
        """Return by which tone whoever speaks just now is known."""
        return strongest_tone(PCMU.decode(b"".join(self._codes)))[0]

    async def offer(self) -> str:
        """Return an offer of sound."""
        return await self._peer.offer()

    async def accept(self, sdp: str) -> None:
        """Take the answer, and return once connected."""
        await self._peer.accept(sdp)

    async def close(self) -> None:
        """Let go of it."""
        await self._peer.close()

    def _packet_came(self, packet: RtpPacket) -> None:
        if packet[0] == PCMU.payload_type:
            self._codes.append(packet[4])
        self.heard()


class Leg:
    """One leg."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        first: Mapping[str, str | int],
        *,
        hums_hz: float,
        heard: Callable[[], None] = lambda: None,
        said: Callable[[Said], None],
        open_within_s: float = OPEN_WITHIN_S,
        rival: str | None = None,
        make_sound: MakeSound = PeerSound,
    ) -> None:
        """Make it; `first` is what is said first, without the offer of sound.

        A rival is a node of another site, which has the leg if it can be reached sooner.
        Whoever speaks on it hums a tone, by which the other end is known.
        """
        self._session = session
        self._first = first
        self._heard = heard
        self._said = said
        self._open_within_s = open_within_s
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._sound = make_sound(hums_hz)
        self._sound.heard = self._sound_came
        self._voice_hz: float | None = None
        self._voice = False
        self._patience: asyncio.Timeout | None = None
        self._connected = self._answered = False
        self._closed_looks = 0
        self._refusal = ""
        self._opened_ms = self._socket_heard_ms = now_ms()
        self.url = url
        """The node that has the leg, or is dialled for it."""
        self._rival = rival
        self.heard_ms = now_ms()
        """When the last packet of sound came."""

    @property
    def is_connected(self) -> bool:
        """Say whether sound can flow."""
        return self._connected

    @property
    def is_answered(self) -> bool:
        """Say whether the node has taken the leg: before that nothing else may be said."""
        return self._answered

    def listen_for(self, voice_hz: float | None) -> None:
        """Say from now on whether the other end of a talk is heard; None: there is no talk."""
        self._voice_hz = voice_hz

    async def live(self) -> LegEnd:
        """Open it, and return how it ended. `close` it afterwards."""
        try:
            async with asyncio.timeout(self._open_within_s):
                self.url, self._socket = await first_open(
                    self._dial, self.url, self._rival, soon_s=SOON_MS / 1_000
                )
            await self.say({**self._first, "sdp": await self._sound.offer()})
        except BROKEN:
            return LegEnd(why="lost")
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(self._watch(), name="leg watch")
            try:
                return await self._listen(tasks)
            except TimeoutError:
                let_go = self._closed_looks >= CLOSED_LOOKS
                lives = not let_go and now_ms() - self._socket_heard_ms < SOCKET_DEAF_AFTER_MS
                connected = self._connected
                return LegEnd(why="lost", connected=connected, lives=lives, site_lost=let_go)
            finally:
                watching.cancel()

    async def _dial(self, url: str) -> aiohttp.ClientWebSocketResponse:
        return await self._session.ws_connect(
            url, max_msg_size=0, timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_WITHIN_S)
        )

    async def say(self, said: Mapping[str, Any]) -> bool:
        """Say something to the node; say whether the socket took it."""
        if self._socket is None or self._socket.closed:
            return False
        try:
            await self._socket.send_str(json.dumps(said))
        except BROKEN:
            return False
        return True

    def give_up(self) -> None:
        """Let `live` return: this leg is of no use any more."""
        if self._patience is not None:
            self._patience.reschedule(0)

    async def close(self) -> None:
        """Let go of socket and sound."""
        with suppress(*BROKEN, asyncio.InvalidStateError):
            if self._socket is not None:
                await self._socket.close()
        with suppress(*BROKEN, asyncio.InvalidStateError):
            await self._sound.close()

    async def _listen(self, tasks: asyncio.TaskGroup) -> LegEnd:
        assert self._socket is not None, "opened"
        accepting: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(None) as self._patience:
                async for message in self._socket:
                    self._socket_heard_ms = now_ms()
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    said: Said = json.loads(message.data)
                    if said["kind"] == "answer":
                        self._answered = True
                        accepting = tasks.create_task(self._accept(said["sdp"]), name="leg sound")
                    if (end := self._end_of(said)) is not None:
                        return end
        finally:
            self._patience = None
            if accepting is not None:
                accepting.cancel()
        return self._closed(self._socket.close_code)

    def _end_of(self, said: Said) -> LegEnd | None:
        """Pass on what the node said; return the end that it means, if it means one."""
        match said["kind"]:
            case "over":
                self._said(said)
                return LegEnd(
                    why="over", code=said["ending"] or said["lapse"] or "", connected=True
                )
            case "refused":
                self._refusal = said["code"]
                if not self._answered:
                    return LegEnd(why="refused", code=said["code"])
            case "beat":
                pass
            case _:
                self._said(said)
        return None

    def _closed(self, code: int | None) -> LegEnd:
        """Return what a closed socket means."""
        if code == Closing.DONE and self._answered:
            return LegEnd(why="over", connected=True)
        if code == Closing.REPLACED:
            return LegEnd(why="refused", code="stale-epoch")
        if code == Closing.REFUSED:
            return LegEnd(why="refused", code=self._refusal or "other")
        return LegEnd(
            why="lost",
            connected=self._connected,
            lives=code not in NO_WORD,
            site_lost=code == Closing.ELSEWHERE,
        )

    async def _accept(self, sdp: str) -> None:
        try:
            await self._sound.accept(sdp)
        except BROKEN:
            self.give_up()
            return
        self.heard_ms = now_ms()
        self._connected = True
        self._said({"kind": "connected"})

    async def _watch(self) -> None:
        """Beat, and give up a leg whose socket or sound is silent, or that does not connect."""
        looks = 0
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            looks += 1
            self._closed_looks += self._connected and self._sound.is_closed
            if self._is_lost(now_ms()) or self._closed_looks >= CLOSED_LOOKS:
                self.give_up()
            self._look_for_voice()
            if looks % BEAT_EVERY_LOOKS == 0:
                await self.say({"kind": "beat"})

    def _is_lost(self, now: int) -> bool:
        silent_ms, deaf_ms = now - self._socket_heard_ms, now - self.heard_ms
        if not self._connected:
            return silent_ms > SOCKET_LOST_AFTER_MS or now - self._opened_ms > CONNECT_WITHIN_MS
        return (
            silent_ms > SOCKET_LOST_AFTER_MS
            or deaf_ms > SOCKET_LOST_AFTER_MS
            or (silent_ms > SOCKET_DEAF_AFTER_MS and deaf_ms > SOUND_LOST_MS)
        )

    def _look_for_voice(self) -> None:
        """Tell of the other end's voice where it has come or gone."""
        if self._voice_hz is None:
            return
        is_fresh = now_ms() - self.heard_ms < VOICE_FRESH_MS
        voice = is_fresh and abs(self._sound.voice_hz() - self._voice_hz) < SAME_TONE_HZ
        if voice is not self._voice:
            self._voice = voice
            self._said({"kind": "voice", "on": voice})

    def _sound_came(self) -> None:
        self.heard_ms = now_ms()
        self._heard()
