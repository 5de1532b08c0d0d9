"""`contactcentre up`: the whole centre on one machine, each role a process of its own.

Where no store is configured it starts its own, which keep their data in the same folder. Nothing is
started before everything that can be refused has been looked at.
"""

import asyncio
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import typer

from contactcentre.adapters.embedded.postgres import Postgres, start_postgres
from contactcentre.adapters.embedded.valkey import Valkey, start_valkey
from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_lines
from contactcentre.adapters.ledger_postgres.migrate import upgrade
from contactcentre.adapters.state_redis.blackboard import Blackboard
from contactcentre.apps.accounts import DemoAccount, seed_demo
from contactcentre.apps.fleet import Fleet
from contactcentre.apps.ground import hold, keep_stores, kept_keys, refuse_taken_ports
from contactcentre.apps.plan import Plan, make_plan
from contactcentre.apps.stores import keep_store, wait_for_store
from contactcentre.domain.ids import QueueId
from contactcentre.domain.languages import Language
from contactcentre.settings import Settings, env_name

STOPS = (signal.SIGTERM, signal.SIGINT)


class _Told:
    """What signals say: the first one to stop, the next one to hurry."""

    def __init__(self) -> None:
        self.to_stop = False
        self.to_hurry = asyncio.Event()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Let the first signal cancel this task, and no later one."""
        task = asyncio.current_task()
        assert task is not None, "a coroutine runs in a task"
        loop = asyncio.get_running_loop()

        def hear() -> None:
            if self.to_stop:
                self.to_hurry.set()
            else:
                self.to_stop = True
                task.cancel()

        for number in STOPS:
            loop.add_signal_handler(number, hear)
        try:
            yield
        finally:
            for number in STOPS:
                loop.remove_signal_handler(number)


def run_up(
    environ: Mapping[str, str], *, nodes: int, data: Path | None, port: int | None, host: str | None
) -> None:
    """Run the centre until it is told to stop. Raises Refusal or Outage."""
    said = {"data_dir": data, "public_port": port, "host": host}
    asyncio.run(_up(make_plan(environ, said, nodes=nodes)))


async def _up(plan: Plan) -> None:
    """Set the centre up, keep it running, and take it down in order."""
    told = _Told()
    with told.listening():
        try:
            async with AsyncExitStack() as stack:
                fleet = await _set_up(plan, stack, told)
                await fleet.keep()
        except asyncio.CancelledError:
            if not told.to_stop:
                raise
            _say("Everything has been stopped.")


async def _set_up(plan: Plan, stack: AsyncExitStack, told: _Told) -> Fleet:
    """Start everything; `stack` stops it again."""
    settings = plan.settings
    flows = load_lines(settings.flows_dir or default_flows_dir())
    queues = {queue.id: queue.language for line in flows.values() for queue in line.queues}
    refuse_taken_ports(settings.host, plan.ports())
    held = await hold(settings.data_dir)
    _say(f"Setting up in {settings.data_dir}")
    urls = await _start_stores(plan, held, stack)
    keep_stores(settings.data_dir, {env_name(name): url for name, url in urls.items()})
    demo = await _fill(plan, urls["database_url"], queues)
    logs = settings.data_dir / "logs"
    members = plan.members(urls, kept_keys(settings.data_dir))
    fleet = Fleet(members, logs=logs, say=_say)
    stack.push_async_callback(_stop, fleet, plan, told)
    fleet.start()
    await fleet.ready()
    _welcome(plan, demo, logs)
    return fleet


async def _start_stores(plan: Plan, held: int, stack: AsyncExitStack) -> dict[str, str]:
    """Start the stores that nobody has configured, and keep them; return where each is."""
    settings = plan.settings
    urls = {"redis_url": settings.redis_url, "database_url": settings.database_url}
    if plan.is_said("redis_url"):
        await _wait_for_state(settings)
    else:
        began = time.monotonic()
        valkey = await start_valkey(
            settings.data_dir / "valkey", binary=settings.valkey_server, keep_open=[held]
        )
        _keep("live state", valkey, stack)
        urls["redis_url"] = valkey.url
        _say_done("live state", began)
    if not plan.is_said("database_url"):
        began = time.monotonic()
        postgres = await start_postgres(
            settings.data_dir / "postgres", binaries=settings.postgres_bin, keep_open=[held]
        )
        _keep("record", postgres, stack)
        urls["database_url"] = postgres.url
        _say_done("record", began)
    return urls


def _keep(name: str, store: Valkey | Postgres, stack: AsyncExitStack) -> None:
    """Start a store again whenever it ends, until everything is taken down; then stop it."""
    stack.push_async_callback(store.stop)
    keeping = asyncio.create_task(keep_store(name, store, _say), name=f"keep {name}")

    async def leave_alone() -> None:
        keeping.cancel()
        await asyncio.wait({keeping})

    stack.push_async_callback(leave_alone)


async def _wait_for_state(settings: Settings) -> None:
    """Return once the live state that somebody else runs is there."""
    state = Blackboard(settings.redis_url, timeout_ms=settings.redis_timeout_ms)
    try:
        await wait_for_store("live state", env_name("redis_url"), state.ping, _say)
    finally:
        await state.close()


async def _fill(
    plan: Plan, database_url: str, queues: Mapping[QueueId, Language]
) -> Sequence[DemoAccount]:
    """Bring the record's tables up to date, and make the people of the demo."""
    began = time.monotonic()
    await wait_for_store("record", env_name("database_url"), lambda: upgrade(database_url), _say)
    _say_done("tables", began)
    if not plan.has_demo:
        return ()
    return await seed_demo(database_url, data_dir=plan.settings.data_dir, queues=queues)


async def _stop(fleet: Fleet, plan: Plan, told: _Told) -> None:
    """Stop the processes, with a word about how long it may take."""
    drain_s = plan.settings.drain_s
    _say(f"\nStopping: calls have {drain_s:g} s to end. Ctrl-C again stops at once.")
    await fleet.stop(drain_s=drain_s, hurry=told.to_hurry)


def _welcome(plan: Plan, demo: Sequence[DemoAccount], logs: Path) -> None:
    """Say where everything is."""
    _say(
        f"\nReady.\n"
        f"\n  Call from      {plan.public_url}/"
        f"\n  Answer at      {plan.desk_url}/"
        f"\n  Watch          {plan.desk_url}/board"
        f"\n  Logs           {logs}/"
    )
    if demo:
        _say("\n  Sign in as")
    for account in demo:
        _say(f"    {account.name:12} {account.password:16} {account.role}")
    _say(
        "\nBrowsers give their microphone only to this machine or over https. For others put a"
        "\nproxy with https in front, and its addresses into CC_PUBLIC_URL, CC_DESK_PUBLIC_URL and"
        "\nCC_MEDIA_PUBLIC_URL (as wss://…/{node}/leg)."
        "\nCtrl-C stops everything.\n"
    )


def _say_done(what: str, began: float) -> None:
    _say(f"  {what:10} ready after {time.monotonic() - began:.1f} s")


def _say(sentence: str) -> None:
    """Tell whoever sits in front of it, at once."""
    typer.echo(sentence)
