"""The people of a scenario's story, and what they do when: callers, advisers, a supervisor."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from random import Random
from typing import Any

from contactcentre.domain.errors import Outage
from contactcentre.domain.ids import AdviserId
from contactcentre.domain.ivr.switches import Turn
from contactcentre.drills.caller import CallerPage
from contactcentre.simulation.ground import LINE
from contactcentre.simulation.people import (
    NO_ANSWER_S,
    PATIENT_S,
    CallbackWish,
    Floor,
    SimulatedAdviser,
)
from contactcentre.simulation.stories import (
    AdviserAtWork,
    CallersWhoCome,
    Move,
    Story,
    TurnOfSwitch,
)
from contactcentre.simulation.world import World, with_queues

SUPERVISOR = AdviserId("supervisor")
TURN_AGAIN_S = 1.0
CHOOSES_S = 0.3


class CastAdviser(SimulatedAdviser):
    """An adviser as a story has them."""

    def __init__(self, adviser: AdviserAtWork, chance: Random) -> None:
        super().__init__(chance)
        self._adviser = adviser
        self._dice = chance

    async def think(self, call: str) -> None:
        """Answer, or let it ring."""
        del call
        lets_ring = self._adviser.lets_ring and not self.is_last_round
        await asyncio.sleep(
            NO_ANSWER_S if lets_ring else self._dice.uniform(*self._adviser.thinks_s)
        )

    async def talk(self) -> None:
        """Talk for as long as this adviser does."""
        await asyncio.sleep(self._dice.uniform(*self._adviser.talks_s))

    async def write(self) -> None:
        """Write for as long as this adviser does."""
        await asyncio.sleep(self._dice.uniform(*self._adviser.writes_s))


class CastCaller:
    """A caller as a story has them: the adviser ends the talk."""

    def __init__(self, hangs_up_after_s: float | None) -> None:
        self._hangs_up_after_s = hangs_up_after_s

    async def choose(self) -> None:
        """Choose at once."""
        await asyncio.sleep(CHOOSES_S)

    async def tire(self) -> None:
        """Wait to be served, or leave."""
        after_s = self._hangs_up_after_s
        await asyncio.sleep(PATIENT_S if after_s is None else after_s)

    async def talk(self) -> None:
        """Leave the end to the adviser."""
        await asyncio.sleep(PATIENT_S)


class Cast:
    """Everybody of one story."""

    def __init__(self, story: Story, world: World, floor: Floor, group: asyncio.TaskGroup) -> None:
        self._story = story
        self._world = world
        self._floor = floor
        self._group = group
        self._again_count = 0
        self._manners = {
            one.name: CastAdviser(one, world.simulation.dice(f"adviser {one.name}"))
            for one in story.advisers
        }

    def open(self) -> None:
        """Let the advisers come to work."""
        self._floor.open(self._manners.__getitem__)

    def is_over(self) -> bool:
        """Say whether nobody calls any more, and nobody will call again."""
        return not self._floor.callers and not self._again_count

    def begin(self) -> None:
        """Let everything happen at its time."""
        for some in self._story.callers:
            for number in range(some.count):
                self._at(some.at_s + number * some.every_s, partial(self._call, some))
        for move in self._story.moves:
            self._at(move.at_s, partial(self._move, move))
        for turn in self._story.turns:
            self._at(turn.at_s, partial(self._begin_turn, turn))

    def _at(self, at_s: float, step: Callable[[], object]) -> None:
        self._world.later(at_s - self._world.simulation.now_s, step)

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._group.create_task(work, name=name)

    def _call(self, some: CallersWhoCome) -> None:
        page = self._floor.call(
            CastCaller(some.hangs_up_after_s),
            who=some.who,
            key=some.key,
            is_chat=some.writes,
            callback=None
            if some.rung_back is None
            else CallbackWish(is_later=some.rung_back == "later"),
        )
        if some.calls_again_after_s is not None:
            self._again_count += 1
            self._begin(self._call_again(some, page, some.calls_again_after_s), "calls again")

    async def _call_again(self, some: CallersWhoCome, page: CallerPage, after_s: float) -> None:
        """Call again a while after having left, with the place from before."""
        await self._floor.is_so(
            lambda: page not in self._floor.callers.values(), within_s=PATIENT_S
        )
        await asyncio.sleep(after_s)
        self._floor.call(CastCaller(None), who=some.who, key=some.key, left=page.left)
        self._again_count -= 1

    def _move(self, move: Move) -> None:
        """Give an adviser other queues; the adviser's page is loaded again."""
        accounts = self._world.ground.accounts
        accounts[move.adviser] = with_queues(accounts[move.adviser], move.queues)
        self._world.wires.break_of(move.adviser)

    def _begin_turn(self, one: TurnOfSwitch) -> None:
        self._begin(self._turn(one), "turn")

    async def _turn(self, one: TurnOfSwitch) -> None:
        """Turn a switch at any desk process that lives, and try again while that fails."""
        turn = Turn(line=LINE, kind=one.turn, subject=one.subject, value=one.value)
        done = asyncio.Event()
        while not done.is_set():
            for name in self._world.of("desk"):
                life = self._world.lives[name]
                if life.goes and name in self._world.ground.steerings and not done.is_set():
                    life.spawn(self._turned(name, turn, done), "turn")
                    break
            await asyncio.sleep(TURN_AGAIN_S)

    async def _turned(self, desk: str, turn: Turn, done: asyncio.Event) -> None:
        try:
            await self._world.ground.steerings[desk].turn(turn, who=SUPERVISOR, why="as it is")
        except Outage:
            return
        done.set()
