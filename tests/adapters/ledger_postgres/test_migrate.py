"""The tables come to be by themselves, once, whoever asks for them."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import Connection, text

from contactcentre.adapters.ledger_postgres import migrate
from contactcentre.adapters.ledger_postgres.migrate import upgrade
from contactcentre.domain.errors import LedgerUnavailable
from tests.chaos import bad_wire

TABLES = {
    "accounts",
    "alembic_version",
    "audit",
    "callback_attempts",
    "callbacks",
    "calls",
    "events",
    "marks",
    "outcomes",
    "recording_acts",
    "recordings",
    "sessions",
    "set_aside",
    "switch_turns",
}


async def tables(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()
    return {row["tablename"] for row in rows}


async def test_an_empty_database_gets_every_table(empty_url: str) -> None:
    await upgrade(empty_url)
    assert await tables(empty_url) == TABLES


async def test_a_second_upgrade_changes_nothing(empty_url: str) -> None:
    await upgrade(empty_url)
    await upgrade(empty_url)
    assert await tables(empty_url) == TABLES


async def test_processes_that_start_at_once_make_the_tables_once(empty_url: str) -> None:
    await asyncio.gather(*(upgrade(empty_url) for _ in range(4)))
    assert await tables(empty_url) == TABLES


async def test_a_server_that_is_not_there_is_an_outage() -> None:
    with pytest.raises(LedgerUnavailable):
        await upgrade("postgresql://contactcentre@127.0.0.1:1/records")


async def test_a_server_that_is_heard_no_more_is_an_outage_in_good_time(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bad_wire(empty_url) as wire:

        def half(connection: Connection) -> None:
            connection.execute(text("CREATE TABLE marks (node text)"))
            wire.fall_mute()
            connection.execute(text("CREATE TABLE calls (id text)"))

        monkeypatch.setattr(migrate, "TIMEOUT_S", 0.5)
        monkeypatch.setattr(migrate, "_upgrade", half)
        async with asyncio.timeout(5):
            with pytest.raises(LedgerUnavailable):
                await upgrade(wire.url)
    assert await tables(empty_url) == set()
