"""The drill of a lost site: two sites and a witness, both primaries at the one that is lost.

A quarter of the callers is in each stage, as in every drill. Then the north is killed, cut off or
slow for a while, and somebody new dials again and again, until some time after it is back. Nobody
does anything about it: the south goes on by itself, and the north joins in when it is back.
"""

import asyncio
import socket
from enum import StrEnum
from itertools import count
from random import Random
from typing import Any

import uvloop
from aiohttp.abc import AbstractResolver, ResolveResult

from contactcentre.domain.errors import Outage
from contactcentre.drills import history as h
from contactcentre.drills.casting import cast
from contactcentre.drills.floor import Floor, drill_floor
from contactcentre.drills.history import now_ms
from contactcentre.drills.legs import Legs, telephone_network
from contactcentre.drills.manners import PassingCaller, Stage, StagedAdviser, StagedCaller
from contactcentre.drills.measures import Seen, measure
from contactcentre.drills.networks import (
    NORTH,
    OUTSIDE,
    SOUTH,
    WIRES,
    Networks,
    Way,
    drill_networks,
)
from contactcentre.drills.run import OVER_WITHIN_S, Result, judge, last_round, set_the_stage
from contactcentre.drills.site_measures import broken_bounds, late_record, measure_site, shown
from contactcentre.drills.slow_line import Slowness
from contactcentre.drills.two_sites import NAME, SITES, TwoSites, drill_two_sites

LOST_FOR_S = 20.0
"""Long enough for everybody to be back before the site is."""
DIAL_EVERY_S = (0.5, 1.5)
QUEUED_EVERY = 5
"""So many dial for one who goes to a queue."""
DIAL_AFTER_S = 5.0
"""So long after the site is back somebody still dials."""
BACK_WITHIN_S = 60.0
WHOLE_WITHIN_S = 75.0
"""A Sentinel whose machine has stood still for two seconds does nothing for thirty more."""
SLOW = Slowness(delay_ms=150, jitter_ms=100, loss=0.02)


class Loss(StrEnum):
    """How a site is lost."""

    KILL = "kill"
    """Every process there is killed, and its stores with them."""
    CUT = "cut"
    """Nothing goes in or out."""
    CUT_IN = "cut-in"
    """It hears nobody, and is heard."""
    CUT_OUT = "cut-out"
    """It is heard by nobody, and hears."""
    CUT_BETWEEN = "cut-between"
    """It and the other places hear nothing of each other; callers and advisers reach both sites."""
    SLOW = "slow"
    """All that goes in or out is late, and some of it is lost."""


WAYS = {
    Loss.CUT: Way.BOTH,
    Loss.CUT_IN: Way.IN,
    Loss.CUT_OUT: Way.OUT,
    Loss.CUT_BETWEEN: Way.BETWEEN,
}


