"""Faults in one centre's own processes: which is which, and its sudden end or standstill.

A role's process runs under a small parent, which starts it again: the fault hits the child, and
waiting for `whole` is waiting until every process is there and ready once more.
"""

import asyncio
import os
import re
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp

from tests.browser.centre import Centre
from tests.browser.people import Adviser, Caller

PROC = Path("/proc")
WHOLE_WITHIN_S = 30.0
LOOK_EVERY_S = 0.1
NAME = re.compile(r"^.*-(?=(media-\d+|records|router|desk|public)$)")
ROLES_ONCE = ("records", "router", "desk", "public")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One process of a centre."""

    pid: int
    command: str
    environ: Mapping[str, str]

    @property
    def name(self) -> str:
        """Return its name in its centre, without the machine's before it."""
        return NAME.sub("", self.environ["CC_NODE"])

    @property
    def is_child(self) -> bool:
        """Say whether it does a role's work, and is not the parent that watches it."""
        return "--heartbeat-fd" in self.command


def child_of(centre: Centre, name: str) -> Running:
    """Return the process that does the work under a name, as `up` calls it."""
    return next(each for each in _children(centre) if each.name == name)


async def node_of(person: Caller | Adviser, centre: Centre) -> Running:
    """Return the node that has somebody's call."""
    found = re.fullmatch(r"ws://127\.0\.0\.1:(\d+)/leg", await person.node_url())
    assert found is not None
    return child_of(centre, f"media-{int(found[1]) - centre.media_port + 1}")


def store_of(centre: Centre) -> Running:
    """Return the centre's own Valkey."""
    return next(each for each in _processes(centre) if "valkey-server" in each.command)


def record_of(centre: Centre) -> str:
    """Return the URL of the centre's own PostgreSQL, as its records process knows it."""
    return child_of(centre, "records").environ["CC_DATABASE_URL"]


def kill(process: Running) -> None:
    """End a process without a word."""
    os.kill(process.pid, signal.SIGKILL)


def stop(process: Running) -> None:
    """Let a process stand still, as one that hangs."""
    os.kill(process.pid, signal.SIGSTOP)


def tell_to_end(process: Running) -> None:
    """Tell a process to come to its end in its own way."""
    os.kill(process.pid, signal.SIGTERM)


async def whole(centre: Centre, *, nodes: int) -> None:
    """Wait until every process of the centre is there and ready."""
    names = {*ROLES_ONCE, *(f"media-{number}" for number in range(1, nodes + 1))}
    deadline = time.monotonic() + WHOLE_WITHIN_S
    while missing := names - await _ready(centre):
        assert time.monotonic() < deadline, f"{missing} did not come back"
        await asyncio.sleep(LOOK_EVERY_S)


async def _ready(centre: Centre) -> set[str]:
    """Return the names of those that are ready."""
    timeout = aiohttp.ClientTimeout(total=1)
    ready = set()
    async with aiohttp.ClientSession(timeout=timeout) as session:
        for child in _children(centre):
            url = f"http://127.0.0.1:{child.environ['CC_INTERNAL_PORT']}/readyz"
            try:
                async with session.get(url) as response:
                    if response.status == HTTPStatus.OK:
                        ready.add(child.name)
            except (aiohttp.ClientError, TimeoutError, OSError):
                continue
    return ready


def _children(centre: Centre) -> Iterator[Running]:
    return (each for each in _processes(centre) if each.is_child)


def _processes(centre: Centre) -> Iterator[Running]:
    """Yield everything that the centre has started, and nothing else."""
    parents = {pid: parent for pid in _pids() if (parent := _parent(pid)) is not None}
    for pid in parents:
        above = pid
        while above in parents and above != centre.pid:
            above = parents[above]
        if above == centre.pid and (found := _running(pid)) is not None:
            yield found


def _pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int | None:
    """Return who started a process; None if it is gone."""
    try:
        said = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    return int(said.rpartition(")")[2].split()[1])


def _running(pid: int) -> Running | None:
    """Return a process; None if it is gone."""
    try:
        command = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        pairs = (PROC / str(pid) / "environ").read_bytes().decode().split("\0")
    except OSError:
        return None
    environ = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    return Running(pid=pid, command=command, environ=environ)
