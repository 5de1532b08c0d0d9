"""A socket with a browser: what is said, what is refused, and how each end of it is told."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from contactcentre.adapters.web import sockets
from contactcentre.domain.errors import NodeFull, StateUnavailable
from contactcentre.limits import MESSAGE_MAX_BYTES
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import LEG_SAYS, NODE_SAYS, Beat, Held, Hold, PressKey, Refused

Conversation = Callable[[sockets.Socket], Awaitable[None]]


@asynccontextmanager
async def talking(
    conversation: Conversation, *, beat_every_ms: int = 60_000, lost_after_ms: int = 2_000
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Give a browser's end of a socket on whose other end the conversation runs."""

    async def handle(request: web.Request) -> web.StreamResponse:
        async with sockets.accept(
            request, beat_every_ms=beat_every_ms, lost_after_ms=lost_after_ms
        ) as socket:
            await conversation(socket)
        return socket.response

    app = web.Application()
    app.router.add_get("/leg", handle)
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession() as session,
        session.ws_connect(server.make_url("/leg")) as browser,
    ):
        yield browser


async def heard(browser: aiohttp.ClientWebSocketResponse) -> list[object]:
    """Return everything the browser is told until the end, beats left out."""
    said: list[object] = []
    async with asyncio.timeout(10):
        while (message := await browser.receive()).type is WSMsgType.TEXT:
            said.append(NODE_SAYS.validate_json(message.data))
    return [message for message in said if not isinstance(message, Beat)]


async def echo_holds(socket: sockets.Socket) -> None:
    async for said in socket.receive(LEG_SAYS):
        match said:
            case Hold(on=on):
                socket.send(Held(on=on))
            case PressKey():
                return
            case _:
                raise NodeFull("This node takes no further calls.")


async def test_what_is_said_arrives_in_order_and_the_end_has_its_reason() -> None:
    async with talking(echo_holds) as browser:
        for on in (True, False):
            await browser.send_str(Hold(on=on).model_dump_json())
        await browser.send_str(PressKey(key="1").model_dump_json())
        assert await heard(browser) == [Held(on=True), Held(on=False)]
    assert browser.close_code == Closing.DONE


async def test_a_refusal_in_the_middle_is_told_before_the_end() -> None:
    async with talking(echo_holds) as browser:
        await browser.send_str('{"kind": "answer_call"}')
        assert await heard(browser) == [
            Refused(code="node-full", words="This node takes no further calls.")
        ]
    assert browser.close_code == Closing.REFUSED


async def test_an_outage_is_told_without_naming_machines() -> None:
    async def meet_an_outage(socket: sockets.Socket) -> None:
        assert socket.closing is None
        raise StateUnavailable("redis://inner-host:6379 did not answer")

    async with talking(meet_an_outage) as browser:
        (told,) = await heard(browser)
    assert isinstance(told, Refused)
    assert told.code == "state-unavailable"
    assert "inner-host" not in told.words


async def test_what_cannot_be_understood_is_refused_and_in_the_end_not_listened_to() -> None:
    async with talking(echo_holds) as browser:
        await browser.send_bytes(b"\x00")
        for _ in range(sockets.MALFORMED_MAX):
            await browser.send_str('{"kind": "hold", "on": true, "more": 1}')
        told = await heard(browser)
    assert [type(message) for message in told] == [Refused] * sockets.MALFORMED_MAX
    assert browser.close_code == Closing.MALFORMED


async def test_a_message_longer_than_any_of_ours_ends_the_socket() -> None:
    async with talking(echo_holds) as browser:
        await browser.send_str("x" * (MESSAGE_MAX_BYTES + 1))
        assert await heard(browser) == []
    assert browser.close_code == Closing.TOO_LONG


async def test_a_browser_that_says_nothing_is_lost() -> None:
    async with talking(echo_holds, lost_after_ms=100) as browser:
        assert await heard(browser) == []
    assert browser.close_code == Closing.LOST


@pytest.mark.parametrize("hurried_at_once", [True, False])
async def test_a_browser_of_which_nothing_else_is_heard_is_lost_sooner(
    monkeypatch: pytest.MonkeyPatch, *, hurried_at_once: bool
) -> None:
    monkeypatch.setattr(sockets, "SOCKET_DEAF_AFTER_MS", 300)

    async def listen(socket: sockets.Socket) -> None:
        hurry = partial(socket.hurry, on=True)
        if hurried_at_once:
            hurry()
        else:
            asyncio.get_running_loop().call_later(0.1, hurry)
        await echo_holds(socket)

    began_s = time.monotonic()
    async with talking(listen, lost_after_ms=60_000) as browser:
        assert await heard(browser) == []
    assert browser.close_code == Closing.LOST
    assert time.monotonic() - began_s >= 0.3


