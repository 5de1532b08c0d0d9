"""A record of two servers: who is asked, who is written to, and what is confirmed by both."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from contactcentre.adapters.embedded.postgres import Postgres
from contactcentre.adapters.embedded.server import LOOPBACK, free_port
from contactcentre.adapters.embedded.standby import PostgresPair, ask, start_pair
from contactcentre.adapters.ledger_postgres.migrate import upgrade
from contactcentre.adapters.ledger_postgres.outcomes import PostgresOutcomes
from contactcentre.adapters.ledger_postgres.pool import CONNECTIONS_MAX, PostgresPool
from contactcentre.adapters.ledger_postgres.servers import PORT, Servers, read_servers
from contactcentre.domain.errors import BadRequest, LedgerUnavailable, Outage
from tests.adapters.ledger_postgres.test_outages import WRONG, outcome, set_read_only
from tests.chaos import bad_wire

TIMEOUT_MS = 500
SLACK_S = 1.0
"""A busy machine comes late to its own deadlines."""
WITHIN_S = 10.0
RACES = 20
CONNECTED = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def both(url: str, first: int, second: int) -> str:
    """Return a URL with two servers of the same password."""
    parts = urlsplit(url)
    signed_in = parts.netloc.rpartition("@")[0]
    places = f"{LOOPBACK}:{first},{LOOPBACK}:{second}"
    return urlunsplit(parts._replace(netloc=f"{signed_in}@{places}"))


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


@pytest.fixture
async def pair(folder: Path) -> AsyncIterator[PostgresPair]:
    """Give a primary and its standby, with our tables."""
    pair = await start_pair(folder)
    await upgrade(pair.url)
    yield pair
    await pair.stop()


async def until_written(pool: PostgresPool, version: int) -> None:
    """Write until it is confirmed, as whoever writes does."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                return await PostgresOutcomes(pool).write(outcome(version), at_ms=1)
            except LedgerUnavailable:
                await asyncio.sleep(0.05)


async def where(pool: PostgresPool) -> int:
    """Return at which port the server is that answers."""
    async with pool.connection() as connection:
        port: int = await connection.fetchval("SELECT inet_server_port()")
    return port


@pytest.mark.parametrize("silent_first", [True, False])
async def test_a_server_that_is_silent_delays_nobody(
    database_url: str, *, silent_first: bool
) -> None:
    async with bad_wire(database_url) as wire:
        wire.fall_silent()
        ports = (wire.port, port_of(database_url))
        url = both(database_url, *(ports if silent_first else ports[::-1]))
        began = time.monotonic()
        async with PostgresPool(url) as pool:
            await PostgresOutcomes(pool).write(outcome(1), at_ms=1)
        assert time.monotonic() - began < SLACK_S


async def test_of_the_connections_of_a_race_one_is_kept(database_url: str) -> None:
    url = both(database_url, port_of(database_url), port_of(database_url))
    servers = Servers(url.replace(LOOPBACK, "localhost", 1), within_s=WITHIN_S)
    links = [await servers.connect() for _ in range(RACES)]
    async with PostgresPool(database_url) as pool, pool.connection() as connection:
        async with asyncio.timeout(10):
            while await connection.fetchval(CONNECTED) > RACES:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    for link in links:
        link.terminate()


async def test_where_none_takes_writes_it_is_said_of_each_why(database_url: str) -> None:
    gone = free_port()
    await set_read_only(database_url, on=True)
    async with bad_wire(database_url) as wire:
        wire.fall_silent()
        parts = both(database_url, gone, port_of(database_url)).rpartition("/")
        url = f"{parts[0]},{LOOPBACK}:{wire.port}/{parts[2]}"
        began = time.monotonic()
        async with PostgresPool(url, timeout_ms=TIMEOUT_MS) as pool:
            with pytest.raises(LedgerUnavailable) as outage:
                await pool.ping()
        assert time.monotonic() - began < TIMEOUT_MS / 1_000 + SLACK_S
    said = str(outage.value)
    assert f"{gone}: nobody listens" in said
    assert f"{port_of(database_url)}: this PostgreSQL only lets itself be read" in said
    assert f"{wire.port}: PostgreSQL did not answer in time" in said


async def test_a_wrong_password_at_two_servers_is_not_told_to_anybody(database_url: str) -> None:
    right = urlsplit(database_url).password or ""
    url = both(database_url, port_of(database_url), free_port()).replace(right, WRONG)
    async with PostgresPool(url) as pool:
        with pytest.raises(LedgerUnavailable, match="user and password") as outage:
            await pool.ping()
    assert WRONG not in str(outage.value)


async def test_what_was_confirmed_is_there_when_the_primary_is_lost(pair: PostgresPair) -> None:
    confirmed: dict[str, float] = {}
    async with PostgresPool(pair.url, timeout_ms=TIMEOUT_MS) as pool:

        async def write_on(writer: int) -> None:
            number = 0
            while True:
                call = f"{writer}-{number}"
                try:
                    await PostgresOutcomes(pool).write(outcome(1, call=call), at_ms=1)
                except LedgerUnavailable:
                    await asyncio.sleep(0.05)  # the same again
                else:
                    confirmed[call] = time.monotonic()
                    number += 1

        async with asyncio.TaskGroup() as group:
            writers = [group.create_task(write_on(writer)) for writer in range(6)]
            await _until(lambda: len(confirmed) > 200)
            pair.primary.kill()
            await asyncio.sleep(0.2)
            await pair.promote()
            promoted_at = time.monotonic()
            await _until(lambda: max(confirmed.values()) > promoted_at)
            back_s = max(confirmed.values()) - promoted_at
            await asyncio.sleep(0.3)
            for writer in writers:
                writer.cancel()
        async with pool.connection() as connection:
            found = {row["call"] for row in await connection.fetch("SELECT call FROM outcomes")}
        assert await where(pool) == pair.primary.port
    assert confirmed.keys() <= found
    assert back_s < TIMEOUT_MS / 1_000 + SLACK_S


