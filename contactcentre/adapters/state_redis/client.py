"""The connection to Redis: one attempt a command, under one deadline, and one kind of error.

The deadline is what is set, or longer where the line is slow (`line`), and it is for all that a
command needs, a new connection among it.

redis-py's own retries are off: with its defaults one command was seen to run eleven times. Whoever
asks again does so with the same ids, and the scripts know them. Text is decoded strictly, where the
reply is taken apart; the stream carries bytes.

With Sentinels the primary is looked up before the first command, and again before the next one
whenever a command has met a server that is gone, late, or no primary that may write. Nothing is
looked up for a command that has been sent. On a switch every connection to the former primary is
dropped, those that listen too.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import (
    MasterDownError,
    NoScriptError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import TimeoutError as TooLate

from contactcentre.adapters.state_redis.connections import SCRIPT, Pool, pool_at, pool_of
from contactcentre.adapters.state_redis.sentinels import (
    SCHEME,
    Address,
    Group,
    Majority,
    find_primary,
    read_group,
)
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.line import Line

LOOK_SHARE = 0.4
"""The part of a command's deadline within which Sentinels must answer."""
LOOK_EVERY_S = 0.2
"""Sentinels are not asked more often than this, and each time a little later, never in step."""
APART = "Redis: most Sentinels are out of reach, and another server may be the primary by now"
NO_WRITES = "NOREPLICAS"
"""How a primary answers that has lost its replicas: it may not be the primary any longer."""


class StoreClient(Protocol):
    """What the adapters of the live state ask of a connection to it."""

    timeout_s: float
    """How long a command may take before the store counts as away."""

    @property
    def sees_majority(self) -> bool:
        """Say whether most Sentinels answer whom `watch` asks; True without any."""

    async def close(self) -> None:
        """Close all connections."""

    async def watch(self) -> None:
        """See again and again whether most Sentinels are within reach; nothing without any."""

    async def ask(self, *command: str | bytes | int) -> Any:
        """Run one command once. Raises StateUnavailable; NoScriptError passes for `scripts`."""

    def listening(self, channel: str) -> AbstractAsyncContextManager[Any]:
        """Open a connection of its own that hears a channel. Raises StateUnavailable."""

    async def hear(self, heard: Any, *, within_s: float) -> str | None:
        """Return what kind of word came in time, None if none. Raises StateUnavailable."""

    async def ask_if_there(self, heard: Any) -> str:
        """Return the kind of word that shows that the far end is there. Raises StateUnavailable."""


