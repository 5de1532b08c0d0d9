"""Connections to PostgreSQL, each use of one under a deadline.

Nothing of asyncpg leaves this package: what the server cannot do now is LedgerUnavailable, what it
can never do with these facts is BadRequest.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from contactcentre.adapters.ledger_postgres.away import AWAY, why_away
from contactcentre.adapters.ledger_postgres.servers import Link, Servers
from contactcentre.domain.errors import BadRequest, LedgerUnavailable

TIMEOUT_MS = 2_000
"""One use of a connection, from asking for it to the commit; and once more to give it back."""
CONNECT_SHARE = 0.8
"""The part of it in which one of several servers must be found."""
CONNECTIONS_MAX = 4
IDLE_S = 60.0
"""A connection nobody has used for so long is closed."""

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

UNWRITABLE = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)
"""Errors that the same facts would meet again on any server at any time."""


class PostgresPool:
    """A few connections to the server that takes writes, of those that the URL names.

    After another one has been made the primary the next use finds it. It connects when first used,
    so a process may start while PostgreSQL is away.
    """

    def __init__(self, url: str, *, timeout_ms: int = TIMEOUT_MS) -> None:
        self._timeout_s = timeout_ms / 1_000
        self._servers = Servers(url, within_s=CONNECT_SHARE * self._timeout_s)
        self._pool = asyncpg.create_pool(
            connect=self._servers.connect,
            connection_class=Link,
            min_size=0,
            max_size=CONNECTIONS_MAX,
            max_inactive_connection_lifetime=IDLE_S,
            server_settings={
                "application_name": "contactcentre",
                "statement_timeout": str(timeout_ms),
                "idle_in_transaction_session_timeout": str(timeout_ms),
            },
        )

    async def __aenter__(self) -> Self:
        """Make ready, without a connection yet."""
        await self._pool
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection at once: what was committed is committed."""
        self._pool.terminate()

    async def ping(self) -> None:
        """Find out whether the server answers. Raises LedgerUnavailable."""
        async with self.connection() as connection:
            await connection.execute("SELECT 1")

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection for one step. Raises LedgerUnavailable, BadRequest."""
        link: Link | None = None
        try:
            async with asyncio.timeout(self._timeout_s) as deadline:
                connection = await self._acquire()
                link = _link(connection)
                try:
                    yield connection
                except UNWRITABLE:
                    raise
                except BaseException:
                    # Whatever state it is in, and whether its server still takes writes: a new one.
                    connection.terminate()
                    raise
                finally:
                    # Giving it back asks the server to forget this use. asyncpg does that in a task
                    # of its own, which nobody ends: it has a deadline of its own as well.
                    if not deadline.expired():
                        deadline.reschedule(None)
                    await self._pool.release(connection, timeout=self._timeout_s)
        except UNWRITABLE as error:
            raise BadRequest(f"The records cannot hold this ({type(error).__name__}).") from error
        except AWAY as error:
            if link is not None:
                self._servers.doubt(link)
            raise LedgerUnavailable(f"The records cannot be reached: {why_away(error)}.") from error

    async def _acquire(self) -> Connection:
        """Return a connection to the primary, as far as we know."""
        while True:
            connection = await self._pool.acquire()
            if self._servers.stands(_link(connection)):
                return connection
            connection.terminate()
            await self._pool.release(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection for one step in which all is written or nothing.

        Only what the server has answered is rolled back with a word to it: one that does not answer
        would not answer that either, and loses the connection instead, which rolls back as well.
        """
        async with self.connection() as connection:
            step = connection.transaction()
            await step.start()
            try:
                yield connection
            except UNWRITABLE:
                await step.rollback()
                raise
            await step.commit()


def _link(connection: Connection) -> Link:
    """Return the connection that the pool has lent."""
    link = connection._con  # type: ignore[attr-defined]  # noqa: SLF001
    assert isinstance(link, Link), "the pool is told to make no others"
    return link
