"""What the routing bench has the routers do: a rush, and then arrivals at a steady pace."""

import asyncio
import random
import time
from collections.abc import Sequence

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.bench.routing_floor import Floor
from contactcentre.bench.routing_people import SEED, Adviser, Caller
from contactcentre.domain.errors import Outage

ARRIVALS_PER_S = 50
WARM_UP_S = 1.0
"""Arrivals of so long come before those that are timed."""
EDGE_PARTS = 10
"""Of a rush one part in so many is left out at the beginning, and one at the end."""
STILL_S = 8.0
"""When nothing has been offered for so long, nothing more will be."""
OPENS_WITHIN_S = 20.0
POLL_S = 0.02


async def opened(state: RedisState) -> None:
    """Wait until a router has opened matching. Raises Outage."""
    until_s = time.monotonic() + OPENS_WITHIN_S
    while not (await state.generation()).is_open:
        if time.monotonic() > until_s:
            raise Outage("No router has opened matching: try again when the machine is less busy.")
        await asyncio.sleep(POLL_S)


async def rush(floor: Floor, offers_max: int) -> float:
    """Let everybody be matched who can be; return how many calls were offered a second.

    Callers wait and advisers are ready before any router runs: it has begun when the first of them
    has opened matching. What is timed is what comes between the first tenth and the last.
    """
    await _until_still(floor.offered_s, offers_max)
    if not floor.offered_s:
        raise Outage("No call was offered to anybody: the routers do not match.")
    times = sorted(floor.offered_s)
    edge = len(times) // EDGE_PARTS
    span_s = times[-1 - edge] - times[edge]
    return (len(times) - 1 - 2 * edge) / max(span_s, 1e-6)


class Arrivals:
    """Advisers who become ready, and callers who come, so many a second, while so many wait.

    Whoever is rung answers at once, the call ends, and another caller comes to the same queue. The
    pauses are those of chance: people do not press Ready in step. Times count from when Ready was
    due, so that a late load makes no figure better.
    """

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._free: asyncio.Queue[Adviser] = asyncio.Queue()
        self._dice = random.Random(SEED)  # noqa: S311 - no secret
        self.missing_count = 0
        """Advisers who were ready and whose desks never rang."""

    async def run(self, seconds: float) -> Sequence[float]:
        """Return how many ms each took, of those that were due after the warm-up."""
        for adviser in self._floor.people.advisers.values():
            self._free.put_nowait(adviser)
        self._floor.serve_on(self._serve)
        due_s = time.monotonic()
        warm_s, until_s = due_s + WARM_UP_S, due_s + WARM_UP_S + seconds
        count = 0
        while due_s < until_s:
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            adviser = await self._free.get()
            adviser.ready_due_s = due_s
            self._floor.spawn(self._floor.press_ready(adviser), "ready")
            count += 1
            due_s += self._dice.expovariate(ARRIVALS_PER_S)
        await _until_still(self._floor.rang, count)
        self.missing_count = count - len(self._floor.rang)
        return [took_ms for due_s, took_ms in self._floor.rang if due_s >= warm_s]

    async def _serve(self, caller: Caller) -> None:
        assert caller.adviser is not None, "somebody was rung"
        adviser = self._floor.people.advisers[caller.adviser]
        await self._floor.finish(caller)
        self._free.put_nowait(adviser)
        await self._floor.let_in(self._floor.people.arrive(caller.queue))


async def _until_still(seen: Sequence[object], count_max: int) -> None:
    """Wait until so many have been seen, or no more come."""
    count, since_s = len(seen), time.monotonic()
    while count < count_max and time.monotonic() - since_s < STILL_S:
        await asyncio.sleep(POLL_S)
        if len(seen) != count:
            count, since_s = len(seen), time.monotonic()
