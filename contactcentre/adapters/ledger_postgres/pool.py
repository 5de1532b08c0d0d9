"""Connections to PostgreSQL, each use of one under a deadline.

Nothing of asyncpg leaves this package: what the server cannot do now is LedgerUnavailable, what it
can never do with these facts is BadRequest.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeAlias

import asyncpg
from asyncpg.connect_utils import SessionAttribute
from asyncpg.pool import PoolConnectionProxy

from contactcentre.domain.errors import BadRequest, LedgerUnavailable

SCHEMES = ("postgresql://", "postgres://")
TIMEOUT_MS = 2_000
"""One use of a connection, from asking for it to the commit; and once more to give it back."""
CONNECTIONS_MAX = 4
IDLE_S = 60.0
"""A connection nobody has used for so long is closed."""

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

WRONG_TABLES = "its tables are not those of this version: run the migrations"
UNWRITABLE = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)
"""Errors that the same facts would meet again on any server at any time."""
AWAY = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)

WHYS: Sequence[tuple[type[Exception], str]] = (
    (TimeoutError, "PostgreSQL did not answer in time"),
    (ConnectionRefusedError, "nobody listens at its address"),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "PostgreSQL does not know this user and password",
    ),
    (asyncpg.CannotConnectNowError, "PostgreSQL is starting or stopping"),
    (asyncpg.DiskFullError, "the disk of PostgreSQL is full"),
    (asyncpg.ReadOnlySQLTransactionError, "this PostgreSQL only lets itself be read"),
    (asyncpg.TargetServerAttributeNotMatched, "this PostgreSQL only lets itself be read"),
    (asyncpg.UndefinedTableError, WRONG_TABLES),
    (asyncpg.UndefinedColumnError, WRONG_TABLES),
)
"""What an operator is told of the errors that have a cause to look for."""


class PostgresPool:
    """A few connections to a server that takes writes.

    It connects when first used, so a process may start while PostgreSQL is away.
    """

    def __init__(self, url: str, *, timeout_ms: int = TIMEOUT_MS) -> None:
        if not url.startswith(SCHEMES):
            raise BadRequest("A database URL begins with postgresql://")
        self._timeout_s = timeout_ms / 1_000
        self._pool = asyncpg.create_pool(
            url,
            min_size=0,
            max_size=CONNECTIONS_MAX,
            max_inactive_connection_lifetime=IDLE_S,
            target_session_attrs=SessionAttribute.read_write,
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
        try:
            async with asyncio.timeout(self._timeout_s) as deadline:
                connection = await self._pool.acquire()
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
            raise LedgerUnavailable(f"The records cannot be reached: {why_away(error)}.") from error

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


def why_away(error: Exception) -> str:
    """Return what went wrong in a few words that hold no fact of any call."""
    for kind, why in WHYS:
        if isinstance(error, kind):
            return why
    return type(error).__name__
