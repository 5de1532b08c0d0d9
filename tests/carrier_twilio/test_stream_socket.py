"""A stream's socket by itself: text of any length is framed, and silence is a loss."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from contactcentre.adapters.carrier_twilio.stream import Stop
from contactcentre.apps import stream_socket
from contactcentre.apps.stream_socket import StreamSocket

Serve = Callable[[StreamSocket], Awaitable[None]]


@asynccontextmanager
async def opened(serve: Serve) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Give the far end of a socket that is served so."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = StreamSocket()
        answer = await socket.open(request)
        await serve(socket)
        await socket.close(code=1000, why="")
        return answer

    app = web.Application()
    app.add_routes([web.get("/", handle)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as session:
            url = f"ws://127.0.0.1:{runner.addresses[0][1]}/"
            async with session.ws_connect(url, timeout=aiohttp.ClientWSTimeout(ws_close=1)) as far:
                yield far
    finally:
        await runner.cleanup()


async def test_a_text_of_any_length_arrives_as_it_was_sent() -> None:
    texts = [b"x" * length for length in (0, 1, 125, 126, 127, 300, 65_535)]

    async def serve(socket: StreamSocket) -> None:
        for text in texts:
            socket.send(text)

    async with opened(serve) as far, asyncio.timeout(5):
        assert [(await far.receive_str()).encode() for _ in texts] == texts


async def test_a_socket_by_which_nothing_comes_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_socket, "LOST_AFTER_S", 0.4)
    said: list[object] = []

    async def serve(socket: StreamSocket) -> None:
        said.extend([message async for message in socket.messages()])

    async with opened(serve) as far, asyncio.timeout(5):
        for _ in range(3):
            await asyncio.sleep(0.2)
            await far.send_str('{"event":"stop"}')
        assert (await far.receive()).type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
    assert [type(one) for one in said] == 3 * [Stop]


async def test_a_socket_that_nobody_reads_for_a_while_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_socket, "LOST_AFTER_S", 0.3)
    said: list[object] = []

    async def serve(socket: StreamSocket) -> None:
        async for message in socket.messages():
            if not said:
                await asyncio.sleep(0.8)  # as for a claim that the live state does not give yet
            said.append(message)
            if len(said) == 2:
                return

    async with opened(serve) as far, asyncio.timeout(5):
        for _ in range(2):
            await far.send_str('{"event":"stop"}')
        assert (await far.receive()).type is aiohttp.WSMsgType.CLOSE
    assert [type(one) for one in said] == 2 * [Stop]
