"""A server program as a child of ours: how it is started, awaited and stopped.

It dies with us, however we die: the kernel tells it (Linux alone; elsewhere it stays until it is
stopped by hand). It hears no Ctrl-C of our terminal: we stop first, then it.
"""

import asyncio
import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from contactcentre.domain.errors import Outage

LOOPBACK = "127.0.0.1"
POLL_S = 0.01
WATCH_S = 0.05
"""How often one that should not end is looked at."""
STOP_WITHIN_S = 15.0
PORTS = range(10_000, 20_000)
"""Where free ports are looked for: sound goes by the ten thousand above them."""
PORT_TRIES_MAX = 100
LOG_TAIL_LINES = 5
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a server stands."""

    host: str = LOOPBACK
    """The address on which it listens, and by which others reach it."""
    enter: Callable[[], AbstractContextManager[None]] = nullcontext
    """Puts what is started meanwhile into the network that it stands in."""


HERE = Place()
"""On this machine, for this machine alone."""


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before it becomes its program, so that it ends when we do.

    The kernel counts the thread that starts the child as its parent: start it from the main one.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    parent = os.getpid()

    def before() -> None:
        if libc is None:
            return
        libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died before it could be watched
            os._exit(1)

    return before


def in_turn(ports: Sequence[int]) -> Iterator[int]:
    """Yield ports by chance, over and over, and none again before all others.

    Whoever was given one may not listen on it yet. Nothing is drawn before the first is wanted.
    """
    yield from cycle(secrets.SystemRandom().sample(ports, len(ports)))


ports_in_turn = in_turn(PORTS)


def free_port(host: str = LOOPBACK) -> int:
    """Return a port of an address that nobody has, for TCP and for UDP. Raises Outage.

    It is none of those that the system gives to whoever connects to somewhere: one of those might
    be taken again before anybody listens on it.
    """
    for port in islice(ports_in_turn, PORT_TRIES_MAX):
        with (
            socket.socket() as stream,
            socket.socket(type=socket.SOCK_DGRAM) as datagrams,
            suppress(OSError),
        ):
            stream.bind((host, port))
            datagrams.bind((host, port))
            return port
    raise Outage(f"No port from {PORTS[0]} to {PORTS[-1]} is free on this machine.")


def port_at(place: Place) -> int:
    """Return a free port of the network that a place is in."""
    with place.enter():
        return free_port()


class ServerProgram:
    """One server program while it runs."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        folder: Path,
        log: Path,
        stop: signal.Signals,
        user: tuple[int, int] | None = None,
        keep_open: Sequence[int] = (),
        place: Place = HERE,
    ) -> None:
        """Start it, as another user if one is named, with files of ours that it keeps open."""
        self.name = Path(command[0]).name
        self._log = log
        self._stop = stop
        with log.open("ab") as out, place.enter():
            self.process = subprocess.Popen(  # noqa: S603 - a program we have looked up ourselves
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=folder,
                user=user and user[0],
                group=user and user[1],
                extra_groups=() if user else None,
                process_group=0,
                pass_fds=keep_open,
                preexec_fn=die_with_parent(stop),  # noqa: PLW1509 - prctl alone, from the main thread
            )

    async def until(self, ready: Callable[[], Awaitable[bool]], *, within_s: float) -> None:
        """Wait until it is ready. Raises Outage, with its own last words, if it never is."""
        deadline = time.monotonic() + within_s
        while not await ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                await self.stop()
                raise Outage(f"{self.name} did not start: {self.last_words()}")
            await asyncio.sleep(POLL_S)

    async def finish(self, *, within_s: float) -> None:
        """Wait for a program that ends by itself. Raises Outage if it fails."""
        await self._ended(within_s)
        if self.process.poll() != 0:
            await self.stop()
            raise Outage(f"{self.name} failed: {self.last_words()}")

    async def ended(self) -> int:
        """Wait until it ends, however it does; return its exit code."""
        while (code := self.process.poll()) is None:  # noqa: ASYNC110 - it belongs to no loop
            await asyncio.sleep(WATCH_S)
        return code

    async def stop(self) -> None:
        """Let it end in order; kill it if it does not."""
        if self.process.poll() is None:
            self.process.send_signal(self._stop)
            await self._ended(STOP_WITHIN_S)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    async def _ended(self, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while self.process.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110 - it belongs to no loop
            await asyncio.sleep(POLL_S)

    def last_words(self) -> str:
        """Return the end of its log, and where the rest stands."""
        try:
            lines = self._log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        except OSError as error:  # its folder may have been taken away, and it ended by that
            return f"its log cannot be read ({error})"
        return " / ".join(lines) + f" (all of it: {self._log})"