class RedisClient:
    """A bounded pool of connections to one Redis, or to the one that is the primary now."""

    def __init__(self, url: str, *, timeout_ms: int, needs_majority: bool = False) -> None:
        """Make it; with `needs_majority` it runs nothing while `watch` sees no majority."""
        self.timeout_s = timeout_ms / 1_000
        self._group: Group | None = None
        self._primary: Address | None = None
        self._redis: Redis | None = None
        self._line = Line(self.timeout_s)
        self._in_doubt = False
        self._needs_majority = needs_majority
        self._majority: Majority | None = None
        self._looking = asyncio.Lock()
        self._look_at_s = 0.0
        """When the Sentinels may be asked again."""
        if url.startswith(f"{SCHEME}:"):
            self._group = read_group(url)
        else:
            self._redis = self._connected(pool_of(url, self._line))

    @property
    def primary(self) -> Address | None:
        """Where the Sentinels have last said that the primary is; None without Sentinels."""
        return self._primary

    @property
    def sees_majority(self) -> bool:
        """Say whether most Sentinels answer whom `watch` asks; True without any."""
        return self._majority is None or self._majority.is_seen

    async def watch(self) -> None:
        """See again and again whether most Sentinels are within reach; nothing without any."""
        if self._group is not None:
            self._majority = Majority(self._group)
            await self._majority.watch()

    async def close(self) -> None:
        """Close all connections."""
        if self._redis is not None:
            await _drop(self._redis)

    async def ask(self, *command: str | bytes | int) -> Any:
        """Run one command once. Raises StateUnavailable; NoScriptError passes for `scripts`."""
        if self._needs_majority and not self.sees_majority:
            raise StateUnavailable(APART)
        async with self._outages(self._line.whole_s) as deadline:
            pool = (await self._at_primary()).connection_pool
            connection = await pool.get_connection()  # type: ignore[no-untyped-call]
            clock = asyncio.get_running_loop()
            began_s = clock.time()
            try:
                if deadline.expired():
                    raise TimeoutError("no connection in time")  # the library may swallow its end
                deadline.reschedule(min(deadline.when() or began_s, began_s + self._line.within_s))
                await connection.send_command(*command)
                reply = await connection.read_response()
            finally:
                await pool.release(connection)
            if command[0] == SCRIPT:
                self._line.took(clock.time() - began_s)
            return reply

    @asynccontextmanager
    async def listening(self, channel: str) -> AsyncIterator[PubSub]:
        """Open a connection of its own that hears a channel. Raises StateUnavailable."""
        async with self._outages(self._line.whole_s):
            redis = await self._at_primary()
        async with redis.pubsub() as heard:
            async with self._outages(self._line.whole_s):
                await heard.subscribe(channel)
            if await self.hear(heard, within_s=self._line.within_s) != "subscribe":
                raise StateUnavailable(f"Redis does not let us listen to {channel}")
            yield heard

    async def hear(self, heard: PubSub, *, within_s: float) -> str | None:
        """Return what kind of word came in time, None if none. Raises StateUnavailable."""
        async with self._outages(within_s + self._line.within_s):
            if self._redis is None or heard.connection_pool is not self._redis.connection_pool:
                raise NoConnection("the primary is elsewhere now")
            word = await heard.get_message(timeout=within_s)
        return None if word is None else str(word["type"])

    async def ask_if_there(self, heard: PubSub) -> str:
        """Return the kind of word that shows that the far end is there. Raises StateUnavailable."""
        async with self._outages(self._line.within_s):
            await heard.ping()
        word = await self.hear(heard, within_s=self._line.within_s)
        if word is None:
            raise StateUnavailable("Redis does not answer on the connection that listens")
        return word

    async def _at_primary(self) -> Redis:
        """Return the connections to the primary, looked up if it is not known or in doubt."""
        if self._group is not None and (self._in_doubt or self._redis is None):
            async with self._looking:  # one asks, the others take what it has found
                if self._in_doubt or self._redis is None:
                    await self._look_up(self._group)
        assert self._redis is not None, "looked up, or known from the start"
        return self._redis

    async def _look_up(self, group: Group) -> None:
        """Ask the Sentinels, unless they have just been asked, and go where they say."""
        if time.monotonic() < self._look_at_s:
            if self._redis is None:
                raise StateUnavailable("Redis: no Sentinel has said where the primary is")
            return  # once more where it was: it may be there again, and the next one asks
        try:
            primary = (await find_primary(group, within_s=LOOK_SHARE * self.timeout_s)).primary
        except StateUnavailable:
            if self._redis is None:
                raise
            return  # Sentinels that are away say nothing against the primary
        finally:
            later_s = LOOK_EVERY_S * random.uniform(1, 1.5)  # noqa: S311 - no secret
            self._look_at_s = time.monotonic() + later_s
        self._in_doubt = False
        if primary == self._primary:
            return
        former, self._primary = self._redis, primary
        self._line = Line(self.timeout_s)
        self._redis = self._connected(pool_at(primary, group, self._line))
        if former is not None:
            await _drop(former)

    def _connected(self, pool: Pool) -> Redis:
        redis = Redis.from_pool(pool)
        redis.response_callbacks.clear()  # replies are taken apart here, not guessed at
        return redis

    @asynccontextmanager
    async def _outages(self, deadline_s: float) -> AsyncIterator[asyncio.Timeout]:
        """Turn the library's errors, and a deadline that has passed, into an outage.

        On Python 3.11 a cancellation that meets an answer is lost in `asyncio.wait_for`, which the
        library reads with: it is asked for again here, or its task would run for ever.
        """
        task = asyncio.current_task()
        assert task is not None, "a coroutine runs in a task"
        cancelling = task.cancelling()
        try:
            async with asyncio.timeout(deadline_s) as deadline:
                yield deadline
        except NoScriptError:
            raise
        except (RedisError, OSError, TimeoutError) as error:
            if _is_doubtful(error):
                await self._doubt()
            raise StateUnavailable(f"Redis: {type(error).__name__}: {error}") from error
        if task.cancelling() > cancelling:
            raise asyncio.CancelledError

    async def _doubt(self) -> None:
        """Keep no idle connection to what may be no primary any longer, and look before the next.

        A path that has gone silent would else cost each of them a deadline of its own.
        """
        self._in_doubt = True
        if self._redis is not None:
            with suppress(RedisError, OSError):
                await self._redis.connection_pool.disconnect(inuse_connections=False)


def _is_doubtful(error: Exception) -> bool:
    """Say whether an error may mean that the primary is elsewhere; a command's own does not."""
    doubtful = ReadOnlyError | MasterDownError | NoConnection | TooLate | OSError | TimeoutError
    return isinstance(error, doubtful) or (
        isinstance(error, ResponseError) and str(error).startswith(NO_WRITES)
    )


async def _drop(redis: Redis) -> None:
    """Close every connection, also those on which somebody waits: nothing more comes of them."""
    with suppress(RedisError, OSError):
        await redis.connection_pool.disconnect(inuse_connections=True)
    await redis.aclose()
