"""The connection to Redis: one attempt a command, under one deadline, and one kind of error.

redis-py's own retries are off: with its defaults one command was seen to run eleven times. Whoever
asks again does so with the same ids, and the scripts know them. Text is decoded strictly, where the
reply is taken apart; the stream carries bytes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import NoScriptError, ReadOnlyError, RedisError

from contactcentre.domain.errors import StateUnavailable

CONNECTIONS_MAX = 16
"""More commands than this at once wait for one another, within their deadline."""


class RedisClient:
    """A bounded pool of connections to one Redis."""

    def __init__(self, url: str, *, timeout_ms: int) -> None:
        self.timeout_s = timeout_ms / 1_000
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS_MAX,
            timeout=self.timeout_s,
            socket_timeout=self.timeout_s,
            socket_connect_timeout=self.timeout_s,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )
        self._redis = Redis.from_pool(self._pool)
        self._redis.response_callbacks.clear()  # replies are taken apart here, not guessed at

    async def close(self) -> None:
        """Close all connections."""
        await self._redis.aclose()

    async def ask(self, *command: str | bytes | int) -> Any:
        """Run one command once. Raises StateUnavailable; NoScriptError passes for `scripts`."""
        async with self._outages(self.timeout_s):
            return await self._redis.execute_command(*command)  # type: ignore[no-untyped-call]

    @asynccontextmanager
    async def listening(self, channel: str) -> AsyncIterator[PubSub]:
        """Open a connection of its own that hears a channel. Raises StateUnavailable."""
        async with self._redis.pubsub() as heard:
            async with self._outages(self.timeout_s):
                await heard.subscribe(channel)
            if await self.hear(heard, within_s=self.timeout_s) != "subscribe":
                raise StateUnavailable(f"Redis does not let us listen to {channel}")
            yield heard

    async def hear(self, heard: PubSub, *, within_s: float) -> str | None:
        """Return what kind of word came in time, None if none. Raises StateUnavailable."""
        async with self._outages(within_s + self.timeout_s):
            word = await heard.get_message(timeout=within_s)
        return None if word is None else str(word["type"])

    async def ask_if_there(self, heard: PubSub) -> str:
        """Return the kind of word that shows that the far end is there. Raises StateUnavailable."""
        async with self._outages(self.timeout_s):
            await heard.ping()
        word = await self.hear(heard, within_s=self.timeout_s)
        if word is None:
            raise StateUnavailable("Redis does not answer on the connection that listens")
        return word

    @asynccontextmanager
    async def _outages(self, deadline_s: float) -> AsyncIterator[None]:
        """Turn the library's errors, and a deadline that has passed, into an outage.

        On Python 3.11 a cancellation that meets an answer is lost in `asyncio.wait_for`, which the
        library reads with: it is asked for again here, or its task would run for ever.
        """
        task = asyncio.current_task()
        assert task is not None, "a coroutine runs in a task"
        cancelling = task.cancelling()
        try:
            async with asyncio.timeout(deadline_s):
                yield
        except NoScriptError:
            raise
        except (RedisError, OSError, TimeoutError) as error:
            if isinstance(error, ReadOnlyError | NoConnection):
                # the primary is elsewhere now: nobody shall keep a connection to what was one
                await self._pool.disconnect(inuse_connections=False)
            raise StateUnavailable(f"Redis: {type(error).__name__}: {error}") from error
        if task.cancelling() > cancelling:
            raise asyncio.CancelledError
