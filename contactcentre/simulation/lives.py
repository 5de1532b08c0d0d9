"""The processes of a simulated centre: each lives, stands still, dies and lives again.

Whatever a process does runs in a context that names its life. The loop holds such steps back while
the process stands still, and never runs them again once it is dead: no `finally` of a killed
process has any effect, as none has after SIGKILL.
"""

import asyncio
import contextvars
import heapq
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contactcentre.adapters.web.sockets import Socket
from contactcentre.simulation.loop import VirtualLoop
from contactcentre.simulation.network import Names

WORLD = contextvars.Context()
"""The context of the world itself, which never stands still."""
LIFE: contextvars.ContextVar["Life | None"] = contextvars.ContextVar("life", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Something that is asked of a process."""

    method: str
    path: str
    body: bytes
    session: str = ""
    """Whose browser asks, once it has signed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a process answers."""

    status: int
    body: bytes = b""
    session: str = ""
    """Whose browser it is from now on."""


Serve = Callable[[Request], Awaitable[Answer]]
ServeSocket = Callable[[Socket, str], Coroutine[Any, Any, None]]
"""Serves a socket; the second argument is whose browser it is."""


class Life:
    """One life of a process, from its start to its death."""

    def __init__(self, names: Names, *, failed: Callable[["Life", Exception], None]) -> None:
        self.names = names
        self.name = names[-1]
        self.is_dead = False
        self.is_listening = False
        self.serve: Serve | None = None
        self.sockets: Mapping[str, ServeSocket] = {}
        self.drain: Callable[[], Awaitable[None]] | None = None
        """Lets it come to an end by itself; None: it can be killed at any time."""
        self.hang_up: Callable[[], None] = lambda: None
        """Ends its connections to the store, as the system does for a process that dies."""
        self._is_still = False
        self._failed = failed
        self._held: list[asyncio.Handle] = []
        self._tasks: dict[asyncio.Task[None], None] = {}
        self.context = contextvars.Context()
        self.context.run(LIFE.set, self)

    @property
    def goes(self) -> bool:
        """Say whether it does anything now."""
        return not self.is_dead and not self._is_still

    def listen(self, serve: Serve, sockets: Mapping[str, ServeSocket]) -> None:
        """Serve requests and sockets from now on."""
        self.serve, self.sockets, self.is_listening = serve, sockets, True

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run something for as long as it lives; a mistake in it ends the process."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(work, name=f"{self.name} {name}", context=self.context.copy())
        self._tasks[task] = None
        task.add_done_callback(self._done, context=WORLD)

    def soon(self, step: Callable[..., object], *args: object) -> None:
        """Let it take a step of its own, once it goes."""
        asyncio.get_running_loop().call_soon(step, *args, context=self.context)

    def stop(self) -> None:
        """Let it stand still."""
        self._is_still = True

    def go_on(self) -> None:
        """Let it go on: first comes what was due meanwhile."""
        self._is_still = False
        if self.is_dead:
            return
        held, self._held = self._held, []
        loop = asyncio.get_running_loop()
        assert isinstance(loop, LivesLoop), "lives run on a loop of their own kind"
        loop.take_up(held)

    def kill(self) -> None:
        """End it at once."""
        self.is_dead = True
        self.is_listening = False
        self.hang_up()

    def hold(self, handle: asyncio.Handle) -> None:
        """Keep a step that may not be taken now; what is dead keeps it for ever."""
        self._held.append(handle)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if not self.is_dead and not task.cancelled():
            error = task.exception()
            if isinstance(error, Exception):
                self._failed(self, error)


class _Step(asyncio.Handle):
    """A step of the loop, which the life that it belongs to may hold back."""

    def _run(self) -> None:
        life = self._context.get(LIFE)  # type: ignore[attr-defined]
        if life is None or life.goes:
            super()._run()
        else:
            life.hold(self)


class _Timer(_Step, asyncio.TimerHandle):
    """A step that is due at a time."""


class LivesLoop(VirtualLoop):
    """A loop on simulated time in which processes stand still and die."""

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Let something happen at a time, unless the life whose it is may not go on."""
        timer = _Timer(when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        timer._scheduled = True  # type: ignore[attr-defined] # noqa: SLF001 - as the base does
        return timer

    def take_up(self, steps: Sequence[asyncio.Handle]) -> None:
        """Take steps that were held back, in their order."""
        self._ready.extend(  # type: ignore[attr-defined]
            step for step in steps if not step.cancelled()
        )

    def _call_soon(
        self, callback: Callable[..., object], args: Any, context: contextvars.Context | None
    ) -> asyncio.Handle:
        step = _Step(callback, args, self, context)
        self._ready.append(step)  # type: ignore[attr-defined]
        return step
