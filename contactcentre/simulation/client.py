"""A client of the simulated store with the face of the real one.

It asks once, under one deadline, and turns what goes wrong into an outage, as `RedisClient` does.
What it has sent may be done without its ever hearing of it, and long after it has given up.
"""

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from random import Random
from typing import Any

from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import (
    MasterDownError,
    NoScriptError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from contactcentre.adapters.state_redis.client import (
    APART,
    LOOK_EVERY_S,
    LOOK_SHARE,
    NO_WRITES,
)
from contactcentre.adapters.state_redis.connections import CONNECTIONS_MAX, SCRIPT
from contactcentre.adapters.state_redis.sentinels import MISSED_AFTER_S, WATCH_EVERY_S
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.line import Line
from contactcentre.simulation.loop import Simulation
from contactcentre.simulation.network import Names, Network
from contactcentre.simulation.store.data import ReplyError
from contactcentre.simulation.store.group import Group
from contactcentre.simulation.store.server import Gone, Server, Words

NAMED = {
    "ERR": ResponseError,
    "MASTERDOWN": MasterDownError,
    "NOSCRIPT": NoScriptError,
    "READONLY": ReadOnlyError,
}
"""The errors whose names redis-py takes off their texts; the others keep theirs."""
LOOK_TRIPS = 2
"""There and back to connect to a Sentinel, and again to ask it."""
WATCH_WITHIN_S = MISSED_AFTER_S - WATCH_EVERY_S
"""Who watches has its connections, and asks again in time."""
WORDS_MAX = 1_000
"""Words on a channel that its listener has not taken; a server drops whoever is slower."""


class Heard:
    """A connection that listens to a channel."""

    def __init__(self, server: Server, life: int) -> None:
        self.server = server
        self.life = life
        self.is_broken = False
        self.words: deque[str] = deque()
        self.waiting: Future[None] | None = None

    def take(self, word: str | None) -> None:
        """Take a word that has come; None if the other side has closed the connection."""
        if word is None or len(self.words) >= WORDS_MAX:
            self.is_broken = True
        else:
            self.words.append(word)
        self.wake()

    def wake(self) -> None:
        """Let whoever waits for a word look."""
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)