def run_lose_site(loss: Loss, *, calls: int, seed: int, legs: Legs = Legs.WEB) -> Result:
    """Run the drill, in networks of its own. Raises Refusal where they cannot be made."""
    with (
        drill_networks() as networks,
        networks.enter(OUTSIDE),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(_run(networks, loss, legs, calls=calls, seed=seed))


async def _run(networks: Networks, loss: Loss, legs: Legs, *, calls: int, seed: int) -> Result:
    began_ms = now_ms()
    chance = Random(seed)  # noqa: S311 - the same seed, the same drill
    casting = cast(chance, legs, calls=calls)
    async with (
        telephone_network(legs, host=WIRES[OUTSIDE].host) as network,
        drill_two_sites(networks, advisers=casting.advisers, settings=network.settings) as centre,
        drill_floor(
            centre, chance, names=_Names(chance), make_caller=network.callers(centre)
        ) as floor,
    ):
        stage = Stage(chance, talks=casting.share, quick=casting.share)
        await floor.open(StagedAdviser(stage))
        await set_the_stage(floor, stage, casting)
        counts = _counts(floor, centre)
        fault = LostSite(networks, centre, floor, loss)
        await fault.live_through(stage, chance)
        await floor.all_over(within_s=OVER_WITHIN_S)
        calls_count = floor.started_count
        await last_round(floor, stage.answers, chance)
        result = await judge(floor, centre)
        seen = Seen(floor.history)
        measures, of_site = measure(seen), measure_site(seen)
        bounds = [
            *broken_bounds(measures, of_site, legs),
            *late_record(fault.record_back_ms, must_change=loss is not Loss.SLOW),
        ]
        centre.is_kept = bool(result.broken or bounds)
    return Result(
        figures={
            "drill": "lose-site",
            "fault": loss,
            "legs": legs,
            "seed": seed,
            "calls": calls_count,
            "calls_of_last_round": floor.started_count - calls_count,
            **counts,
            **result.figures,
            **shown(of_site),
            "record_back_ms": fault.record_back_ms,
            "seconds": (now_ms() - began_ms) // 1_000,
        },
        broken=[*result.broken, *bounds],
        history=floor.history,
        logs=centre.folder / "logs" if centre.is_kept else None,
    )


class LostSite:
    """The north while it is lost, and until it has come back."""

    def __init__(self, networks: Networks, centre: TwoSites, floor: Floor, loss: Loss) -> None:
        self._networks = networks
        self._centre = centre
        self._floor = floor
        self._loss = loss
        self.record_back_ms: int | None = None
        """How long after the fault the record's standby had been made the primary."""

    async def live_through(self, stage: Stage, chance: Random) -> None:
        """Lose it for a while, with new callers all the time, and let it come back."""
        centre, history = self._centre, self._floor.history
        where = await centre.redis.primary_host()
        if where != WIRES[NORTH].host:
            raise Outage(f"The primary Redis is at {where} and not at the site that will be lost.")
        what = f"{self._loss} the north with the primary redis"
        host = "" if self._loss is Loss.SLOW else where
        history.note(h.Broke(at_ms=now_ms(), what=what, host=host))
        self._lose()
        stage.go_on.set()
        async with asyncio.TaskGroup() as tasks:
            dialling = tasks.create_task(self._keep_dialling(stage, chance), name="new callers")
            switching = tasks.create_task(self._see_the_switch(), name="switch of primaries")
            promoting = tasks.create_task(self._see_the_record(now_ms()), name="promotion")
            await asyncio.sleep(LOST_FOR_S)
            await self._come_back()
            await centre.record.rejoin()
            await centre.redis.until_whole(within_s=WHOLE_WITHIN_S)
            await centre.until_ready(within_s=BACK_WITHIN_S)
            history.note(h.Healed(at_ms=now_ms(), what="lose-site"))
            await asyncio.sleep(DIAL_AFTER_S)
            switching.cancel()
            promoting.cancel()
            dialling.cancel()

    def _lose(self) -> None:
        match self._loss:
            case Loss.KILL:
                self._centre.power[NORTH].lose()
            case Loss.SLOW:
                self._networks.slow(NORTH, SLOW)
            case way:
                self._networks.cut(NORTH, WAYS[way])

    async def _come_back(self) -> None:
        if self._loss is Loss.KILL:
            await self._centre.bring_back(NORTH)
        else:
            self._networks.join()

    async def _see_the_switch(self) -> None:
        """Write down when another server is the primary: a slow site may keep it."""
        await self._centre.redis.until_elsewhere(WIRES[NORTH].host)
        self._floor.history.note(h.Answered(at_ms=now_ms(), what="redis"))

    async def _see_the_record(self, broke_ms: int) -> None:
        """Write down when the record's standby takes writes: a slow site may keep the primary."""
        await self._centre.record.until_promoted()
        self.record_back_ms = now_ms() - broke_ms

    async def _keep_dialling(self, stage: Stage, chance: Random) -> None:
        """Let somebody new dial again and again; some of them go to a queue."""
        for number in count():
            goes_on = number % QUEUED_EVERY == 0
            self._floor.call(
                StagedCaller(stage, in_menu=False) if goes_on else PassingCaller(chance)
            )
            await asyncio.sleep(chance.uniform(*DIAL_EVERY_S))


def _counts(floor: Floor, centre: TwoSites) -> dict[str, Any]:
    """Return how many callers each site had at the fault."""
    own = [page.own for page in floor.callers.values()]
    return {f"calls_{site}": centre.at(site, own) for site in SITES}


class _Names(AbstractResolver):
    """Says of the callers' pages that they are at both sites, in any order."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - aiohttp's signature
    ) -> list[ResolveResult]:
        """Return where a name is."""
        if host != NAME:
            raise OSError(f"nobody is called {host}")
        found = [
            ResolveResult(
                hostname=host, host=WIRES[site].host, port=port,
                family=socket.AF_INET, proto=0, flags=socket.AI_NUMERICHOST,
            )
            for site in (NORTH, SOUTH)
        ]  # fmt: skip
        self._chance.shuffle(found)
        return found

    async def close(self) -> None:
        """Nothing is open."""
