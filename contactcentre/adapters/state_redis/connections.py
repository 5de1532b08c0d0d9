"""Connections to Redis, and how they are lent: the library's, without what it does beside.

Its own way around a command takes as long as all the rest of it: a task for what is sent, a lock
and a condition for what is lent. Whoever asks has a deadline already, so none is set here but for
connecting.
"""

import time
from typing import Any

from redis.asyncio import BlockingConnectionPool, Connection
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import MasterDownError

from contactcentre.adapters.state_redis.line import Line
from contactcentre.adapters.state_redis.sentinels import Address, Group
from contactcentre.domain.errors import BadRequest

SCRIPT = "EVALSHA"
"""Our steps, which say how slow the line is: nothing else that is asked may not have to wait."""
CONNECTIONS_MAX = 16
"""More commands than this at once wait for one another, within their deadline."""


class Pool(BlockingConnectionPool):
    """A pool that lends an idle connection without a lock while nobody waits for one."""

    def __init__(self, **said: Any) -> None:
        super().__init__(**said)
        self._waiting_count = 0
        """Those for whom none was idle; they are told by the library's condition."""

    async def get_connection(self, *_: Any, **__: Any) -> AbstractConnection:
        """Lend a connection that is ready for a command."""
        connection: AbstractConnection
        if self._waiting_count or not self._available_connections:
            self._waiting_count += 1
            try:
                connection = await super().get_connection()  # type: ignore[no-untyped-call]
            finally:
                self._waiting_count -= 1
            return connection
        connection = self.get_available_connection()  # type: ignore[no-untyped-call]
        try:
            await self.ensure_connection(connection)
        except BaseException:
            await self.release(connection)
            raise
        return connection

    async def release(self, connection: AbstractConnection) -> None:
        """Take a connection back; what is wrong with it is seen when it is lent again."""
        if self._waiting_count or connection.should_reconnect():  # type: ignore[no-untyped-call]
            await super().release(connection)
            return
        self._in_use_connections.remove(connection)
        self._available_connections.append(connection)


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
        "timeout": line.most_s,  # deadlines are ours, and none is longer
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
