"""PostgreSQL away, hung, read-only or killed: an outage in good time, and nothing lost."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias
from urllib.parse import urlsplit

import asyncpg
import pytest

from contactcentre.adapters.embedded.postgres import Postgres
from contactcentre.adapters.ledger_postgres.migrate import upgrade
from contactcentre.adapters.ledger_postgres.outcomes import PostgresOutcomes
from contactcentre.adapters.ledger_postgres.pool import CONNECTIONS_MAX, Connection, PostgresPool
from contactcentre.domain.errors import BadRequest, LedgerUnavailable
from contactcentre.domain.ids import AdviserId, CallId, OutcomeCode
from contactcentre.ports.records import Outcome
from tests.adapters.ledger_postgres.conftest import FragileServer
from tests.chaos import bad_wire

Use: TypeAlias = AbstractAsyncContextManager[Connection]

ADA = AdviserId("ada")
WRONG = "not-the-password"


def outcome(version: int, *, call: str = "c1") -> Outcome:
    return Outcome(
        call=CallId(call),
        adviser=ADA,
        outcome=OutcomeCode("answered"),
        notes=f"Draft {version}",
        version=version,
    )


async def test_a_hung_server_is_an_outage_in_good_time(fragile_server: FragileServer) -> None:
    await upgrade(fragile_server.url)
    async with PostgresPool(fragile_server.url, timeout_ms=300) as pool:
        outcomes = PostgresOutcomes(pool)
        await outcomes.write(outcome(1), at_ms=1)
        fragile_server.signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            for _ in range(3):  # on the open connection, then with new ones
                with pytest.raises(LedgerUnavailable, match="in time"):
                    await outcomes.write(outcome(2), at_ms=2)
            assert time.monotonic() - began < 3 * 0.3 + 2.0
        finally:
            fragile_server.signal(signal.SIGCONT)
        await outcomes.write(outcome(3), at_ms=3)
        assert await outcomes.read(call=CallId("c1"), adviser=ADA) == outcome(3)


async def test_a_server_that_is_not_heard_holds_no_connection_for_ever(database_url: str) -> None:
    async with bad_wire(database_url) as wire, PostgresPool(wire.url, timeout_ms=300) as pool:

        async def is_heard_no_more(use: Callable[[], Use], *, while_at_it: bool) -> None:
            async with use() as connection:
                await connection.execute("SELECT 1")
                wire.fall_mute()
                if while_at_it:
                    await connection.execute("SELECT 2")

        async with asyncio.timeout(15):
            for use in CONNECTIONS_MAX * (pool.connection, pool.transaction):
                for while_at_it in (True, False):
                    with pytest.raises(LedgerUnavailable):
                        await is_heard_no_more(use, while_at_it=while_at_it)
                    wire.speak_again()
            await pool.ping()


async def test_a_transaction_with_what_can_never_be_written_leaves_nothing(
    pool: PostgresPool,
) -> None:
    async def write_twice() -> None:
        async with pool.transaction() as connection:
            for _ in range(2):
                await connection.execute("INSERT INTO marks (node, durable_seq) VALUES ('n', 1)")

    with pytest.raises(BadRequest):
        await write_twice()
    async with pool.connection() as connection:
        assert not await connection.fetch("SELECT * FROM marks")


async def test_a_server_killed_while_it_writes_loses_nothing_it_confirmed(
    fragile_server: FragileServer,
) -> None:
    await upgrade(fragile_server.url)
    confirmed: set[str] = set()
    busy = asyncio.Event()
    async with PostgresPool(fragile_server.url) as pool:
        outcomes = PostgresOutcomes(pool)

        async def write_on(writer: int) -> None:
            number = 0
            while True:
                number += 1
                call = f"{writer}-{number}"
                await outcomes.write(outcome(1, call=call), at_ms=1)
                confirmed.add(call)
                if len(confirmed) == 200:
                    busy.set()

        writers = [asyncio.ensure_future(write_on(writer)) for writer in range(4)]
        await asyncio.wait_for(busy.wait(), 10)
        fragile_server.kill()
        for ended in await asyncio.gather(*writers, return_exceptions=True):
            assert isinstance(ended, LedgerUnavailable)
        await fragile_server.start_again()
        async with pool.connection() as connection:
            rows = await connection.fetch("SELECT call FROM outcomes")
    assert confirmed <= {row["call"] for row in rows}


async def test_a_server_that_is_not_there_is_an_outage() -> None:
    async with PostgresPool("postgresql://contactcentre@127.0.0.1:1/records") as pool:
        with pytest.raises(LedgerUnavailable):
            await PostgresOutcomes(pool).read(call=CallId("c1"), adviser=ADA)


async def test_a_wrong_password_is_an_outage_that_says_so(postgres: Postgres) -> None:
    right = urlsplit(postgres.url).password or ""
    async with PostgresPool(postgres.url.replace(right, WRONG)) as pool:
        with pytest.raises(LedgerUnavailable, match="user and password") as outage:
            await PostgresOutcomes(pool).read(call=CallId("c1"), adviser=ADA)
    assert WRONG not in str(outage.value)


async def test_a_url_that_cannot_be_understood_is_refused_at_once() -> None:
    with pytest.raises(BadRequest):
        PostgresPool("mysql://contactcentre@127.0.0.1/records")


async def test_a_database_without_our_tables_is_an_outage_that_says_what_to_do(
    empty_url: str,
) -> None:
    async with PostgresPool(empty_url) as pool:
        with pytest.raises(LedgerUnavailable, match="run the migrations"):
            await PostgresOutcomes(pool).read(call=CallId("c1"), adviser=ADA)


async def set_read_only(url: str, *, on: bool) -> None:
    connection = await asyncpg.connect(
        url, server_settings={"default_transaction_read_only": "off"}
    )
    try:
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(
            f"ALTER DATABASE {name} SET default_transaction_read_only = {'on' if on else 'off'}"
        )
    finally:
        await connection.close()


async def test_a_server_that_only_lets_itself_be_read_is_an_outage(database_url: str) -> None:
    await set_read_only(database_url, on=True)
    async with PostgresPool(database_url) as pool:
        with pytest.raises(LedgerUnavailable, match="read"):
            await PostgresOutcomes(pool).write(outcome(1), at_ms=1)
        await set_read_only(database_url, on=False)
        await PostgresOutcomes(pool).write(outcome(1), at_ms=1)


async def make_table(pool: PostgresPool) -> None:
    """Write on a connection that turns read-only, as all do when their server is demoted."""
    async with pool.connection() as connection:
        await connection.execute("SET SESSION default_transaction_read_only = on")
        await connection.execute("CREATE TABLE anything ()")


async def test_a_connection_that_turned_read_only_is_not_used_again(database_url: str) -> None:
    async with PostgresPool(database_url) as pool:
        for _ in range(6):
            with pytest.raises(LedgerUnavailable, match="read"):
                await make_table(pool)
        await PostgresOutcomes(pool).write(outcome(1), at_ms=1)


async def test_more_asking_at_once_than_there_are_connections_wait_their_turn(
    database_url: str,
) -> None:
    async with PostgresPool(database_url) as pool:
        outcomes = PostgresOutcomes(pool)
        await asyncio.gather(*(outcomes.write(outcome(n), at_ms=n) for n in range(1, 40)))
        assert await outcomes.read(call=CallId("c1"), adviser=ADA) == outcome(39)


async def test_a_statement_that_takes_too_long_gives_its_connection_back(database_url: str) -> None:
    async with PostgresPool(database_url, timeout_ms=200) as pool:
        for _ in range(6):
            with pytest.raises(LedgerUnavailable):
                async with pool.connection() as connection:
                    await connection.execute("SELECT pg_sleep(5)")
        await PostgresOutcomes(pool).write(outcome(1), at_ms=1)
