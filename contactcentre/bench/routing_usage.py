"""What of the processors each side of the routing bench has used, and what everybody else has.

A busy machine spoils these figures less than those by the clock, and the last of them tells one.
"""

import asyncio
import os
import re
import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.errors import Outage

ASK_WITHIN_S = 5.0
ROUTER_CPU = re.compile(r"^process_cpu_seconds_total (\S+)$", re.MULTILINE)
STORE_CPU = re.compile(rb"^used_cpu_(?:user|sys):(\S+)\r$", re.MULTILINE)
MACHINE_CPU = re.compile(r"^cpu +(\d+) (\d+) (\d+) ", re.MULTILINE)
"""Ticks of processes, of nice ones, and of the system for them."""
MACHINE = Path("/proc/stat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What has been used up to a moment."""

    at_s: float
    sides_s: Mapping[str, float]
    """Seconds of a processor, by side: routers (all of them), store, load."""
    machine_s: float
    """Those of everything that runs here; 0 where the system does not tell."""


async def usage(state: RedisState, metrics_urls: Sequence[str]) -> Usage:
    """Return what has been used so far. Raises Outage."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ASK_WITHIN_S)) as session:
        routers = await asyncio.gather(*(_router_cpu_s(session, url) for url in metrics_urls))
    store = STORE_CPU.findall(await state.client.ask("INFO", "cpu"))
    load = resource.getrusage(resource.RUSAGE_SELF)
    sides = {
        "routers": sum(routers),
        "store": sum(map(float, store)),
        "load": load.ru_utime + load.ru_stime,
    }
    return Usage(at_s=time.monotonic(), sides_s=sides, machine_s=_machine_s())


def used_us_each(before: Usage, after: Usage, count: int) -> dict[str, float]:
    """Return how many µs of a processor each of so many things took, by side."""
    return {side: round(used_s * 1e6 / count, 1) for side, used_s in _used_s(before, after).items()}


def others_cpus(before: Usage, after: Usage) -> float:
    """Return how many processors all that is not of the bench kept busy: 0 on a quiet machine."""
    others_s = after.machine_s - before.machine_s - sum(_used_s(before, after).values())
    return round(max(0.0, others_s) / (after.at_s - before.at_s), 2)


def _used_s(before: Usage, after: Usage) -> dict[str, float]:
    return {side: after.sides_s[side] - used_s for side, used_s in before.sides_s.items()}


def _machine_s() -> float:
    """Return how long all processors together have been busy."""
    try:
        said = MACHINE_CPU.search(MACHINE.read_text())
    except OSError:
        return 0.0
    return sum(map(int, said.groups())) / os.sysconf("SC_CLK_TCK") if said is not None else 0.0


async def _router_cpu_s(session: aiohttp.ClientSession, url: str) -> float:
    """Return what a router says that it has used; 0 where its system does not tell."""
    try:
        async with session.get(url) as response:
            page = await response.text()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Outage(f"A router does not answer at {url}: {type(error).__name__}.") from error
    if response.status != HTTPStatus.OK:
        raise Outage(f"A router does not say its numbers at {url}.")
    said = ROUTER_CPU.search(page)
    return float(said[1]) if said is not None else 0.0
