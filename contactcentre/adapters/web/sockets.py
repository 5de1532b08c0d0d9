"""One WebSocket with a browser: beats both ways, a bounded outbox, and a reason for every end.

Sending never waits: what is said goes into the outbox, in order, and a browser that lets it fill is
closed rather than waited for. A socket that is silent for `SOCKET_LOST_AFTER_MS` is lost; where it
is known that nothing else is heard of the browser either, for `SOCKET_DEAF_AFTER_MS`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import structlog
from aiohttp import WSMsgType, web
from pydantic import BaseModel, TypeAdapter, ValidationError

from contactcentre.adapters.web.problems import words_for
from contactcentre.domain.errors import BadRequest, Outage, Refusal
from contactcentre.limits import (
    MESSAGE_MAX_BYTES,
    SOCKET_BEAT_EVERY_MS,
    SOCKET_DEAF_AFTER_MS,
    SOCKET_LOST_AFTER_MS,
)
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import Beat, Refused

log = structlog.get_logger()

Heard = TypeVar("Heard")

OUTBOX_MAX = 1_000
"""Messages that may wait for a browser to read them."""
MALFORMED_MAX = 5
"""So many messages that cannot be understood are answered; the next one ends the socket."""
HURRIED_MIN_S = 0.25
"""A browser that is to be heard sooner has at least so long from now on."""
CLOSE_WITHIN_MS = 1_000
"""How long a browser may take to say that it has heard the end."""
REASON_MAX_BYTES = 123
"""The longest reason that fits into a close frame (RFC 6455, 5.5)."""


class Socket:
    """One open WebSocket; made by `accept`."""

    def __init__(
        self,
        response: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        *,
        beat_every_ms: int,
        lost_after_ms: int,
    ) -> None:
        self.response = response
        self._transport = transport
        self._beat_every_s = beat_every_ms / 1_000
        self._lost_after_s = lost_after_ms / 1_000
        self._is_hurried = False
        self._heard_at_s = 0.0
        self._outbox: asyncio.Queue[str | None] = asyncio.Queue(OUTBOX_MAX)
        self._closing: tuple[Closing, str] | None = None
        self._listening = asyncio.Lock()
        self._patience: asyncio.Timeout | None = None

    @property
    def closing(self) -> Closing | None:
        """Return why this end closes the socket; None while it does not."""
        return None if self._closing is None else self._closing[0]

    def send(self, said: BaseModel) -> None:
        """Put something into the outbox; nothing is said once the socket closes."""
        if self._closing is not None:
            return
        try:
            self._outbox.put_nowait(said.model_dump_json())
        except asyncio.QueueFull:
            while not self._outbox.empty():
                self._outbox.get_nowait()
            self.close(Closing.TOO_SLOW, "This page did not keep up.")

    def refuse(self, error: Refusal | Outage) -> None:
        """Say what cannot be done, and close."""
        self.send(Refused(code=error.code, words=words_for(error)))
        self.close(Closing.REFUSED, error.code)

    def close(self, why: Closing, words: str = "") -> None:
        """Close the socket once everything in the outbox has been said; the first reason stands."""
        if self._closing is not None:
            return
        self._closing = (why, words)
        if self._patience is not None and not self._patience.expired():
            self._patience.reschedule(0)
        if self._outbox.full():
            self._outbox.get_nowait()
        self._outbox.put_nowait(None)

    def hurry(self, *, on: bool) -> None:
        """Say whether nothing else is heard of the browser: then its silence is sooner a loss."""
        self._is_hurried = on
        if self._patience is not None and not self._patience.expired():
            # whoever has stood still hears first what has come meanwhile
            soonest_s = asyncio.get_running_loop().time() + HURRIED_MIN_S
            self._patience.reschedule(max(soonest_s, self._heard_at_s + self._patience_s))

    @property
    def _patience_s(self) -> float:
        hurried_s = min(SOCKET_DEAF_AFTER_MS / 1_000, self._lost_after_s)
        return hurried_s if self._is_hurried else self._lost_after_s

    async def receive(
        self, adapter: TypeAdapter[Heard], *, malformed_max: int = MALFORMED_MAX
    ) -> AsyncIterator[Heard]:
        """Yield what the browser says, beats left out, until the socket ends."""
        malformed_count = 0
        while (text := await self._next_text()) is not None:
            try:
                said = adapter.validate_json(text)
            except ValidationError:
                malformed_count += 1
                if malformed_count > malformed_max:
                    self.close(Closing.MALFORMED, "That can't be understood.")
                    return
                self.send(Refused(code=BadRequest.code, words="That can't be understood."))
                continue
            if not isinstance(said, Beat):
                yield said

    async def _next_text(self) -> str | None:
        """Return the next message; None at the end. What is no text cannot be understood."""
        async with self._listening:
            if self._closing is not None:
                return None
            self._heard_at_s = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(self._patience_s) as self._patience:
                    message = await self.response.receive()
            except TimeoutError:
                self._patience = None  # it is over, and cannot be made to end sooner
                self.close(Closing.LOST, "Nothing was heard.")
                return None
            finally:
                self._patience = None
        match message.type:
            case WSMsgType.TEXT:
                return str(message.data)
            case WSMsgType.BINARY:
                return ""
            case _:
                return None

    async def write(self) -> None:
        """Say what is in the outbox until the socket closes or the browser does not take it."""
        try:
            await self._empty_outbox()
            await self._say_why()
        finally:
            if self._transport is not None and self._transport.get_write_buffer_size() > 0:
                # else the connection would stay for as long as the browser's machine does
                self._transport.abort()

    async def _empty_outbox(self) -> None:
        try:
            while (text := await self._outbox.get()) is not None:
                async with asyncio.timeout(self._lost_after_s):
                    await self.response.send_str(text)
        except (ConnectionError, TimeoutError, RuntimeError) as error:
            # the library raises RuntimeError for a socket that its peer has closed meanwhile
            log.debug("a browser did not take what was said", why=type(error).__name__)
            self.close(Closing.LOST)

    async def _say_why(self) -> None:
        """Close with the reason, if the browser still takes it.

        Nobody listens meanwhile: the library would close the connection under the reason.
        """
        code, words = self._closing or (Closing.LOST, "")
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * CLOSE_WITHIN_MS / 1_000), self._listening:
                await self.response.close(code=code, message=words.encode()[:REASON_MAX_BYTES])

    async def beat(self) -> None:
        """Say again and again that this end lives."""
        while self._closing is None:
            self.send(Beat())
            await asyncio.sleep(self._beat_every_s)


@asynccontextmanager
async def accept(
    request: web.Request,
    *,
    beat_every_ms: int = SOCKET_BEAT_EVERY_MS,
    lost_after_ms: int = SOCKET_LOST_AFTER_MS,
) -> AsyncIterator[Socket]:
    """Open the socket a browser asks for; the handler returns its `response` afterwards.

    A refusal or outage raised inside is told to the browser and ends there.
    """
    response = web.WebSocketResponse(
        timeout=CLOSE_WITHIN_MS / 1_000, max_msg_size=MESSAGE_MAX_BYTES, compress=False
    )
    await response.prepare(request)
    async with served(
        response, request.transport, beat_every_ms=beat_every_ms, lost_after_ms=lost_after_ms
    ) as socket:
        yield socket


@asynccontextmanager
async def served(
    response: web.WebSocketResponse,
    transport: asyncio.Transport | None,
    *,
    beat_every_ms: int = SOCKET_BEAT_EVERY_MS,
    lost_after_ms: int = SOCKET_LOST_AFTER_MS,
) -> AsyncIterator[Socket]:
    """Keep a socket that is open; it beats, and says what is put into its outbox.

    A refusal or outage raised inside is told to the browser and ends there.
    """
    socket = Socket(response, transport, beat_every_ms=beat_every_ms, lost_after_ms=lost_after_ms)
    async with asyncio.TaskGroup() as tasks:
        writer = tasks.create_task(socket.write(), name="socket outbox")
        beats = tasks.create_task(socket.beat(), name="socket beats")
        ended = False
        try:
            yield socket
            ended = True
        except (Refusal, Outage) as error:
            socket.refuse(error)
        except asyncio.CancelledError:
            socket.close(Closing.STOPPING)
            raise
        finally:
            beats.cancel()
            socket.close(Closing.DONE if ended else Closing.BROKEN)
            await asyncio.wait({writer}, timeout=(lost_after_ms + 2 * CLOSE_WITHIN_MS) / 1_000)
            writer.cancel()
