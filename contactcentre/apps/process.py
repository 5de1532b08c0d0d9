"""What every process shares: its start, its health, how it drains and how it stops.

A role is a coroutine `serve(settings, process)`. It says what it depends on (`check`) and what it
uses but serves without (`uses`), which internal routes it serves (`routes`), starts its loops
(`spawn`) and listens (`listen`, then `open`). When it is told to stop, `draining` is set: the role
then refuses what is new, lets what it has come to its end, and returns. It has `drain_s` for that;
a second signal ends it at once.
"""

import asyncio
import faulthandler
import hmac
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus

import structlog
import uvloop
from aiohttp import web
from aiohttp.typedefs import Handler

from contactcentre.adapters.telemetry.logs import log_context, start_logs
from contactcentre.adapters.telemetry.metrics import metrics_page, record_loop_lag
from contactcentre.adapters.web.peers import CLUSTER_KEY_HEADER
from contactcentre.adapters.web.problems import say_problems
from contactcentre.domain.errors import NotAllowed, Outage, Refusal
from contactcentre.limits import MESSAGE_MAX_BYTES
from contactcentre.settings import Settings

log = structlog.get_logger()

CHECK_TIMEOUT_S = 1.0
"""A dependency that does not answer for so long is not there."""
WATCH_EVERY_S = 2.0
"""How often a process looks whether what it uses is there, to say so in its log once."""
HEARTBEATS_PER_WATCH = 8
"""How often a process gives a sign within the span after which it would be killed."""
SHUTDOWN_TIMEOUT_S = 2.0
"""How long open requests may take once a listener closes."""
WORDS_MAX_BYTES = 1_000
"""So much is said to a parent of what ends a process; its log has all of it."""
OPEN_PATHS = frozenset({"/livez", "/readyz", "/metrics"})
"""What may be asked without the cluster key; nothing in it is secret."""
MISTAKE = "ended by a mistake of ours"
"""The last line of a process that has met one, by which `up` knows it."""
STOPS = (signal.SIGTERM, signal.SIGINT)

Serve = Callable[[Settings, "Process"], Awaitable[None]]


