"""The socket of one stream of Twilio's: what comes in by it, and what goes out.

A hundred messages a second go through it for every caller, so that none is waited for alone: what
goes out is written at once, and one watch sees for all of them whether anything still comes in.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import lru_cache
from typing import cast

from aiohttp import WebSocketError, WSMsgType, web

from contactcentre.adapters.carrier_twilio import stream as said
from contactcentre.adapters.telemetry.phone_metrics import count_twilio
from contactcentre.domain.errors import BadRequest
from contactcentre.limits import SOCKET_LOST_AFTER_MS
from contactcentre.wire.closing import Closing

MALFORMED_MAX = 5
"""So many messages that cannot be understood are left out; the next one ends the socket."""
CLOSE_WITHIN_MS = 1_000
LOST_AFTER_S = SOCKET_LOST_AFTER_MS / 1_000
_TEXT, _TWO_BYTES, _SHORT_MAX, _LONG_MAX = 0x81, 126, 125, 0xFFFF


class StreamSocket:
    """One socket; it can be used once it is opened."""

    def __init__(self) -> None:
        self._socket = web.WebSocketResponse(
            timeout=CLOSE_WITHIN_MS / 1_000,
            max_msg_size=said.MESSAGE_MAX_BYTES,
            compress=False,
            protocols=(said.SUBPROTOCOL,),
            decode_text=False,
        )
        self._transport: asyncio.Transport | None = None
        self._waits_since_s: float | None = None
        """Since when nothing has come, by the loop's own clock; None while nobody receives."""
        self._watch: asyncio.TimerHandle | None = None

    async def open(self, request: web.Request) -> web.WebSocketResponse:
        """Take the handshake up, and return what is answered to the request."""
        await self._socket.prepare(request)
        self._transport = request.transport
        return self._socket

    async def close(self, *, code: int, why: str) -> None:
        """Close it, whether or not the other side answers in time."""
        if self._watch is not None:
            self._watch.cancel()
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(2 * CLOSE_WITHIN_MS / 1_000):
                await self._socket.close(code=code, message=why.encode())

    @property
    def waiting_bytes(self) -> int:
        """Return how much the network has not taken yet."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, text: bytes) -> None:
        """Send a message in one frame, as nothing stands between aiohttp and its transport."""
        transport = self._transport
        if transport is not None and not transport.is_closing() and not self._socket.closed:
            transport.write(_header(len(text)) + text)

    async def messages(self) -> AsyncIterator[said.Message]:
        """Yield what Twilio says until the socket ends or is silent for too long."""
        malformed_count, loop = 0, asyncio.get_running_loop()
        self._listen_on(loop)
        while malformed_count <= MALFORMED_MAX:
            self._waits_since_s = loop.time()
            message = await self._socket.receive()
            self._waits_since_s = None
            if message.type is WSMsgType.ERROR and isinstance(message.data, WebSocketError):
                is_too_long = message.data.code == Closing.TOO_LONG
                count_twilio("stream", "too-long" if is_too_long else BadRequest.code)
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                return
            try:
                yield said.read_message(cast("bytes", message.data))
            except BadRequest as error:
                malformed_count += 1
                count_twilio("stream", error.code)

    def _listen_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Break the connection once nothing has come for too long to somebody who receives."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        waits_since_s = self._waits_since_s
        silent_s = 0.0 if waits_since_s is None else loop.time() - waits_since_s
        left_s = LOST_AFTER_S - silent_s
        if left_s > 0:
            self._watch = loop.call_later(left_s, self._listen_on, loop)
        else:
            transport.abort()


async def started(messages: AsyncIterator[said.Message]) -> said.Start:
    """Return how the stream begins. Raises BadRequest."""
    try:
        async with asyncio.timeout(LOST_AFTER_S):
            async for message in messages:
                if isinstance(message, said.Start):
                    return message
                if not isinstance(message, said.Connected):
                    raise BadRequest("A stream begins with its start.")
    except TimeoutError:
        pass
    raise BadRequest("The stream has not begun.")


@lru_cache(maxsize=64)
def _header(length: int) -> bytes:
    """Return what stands before a text of so many bytes (RFC 6455, section 5.2)."""
    assert length <= _LONG_MAX, "no message of ours is so long"
    if length <= _SHORT_MAX:
        return bytes([_TEXT, length])
    return bytes([_TEXT, _TWO_BYTES]) + length.to_bytes(2, "big")
