"""Connections to Redis, and how they are lent: the library's, without what it does beside.

Its own way around a command takes as long as all the rest of it: a task for what is sent, a lock
and a condition for what is lent. Whoever asks has a deadline already, so none is set here but for
connecting.
"""

import asyncio
import time
from typing import Any

from redis.asyncio import Connection, ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import MasterDownError

from contactcentre.adapters.state_redis.sentinels import Address, Group
from contactcentre.domain.errors import BadRequest
from contactcentre.domain.line import Line

SCRIPT = "EVALSHA"
"""Our steps, which say how slow the line is: nothing else that is asked may not have to wait."""
CONNECTIONS_MAX = 16
"""More commands than this at once wait for one another, within their deadline."""


class Pool(ConnectionPool):
    """So many connections and no more: whoever finds none idle waits for one, first come first."""

    def __init__(self, **said: Any) -> None:
        super().__init__(**said)
        self._free = asyncio.Semaphore(self.max_connections)
        self._is_dropped = False

    async def get_connection(self, *_: Any, **__: Any) -> AbstractConnection:
        """Lend a connection that is ready for a command."""
        await self._free.acquire()
        connection: AbstractConnection = self.get_available_connection()  # type: ignore[no-untyped-call]
        try:
            await self.ensure_connection(connection)
        except BaseException:
            await self.release(connection)
            raise
        return connection

    async def release(self, connection: AbstractConnection) -> None:
        """Take a connection back; what is wrong with it is seen when it is lent again."""
        self._in_use_connections.remove(connection)
        self._available_connections.append(connection)
        self._free.release()
        if self._is_dropped:  # it came about meanwhile, and nobody would close it
            await connection.disconnect()

    async def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: FBT001, FBT002 - the library's
        """Close every connection for good, also those that are still being made."""
        self._is_dropped = True
        await super().disconnect(inuse_connections)


class _Connection(Connection):
    """A connection that says a script's many arguments in a quarter of the library's time.

    It tells its line how long it took to come about.
    """

    def __init__(self, *, line: Line, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._line = line

    async def _connect(self) -> None:
        """Connect, and measure the line."""
        began_s = time.monotonic()
        await super()._connect()  # type: ignore[no-untyped-call]
        self._line.took(time.monotonic() - began_s)

    def pack_command(self, *args: Any) -> list[bytes]:
        """Return a command as it is sent."""
        if args[0] != SCRIPT:
            return super().pack_command(*args)
        words = [
            one.encode() if isinstance(one, str) else one if isinstance(one, bytes) else b"%d" % one
            for one in args
        ]
        said = [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
        return [b"*%d\r\n%b" % (len(words), b"".join(said))]


class _PrimaryConnection(_Connection):
    """A connection to a server that calls itself a primary, or none."""

    async def on_connect_check_health(self, check_health: bool = True) -> None:  # noqa: FBT001, FBT002 - the library's
        """Sign in, and ask what the server is: a replica would answer out of an older state."""
        await super().on_connect_check_health(check_health)
        await self.send_command("ROLE", check_health=False)
        role, *_ = await self.read_response()
        if role != b"master":
            raise MasterDownError("this server is no primary")


def _limits(line: Line) -> dict[str, Any]:
    """Return what is the same for every pool."""
    return {
        "max_connections": CONNECTIONS_MAX,
        "socket_timeout": None,
        "socket_connect_timeout": line.most_s,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "driver_info": None,
    }


def pool_of(url: str, line: Line) -> Pool:
    """Return the pool of one server by its URL. Raises BadRequest."""
    try:
        pool = Pool.from_url(url, connection_class=_Connection, **_limits(line))
    except ValueError as error:
        raise BadRequest(f"CC_REDIS_URL cannot be understood: {error}") from error
    if pool.connection_class is _Connection:  # a URL may ask for one of the library's own
        pool.connection_kwargs["line"] = line
    return pool


def pool_at(primary: Address, group: Group, line: Line) -> Pool:
    """Return the pool of a server that Sentinels have named."""
    kind: type[AbstractConnection] = _PrimaryConnection
    return Pool(
        connection_class=kind,
        host=primary[0],
        port=primary[1],
        username=group.username,
        password=group.password,
        line=line,
        **_limits(line),
    )
