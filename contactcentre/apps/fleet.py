"""The processes of a centre on one machine, as `up` starts, watches and stops them."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp

from contactcentre.adapters.embedded.server import HERE, Place, die_with_parent
from contactcentre.apps.process import MISTAKE
from contactcentre.domain.errors import Outage, Refusal

READY_WITHIN_S = 90.0
POLL_S = 0.1
STARTS_MAX = 3
"""What has ended by mistake so often before it was ready will not get ready."""
ASK_TIMEOUT_S = 2.0
KILL_AFTER_S = 10.0
"""How much longer than its drain a process may take to end."""
REFUSED = 2
WAVES = (("public", "media"), ("router", "desk"), ("records",))
"""Who stops before whom: first whoever takes calls in, last what writes them down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A process that the centre has."""

    name: str
    role: str
    environ: Mapping[str, str]
    ready_url: str
    place: Place = HERE


class Fleet:
    """All processes of this centre, each below a parent that watches over it."""

    def __init__(
        self, members: Sequence[Member], *, logs: Path, say: Callable[[str], None]
    ) -> None:
        self._members = members
        self._logs = logs
        self._say = say
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(exist_ok=True, mode=0o700)
        for member in members:
            log = self._log(member)
            if log.exists():
                log.replace(log.with_suffix(".previous.log"))

    def start(self) -> None:
        """Start every process."""
        for member in self._members:
            self._start(member)

    async def ready(self) -> None:
        """Wait until every process says that it is ready. Raises Outage or Refusal."""
        began = time.monotonic()
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=ASK_TIMEOUT_S)
        ) as session:
            for member in self._members:
                while not await _is_ready(session, member.ready_url):
                    self._refuse_ended(member)
                    late = time.monotonic() - began > READY_WITHIN_S
                    if late or len(self._mistakes(member)) >= STARTS_MAX:
                        raise Outage(f"{member.name} does not get ready. {self._why(member)}")
                    await asyncio.sleep(POLL_S)
                self._say(f"  {member.name:10} ready after {time.monotonic() - began:.1f} s")

    async def keep(self) -> None:
        """Start again, for ever, what has ended although nobody told it to."""
        while True:
            await asyncio.sleep(POLL_S)
            for member in self._members:
                code = self._running[member.name].poll()
                if code is not None:
                    self._refuse_ended(member)
                    self._say(f"{member.name} has ended (code {code}) and is started again.")
                    self._start(member)

    async def stop(self, *, drain_s: float, hurry: asyncio.Event) -> None:
        """End all in order, each with time to let its calls end unless there is a hurry."""
        for wave in WAVES:
            ending = [self._running[one.name] for one in self._members if one.role in wave
                      and one.name in self._running]  # fmt: skip
            for process in ending:
                process.terminate()
            await _all_ended(ending, within_s=drain_s + KILL_AFTER_S, hurry=hurry)

    def kill(self) -> None:
        """Let all be gone at once, as when a machine loses its power."""
        for process in self._running.values():
            process.kill()  # what runs below it dies with it
        for process in self._running.values():
            process.wait()

    def parent_pid(self, name: str) -> int | None:
        """Return the parent that watches over a process; None once it has ended."""
        parent = self._running[name]
        return parent.pid if parent.poll() is None else None

    def _start(self, member: Member) -> None:
        with self._log(member).open("ab") as log, member.place.enter():
            self._running[member.name] = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "contactcentre", member.role],
                env=member.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,  # Ctrl-C is for us, who pass it on in order
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - prctl alone, one thread
            )

    def _refuse_ended(self, member: Member) -> None:
        """Give up if a process will never start as it was told to."""
        if self._running[member.name].poll() == REFUSED:
            raise Refusal(f"{member.name} refuses to start. {self._why(member)}")

    def _why(self, member: Member) -> str:
        """Return the last thing that a process said of a mistake, and where the rest is."""
        log = self._log(member)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        telling = self._mistakes(member) or lines or ["It said nothing."]
        return f"{_said(telling[-1])} (more in {log})"

    def _mistakes(self, member: Member) -> list[str]:
        """Return the lines with which a process has ended by mistake."""
        lines = self._log(member).read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if MISTAKE in line]

    def _log(self, member: Member) -> Path:
        return self._logs / f"{member.name}.log"


def _said(line: str) -> str:
    """Return what a line of a log says, without what only machines want to know."""
    try:
        said = json.loads(line)
    except ValueError:
        return line
    return ": ".join(str(said[field]) for field in ("event", "why") if field in said)


async def _is_ready(session: aiohttp.ClientSession, url: str) -> bool:
    """Say whether a process is ready."""
    try:
        async with session.get(url) as response:
            return response.status == HTTPStatus.OK
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


async def _all_ended(
    ending: Sequence[subprocess.Popen[bytes]], *, within_s: float, hurry: asyncio.Event
) -> None:
    """Wait until processes have ended; tell them again when there is a hurry, kill them at last."""
    until = time.monotonic() + within_s
    hurried = False
    while any(process.poll() is None for process in ending) and time.monotonic() < until:
        if hurry.is_set() and not hurried:
            hurried = True
            for process in ending:
                process.terminate()
        await asyncio.sleep(POLL_S)
    for process in ending:
        process.kill()
        process.wait()
