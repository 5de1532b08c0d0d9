"""What one match costs, and whether it costs more the more callers wait.

No router runs here: matches are asked for one after the other, so that each is timed by itself, as
whoever asks sees it and as the server counts it. One kind of match begins with an adviser, the
other with a queue; both are timed.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from statistics import median
from typing import Any

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.bench.routing_floor import in_lanes, join
from contactcentre.bench.routing_people import EPOCH, QUEUES, Adviser, People
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import RequestId
from contactcentre.ports.state import Reservation

SIZES = (100, 1_000, 10_000, 100_000)
ROUND_MAX = 100
ROUND_PARTS = 4
"""A round matches a quarter of those who wait, at most, so that nearly as many still wait."""
MATCHES = 200
SCRIPT_STATS = re.compile(rb"cmdstat_evalsha:calls=(\d+),usec=(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The matches of one round."""

    took_us: Sequence[float]
    server_us: float
    """Of each, on average."""


class Costs:
    """A store of the bench's own, and the people in it."""

    def __init__(self, state: RedisState) -> None:
        self._state = state
        self._people = People()
        self._people.hire(ROUND_MAX)
        self._requests = (RequestId(f"cost-{number}") for number in count())

    async def measure(self, sizes: Sequence[int]) -> list[dict[str, Any]]:
        """Return what a match costs with so many waiting, for each of the sizes, rising."""
        await self._state.open_matching((await self._state.generation()).store)
        figures = []
        waiting_count = 0
        for size in sizes:
            coming = [self._people.arrive() for _ in range(size - waiting_count)]
            await in_lanes(partial(join, self._state), coming)
            waiting_count = size
            figures.append(await self._measure_at(size))
        return figures

    async def _measure_at(self, size: int) -> dict[str, Any]:
        """Match in rounds, of which the first two warm up."""
        each = max(1, min(ROUND_MAX, size // ROUND_PARTS))
        rounds = [await self._round(each, by_queue=bool(n % 2)) for n in range(2 + MATCHES // each)]
        counted = rounds[2:]
        return {
            "waiting": size,
            "us_per_match": round(median(us for one in counted for us in one.took_us), 1),
            "server_us_per_match": round(median(one.server_us for one in counted), 1),
        }

    async def _round(self, matches_count: int, *, by_queue: bool) -> Round:
        """Make advisers ready, match them all, let the calls end, and let as many callers come."""
        advisers = [*self._people.advisers.values()][:matches_count]
        for adviser in advisers:
            await self._state.report_adviser(adviser.ready(beat=1))
        found: list[Reservation] = []
        took_us: list[float] = []
        calls_before, us_before = await self._script_stats()
        for number, adviser in enumerate(advisers):
            began = time.perf_counter()
            reservation = await self._match(number, adviser, by_queue=by_queue)
            took_us.append((time.perf_counter() - began) * 1e6)
            if reservation is not None:
                found.append(reservation)
        calls, us = await self._script_stats()
        assert len(found) == matches_count, "somebody waits for everybody"
        for reservation in found:
            await self._end(reservation)
        return Round(took_us=took_us, server_us=(us - us_before) / (calls - calls_before))

    async def _match(self, number: int, adviser: Adviser, *, by_queue: bool) -> Reservation | None:
        request = next(self._requests)
        if by_queue:
            return await self._state.match_queue(QUEUES[number % len(QUEUES)], request=request)
        found = await self._state.match_advisers([adviser.adviser], request=request)
        return found[0] if found else None

    async def _end(self, held: Reservation) -> None:
        """Let a call be taken up, be answered and end, and another caller come to its queue."""
        call, adviser, token = held.call, held.adviser, held.token
        await self._state.take_up(call=call, adviser=adviser, token=token)
        await self._state.answer(call=call, adviser=adviser, token=token)
        await self._state.end(call=call, epoch=EPOCH, ending=Ending.HANDLED)
        self._people.advisers[adviser].token = token
        await join(self._state, self._people.arrive(held.queue))

    async def _script_stats(self) -> tuple[int, int]:
        """Return how many scripts the server has run, and how many µs they took."""
        said = SCRIPT_STATS.search(await self._state.client.ask("INFO", "commandstats"))
        assert said is not None, "scripts have run"
        return int(said[1]), int(said[2])
