"""Sockets between people and simulated processes: in order, and broken when one end dies.

What is sent into a cut waits at its sender, as TCP keeps it, and comes out once the cut is healed.
The process's end is what `adapters.web.sockets` keeps a browser's socket with.
"""

import asyncio
import json
from asyncio import Future
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import WSMsgType, web

from contactcentre.adapters.web.sockets import served
from contactcentre.simulation.lives import WORLD, Life, ServeSocket
from contactcentre.simulation.network import Names, Network
from contactcentre.simulation.post import Post

AGAIN_S = 0.25
"""A sender tries again so often what did not get through."""
BROKEN = 1_006
"""The close code of a socket that broke without a word."""


@dataclass(frozen=True, slots=True)
class Word:
    """What comes out of a socket."""

    type: WSMsgType
    data: str | int

    def json(self) -> Any:
        """Return what a text says."""
        return json.loads(str(self.data))


CLOSED = Word(WSMsgType.CLOSED, BROKEN)


class Way:
    """One direction of a wire: what goes in comes out in order, as long as both ends live."""

    def __init__(self, network: Network, source: Names, target: Names, end: "End") -> None:
        self._network = network
        self._loop = asyncio.get_running_loop()
        self._source = source
        self._target = target
        self._end = end
        self._under_way: deque[Word] = deque()
        self._is_moving = False

    def put(self, word: Word) -> None:
        """Send something."""
        self._under_way.append(word)
        if not self._is_moving:
            self._is_moving = True
            self._move()

    def _move(self) -> None:
        """Bring the first of what is under way on, or try again a little later."""
        trip_s = None
        if not self._network.is_cut(self._source, self._target):
            trip_s = self._network.trip_s(self._source, self._target)
        if trip_s is None:
            self._loop.call_later(AGAIN_S, self._move, context=WORLD)
        else:
            self._loop.call_later(trip_s, self._arrive, context=WORLD)

    def _arrive(self) -> None:
        words = list(self._under_way)
        self._under_way.clear()
        self._is_moving = False
        for word in words:
            self._end.take(word)


class End:
    """One end of a wire: what has come, and the way to the other end."""

    def __init__(self) -> None:
        self.way: Way | None = None
        self.close_code: int | None = None
        self._came: deque[Word] = deque()
        self._waiting: Future[None] | None = None

    @property
    def closed(self) -> bool:
        """Say whether nothing comes any more."""
        return self.close_code is not None

    def take(self, word: Word) -> None:
        """Take what comes out of the wire."""
        if self.closed:
            return
        if word.type is not WSMsgType.TEXT:
            self.close_code = int(word.data)
        self._came.append(word)
        self._wake()

    def break_off(self) -> None:
        """Take it that the wire is broken."""
        self.take(CLOSED)

    async def receive(self) -> Word:
        """Return the next word; at the end, and ever after, that it is closed."""
        while not self._came:
            if self.closed:
                return CLOSED
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self._came.popleft()

    async def send_str(self, text: str) -> None:
        """Send a text. Raises ConnectionError once it is closed."""
        self._send(Word(WSMsgType.TEXT, text))

    async def close(self, *, code: int = 1_000, message: bytes = b"") -> None:
        """Close it, both ways."""
        del message
        if not self.closed:
            self._send(Word(WSMsgType.CLOSE, code))
            self.close_code = code
            self._wake()

    def _send(self, word: Word) -> None:
        if self.closed:
            raise ConnectionResetError("this socket is closed")
        assert self.way is not None, "a wire has two ends"
        self.way.put(word)

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class Wires:
    """Every socket of the centre."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._network = post.network
        self._open: dict[End, tuple[str, Names, End, Names]] = {}
        """Each process's end: its process, its names, the other end and that one's names."""

    async def open(self, source: Names, host: str, path: str, session: str) -> End:
        """Open a socket to a process; it waits for as long as the process stands still.

        Raises ConnectionError if nobody listens there.
        """
        loop = asyncio.get_running_loop()
        opened: Future[None] = loop.create_future()
        near, far = End(), End()
        target = self._post.lives[host].names
        near.way = Way(self._network, source, target, far)
        far.way = Way(self._network, target, source, near)

        def settle(error: Exception | None) -> None:
            if opened.done():
                return
            if error is None:
                opened.set_result(None)
            else:
                opened.set_exception(error)

        def arrive() -> None:
            life = self._post.lives[host]
            serve = life.sockets.get(path) if life.is_listening else None
            if serve is None:
                error = ConnectionRefusedError(f"{host} does not listen")
                self._network.send(target, source, lambda: settle(error))
                return
            self._open[far] = (host, target, near, source)
            there = _keep(serve, far, session, lambda: self._network.send(target, source, ok))
            life.spawn(self._kept(far, there), "socket")

        def ok() -> None:
            settle(None)

        self._network.send(source, target, arrive)
        try:
            await opened
        except asyncio.CancelledError:
            near.close_code = BROKEN
            far.break_off()
            raise
        return near

    async def _kept(self, far: End, there: Any) -> None:
        try:
            await there
        finally:
            self._open.pop(far, None)

    def break_with(self, life: Life) -> None:
        """Break the sockets of a process that has died: whoever can be reached hears of it."""
        for far, (host, names, near, other) in list(self._open.items()):
            if host == life.name:
                del self._open[far]
                self._network.send(names, other, near.break_off)

    def break_of(self, person: str) -> None:
        """Break the sockets of a person's browser, which notices at once."""
        for far, (_, names, near, other) in list(self._open.items()):
            if other[-1] == person:
                near.break_off()
                self._network.send(other, names, far.break_off)


async def _keep(serve: ServeSocket, end: End, session: str, opened: Callable[[], None]) -> None:
    """Keep a process's end of a socket as the process would."""
    opened()
    async with served(cast("web.WebSocketResponse", end), None) as socket:
        await serve(socket, session)
