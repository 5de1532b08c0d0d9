"""Real stores for every test that wants one: started once, clean for each test."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import asyncpg
import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from contactcentre.adapters.embedded import server
from contactcentre.adapters.embedded.postgres import Postgres, start_postgres
from contactcentre.adapters.embedded.valkey import Valkey, start_valkey
from contactcentre.adapters.ledger_postgres.migrate import upgrade
from contactcentre.settings import PREFIX
from tests.stores import Emptying, empty

TESTS = Path(__file__).parent
HUNGRY_ROOMS = {
    "bench": "hungry",
    "browser": "browser",
    "drills": "hungry",
    "house": "hungry",
    "simulation": "hungry",
}
"""Which tests need a whole processor: of each kind one runs at a time."""
TEMPLATE = "template_of_tests"
NUMBERS = count(1)
MAY_SKIP = "Skipped: only root"
"""The one reason that is accepted everywhere."""
OURS = {f"{PREFIX}WATCHDOG_S", f"{PREFIX}CHROMIUM"}
"""What may be told to the tests themselves."""


PORTS_EACH, PROCESSES_MAX = 2_000, 5


def pytest_configure() -> None:
    """Keep settings of the shell from what is tested, and processes of tests from each other.

    Each has ports of its own: one that a test has been given is free until it is used.
    """
    for name in [name for name in os.environ if name.startswith(PREFIX) and name not in OURS]:
        del os.environ[name]
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % PROCESSES_MAX
    first = server.PORTS[0] + process * PORTS_EACH
    server.ports_in_turn = server.in_turn(range(first, first + PORTS_EACH))


class ByRoom(LoadScopeScheduling):  # type: ignore[misc]
    """Lets one process run each file, and the same one all files that need a whole processor."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        room = file.removeprefix("tests/").partition("/")[0]
        return HUNGRY_ROOMS.get(room, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByRoom:
    """Give the tests out by their rooms."""
    return ByRoom(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Count a test that was left out as a failure where nothing may be left out."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return  # a process that runs a part of the tests: the one that reports counts them all
    skipped = reporter.stats.get("skipped", [])
    left_out = [one for one in skipped if not one.longrepr[2].startswith(MAY_SKIP)]
    if "CI" in os.environ and left_out:
        reporter.write_line(f"\nleft out, where nothing may be: {len(left_out)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def stores_dir() -> Iterator[Path]:
    """Give a folder for stores that every user may enter, as PostgreSQL does not run as root."""
    folder = Path(mkdtemp(prefix="contactcentre-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def valkey(stores_dir: Path) -> Iterator[Valkey]:
    """Give the Valkey of this run."""
    server = asyncio.run(start_valkey(stores_dir / "valkey"))
    yield server
    asyncio.run(server.stop())


@pytest.fixture(scope="session")
def postgres(stores_dir: Path) -> Iterator[Postgres]:
    """Give the PostgreSQL of this run, with a migrated database to copy."""
    server = asyncio.run(start_postgres(stores_dir / "postgres"))
    asyncio.run(_make_template(server.url))
    yield server
    asyncio.run(server.stop())


@pytest.fixture
async def redis_url(empty_redis: Emptying, valkey: Valkey) -> str:
    """Give an empty Redis database, with the rights of the platform's processes."""
    await empty_redis()
    return valkey.url


@pytest.fixture
def empty_redis(valkey: Valkey) -> Emptying:
    """Give a way to lose all keys, which none of our processes may do."""
    return partial(empty, valkey.admin_url)


@pytest.fixture
async def database_url(postgres: Postgres) -> AsyncIterator[str]:
    """Give a migrated database with nothing in it."""
    name = f"test_{next(NUMBERS)}"
    await _execute(postgres.url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield _database(postgres.url, name)
    await _execute(postgres.url, f"DROP DATABASE {name} WITH (FORCE)")


async def _make_template(url: str) -> None:
    await _execute(url, f"CREATE DATABASE {TEMPLATE}")
    await upgrade(_database(url, TEMPLATE))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


def _database(url: str, name: str) -> str:
    """Return where a database of a server is."""
    return f"{url.rpartition('/')[0]}/{name}"
