"""The stores of a drill, and what can be done to them: kill, empty, stop, switch, start again."""

import asyncio
import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import redis.asyncio
from redis.exceptions import RedisError

from contactcentre.adapters.embedded.postgres import Postgres, start_postgres
from contactcentre.adapters.embedded.sentinel import Member, SentinelGroup, start_sentinel_group
from contactcentre.adapters.embedded.server import HERE, Place
from contactcentre.adapters.embedded.valkey import Valkey, start_valkey
from contactcentre.domain.errors import Outage

POLL_S = 0.01
ANSWERS_WITHIN_S = 30.0
ASK_TIMEOUT_S = 0.5
START_TRIES_MAX = 20
KEPT_ON_DISK = "appendonlydir"


class LiveState(Protocol):
    """Where the centre's live state is."""

    @property
    def url(self) -> str:
        """Return what CC_REDIS_URL says of it."""

    async def stop(self) -> None:
        """Let it end."""


class OneRedis:
    """One Valkey."""

    def __init__(self, server: Valkey, folder: Path) -> None:
        self._server = server
        self._folder = folder

    @property
    def url(self) -> str:
        """Return where it is."""
        return self._server.url

    async def kill(self) -> None:
        """Kill it, and lose all that it has on the disk."""
        self._server.program.process.kill()
        self._server.program.process.wait()
        shutil.rmtree(self._folder / KEPT_ON_DISK, ignore_errors=True)

    async def start_again(self) -> None:
        """Start it empty; return once it answers."""
        await self._server.start_again()

    def hang(self) -> None:
        """Let it stand still with everything open."""
        self._server.program.process.send_signal(signal.SIGSTOP)

    async def go_on(self) -> None:
        """Let it go on; return once it answers."""
        self._server.program.process.send_signal(signal.SIGCONT)
        await self._until_it_answers()

    async def empty(self) -> None:
        """Delete everything in it."""
        client = self._client()
        await client.flushall()
        await client.aclose()

    async def stop(self) -> None:
        """Let it end."""
        if self._server.program.process.poll() is None:
            self._server.program.process.send_signal(signal.SIGCONT)
        await self._server.stop()

    async def _until_it_answers(self) -> None:
        client = self._client()
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            while True:
                with suppress(RedisError, OSError):
                    await client.ping()
                    break
                await asyncio.sleep(POLL_S)
        await client.aclose()

    def _client(self) -> redis.asyncio.Redis:
        return redis.asyncio.from_url(self._server.admin_url, socket_timeout=ASK_TIMEOUT_S)


class ManyRedis:
    """Three Valkeys, one of them the primary, watched by three Sentinels."""

    def __init__(self, group: SentinelGroup) -> None:
        self._group = group
        self._broken: Member | None = None

    @property
    def url(self) -> str:
        """Return where its Sentinels are."""
        return self._group.url

    async def kill_primary(self) -> None:
        """Kill the primary."""
        self._broken = await self._group.primary()
        self._broken.kill()

    async def hang_primary(self) -> None:
        """Let the primary stand still."""
        self._broken = await self._group.primary()
        self._broken.hang()

    async def until_switched(self) -> None:
        """Wait until another one is the primary and takes writes."""
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            while True:
                with suppress(Outage):
                    primary = await self._group.primary()
                    if primary is not self._broken and (await primary.ask("ROLE"))[0] == "master":
                        return
                await asyncio.sleep(5 * POLL_S)

    async def mend(self, *, was_killed: bool) -> None:
        """Bring back the one that was broken, and wait until the group is whole again."""
        assert self._broken is not None, "broken before it is mended"
        if was_killed:
            await self._broken.start_again()
        else:
            self._broken.go_on()
        await self._group.until_whole()

    def lose(self, place: Place) -> None:
        """Kill the server and the Sentinel of one place."""
        for one in self._at(place):
            one.kill()

    async def bring_back(self, place: Place) -> None:
        """Start again what was killed at one place."""
        for one in self._at(place):
            await one.start_again()

    async def until_whole(self, *, within_s: float) -> None:
        """Wait until every server follows the primary, and every Sentinel sees it so."""
        await self._group.until_whole(within_s=within_s)

    async def until_elsewhere(self, host: str) -> None:
        """Wait until a server at another address is the primary and takes writes."""
        while True:
            with suppress(Outage):
                primary = await self._group.primary()
                if primary.at[0] != host and (await primary.ask("ROLE"))[0] == "master":
                    return
            await asyncio.sleep(5 * POLL_S)

    async def primary_host(self) -> str:
        """Return the address of the primary, as the Sentinels that answer say."""
        return (await self._group.primary()).at[0]

    async def stop(self) -> None:
        """Let all end."""
        await self._group.stop()

    def _at(self, place: Place) -> list[Member]:
        group = self._group
        return [one for one in (*group.sentinels, *group.members) if one.at[0] == place.host]


class Record:
    """One PostgreSQL."""

    def __init__(self, server: Postgres, folder: Path, port: int, place: Place) -> None:
        self._server = server
        self._folder = folder
        self._port = port
        self._place = place

    @property
    def url(self) -> str:
        """Return where it is."""
        return self._server.url

    async def kill(self) -> None:
        """Kill it; what works for it ends with it."""
        workers = list(_children(self._server.program.process.pid))
        self._server.program.process.kill()
        self._server.program.process.wait()
        for pid in workers:
            _tell(pid, signal.SIGKILL)

    async def start_again(self) -> None:
        """Start it with what it has on the disk; return once it answers."""
        for _ in range(START_TRIES_MAX):
            with suppress(Outage):  # what the last one shared with its workers is let go of soon
                self._server = await start_postgres(
                    self._folder, port=self._port, stands=self._place
                )
                return
            await asyncio.sleep(10 * POLL_S)
        raise Outage("PostgreSQL does not start again")

    def hang(self) -> None:
        """Let it and all that works for it stand still."""
        for pid in (self._server.program.process.pid, *self._workers()):
            _tell(pid, signal.SIGSTOP)

    async def go_on(self) -> None:
        """Let it go on."""
        for pid in (*self._workers(), self._server.program.process.pid):
            _tell(pid, signal.SIGCONT)

    async def stop(self) -> None:
        """Let it end."""
        if self._server.program.process.poll() is None:
            await self.go_on()
        await self._server.stop()

    def _workers(self) -> list[int]:
        return list(_children(self._server.program.process.pid))


def _children(pid: int) -> Iterator[int]:
    """Yield the processes that a process has started."""
    with suppress(FileNotFoundError, ProcessLookupError):
        said = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        yield from map(int, said.split())


def child_of(pid: int) -> int | None:
    """Return the only process that a process has started; None while there is none."""
    return next(_children(pid), None)


def _tell(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


async def start_one_redis(folder: Path, port: int) -> OneRedis:
    """Start one Valkey."""
    return OneRedis(await start_valkey(folder, port=port), folder)


async def start_many_redis(folder: Path, places: Sequence[Place] = (HERE, HERE, HERE)) -> ManyRedis:
    """Start a group with Sentinels: a server and a Sentinel at each place, the primary first."""
    return ManyRedis(await start_sentinel_group(folder, places=places))


async def start_record(folder: Path, port: int, place: Place = HERE) -> Record:
    """Start a PostgreSQL."""
    return Record(await start_postgres(folder, port=port, stands=place), folder, port, place)