async def test_a_browser_that_is_heard_again_has_the_usual_patience(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sockets, "SOCKET_DEAF_AFTER_MS", 200)

    async def listen(socket: sockets.Socket) -> None:
        socket.hurry(on=True)
        asyncio.get_running_loop().call_later(0.1, partial(socket.hurry, on=False))
        await echo_holds(socket)

    async with talking(listen, lost_after_ms=60_000) as browser:
        await asyncio.sleep(0.5)
        await browser.send_str(PressKey(key="1").model_dump_json())
        assert await heard(browser) == []
    assert browser.close_code == Closing.DONE


async def test_beats_keep_a_silent_socket_open_and_are_told_to_nobody() -> None:
    async with talking(echo_holds, beat_every_ms=30, lost_after_ms=200) as browser:
        for _ in range(8):
            await browser.send_str(Beat().model_dump_json())
            message = await browser.receive_json(timeout=1)
            assert message == {"kind": "beat"}
            await asyncio.sleep(0.05)
        await browser.send_str(Hold(on=True).model_dump_json())
        await browser.send_str(PressKey(key="1").model_dump_json())
        assert await heard(browser) == [Held(on=True)]


async def test_a_browser_that_does_not_keep_up_is_closed_and_not_waited_for() -> None:
    async def flood(socket: sockets.Socket) -> None:
        for _ in range(sockets.OUTBOX_MAX + 2):
            socket.send(Held(on=True))
        assert socket.closing is Closing.TOO_SLOW

    async with talking(flood) as browser:
        await heard(browser)
    assert browser.close_code == Closing.TOO_SLOW


async def test_a_socket_whose_browser_goes_away_ends_at_once() -> None:
    ended = asyncio.Event()

    async def listen(socket: sockets.Socket) -> None:
        await echo_holds(socket)
        socket.send(Held(on=True))
        ended.set()

    async with talking(listen) as browser:
        await browser.close()
        async with asyncio.timeout(10):
            await ended.wait()


async def test_a_mistake_of_ours_is_told_as_one() -> None:
    async def stumble(socket: sockets.Socket) -> None:
        raise AssertionError(socket)

    async with talking(stumble) as browser:
        await heard(browser)
    assert browser.close_code == Closing.BROKEN


async def test_a_socket_can_be_closed_while_somebody_listens_to_it() -> None:
    async def listen(socket: sockets.Socket) -> None:
        asyncio.get_running_loop().call_later(
            0.05, lambda: socket.close(Closing.REPLACED, "Another tab has taken over.")
        )
        async for said in socket.receive(LEG_SAYS):
            raise AssertionError(said)

    async with talking(listen, lost_after_ms=60_000) as browser:
        assert await heard(browser) == []
    assert browser.close_code == Closing.REPLACED


async def test_a_socket_says_that_its_process_stops() -> None:
    listening: list[asyncio.Task[None] | None] = []

    async def listen(socket: sockets.Socket) -> None:
        listening.append(asyncio.current_task())
        await echo_holds(socket)

    async with talking(listen) as browser:
        await browser.send_str(Hold(on=True).model_dump_json())
        await browser.receive()
        await browser.receive()
        (task,) = listening
        assert task is not None
        task.cancel()
        await heard(browser)
    assert browser.close_code == Closing.STOPPING


async def test_a_browser_that_reads_nothing_is_cut_off() -> None:
    ended = asyncio.Event()

    async def flood(request: web.Request) -> web.StreamResponse:
        try:
            async with sockets.accept(request, lost_after_ms=200) as socket:
                for _ in range(sockets.OUTBOX_MAX):
                    socket.send(Refused(code="x", words="x" * 60_000))
                async for said in socket.receive(LEG_SAYS):
                    raise AssertionError(said)
            return socket.response
        finally:
            ended.set()

    app = web.Application()
    app.router.add_get("/leg", flood)
    async with TestServer(app) as server:
        _, writer = await asyncio.open_connection(server.host, server.port, limit=1)
        writer.write(
            b"GET /leg HTTP/1.1\r\nHost: desk.example\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        async with asyncio.timeout(8):
            await ended.wait()
        await asyncio.sleep(0.05)
        assert server.runner is not None
        assert server.runner.server is not None
        assert not server.runner.server.connections
        writer.transport.abort()
