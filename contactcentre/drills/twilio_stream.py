"""One media stream as Twilio runs it: messages as documented, sound played in real time."""

import asyncio
import time
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import numpy as np
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from contactcentre.adapters.media_aiortc.g711 import PCMU, Samples
from contactcentre.bench.peer import strongest_tone

TICK_S, FRAME, RATE_HZ = 0.02, 160, 8_000
LEVEL = 8_000
OPEN_WITHIN_S = 5.0
CLOSE_WITHIN_S = 0.5
"""Nobody is waited for who does not answer that the socket is closed."""
HEARD_FRAMES = 50
SUBPROTOCOL = "audio.twilio.com"


class Ear:
    """What a caller has heard lately, over all streams of the call."""

    def __init__(self) -> None:
        self.frames: deque[bytes] = deque([PCMU.silence] * HEARD_FRAMES, maxlen=HEARD_FRAMES)
        self.hums_hz: float | None = None
        self.came: Callable[[bytes], None] = lambda _frame: None
        """Told each 20 ms of sound that is heard, at its time."""
        self._phase = 0

    def hum(self) -> bytes:
        """Return the next 20 ms of what the caller says."""
        if self.hums_hz is None:
            return PCMU.silence
        at = np.arange(self._phase, self._phase + FRAME)
        self._phase += FRAME
        wave: Samples = (LEVEL * np.sin(2 * np.pi * self.hums_hz / RATE_HZ * at)).astype(np.int16)
        return PCMU.encode(wave)

    def hear(self, frame: bytes | None) -> None:
        """Hear 20 ms of sound; None: nothing has come that could be played."""
        self.frames.append(PCMU.silence if frame is None else frame)
        if frame is not None:
            self.came(frame)

    def strongest(self) -> tuple[float, float]:
        """Return the strongest tone of the last second, and how loud the second was."""
        return strongest_tone(PCMU.decode(b"".join(self.frames)))


class Stream:
    """One stream, from its handshake to its end."""

    def __init__(
        self,
        *,
        url: str,
        call_sid: str,
        account_sid: str,
        auth_token: str,
        number: int,
        parameters: Mapping[str, str],
        ear: Ear,
    ) -> None:
        self.url = url
        self.stream_sid = f"MZ{number:032x}"
        self._call_sid = call_sid
        self._account_sid = account_sid
        self._signature = RequestValidator(auth_token).compute_signature(url, {})
        self.parameters = parameters
        self.first: str | None = None
        """What is said in the place of `connected` and `start`."""
        self._ear = ear
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._sequence = 0
        self._play: deque[bytes | str] = deque()
        """What Twilio has been sent and has not played yet: sound, and names of marks."""
        self.marks: list[str] = []
        self.clears = 0
        self.told: list[str] = []
        """What the other side said that is no message of a stream."""
        self.began = asyncio.Event()
        self.opened: Callable[[], None] = lambda: None
        """Told that it has begun."""

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Run to the end. Raises OSError or aiohttp's errors where no stream comes about."""
        async with asyncio.timeout(OPEN_WITHIN_S):
            self._socket = await session.ws_connect(
                self.url,
                protocols=(SUBPROTOCOL,),
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_WITHIN_S),
                headers={"X-Twilio-Signature": self._signature, "User-Agent": "Twilio.TmeWs/1.0"},
            )
        try:
            if self.first is None:
                await self._say(event="connected", protocol="Call", version="1.0.0")
                await self._start()
            else:
                await self.garble(self.first)
            self.began.set()
            self.opened()
            await self._live()
        finally:
            await self._socket.close()

    @property
    def close_code(self) -> int | None:
        """Return the code with which the other side closed; None while it has not."""
        return None if self._socket is None else self._socket.close_code

    async def stop(self) -> None:
        """End the stream as at the end of a call; one that is not open yet ends with the call."""
        if self._socket is None:
            return
        stop = {"accountSid": self._account_sid, "callSid": self._call_sid}
        await self._say(event="stop", stop=stop, **self._next())

    async def press(self, key: str) -> None:
        """Say that a key was pressed."""
        dtmf = {"track": "inbound_track", "digit": key}
        await self._say(event="dtmf", dtmf=dtmf, **self._next())

    async def garble(self, text: str) -> None:
        """Send anything."""
        assert self._socket is not None, "opened"
        await self._socket.send_str(text)

    def cut(self) -> None:
        """Lose the connection without a word."""
        transport = None if self._socket is None else self._socket._conn  # noqa: SLF001 - nothing kinder is rude enough
        if transport is not None and transport.transport is not None:
            transport.transport.abort()

    async def _start(self) -> None:
        start = {
            "accountSid": self._account_sid,
            "streamSid": self.stream_sid,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(self.parameters),
        }
        await self._say(event="start", start=start, **self._next())

    async def _live(self) -> None:
        assert self._socket is not None, "opened"
        ticking = asyncio.create_task(self._tick(), name="carrier's tick")
        try:
            async for message in self._socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._heard(message.json())
        finally:
            ticking.cancel()
            await asyncio.wait({ticking})

    def _heard(self, said: dict[str, Any]) -> None:
        if said.get("streamSid") != self.stream_sid:
            self.told.append(str(said))
            return
        match said["event"]:
            case "media":
                samples = b64decode(said["media"]["payload"])
                self._play.extend(samples[at : at + FRAME] for at in range(0, len(samples), FRAME))
            case "mark":
                self._play.append(str(said["mark"]["name"]))
            case "clear":
                self.clears += 1
                self._play = deque(one for one in self._play if isinstance(one, str))
            case _:
                self.told.append(str(said))

    async def _tick(self) -> None:
        """Every 20 ms: send what the caller says, play what was sent, give marks back."""
        due, chunk = time.monotonic(), 0
        while True:
            chunk += 1
            media = {
                "track": "inbound",
                "chunk": str(chunk),
                "timestamp": str((chunk - 1) * 20),
                "payload": b64encode(self._ear.hum()).decode(),
            }
            await self._say(event="media", media=media, **self._next())
            await self._play_next()
            due += TICK_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _play_next(self) -> None:
        frame: bytes | None = None
        while self._play:
            one = self._play.popleft()
            if isinstance(one, bytes):
                frame = one
                break
            self.marks.append(one)
            await self._say(event="mark", mark={"name": one}, **self._next())
        self._ear.hear(frame)

    def _next(self) -> dict[str, str]:
        self._sequence += 1
        return {"sequenceNumber": str(self._sequence), "streamSid": self.stream_sid}

    async def _say(self, **said: Any) -> None:
        assert self._socket is not None, "opened"
        await self._socket.send_json(said)
