"""Bring the tables of a database up to this version, by Alembic.

Any number of processes may ask for it at once: one does it, the others wait for it.
"""

import asyncio
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from contactcentre.adapters.ledger_postgres.away import AWAY, why_away
from contactcentre.adapters.ledger_postgres.servers import Servers
from contactcentre.domain.errors import LedgerUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0x63635F6D6967
"""The advisory lock's number; any other user of this database must not use the same."""
TIMEOUT_S = 60.0
"""All steps together, and the wait for another process that runs them."""
CONNECT_TIMEOUT_S = 5.0


async def upgrade(url: str) -> None:
    """Run the migrations that a database has not had yet. Raises LedgerUnavailable, BadRequest."""
    servers = Servers(url, within_s=CONNECT_TIMEOUT_S)

    async def connect() -> Any:
        return await servers.connect(timeout=CONNECT_TIMEOUT_S)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with asyncio.timeout(TIMEOUT_S), engine.begin() as connection:
            await connection.run_sync(_upgrade)
    except (SQLAlchemyError, *AWAY) as error:
        raise LedgerUnavailable(
            f"The tables cannot be brought up to date: {why_away(error)}."
        ) from error
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    """Run the migrations in the transaction of a connection; the lock ends with it."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