class SimulatedClient:
    """A StoreClient over the simulated network: of one process, to the primary of a group."""

    def __init__(
        self,
        simulation: Simulation,
        network: Network,
        group: Group,
        *names: str,
        timeout_ms: int = 500,
        needs_majority: bool = False,
    ) -> None:
        """Take the names that the process goes by on the network, its own last."""
        self.timeout_s = timeout_ms / 1_000
        self._loop = simulation.loop
        self._dice: Random = simulation.dice(f"client/{names[-1]}")
        self._network = network
        self._group = group
        self._names: Names = names
        self._server: Server | None = None
        self._line = Line(self.timeout_s)
        self._life: int | None = None
        """In which life of the server there is a connection to it; None if there is none."""
        self._in_doubt = True
        self._connections = asyncio.Semaphore(CONNECTIONS_MAX)
        self._leaving: dict[Heard, Callable[[], None]] = {}
        """What ends each connection that listens."""
        self._needs_majority = needs_majority
        self._sees_majority = True
        self._looking = asyncio.Lock()
        self._look_at_s = 0.0
        """When the Sentinels may be asked again."""

    @property
    def primary(self) -> Server | None:
        """Which server was last found to be the primary."""
        return self._server

    @property
    def sees_majority(self) -> bool:
        """Say whether most Sentinels answer whom `watch` asks; True without any."""
        return self._sees_majority

    async def watch(self) -> None:
        """See again and again whether most Sentinels are within reach; nothing without any."""
        while self._group.sentinels:
            words, wait_s = self._asked(WATCH_WITHIN_S, trips=1)
            await asyncio.sleep(wait_s)
            self._sees_majority = 2 * len(words) > len(self._group.sentinels)
            await asyncio.sleep(WATCH_EVERY_S)

    async def close(self) -> None:
        """Close all connections."""
        self.hang_up()

    def hang_up(self) -> None:
        """Let every connection end, as when the process dies; what has been sent is on its way."""
        self._life = None
        for leave in self._leaving.values():
            leave()
        self._leaving.clear()

    async def ask(self, *command: str | bytes | int) -> Any:
        """Run one command once. Raises StateUnavailable; NoScriptError passes for `scripts`."""
        if self._needs_majority and not self._sees_majority:
            raise StateUnavailable(APART)
        words = tuple([_written(one) for one in command])
        with self._outages():
            async with (
                asyncio.timeout(self._line.whole_s) as deadline,
                self._connections,
            ):
                server, life = await self._connected()
                began_s = self._loop.time()
                deadline.reschedule(min(deadline.when() or began_s, began_s + self._line.within_s))
                reply = await self._sent(server, life, words)
                if command[0] == SCRIPT:
                    self._line.took(self._loop.time() - began_s)
                return reply

    @asynccontextmanager
    async def listening(self, channel: str) -> AsyncIterator[Heard]:
        """Open a connection of its own that hears a channel. Raises StateUnavailable."""
        name = channel.encode()
        with self._outages():
            async with asyncio.timeout(self._line.whole_s):
                server, life = await self._connected()
                await self._sent(server, life, (b"PING",))
        heard = Heard(server, life)

        def hear(said: bytes | None) -> None:
            word = None if said is None else "message"
            self._network.bring(server.names, self._names, partial(heard.take, word))

        server.subscribe(name, hear)
        self._leaving[heard] = leave = partial(server.unsubscribe, name, hear)
        try:
            yield heard
        finally:
            self._leaving.pop(heard, None)
            leave()

    async def hear(self, heard: Heard, *, within_s: float) -> str | None:
        """Return what kind of word came in time, None if none. Raises StateUnavailable."""
        with self._outages():
            if heard.server is not self._server:
                raise NoConnection("the primary is elsewhere now")
            if not heard.words and not heard.is_broken and within_s > 0:
                await self._word(heard, within_s)
            if heard.is_broken:
                raise Gone("the server has closed the connection")
        return heard.words.popleft() if heard.words else None

    async def ask_if_there(self, heard: Heard) -> str:
        """Return the kind of word that shows that the far end is there. Raises StateUnavailable."""
        with self._outages():
            async with asyncio.timeout(self._line.within_s):
                await self._sent(heard.server, heard.life, (b"PING",))
        return "pong"

    async def _word(self, heard: Heard, within_s: float) -> None:
        """Return once a word has come or the time is over."""
        heard.waiting = self._loop.create_future()
        timer = self._loop.call_later(within_s, heard.wake)
        try:
            await heard.waiting
        finally:
            timer.cancel()

    async def _connected(self) -> tuple[Server, int]:
        """Return the primary, and in which life of it there is a connection to it."""
        if self._server is None or self._in_doubt:
            async with self._looking:  # one asks, the others take what it has found
                if self._server is None or self._in_doubt:
                    await self._look_up()
        server = self._server
        assert server is not None, "it has been looked up"
        if self._life != server.life and not self._network.is_cut(server.names, self._names):
            self._life = None  # the server has closed the connection, and that has been heard
        if self._life is None:
            began_s = self._loop.time()
            role, *_ = await self._sent(server, None, (b"ROLE",))
            self._line.took(self._loop.time() - began_s)
            if role != b"master" and self._group.sentinels:
                raise MasterDownError("this server is no primary")
            if server is self._server:
                self._life = server.life
            return server, server.life
        return server, self._life

    async def _look_up(self) -> None:
        """Ask the Sentinels, unless they have just been asked, and go where they say."""
        if not self._group.sentinels:
            self._server, self._in_doubt = self._group.primary, False
            return
        if self._loop.time() < self._look_at_s:
            if self._server is None:
                raise NoConnection("no Sentinel has said where the primary is")
            return  # once more where it was: it may be there again, and the next one asks
        words, wait_s = self._asked(LOOK_SHARE * self.timeout_s, trips=LOOK_TRIPS)
        try:
            await asyncio.sleep(wait_s)
        finally:
            self._look_at_s = self._loop.time() + LOOK_EVERY_S * self._dice.uniform(1, 1.5)
        if not words:
            if self._server is None:
                raise NoConnection("no Sentinel says where the primary is")
            return  # Sentinels that are away say nothing against the primary
        self._in_doubt = False
        _, primary = max(words, key=lambda word: word[0])
        if primary is not self._server:
            self._server, self._life, self._line = primary, None, Line(self.timeout_s)

    def _asked(self, within_s: float, *, trips: int) -> tuple[list[tuple[int, Server]], float]:
        """Return what the Sentinels say in time, and how long it takes to have asked them all."""
        words: list[tuple[int, Server]] = []
        longest_s = 0.0
        for sentinel in self._group.sentinels:
            there_s = self._network.trip_s(self._names, sentinel.names)
            back_s = self._network.trip_s(sentinel.names, self._names)
            took_s = within_s
            if there_s is not None and back_s is not None and sentinel.is_up:
                took_s = min(trips * (there_s + back_s), within_s)
            if took_s < within_s:
                words.append((sentinel.epoch, sentinel.primary))
            longest_s = max(longest_s, took_s)
        return words, longest_s

    async def _sent(self, server: Server, life: int | None, words: Words) -> Any:
        """Send a command on a connection, a new one if `life` is None, and return the reply."""
        answered: Future[Any] = self._loop.create_future()

        def answer(reply: Any) -> None:
            self._network.send(server.names, self._names, partial(_settle, answered, reply))

        self._network.send(self._names, server.names, partial(server.take, words, life, answer))
        return await answered

    @contextmanager
    def _outages(self) -> Iterator[None]:
        """Turn errors and a deadline that has passed into an outage, as the real client does."""
        try:
            yield
        except (ReplyError, Gone, RedisError, TimeoutError) as error:
            known = as_redis_py(error)
            if isinstance(known, NoScriptError):
                raise known from None
            if _is_doubtful(known):
                self._in_doubt, self._life = True, None
            raise StateUnavailable(f"Redis: {type(known).__name__}: {known}") from known


def _written(one: str | bytes | int) -> bytes:
    """Return a part of a command as it is sent."""
    match one:
        case bytes():
            return one
        case str():
            return one.encode()
        case int():
            return b"%d" % one


def _settle(answered: Future[Any], reply: Any) -> None:
    """Give a reply to whoever still waits for it."""
    if answered.done():
        return
    if isinstance(reply, Exception):
        answered.set_exception(reply)
    else:
        answered.set_result(reply)


def as_redis_py(error: Exception) -> Exception:
    """Return an error as redis-py raises it."""
    match error:
        case ReplyError():
            said = str(error)
            name, _, rest = said.partition(" ")
            return NAMED[name](rest) if name in NAMED else ResponseError(said)
        case Gone():
            return NoConnection(str(error))
        case _:
            return error


def _is_doubtful(error: Exception) -> bool:
    """Say whether an error may mean that the primary is elsewhere."""
    doubtful = ReadOnlyError | MasterDownError | NoConnection | TimeoutError
    return isinstance(error, doubtful) or str(error).startswith(NO_WRITES)
