"""The last good copy of the supervisors' switches, on this process's own disk."""

import asyncio
import os
from pathlib import Path

import structlog

from contactcentre.domain.errors import BadRequest
from contactcentre.domain.ivr.switches import Switches
from contactcentre.wire.switches import decode, encode

log = structlog.get_logger()


class FileOfSwitches:
    """The SwitchFile port. A disk that fails costs the copy and nothing else."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Switches | None:
        """Return the copy; None if there is none that can be read."""
        try:
            return decode(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, BadRequest) as error:
            log.warning("the kept copy of the switches cannot be read", why=str(error))
            return None

    async def write(self, stands: Switches) -> None:
        """Keep a copy, whole or not at all."""
        try:
            await asyncio.to_thread(self._write, encode(stands))
        except OSError as error:
            log.warning("a copy of the switches could not be kept", why=str(error))

    def _write(self, said: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._path.with_suffix(f".{os.getpid()}")
        with fresh.open("wb") as file:
            file.write(said)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
