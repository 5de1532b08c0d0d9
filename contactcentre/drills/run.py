"""One drill: a quarter of the callers in each stage, one fault, and every call to its end."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from contactcentre.domain.errors import Outage
from contactcentre.drills import history as h
from contactcentre.drills.bounds import broken_bounds, broken_promises, figures_of
from contactcentre.drills.casting import Casting, cast
from contactcentre.drills.centre import Doors, drill_centre
from contactcentre.drills.checker import STUCK_AFTER_MS, check
from contactcentre.drills.faults import Drill, Fault, Ground, How, heal, make_fault
from contactcentre.drills.floor import Floor, OneCaller, drill_floor
from contactcentre.drills.history import History, now_ms
from contactcentre.drills.legs import Legs, telephone_network
from contactcentre.drills.manners import PromptCaller, Stage, StagedAdviser, StagedCaller
from contactcentre.drills.measures import Seen, measure
from contactcentre.drills.record_rows import read_settled_record
from contactcentre.drills.rooms import Rooms, counts_of
from contactcentre.drills.spans import TALKS
from contactcentre.drills.unseen_places import put_places

STAGED_WITHIN_S = 45.0
OVER_WITHIN_S = 120.0
LAST_ROUND_WITHIN_S = 12.0
RECORDED_WITHIN_S = 20.0
STATE_LOST = frozenset({Drill.LOSE_REDIS, Drill.FLUSH_REDIS, Drill.SWITCH_REDIS})
"""Advisers become ready while the live state is put together again: nobody may be passed over."""
BECOMING_READY_S = (0.0, 0.6)
SETTLING_S = (2.6, 4.0)
"""Whoever waits has been there for long enough to count as present (drills.order)."""
TAKES_LONG = frozenset({Drill.ROLLING_RESTART})
"""New callers come until it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a drill."""

    figures: dict[str, Any]
    broken: Sequence[str]
    """A sentence for each promise and each bound that was broken."""
    history: History
    logs: Path | None = None
    """Where the processes' logs are, where there is a reason to look at them."""


