"""One run: a centre, its people, its faults, and what was broken when all of it was over."""

import asyncio
import logging
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from time import perf_counter
from typing import Any

import structlog

from contactcentre.domain.call import CallState
from contactcentre.domain.languages import Language
from contactcentre.drills import history as h
from contactcentre.drills.checker import Findings, check
from contactcentre.drills.checker import Row as CheckedRow
from contactcentre.drills.history import CLOCK, History, now_ms
from contactcentre.drills.order import Excused
from contactcentre.limits import DESKS_FAILED_MAX
from contactcentre.ports.records import WrittenEvent
from contactcentre.simulation.called_back import CallbackFindings, check_callbacks
from contactcentre.simulation.cast import Cast
from contactcentre.simulation.environment import SimulatedClock
from contactcentre.simulation.eyes import Eyes
from contactcentre.simulation.faults import Fault, Kind, put_in
from contactcentre.simulation.ledger import LedgerData, ends_counts
from contactcentre.simulation.listeners import Listeners
from contactcentre.simulation.lives import LivesLoop
from contactcentre.simulation.loop import BEGAN_MS, Simulation, steady
from contactcentre.simulation.people import Floor, SimulatedAdviser
from contactcentre.simulation.plans import Places, plan
from contactcentre.simulation.promises import broken_promises
from contactcentre.simulation.seen import Seen
from contactcentre.simulation.store.data import ReplyError
from contactcentre.simulation.store.server import Gone
from contactcentre.simulation.stories import Story
from contactcentre.simulation.texts import texts_wrong
from contactcentre.simulation.witness import Witness
from contactcentre.simulation.world import NORTH, SOUTH, Size, World

VIRTUAL_MAX_S = 7_200.0
ROUNDS_MAX = 20_000_000
CALLERS_FROM_S = 4.0
FAULTS_FROM_S, FAULTS_UNTIL_S = 10.0, 65.0
FAULTS_LEAST, FAULTS_MOST = 17, 24
OVER_WITHIN_S = 300.0
RECORDED_WITHIN_S = 100.0
SETTLED_S = 3.0
NOBODYS = (ReplyError, Gone, ConnectionError)
"""Answers to what a process had asked that died before they came."""


BROKEN_FIGURES = (
    "lost",
    "duplicated",
    "order_violations",
    "not_linearizable",
    "stuck_advisers",
    "records_wrong",
    "texts_wrong",
    "recordings_wrong",
    "listening_unwritten",
    "promises_broken",
    "mistakes",
)
"""Each of these must be 0."""
FIGURES = ("faults", "callers", "callbacks", *BROKEN_FIGURES)
"""What is counted over all runs, in the order in which it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a run."""

    seed: int
    faults: Sequence[Fault]
    callers_count: int
    findings: Findings
    texts_wrong: Sequence[str]
    """What was written in chats and did not arrive once and in order."""
    recordings_wrong: Sequence[str]
    """What was recorded and must not be, or is on no disk."""
    witness: Witness
    """What was seen of recordings, and of those who listened."""
    callbacks: CallbackFindings
    promises: Sequence[str]
    """What the scenario says, and did not come so."""
    mistakes: Sequence[str]
    """Steps of the product that failed otherwise than by a refusal or an outage."""
    history: History
    events: Sequence[WrittenEvent]
    """What stands in the record, event by event."""
    virtual_s: float
    real_s: float

    @property
    def trace(self) -> str:
        """Return the same for the same run: the sum of all that people saw, in a few digits."""
        seen = sha256()
        for line in self.history.lines():
            seen.update(line.encode())
        return seen.hexdigest()[:16]

    @property
    def figures(self) -> dict[str, int]:
        """Return what is counted over all runs."""
        found, callbacks = self.findings, self.callbacks
        return {
            "faults": len(self.faults),
            "callers": self.callers_count,
            "callbacks": callbacks.booked_count,
            "lost": len(found.lost) + len(callbacks.lost),
            "duplicated": len(found.duplicated) + len(callbacks.duplicated),
            "order_violations": len(found.order_violations) + len(callbacks.out_of_place),
            "not_linearizable": len(found.not_linearizable),
            "stuck_advisers": len(found.stuck_advisers),
            "records_wrong": len(found.records_missing)
            + len(found.records_wrong)
            + len(found.records_doubled),
            "texts_wrong": len(self.texts_wrong),
            "recordings_wrong": len(self.recordings_wrong),
            "listening_unwritten": len(self.witness.unwritten),
            "promises_broken": len(self.promises),
            "mistakes": len(self.mistakes),
        }