class Process:
    """One process of the centre, as its role sees it."""

    def __init__(self, role: str, settings: Settings, group: asyncio.TaskGroup) -> None:
        self.role = role
        self.draining = asyncio.Event()
        self._settings = settings
        self._group = group
        self._tasks: set[asyncio.Task[None]] = set()
        self._checks: dict[str, Callable[[], Awaitable[object]]] = {}
        self._used: dict[str, Callable[[], Awaitable[object]]] = {}
        self._runners: list[web.AppRunner] = []
        self._internal = web.Application(
            middlewares=[say_problems, self._guard], client_max_size=MESSAGE_MAX_BYTES
        )
        self.is_open = False

    @property
    def internal_url(self) -> str:
        """Return how our other processes reach this one."""
        settings = self._settings
        own = f"http://{settings.internal_host}:{settings.internal_port}"
        return settings.internal_url or own

    def check(self, name: str, ask: Callable[[], Awaitable[object]]) -> None:
        """Count as ready only while `ask` answers, which raises an Outage when it cannot."""
        self._checks[name] = ask

    def uses(self, name: str, ask: Callable[[], Awaitable[object]]) -> None:
        """Say whether a neighbour is there, without which this process serves what it can."""
        self._used[name] = ask

    def routes(self, routes: Iterable[web.AbstractRouteDef]) -> None:
        """Serve internal routes, for bearers of the cluster key alone. Call it before `open`."""
        self._internal.add_routes(routes)

    def spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        """Run something beside the role for as long as it lives; its mistake ends the process."""
        task = self._group.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def open(self) -> None:
        """Listen for our other processes. Ready from here on, if every check agrees."""
        self._internal.add_routes(
            [
                web.get("/livez", self._say_alive),
                web.get("/readyz", self._say_ready),
                web.get("/metrics", self._say_metrics),
            ]
        )
        await self.listen(
            self._internal, host=self._settings.internal_host, port=self._settings.internal_port
        )
        self.is_open = True
        self.spawn(self._watch(), "watch")

    async def listen(self, app: web.Application, *, host: str, port: int) -> None:
        """Serve an application until the process ends."""
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT_S)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, host, port, reuse_address=True).start()
        log.info("listening", host=host, port=port)

    async def run(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Open, do the one thing a role without listeners does, and return when told to drain."""
        await self.open()
        self.spawn(work(), self.role)
        await self.draining.wait()
        await self.settle()

    async def settle(self) -> None:
        """End what was spawned and wait for it; a role does so before it closes what that uses."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def close(self) -> None:
        """Close every listener, then end what the role has left running."""
        for runner in reversed(self._runners):
            await runner.cleanup()
        await self.settle()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let only our own processes in."""
        if request.path not in OPEN_PATHS:
            said = request.headers.get(CLUSTER_KEY_HEADER, "").encode()
            key = self._settings.cluster_key.get_secret_value().encode()
            if not hmac.compare_digest(said, key):
                raise NotAllowed("This is for the centre's own processes.")
        return await handler(request)

    async def _say_alive(self, _: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def _say_metrics(self, _: web.Request) -> web.Response:
        body, content_type = metrics_page()
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _say_ready(self, _: web.Request) -> web.Response:
        checks = await self._looked()
        there = all(checks[name] for name in self._checks)
        ready = self.is_open and not self.draining.is_set() and there
        return web.json_response(
            {"ready": ready, "draining": self.draining.is_set(), "checks": checks},
            status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE,
        )

    async def _looked(self) -> dict[str, bool]:
        """Return whether each neighbour is there."""
        asked = self._checks | self._used
        answers = await asyncio.gather(*map(_answers, asked.values()))
        return dict(zip(asked, answers, strict=True))

    async def _watch(self) -> None:
        """Say once when something is not there, and once when all of it is again."""
        missing: list[str] = []
        while True:
            checks = await self._looked()
            now_missing = [name for name, is_there in checks.items() if not is_there]
            if now_missing and now_missing != missing:
                waits = any(name in self._checks for name in now_missing)
                sentence = "waits for what is away" if waits else "goes on without what is away"
                log.warning(sentence, away=now_missing)
            elif missing and not now_missing:
                log.info("everything is there", was_away=missing)
            missing = now_missing
            await asyncio.sleep(WATCH_EVERY_S)


async def _answers(ask: Callable[[], Awaitable[object]]) -> bool:
    """Say whether a neighbour answers in time."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            await ask()
    except (Outage, TimeoutError):
        return False
    return True


def run_process(
    role: str, settings: Settings, serve: Serve, *, heartbeat_fd: int | None = None
) -> None:
    """Run a role to its end; `heartbeat_fd` is where its parent listens for signs of life.

    Raises the Refusal that has kept it from starting.
    """
    faulthandler.enable()
    # the parent asks where a silent process stands before it kills it
    faulthandler.register(signal.SIGQUIT, all_threads=True)
    start_logs(settings.log_level)
    log_context(role=role, node=settings.node, site=settings.site)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            refused = runner.run(_live(role, settings, serve, heartbeat_fd))
    except Exception as mistake:
        why = "; ".join(_reasons(mistake))
        log.exception(MISTAKE, why=why)
        _say_to_parent(heartbeat_fd, why)
        raise SystemExit(1) from mistake
    if refused is not None:
        raise refused


def _say_to_parent(heartbeat_fd: int | None, why: str) -> None:
    """Tell a parent what ends us, on the way of the signs of life."""
    if heartbeat_fd is not None:
        with suppress(OSError):  # a parent that does not read has other troubles than ours
            os.write(heartbeat_fd, b"\n" + why.encode()[:WORDS_MAX_BYTES])


def _reasons(mistake: BaseException) -> Iterator[str]:
    """Yield in a few words what has gone wrong, where tasks may have failed together."""
    if isinstance(mistake, BaseExceptionGroup):
        for one in mistake.exceptions:
            yield from _reasons(one)
    else:
        yield f"{type(mistake).__name__}: {mistake}"


async def _live(
    role: str, settings: Settings, serve: Serve, heartbeat_fd: int | None
) -> Refusal | None:
    """Start, serve, drain and stop; return what has kept it from starting."""
    async with asyncio.TaskGroup() as group:
        process = Process(role, settings, group)
        beat = _beat(process, settings.watchdog_s / HEARTBEATS_PER_WATCH, heartbeat_fd)
        beating = group.create_task(beat, name="heartbeat")
        served = group.create_task(_serve(serve, settings, process), name=role)
        drained = group.create_task(_give_up(process, served, settings.drain_s), name="drain")
        with _signals(process, served):
            try:
                await asyncio.wait({served})
            finally:
                await process.close()
        drained.cancel()
        beating.cancel()
    if heartbeat_fd is not None:
        os.close(heartbeat_fd)  # the parent knows by this that no more signs will come
    log.info("stopped")
    return None if served.cancelled() else served.result()


async def _serve(serve: Serve, settings: Settings, process: Process) -> Refusal | None:
    """Run the role; return what it refuses before it has opened, which no second try will mend."""
    log.info("starting")
    try:
        await serve(settings, process)
    except Refusal as refusal:
        if process.is_open:
            raise
        return refusal
    return None


async def _give_up(process: Process, served: asyncio.Task[Refusal | None], drain_s: float) -> None:
    """End a role that has been told to drain and has not ended by itself in time."""
    await process.draining.wait()
    log.info("draining")
    await asyncio.sleep(drain_s)
    log.warning("stopped before everything had ended")
    served.cancel()


@contextmanager
def _signals(process: Process, served: asyncio.Task[Refusal | None]) -> Iterator[None]:
    """Let a first signal drain the process and a second one end it at once."""
    loop = asyncio.get_running_loop()

    def told() -> None:
        if process.draining.is_set():
            served.cancel()
        process.draining.set()

    for number in STOPS:
        loop.add_signal_handler(number, told)
    try:
        yield
    finally:
        for number in STOPS:
            loop.remove_signal_handler(number)


async def _beat(process: Process, every_s: float, heartbeat_fd: int | None) -> None:
    """Give a sign of life for ever, and measure by how much the loop is late with it.

    The first sign is given once the process has opened: what it loads before may take a while.
    """
    loop = asyncio.get_running_loop()
    while True:
        if heartbeat_fd is not None and process.is_open:
            # a parent that does not read has other troubles than ours
            with suppress(BlockingIOError):
                os.write(heartbeat_fd, b".")
        due = loop.time() + every_s
        await asyncio.sleep(every_s)
        record_loop_lag(max(0.0, loop.time() - due))
