"""A real Valkey and a simulated server that are asked the same and must reply the same."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from contactcentre.adapters.state_redis.scripts import all_scripts
from contactcentre.domain.errors import StateUnavailable
from contactcentre.simulation.client import as_redis_py
from contactcentre.simulation.environment import SimulatedClock
from contactcentre.simulation.loop import Simulation, VirtualLoop
from contactcentre.simulation.store.data import Hash, Items, Members, ReplyError
from contactcentre.simulation.store.ranked import Ranked
from contactcentre.simulation.store.server import Server
from contactcentre.simulation.store.streams import Stream

SAME_TIME = (
    "local real = redis local redis = {{call = function(name, ...) "
    "if name == 'TIME' then return {{'{}', '{}'}} end return real.call(name, ...) end}} "
)
"""Goes before a script on the real server, so that both servers have the same time."""
SLACK_MS = 2_000
"""A busy machine may take so long from one server to the other."""
UNORDERED = {"SMEMBERS", "SPOP", "look_centre", "look_desks", "look_nodes", "look_matchable"}
"""What comes out of a set comes in an order that no server promises."""


class ToldClock(SimulatedClock):
    """A clock that shows what it is told."""

    us = 0

    def now_us(self) -> int:
        """Return microseconds since 1970."""
        return self.us


class Twin:
    """A StoreClient that asks both and compares."""

    timeout_s = 5.0
    sees_majority = True

    async def watch(self) -> None:
        """See nothing: there are no Sentinels."""

    def __init__(self, url: str) -> None:
        self.real: Redis = Redis.from_url(url, protocol=2, retry=Retry(NoBackoff(), 0))
        self.real.response_callbacks.clear()
        self.real.flushall()
        self._loop = VirtualLoop(virtual_max_s=1, rounds_max=1)
        simulation = Simulation(self._loop, 1)
        self.simulated = Server(simulation, "here", "store")
        self.clock = self.simulated.clock = ToldClock(simulation)
        for part, name in (("server", "run_id"), ("replication", "replication_id")):
            said = self.real.execute_command("INFO", part).decode()  # type: ignore[no-untyped-call]
            line = "run_id:" if part == "server" else "master_replid:"
            setattr(self.simulated, name, said.partition(line)[2].split()[0])
        self._names = {script.sha: script for script in all_scripts().values()}
        self.asked_count = 0
        self.ran: set[str] = set()
        """Which scripts have been run."""
        for script in self._names.values():
            self.simulated.execute((b"SCRIPT", b"LOAD", script.source.encode()))

    async def close(self) -> None:
        """Close what is open."""
        self.shut()

    def shut(self) -> None:
        """Close what is open."""
        self.real.close()
        self._loop.close()

    async def ask(self, *command: str | bytes | int) -> Any:
        """Ask both and return what both reply. Raises StateUnavailable."""
        try:
            return self.both(*command)
        except RedisError as error:
            raise StateUnavailable(str(error)) from error

    @asynccontextmanager
    async def listening(self, channel: str) -> AsyncIterator[Any]:
        """Refuse: channels are not compared."""
        raise AssertionError(channel)
        yield

    async def hear(self, heard: Any, *, within_s: float) -> str | None:
        """Refuse: channels are not compared."""
        raise AssertionError(heard, within_s)

    async def ask_if_there(self, heard: Any) -> str:
        """Refuse: channels are not compared."""
        raise AssertionError(heard)

    def both(self, *command: str | bytes | int) -> Any:
        """Ask both, compare, and return the reply or raise the error."""
        self.asked_count += 1
        self.clock.us = time.time_ns() // 1_000
        kind = str(command[0])
        asked = command
        if kind == "EVALSHA":
            script = self._names[str(command[1])]
            kind = script.name
            self.ran.add(kind)
            seconds, us = divmod(self.clock.us, 1_000_000)
            asked = ("EVAL", SAME_TIME.format(seconds, us) + script.source, *command[2:])
        expected = self._really(asked)
        if kind in {"XADD", "send_events"} and not isinstance(expected, RedisError):
            self._take_stream_time(command[3 if kind == "send_events" else 1])
        words = tuple(one if isinstance(one, bytes) else str(one).encode() for one in command)
        try:
            found = self.simulated.execute(words)
        except ReplyError as error:
            found = as_redis_py(error)
        if isinstance(expected, RedisError):
            assert (type(found), str(found)) == (type(expected), str(expected)), command
            raise expected
        if kind in UNORDERED:
            assert _sorted(found) == _sorted(expected), command
        else:
            assert found == expected, (command, found, expected)
        return expected

    def _really(self, command: tuple[str | bytes | int, ...]) -> Any:
        try:
            return self.real.execute_command(*command)  # type: ignore[no-untyped-call]
        except RedisError as error:
            return error

    def _take_stream_time(self, key: str | bytes | int) -> None:
        """Let the simulated server have the time by which the real one has given its last id."""
        said = self.real.execute_command("XINFO", "STREAM", key)  # type: ignore[no-untyped-call]
        last = dict(zip(said[::2], said[1::2], strict=True))[b"last-generated-id"]
        self.clock.us = int(last.split(b"-")[0]) * 1_000

    def compare(self) -> None:
        """Compare everything that the servers have."""
        ask = self.real.execute_command
        keys = set(ask("KEYS", "*"))  # type: ignore[no-untyped-call]
        self.clock.us = time.time_ns() // 1_000
        data = self.simulated.data
        data.now_ms = self.clock.now_ms()
        assert {key for key in [*data.values] if data.has(key)} == keys
        for key in keys:
            expected = _content(self.real, key)
            assert _simulated_content(data.values[key]) == expected, key
            lives_ms = ask("PTTL", key)  # type: ignore[no-untyped-call]
            if lives_ms < 0:
                assert key not in data.expires_ms, key
            else:
                assert abs(data.expires_ms[key] - data.now_ms - lives_ms) < SLACK_MS, key


def _sorted(reply: Any) -> Any:
    """Return a reply with its lists in an order of their own, and without what is the time."""
    return sorted(map(repr, map(_sorted, reply))) if isinstance(reply, list) else reply


def _content(real: Redis, key: bytes) -> Any:
    """Return a value of the real server."""
    ask = real.execute_command
    match ask("TYPE", key):  # type: ignore[no-untyped-call]
        case b"string":
            return ask("GET", key)  # type: ignore[no-untyped-call]
        case b"hash":
            said = ask("HGETALL", key)  # type: ignore[no-untyped-call]
            return dict(zip(said[::2], said[1::2], strict=True))
        case b"set":
            return set(ask("SMEMBERS", key))  # type: ignore[no-untyped-call]
        case b"zset":
            return ask("ZRANGE", key, 0, -1)  # type: ignore[no-untyped-call]
        case b"list":
            return ask("LRANGE", key, 0, -1)  # type: ignore[no-untyped-call]
        case b"stream":
            return ask("XRANGE", key, "-", "+")  # type: ignore[no-untyped-call]
        case kind:
            raise AssertionError(kind)


def _simulated_content(value: Any) -> Any:
    """Return a value of the simulated server in the same form."""
    match value:
        case bytes():
            return value
        case Hash():
            return dict(value)
        case Members():
            return set(value)
        case Items():
            return [*value]
        case Ranked():
            return [member for _, member in value.row]
        case Stream():
            return [value.entry(at) for at in value.entries]
        case _:
            raise AssertionError(value)