async def run_drill(
    drill: Drill,
    how: How,
    *,
    calls: int,
    seed: int,
    legs: Legs = Legs.WEB,
    with_rooms: bool = False,
) -> Result:
    """Run one drill; `with_rooms` more than talking goes on in some talks."""
    began_ms, heading = now_ms(), {"drill": drill, "fault": how, "legs": legs, "seed": seed}
    chance = Random(seed)  # noqa: S311 - the same seed, the same drill
    casting = cast(chance, legs, calls=calls, with_rooms=with_rooms)
    share = casting.share
    async with (
        telephone_network(legs) as network,
        drill_centre(
            advisers=casting.advisers,
            with_sentinels=drill is Drill.SWITCH_REDIS,
            settings=network.settings,
        ) as centre,
        drill_floor(centre, chance, make_caller=network.callers(centre)) as floor,
    ):
        stage = Stage(chance, talks=share, quick=share if drill in STATE_LOST else share // 4)
        rooms = Rooms(stage, floor.history, casting.ways)
        network.answer_outside(floor.history)
        await floor.open(StagedAdviser(stage), make_adviser=rooms.adviser)
        await set_the_stage(floor, stage, casting, rooms)
        busy = floor.busy_nodes(rooms.outside)
        ground = Ground(centre=centre, history=floor.history, chance=chance, busy=busy)
        await live_through(make_fault(drill, how, ground), ground, drill, floor, stage)
        calls_count = floor.started_count
        await last_round(floor, stage.answers, chance)
        result = await judge(floor, centre)
        bounds = list(broken_bounds(drill, how, measure(Seen(floor.history))))
        centre.is_kept = bool(result.broken or bounds)
    return Result(
        figures={
            **heading,
            "calls": calls_count,
            "calls_of_last_round": floor.started_count - calls_count,
            **(counts_of(floor.history) if with_rooms else {}),
            **result.figures,
            "seconds": (now_ms() - began_ms) // 1_000,
        },
        broken=[*result.broken, *bounds],
        history=floor.history,
        logs=centre.folder / "logs" if centre.is_kept else None,
    )


async def live_through(
    fault: Fault, ground: Ground, drill: Drill, floor: Floor, stage: Stage
) -> None:
    """Put the fault in, let everybody go on, mend it, and wait until every call is over."""
    calls = floor.started_count
    async with asyncio.TaskGroup() as tasks:
        if drill in STATE_LOST:
            stage.go_on.set()
            await asyncio.sleep(ground.chance.uniform(*BECOMING_READY_S))
        await fault.put_in()
        stage.go_on.set()
        healing = tasks.create_task(heal(fault, ground, drill), name=drill)
        if drill in TAKES_LONG:
            coming = floor.keep_calling(calls, lambda: StagedCaller(stage, in_menu=False))
            flow = tasks.create_task(coming, name="flow of callers")
            await asyncio.wait({healing})
            flow.cancel()
        await floor.all_over(within_s=OVER_WITHIN_S)


async def set_the_stage(
    floor: Floor, stage: Stage, casting: Casting, rooms: Rooms | None = None
) -> None:
    """Bring a quarter of the callers into each stage: talks first, as they need advisers."""

    async def bring(count: int, state: str, *, in_menu: bool = False) -> None:
        pages = [floor.call(StagedCaller(stage, in_menu=in_menu)) for _ in range(count)]
        if not await floor.is_so(
            lambda: all(_is_at(page, state) for page in pages), within_s=STAGED_WITHIN_S
        ):
            found = ", ".join(f"{page.call or 'nobody'} {page.stage}" for page in pages)
            raise Outage(f"Within {STAGED_WITHIN_S:g} s not every caller is {state}: {found}.")

    await bring(casting.share, "talking")
    if rooms is not None:
        await floor.until(
            lambda: rooms.are_set, within_s=STAGED_WITHIN_S, words="not every room is set"
        )
    await bring(casting.in_menu, "in_menu", in_menu=True)
    await bring(casting.share, "ringing")
    await bring(casting.share, "waiting")
    await asyncio.sleep(stage.chance.uniform(*SETTLING_S))


def _is_at(page: OneCaller, state: str) -> bool:
    return page.is_heard and (page.stage == state or {page.stage, state} <= TALKS)


async def last_round(floor: Floor, answers: asyncio.Event, chance: Random) -> None:
    """Let everybody become ready, then ring every adviser once more, all at the same time."""
    history, advisers = floor.history, floor.advisers
    history.note(h.AllOver(at_ms=now_ms()))
    await floor.is_so(
        lambda: all(page.presence == "ready" for page in advisers),
        within_s=STUCK_AFTER_MS / 1_000,
    )
    history.note(h.LastRound(at_ms=now_ms()))
    answers.clear()
    for _ in advisers:
        floor.call(PromptCaller(chance))
    await floor.is_so(
        lambda: all(page.presence == "ringing" for page in advisers),
        within_s=LAST_ROUND_WITHIN_S,
    )
    answers.set()
    await floor.all_over(within_s=OVER_WITHIN_S)
    history.note(h.LastRoundOver(at_ms=now_ms()))


async def judge(floor: Floor, doors: Doors) -> Result:
    """Wait for the record, and say what was broken."""
    history = floor.history
    calls = {fact.call for fact in history.of(h.CallerCame)}
    record = await read_settled_record(doors.record_url, calls, within_s=RECORDED_WITHIN_S)
    misplaced = list(put_places(history, record.queued))
    findings = check(history, record.rows, gaps=record.gaps, started=floor.started_count)
    findings.records_wrong.extend(misplaced)
    return Result(
        figures=figures_of(findings, measure(Seen(history))),
        broken=list(broken_promises(findings)),
        history=history,
    )
