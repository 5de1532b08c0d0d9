"""The socket of one stream of Twilio's: what comes in by it, and what goes out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from aiohttp import WSMsgType, web

from contactcentre.adapters.carrier_twilio import stream as said
from contactcentre.adapters.telemetry.phone_metrics import count_twilio
from contactcentre.apps.stream_carriage import StreamCarriage
from contactcentre.domain.errors import BadRequest
from contactcentre.limits import SOCKET_LOST_AFTER_MS
from contactcentre.wire.closing import Closing

MALFORMED_MAX = 5
"""So many messages that cannot be understood are left out; the next one ends the socket."""
CLOSE_WITHIN_MS = 1_000


async def open_socket(request: web.Request) -> web.WebSocketResponse:
    """Take the handshake up."""
    socket = web.WebSocketResponse(
        timeout=CLOSE_WITHIN_MS / 1_000,
        max_msg_size=said.MESSAGE_MAX_BYTES,
        compress=False,
        protocols=(said.SUBPROTOCOL,),
    )
    await socket.prepare(request)
    return socket


async def close_socket(socket: web.WebSocketResponse, *, code: int, why: str) -> None:
    """Close it, whether or not the other side answers in time."""
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(2 * CLOSE_WITHIN_MS / 1_000):
            await socket.close(code=code, message=why.encode())


async def started(messages: AsyncIterator[said.Message]) -> said.Start:
    """Return how the stream begins. Raises BadRequest."""
    try:
        async with asyncio.timeout(SOCKET_LOST_AFTER_MS / 1_000):
            async for message in messages:
                if isinstance(message, said.Start):
                    return message
                if not isinstance(message, said.Connected):
                    raise BadRequest("A stream begins with its start.")
    except TimeoutError:
        pass
    raise BadRequest("The stream has not begun.")


async def read_messages(socket: web.WebSocketResponse) -> AsyncIterator[said.Message]:
    """Yield what Twilio says until the socket ends or is silent for too long."""
    malformed_count = 0
    while malformed_count <= MALFORMED_MAX:
        try:
            async with asyncio.timeout(SOCKET_LOST_AFTER_MS / 1_000):
                message = await socket.receive()
        except TimeoutError:
            return
        if message.type is WSMsgType.ERROR:
            is_too_long = getattr(message.data, "code", None) == Closing.TOO_LONG
            count_twilio("stream", "too-long" if is_too_long else BadRequest.code)
            return
        if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
            return
        try:
            yield said.read_message(str(message.data))
        except BadRequest as error:
            malformed_count += 1
            count_twilio("stream", error.code)


async def write_sound(
    socket: web.WebSocketResponse, carriage: StreamCarriage, *, is_last: Callable[[], bool]
) -> None:
    """Send sound until the leg is over; whoever does not take it in time is lost."""

    async def send(text: str) -> None:
        async with asyncio.timeout(SOCKET_LOST_AFTER_MS / 1_000):
            await socket.send_str(text)

    with suppress(TimeoutError, ConnectionError, RuntimeError):
        await carriage.write(send, is_last=is_last)
