"""A pool on a database of the test's own, and a server of its own to be broken."""

import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlsplit

import asyncpg
import pytest

from contactcentre.adapters.embedded.postgres import Postgres, start_postgres
from contactcentre.adapters.ledger_postgres.pool import PostgresPool


class FragileServer:
    """A PostgreSQL that may be hung, killed and started again."""

    def __init__(self, folder: Path, running: Postgres) -> None:
        self._folder = folder
        self._running = running
        self.url = running.url

    def kill(self) -> None:
        """Let it die at once, with all that it has in memory."""
        self.signal(signal.SIGKILL)
        self._running.program.process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all of its processes."""
        first = self._running.program.process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for pid in (first, *map(int, children)):
            os.kill(pid, number)

    async def start_again(self) -> None:
        """Start it on its old port, with the data that it had on the disk."""
        self._running = await start_postgres(self._folder, port=urlsplit(self.url).port)

    async def stop(self) -> None:
        """Let it end."""
        await self._running.stop()


@pytest.fixture
async def fragile_server() -> AsyncIterator[FragileServer]:
    """Give a server of the test's own."""
    folder = Path(mkdtemp(prefix="contactcentre-fragile-"))
    folder.chmod(0o755)
    server = FragileServer(folder / "postgres", await start_postgres(folder / "postgres"))
    yield server
    await server.stop()
    shutil.rmtree(folder)


@pytest.fixture
async def empty_url(postgres: Postgres, database_url: str) -> AsyncIterator[str]:
    """Give a database without a table."""
    name = f"{database_url.rpartition('/')[2]}_empty"
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f"CREATE DATABASE {name}")
    yield f"{postgres.url.rpartition('/')[0]}/{name}"
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[PostgresPool]:
    """Give a pool on a migrated database."""
    async with PostgresPool(database_url) as pool:
        yield pool
