"""Every drill again and again, in one centre that is never empty: a standing flow of callers.

In each round everything is broken once, in an order and at moments made by chance, and each fault
is mended before the next. Redis behind Sentinels is another centre, which loses its primary as
often.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any

from contactcentre.domain.errors import Outage
from contactcentre.drills import history as h
from contactcentre.drills.bounds import broken_bounds, shown
from contactcentre.drills.centre import drill_centre
from contactcentre.drills.checker import Findings, check
from contactcentre.drills.faults import Drill, Fault, Ground, How, heal, make_fault
from contactcentre.drills.floor import Floor, drill_floor
from contactcentre.drills.history import History, now_ms
from contactcentre.drills.legs import Legs, telephone_network
from contactcentre.drills.manners import StandingAdviser, StandingCaller
from contactcentre.drills.measures import Seen, measure
from contactcentre.drills.run import OVER_WITHIN_S, Result, judge, last_round

CALLERS_PER_ADVISER = 3
ADVISERS_MIN = 2
GOES_ON_WITHIN_S = 20.0
"""After a fault is mended somebody is rung within this, as somebody always waits."""
BEFORE_MAX_S = 1.5
WARM_UP_S = 6.0

Say = Callable[[str], None]
Plan = Callable[[Random], Sequence[tuple[Drill, How]]]
"""Returns the faults of one round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One fault that was put in and mended."""

    drill: Drill
    how: How
    began_ms: int
    ended_ms: int


async def run_all(*, rounds: int, calls: int, seed: int, say: Say, legs: Legs = Legs.WEB) -> Result:
    """Run so many rounds of everything; `say` is told how it goes on."""
    began_ms = now_ms()
    chance = Random(seed)  # noqa: S311 - the same seed, the same chances
    one = await _run_centre(chance, legs, calls=calls, rounds=rounds, plan=_everything, say=say)
    many = await _run_centre(
        chance, legs, calls=calls, rounds=rounds, plan=_switches, say=say, with_sentinels=True
    )
    both = History()
    both.facts = [*one.history.facts, *many.history.facts]
    counts = ("faults", "calls", *(field.name for field in fields(Findings)), "resumed")
    figures = {name: one.figures[name] + many.figures[name] for name in counts}
    return Result(
        figures={
            "drill": "all",
            "rounds": rounds,
            "legs": legs,
            "seed": seed,
            **figures,
            "by_drill": one.figures["by_drill"] | many.figures["by_drill"],
            "seconds": (now_ms() - began_ms) // 1_000,
        },
        broken=[*one.broken, *many.broken],
        history=both,
        logs=one.logs or many.logs,
    )


def _everything(chance: Random) -> list[tuple[Drill, How]]:
    """Return one round of faults in any order."""

    def how() -> How:
        return chance.choice(list(How))

    faults = [
        (Drill.LOSE_MEDIA_NODE, How.KILL),
        (Drill.LOSE_MEDIA_NODE, How.STOP),
        (Drill.LOSE_ROUTER, how()),
        (Drill.LOSE_DESK, how()),
        (Drill.LOSE_RECORDS, how()),
        (Drill.LOSE_REDIS, how()),
        (Drill.FLUSH_REDIS, How.KILL),
        (Drill.LOSE_POSTGRES, how()),
        (Drill.ROLLING_RESTART, How.KILL),
    ]
    chance.shuffle(faults)
    return faults


def _switches(chance: Random) -> list[tuple[Drill, How]]:
    """Return one round of faults where Redis is behind Sentinels."""
    return [(Drill.SWITCH_REDIS, chance.choice(list(How)))]


async def _run_centre(
    chance: Random,
    legs: Legs,
    *,
    calls: int,
    rounds: int,
    plan: Plan,
    say: Say,
    with_sentinels: bool = False,
) -> Result:
    """Run all rounds in one centre, and judge it at the end."""
    advisers = max(ADVISERS_MIN, calls // CALLERS_PER_ADVISER)
    async with (
        telephone_network(legs) as network,
        drill_centre(
            advisers=advisers, with_sentinels=with_sentinels, settings=network.settings
        ) as centre,
        drill_floor(centre, chance, make_caller=network.callers(centre)) as floor,
    ):
        manner = StandingAdviser(chance)
        await floor.open(manner)
        rounds_run = _Rounds(Ground(centre=centre, history=floor.history, chance=chance), floor)
        async with asyncio.TaskGroup() as tasks:
            coming = floor.keep_calling(calls, lambda: StandingCaller(chance))
            flow = tasks.create_task(coming, name="flow of callers")
            await asyncio.sleep(WARM_UP_S)
            for number in range(rounds):
                await rounds_run.run(plan(chance))
                faults = len(rounds_run.done)
                say(_progress(floor.history, number + 1, rounds, faults))
            flow.cancel()
        await floor.all_over(within_s=OVER_WITHIN_S)
        await last_round(floor, manner.answers, chance)
        result = await judge(floor, centre)
        bounds, by_drill = _measured(floor.history, rounds_run.done)
        broken = [*rounds_run.troubles, *result.broken, *bounds]
        centre.is_kept = bool(broken)
    figures = {"faults": len(rounds_run.done), "calls": floor.started_count, **result.figures}
    return Result(
        figures=figures | {"by_drill": by_drill},
        broken=broken,
        history=floor.history,
        logs=centre.folder / "logs" if centre.is_kept else None,
    )


class _Rounds:
    """The faults that are put into one centre, one after the other."""

    def __init__(self, ground: Ground, floor: Floor) -> None:
        self._ground = ground
        self._floor = floor
        self.done: list[Done] = []
        self.troubles: list[str] = []

    async def run(self, faults: Sequence[tuple[Drill, How]]) -> None:
        """Put faults in, each at a moment made by chance, and mend each before the next."""
        for drill, how in faults:
            ground = replace(self._ground, busy=self._floor.busy_nodes())
            fault = make_fault(drill, how, ground, by_machine=True)
            await asyncio.sleep(ground.chance.uniform(0.0, BEFORE_MAX_S))
            began_ms = now_ms()
            self.troubles += await _break_and_heal(self._floor, fault, ground, drill)
            self.done.append(Done(drill=drill, how=how, began_ms=began_ms, ended_ms=now_ms()))


async def _break_and_heal(
    floor: Floor, fault: Fault, ground: Ground, drill: Drill
) -> Sequence[str]:
    """Put a fault in, mend it, and see that callers are rung through; return what did not work."""
    try:
        await fault.put_in()
        await heal(fault, ground, drill)
    except Outage as outage:
        return [f"{drill} does not heal: {outage}"]
    healed_ms = now_ms()

    def goes_on() -> bool:
        last = next(
            (fact for fact in reversed(floor.history.facts) if type(fact) is h.RingHeard), None
        )
        return last is not None and last.at_ms >= healed_ms

    if await floor.is_so(goes_on, within_s=GOES_ON_WITHIN_S):
        return []
    return [f"{drill}: nobody was rung for {GOES_ON_WITHIN_S:g} s after it was mended"]


def _progress(history: History, number: int, rounds: int, faults: int) -> str:
    """Return how it stands after a round; what only the end can tell is left out."""
    findings = check(history, (), started=0)
    return (
        f"round {number} of {rounds}: {faults} faults, "
        f"{sum(1 for _ in history.of(h.CallerCame))} calls, "
        f"{len(findings.duplicated)} duplicated, "
        f"{len(findings.order_violations)} out of order, "
        f"{len(findings.talks_broken)} talks broken"
    )


def _measured(history: History, done: Sequence[Done]) -> tuple[list[str], dict[str, Any]]:
    """Return which bounds were exceeded by which fault, and the figures of each drill."""
    sentences: list[str] = []
    by_drill: dict[str, Any] = {}
    seen = Seen(history)
    for one, after in zip(done, [*done[1:], None], strict=True):
        until_ms = now_ms() if after is None else after.began_ms
        measures = measure(seen, since_ms=one.began_ms, until_ms=until_ms)
        sentences += broken_bounds(one.drill, one.how, measures)
        by_drill.setdefault(f"{one.drill} {one.how}", []).append(shown(measures))
    return sentences, {name: _worst(each) for name, each in by_drill.items()}


def _worst(each: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the worst figures of many faults of a kind."""

    def worst(values: Sequence[int | None]) -> int | None:
        return max((value for value in values if value is not None), default=None)

    return {
        "faults": len(each),
        "moved": sum(one["moved"] for one in each),
        "resumed": sum(one["resumed"] for one in each),
        "resume_p99_ms": worst([one["resume_ms"]["p99"] for one in each]),
        **{
            name: worst([one[name] for one in each])
            for name in ("gap_ms", "back_ms", "match_ms", "pause_ms")
        },
    }
