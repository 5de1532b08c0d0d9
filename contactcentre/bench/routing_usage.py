"""What of the processors each side of the routing bench has used.

A busy machine spoils these figures less than those by the clock.
"""

import asyncio
import re
import resource
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import aiohttp

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.errors import Outage

ASK_WITHIN_S = 5.0
ROUTER_CPU = re.compile(r"^process_cpu_seconds_total (\S+)$", re.MULTILINE)
STORE_CPU = re.compile(rb"^used_cpu_(?:user|sys):(\S+)\r$", re.MULTILINE)

Usage = Mapping[str, float]
"""Seconds of a processor, by side: routers (all of them), store, load."""


async def usage(state: RedisState, metrics_urls: Sequence[str]) -> Usage:
    """Return what has been used so far. Raises Outage."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ASK_WITHIN_S)) as session:
        routers = await asyncio.gather(*(_router_cpu_s(session, url) for url in metrics_urls))
    store = STORE_CPU.findall(await state.client.ask("INFO", "cpu"))
    load = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "routers": sum(routers),
        "store": sum(map(float, store)),
        "load": load.ru_utime + load.ru_stime,
    }


def used_us_each(before: Usage, after: Usage, count: int) -> dict[str, float]:
    """Return how many µs of a processor each of so many things took, by side."""
    return {side: round((after[side] - before[side]) * 1e6 / count, 1) for side in before}


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