def simulate(
    seed: int,
    *,
    faults: Sequence[Fault] | None = None,
    size: Size | None = None,
    story: Story | None = None,
) -> Result:
    """Run one seed, with faults and people of its own choice or those that are given."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    loop = LivesLoop(virtual_max_s=VIRTUAL_MAX_S, rounds_max=ROUNDS_MAX)
    asyncio.set_event_loop(loop)
    CLOCK.read_ms = lambda: round(loop.time() * 1_000)
    began_s = perf_counter()
    with steady(seed):
        begins_at = None if story is None else story.setting.begins_at
        began_ms = BEGAN_MS if begins_at is None else round(begins_at.timestamp() * 1_000)
        simulation = Simulation(loop, seed, began_ms=began_ms)
        run = _Run(simulation, size or Size(), faults, story)
        loop.run_until_complete(run.run())
    return run.result(perf_counter() - began_s, loop)


class _Run:
    """One run."""

    def __init__(
        self,
        simulation: Simulation,
        size: Size,
        faults: Sequence[Fault] | None,
        story: Story | None,
    ) -> None:
        self._simulation = simulation
        self._size = size
        self._story = story
        self._world = World(simulation, size, story)
        self._dice = simulation.dice("faults")
        self._faults = self._planned() if faults is None else faults
        self._crowd = Crowd()
        self._floor = Floor(self._world, self._crowd)
        self._eyes = Eyes(self._world)
        self._broken_count = 0

    def result(self, real_s: float, loop: LivesLoop) -> Result:
        """Return what came of it."""
        floor, world = self._floor, self._world
        rows = _rows(world.ground.ledger)
        is_excused = self._excuses()
        mistakes = [
            *world.mistakes,
            *(f"a person failed: {one!r}" for one in self._crowd.mistakes),
            *(f"unheard of: {one!r}" for one in loop.unheard if not isinstance(one, NOBODYS)),
            *(
                f"a script failed: {one}"
                for server in world.store.servers
                for one in server.mistakes
            ),
        ]
        return Result(
            seed=self._simulation.seed,
            faults=self._faults,
            callers_count=floor.started_count,
            findings=check(
                floor.history,
                rows,
                started=floor.started_count,
                is_excused=is_excused,
                told_closed=self._told_closed(),
                callbacks=self._eyes.callbacks(),
            ),
            texts_wrong=list(texts_wrong(floor.history, list(world.ground.ledger.events.values()))),
            recordings_wrong=[*world.ground.witness.wrong, *world.ground.witness.missing()],
            witness=world.ground.witness,
            callbacks=check_callbacks(floor.history, world.ground.ledger.callbacks.rows.values()),
            promises=self._broken_promises(is_excused),
            mistakes=mistakes,
            history=floor.history,
            events=list(world.ground.ledger.events.values()),
            virtual_s=loop.time(),
            real_s=real_s,
        )

    async def run(self) -> None:
        """Begin, break things, let everything heal, and wait until all is over."""
        self._world.begin()
        self._eyes.begin()
        if self._story is None:
            await self._by_chance()
        else:
            await self._as_told(self._story)
        await self._floor.is_so(self._is_recorded, within_s=RECORDED_WITHIN_S)
        await asyncio.sleep(SETTLED_S)

    async def _by_chance(self) -> None:
        """Let people come by chance, and ring everybody once more in the end."""
        floor = self._floor
        manner = SimulatedAdviser(self._simulation.dice("advisers"))
        floor.open(lambda _: manner, hands_on=True)
        await asyncio.sleep(CALLERS_FROM_S)
        coming = [
            self._crowd.create_task(work, name="callers")
            for work in (
                floor.keep_calling(self._size.caller_every_s),
                floor.keep_writing(self._size.writer_every_s),
                self._listeners().keep_listening(self._world.ground.signatures()),
            )
        ]
        await self._break_and_mend(until_s=FAULTS_UNTIL_S)
        for one in coming:
            one.cancel()
        await floor.all_over(within_s=OVER_WITHIN_S)
        await floor.is_so(self._all_rung_back, within_s=OVER_WITHIN_S)
        await floor.last_round(manner, over_within_s=OVER_WITHIN_S)

    def _listeners(self) -> Listeners:
        """Return the supervisors, who listen in to talks."""
        simulation = self._simulation
        dice, clock = simulation.dice("supervisors"), SimulatedClock(simulation)
        return Listeners(self._world, self._floor.advisers, dice, clock=clock)

    async def _as_told(self, story: Story) -> None:
        """Let the people of a story come, and see that all of them are free in the end."""
        cast = Cast(story, self._world, self._floor, self._crowd)
        cast.open()
        cast.begin()
        await self._break_and_mend(until_s=story.last_s)
        await self._floor.is_so(cast.is_over, within_s=story.over_within_s)
        await self._floor.is_so(self._all_rung_back, within_s=story.over_within_s)
        self._floor.history.note(h.AllOver(at_ms=now_ms()))
        await self._floor.all_ready()

    async def _break_and_mend(self, *, until_s: float) -> None:
        """Put every fault in at its time; return once they are over, and it is late enough."""
        for fault in self._faults:
            self._world.later(fault.at_s - self._simulation.now_s, partial(self._put_in, fault))
        last_s = max((fault.at_s + fault.span_s for fault in self._faults), default=0.0)
        await asyncio.sleep(max(until_s, last_s) - self._simulation.now_s)
        self._world.network.heal()

    def _excuses(self) -> Excused:
        """Return what says who could not be offered: also a call that is kept from the desks."""
        excuses = self._eyes.excuses(self._floor.history)
        poison = {fault.target for fault in self._faults if fault.kind is Kind.POISON}
        kept = {page.call for who, page in self._floor.called if who in poison}
        if any(fault.kind is Kind.BREAK_DESKS for fault in self._faults):
            rung = Counter(call for _, call, _ in self._world.ground.reservations)
            kept |= {call for call, count in rung.items() if count >= DESKS_FAILED_MAX}
        return lambda call, ring: call in kept or excuses(call, ring)

    def _told_closed(self) -> Collection[str]:
        """Return the calls of those who, as the story says, find the line closed."""
        if self._story is None:
            return ()
        whos = {some.who for some in self._story.callers if some.finds == "closed"}
        return {page.call for who, page in self._floor.called if who in whos}

    def _broken_promises(self, is_excused: Excused) -> Sequence[str]:
        if self._story is None:
            return ()
        seen = Seen(
            story=self._story,
            history=self._floor.history,
            who={page.call: who for who, page in self._floor.called},
            began_ms=self._simulation.began_ms,
            is_excused=is_excused,
            reserved=self._world.ground.reservations,
            storms=self._world.ground.storms,
        )
        return list(broken_promises(seen, self._world.ground.words[Language.ENGLISH]))

    def _planned(self) -> Sequence[Fault]:
        world = self._world
        places = Places(
            media=world.of("media"),
            routers=world.of("router"),
            desks=world.of("desk"),
            records=world.of("records"),
            publics=world.of("public"),
            sites=(NORTH, SOUTH),
        )
        count = self._dice.randint(FAULTS_LEAST, FAULTS_MOST)
        return plan(self._dice, places, count=count, first_s=FAULTS_FROM_S, last_s=FAULTS_UNTIL_S)

    def _put_in(self, fault: Fault) -> None:
        """Put a fault in, and take it away when its span is over."""
        note = self._floor.history.note
        note(h.Broke(at_ms=now_ms(), what=f"{fault.kind} {fault.target}"))
        self._broken_count += 1
        undo = put_in(self._world, fault, self._dice)

        def mend() -> None:
            undo()
            self._broken_count -= 1
            if not self._broken_count:
                note(h.Healed(at_ms=now_ms(), what="everything"))

        self._world.later(fault.span_s, mend)

    def _all_rung_back(self) -> bool:
        """Say whether no promise is open."""
        return not self._world.ground.ledger.callbacks.open

    def _is_recorded(self) -> bool:
        """Say whether every call stands in the record with its end."""
        rows = self._world.ground.ledger.rows
        came = {fact.call for fact in self._floor.history.of(h.CallerCame)}
        ended = {call for call, row in rows.items() if row.call.state is CallState.ENDED}
        return came <= ended and self._world.ground.witness.is_recorded


class Crowd(asyncio.TaskGroup):
    """Tasks that end with the run; a mistake in one of them is a mistake of the simulation."""

    def __init__(self) -> None:
        super().__init__()
        self.mistakes: list[BaseException] = []
        self._running: set[asyncio.Task[Any]] = set()

    def create_task(self, coro: Any, **how: Any) -> asyncio.Task[Any]:
        """Let something run until it ends by itself."""
        task = asyncio.get_running_loop().create_task(coro, **how)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.mistakes.append(error)


def _rows(ledger: LedgerData) -> Sequence[CheckedRow]:
    counts = ends_counts(ledger)
    return [
        CheckedRow(
            call=call,
            state=row.call.state,
            ending=row.call.ending,
            provisional=row.provisional,
            ends_count=counts.get(call, 0),
            own_ends_count=counts.get(call, 0),
        )
        for call, row in ledger.rows.items()
    ]
