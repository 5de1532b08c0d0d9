"""How fast, how soon and how fairly callers are brought to advisers, over a real Redis.

Redis and the routers are processes of their own, the routers those of `contactcentre router`. This
process is the load: the nodes' and the desks' side, over the adapters that they use, with real HTTP
for each offer and each ring.
"""

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

import redis.asyncio
import uvloop

from contactcentre.adapters.embedded.server import LOOPBACK
from contactcentre.adapters.embedded.valkey import Valkey, start_valkey
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.telemetry.logs import start_logs
from contactcentre.apps.fleet import Fleet, Member
from contactcentre.apps.ground import free_ports, fresh_keys
from contactcentre.bench.routing_cost import SIZES, Costs
from contactcentre.bench.routing_floor import Floor
from contactcentre.bench.routing_order import count_out_of_order
from contactcentre.bench.routing_people import People
from contactcentre.bench.routing_phases import Arrivals, opened, rush
from contactcentre.bench.routing_usage import others_cpus, usage, used_us_each
from contactcentre.domain.errors import Outage
from contactcentre.settings import PREFIX, read_settings

QUIET = {"CC_LOG_LEVEL": "warning", "CC_WATCHDOG_S": "10"}
"""This is no drill: a router that a busy machine holds up is not killed for it."""
LOAD_TIMEOUT_MS = 5_000
"""The load is patient; the routers are as they always are."""
TIMED_MIN = 2


@asynccontextmanager
async def _store(folder: Path) -> AsyncIterator[tuple[Valkey, RedisState, RedisState]]:
    """Run a store, and give it with the load's ways to it: one for what happens, one for beats."""
    valkey = await start_valkey(folder / "valkey")
    state, beats = (RedisState(valkey.url, timeout_ms=LOAD_TIMEOUT_MS) for _ in range(2))
    try:
        yield valkey, state, beats
    finally:
        await state.close()
        await beats.close()
        await valkey.stop()


async def _empty(valkey: Valkey) -> None:
    """Let the store lose all keys, which none of our processes may do."""
    client = redis.asyncio.from_url(valkey.admin_url)
    await client.flushall()
    await client.aclose()


@asynccontextmanager
async def _routers(folder: Path, said: dict[str, str], count: int) -> AsyncIterator[list[str]]:
    """Run so many routers, and give where each tells its numbers."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    members = [
        Member(
            name=f"router-{number}",
            role="router",
            environ=others | said | {"CC_NODE": f"router-{number}", "CC_INTERNAL_PORT": str(port)},
            ready_url=f"http://{LOOPBACK}:{port}/readyz",
        )
        for number, port in enumerate(free_ports(count, LOOPBACK), 1)
    ]
    fleet = Fleet(members, logs=folder / "logs", say=lambda _: None)
    fleet.start()
    try:
        await fleet.ready()
        yield [member.ready_url.replace("/readyz", "/metrics") for member in members]
    finally:
        await fleet.stop(drain_s=1, hurry=asyncio.Event())


async def _measure(
    folder: Path, *, waiting: int, advisers: int, routers: int, seconds: int, sizes: Sequence[int]
) -> dict[str, Any]:
    """Run every part and return the figures."""
    async with _store(folder) as (valkey, state, beats):
        costs = await Costs(state).measure(sizes)
        await _empty(valkey)
        said = {"CC_REDIS_URL": valkey.url, **QUIET, **fresh_keys()}
        settings = read_settings(said)
        people = People()
        people.hire(advisers)
        floor = Floor(state, beats, people)
        async with floor.open(settings):
            await floor.fill(waiting)
            await floor.make_ready([*people.advisers.values()])
            gc.freeze()  # to walk over all of them now and then would make the load late
            async with _routers(folder, said, routers) as metrics_urls:
                await opened(state)
                before = await usage(state, metrics_urls)
                matched_per_s = await rush(floor, min(waiting, advisers))
                after = await usage(state, metrics_urls)
                matched_count = len(floor.offered_s)
                await floor.finish_all()
                await floor.fill(waiting)
                arrivals = Arrivals(floor)
                took_ms = await arrivals.run(seconds)
                end = await usage(state, metrics_urls)
    if len(took_ms) < TIMED_MIN:
        raise Outage("Too few desks rang to time them: give it more --seconds on an idle machine.")
    cuts = quantiles(took_ms, n=100, method="inclusive")
    return {
        "waiting": waiting,
        "advisers": advisers,
        "routers": routers,
        "matched_per_s": round(matched_per_s, 1),
        "matched": matched_count,
        "cpu_us_per_match": used_us_each(before, after, matched_count),
        "offer_p50_ms": round(cuts[49], 2),
        "offer_p99_ms": round(cuts[98], 2),
        "offers_timed": len(took_ms),
        "offers_failed": floor.failed_count,
        "offers_missing": arrivals.missing_count,
        "beats_apart_max_ms": round(floor.beats_apart_max_s * 1_000),
        "out_of_order": count_out_of_order(floor.waits()),
        "others_cpus": others_cpus(before, end),
        "cost": costs,
        **_growth(costs),
    }


def _growth(costs: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return how much more the dearest match costs than the cheapest, both ways of counting."""
    return {
        f"{name}_ratio": round(
            max(cost[figure] for cost in costs) / min(cost[figure] for cost in costs), 2
        )
        for name, figure in (("cost", "us_per_match"), ("server_cost", "server_us_per_match"))
    }


def run_routing_bench(
    *, waiting: int, advisers: int, routers: int, seconds: int, cost_up_to: int
) -> dict[str, Any]:
    """Measure routing on this machine and return the figures by name."""
    start_logs("error")  # what fails on the way is counted
    sizes = [size for size in SIZES if size <= cost_up_to]
    began = time.monotonic()
    with TemporaryDirectory(prefix="contactcentre-bench-") as folder:
        figures = uvloop.run(
            _measure(
                Path(folder),
                waiting=waiting,
                advisers=advisers,
                routers=routers,
                seconds=seconds,
                sizes=sizes,
            )
        )
    gc.unfreeze()
    return {
        **figures,
        "seconds": round(time.monotonic() - began, 1),
        "load_average": round(os.getloadavg()[0], 2),
    }