async def _until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not reached():  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(0.01)


async def everywhere(pool: PostgresPool) -> set[int]:
    """Return at which ports the servers are that all connections lead to."""
    return set(await asyncio.gather(*(where(pool) for _ in range(2 * CONNECTIONS_MAX))))


async def test_a_former_primary_that_does_not_know_is_left_alone(pair: PostgresPair) -> None:
    former = pair.primary
    async with PostgresPool(pair.url, timeout_ms=TIMEOUT_MS) as pool:
        assert await everywhere(pool) == {former.port}
        former.hang()
        await pair.promote()
        with pytest.raises(LedgerUnavailable, match="in time"):
            await pool.ping()
        former.go_on()  # it takes writes, and we are still connected to it
        assert not await ask(former, "SELECT pg_is_in_recovery()")
        assert await everywhere(pool) == {pair.primary.port}
        pair.primary.hang()
        for why in ("in time", f"{former.port}: its timeline 1 has been overtaken by 2"):
            with pytest.raises(LedgerUnavailable, match=why):  # not even if there is nobody else
                await pool.ping()
        pair.primary.go_on()
        await until_written(pool, 1)
    await pair.rejoin()
    assert await ask(pair.standby, "SELECT version FROM outcomes") == 1


async def test_whoever_meets_a_former_primary_first_goes_on_to_the_new_one(
    pair: PostgresPair,
) -> None:
    former = pair.primary
    former.hang()
    await pair.promote()
    former.go_on()
    async with bad_wire(pair.primary.url) as wire:
        wire.delay_s = 0.01  # the former primary always answers first
        url = both(pair.url, former.port, wire.port)
        async with PostgresPool(url, timeout_ms=3 * TIMEOUT_MS) as pool:
            assert await where(pool) == former.port
            with pytest.raises(LedgerUnavailable, match="in time"):
                await PostgresOutcomes(pool).write(outcome(1), at_ms=1)
            await PostgresOutcomes(pool).write(outcome(1), at_ms=1)
            assert await everywhere(pool) == {pair.primary.port}


async def come_back(server: Postgres) -> None:
    """Let a server die and start again."""
    server.kill()
    async with asyncio.timeout(WITHIN_S):
        while True:
            with suppress(Outage):  # what it shared with its workers is let go of soon
                return await server.start_again()
            await asyncio.sleep(0.1)


async def test_what_the_standby_has_not_got_is_confirmed_to_nobody(pair: PostgresPair) -> None:
    turned = both(pair.url, pair.standby.port, pair.primary.port)
    async with PostgresPool(turned, timeout_ms=TIMEOUT_MS) as pool:
        outcomes = PostgresOutcomes(pool)
        await outcomes.write(outcome(1), at_ms=1)
        assert await everywhere(pool) == {pair.primary.port}
        pair.standby.hang()
        for _ in range(2):  # a repeat of what waits to be confirmed is not confirmed either
            began = time.monotonic()
            with pytest.raises(LedgerUnavailable, match="in time"):
                await outcomes.write(outcome(2), at_ms=2)
            assert time.monotonic() - began < TIMEOUT_MS / 1_000 + SLACK_S
        await come_back(pair.primary)  # and has it by itself now, where the standby has not
        assert await ask(pair.primary, "SELECT version FROM outcomes") == 2
        for _ in range(2):
            with pytest.raises(LedgerUnavailable):
                await outcomes.write(outcome(2), at_ms=2)
        pair.standby.go_on()
        await until_written(pool, 2)
        pair.primary.kill()
        await pair.promote()
        async with pool.connection() as connection:
            assert await connection.fetchval("SELECT array_agg(version) FROM outcomes") == [2]


@pytest.mark.parametrize(
    "url",
    [
        "mysql://cc:pw@one/records",
        "postgresql://cc:pw@one:port/records",
        "postgresql://cc:pw@one:0,two/records",
        "postgresql://cc:pw@one,,two/records",
        "postgresql://cc:pw@one,one:5432/records",
        "postgresql://cc:pw@[::1/records",
        "postgresql://cc:pw@/records?host=one,two",
        "postgresql://cc:pw@" + ",".join(f"s{n}" for n in range(9)) + "/records",
    ],
)
def test_a_url_of_servers_that_cannot_be_understood_is_refused_without_its_password(
    url: str,
) -> None:
    with pytest.raises(BadRequest, match="CC_DATABASE_URL: write postgresql://") as refusal:
        read_servers(url)
    assert "pw" not in str(refusal.value)


def test_a_url_names_servers_as_it_names_one() -> None:
    servers = read_servers(
        "postgresql://cc:p%40ss@one:5433, two ,[::1]:5434/records?sslmode=prefer"
    )
    assert servers == [("one", 5433), ("two", PORT), ("::1", 5434)]
    assert not read_servers("postgresql:///records?host=/run/postgresql")


@pytest.fixture
def folder(stores_dir: Path) -> Path:
    """Give a folder that every user may enter."""
    made = stores_dir / f"pair-{time.monotonic_ns()}"
    made.mkdir(mode=0o755)
    return made
