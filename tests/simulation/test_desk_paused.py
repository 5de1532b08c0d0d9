"""A desk process that stood still: what it saw before is no word on how anybody stands now.

The desk process stops between asking how everything stands and using the answer. The adviser works
on elsewhere meanwhile, and comes back, or stays there, as it goes on.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence

import pytest
import structlog

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.ids import QueueId
from contactcentre.domain.presence import Presence
from contactcentre.drills import history as h
from contactcentre.ports.state import Overview
from contactcentre.simulation.lives import LIFE, LivesLoop
from contactcentre.simulation.loop import Simulation, run
from contactcentre.simulation.people import Floor
from contactcentre.simulation.run import Crowd
from contactcentre.simulation.world import Size, World

ADA = "adviser-1"
FIRST, OTHER = "desk-1", "desk-2"
STILL_S = 4.0
"""Less than after which a page looks for another desk by itself."""
SETTLED_S = 4.0
"""Some beats, in which everybody has told and heard everything."""


class Worker:
    """An adviser who answers at once, talks until told to end, and writes nothing."""

    def __init__(self) -> None:
        self.ends = asyncio.Event()

    async def think(self, call: str) -> None:
        """Answer at once."""

    async def talk(self) -> None:
        """Talk until told to end."""
        await self.ends.wait()

    async def write(self) -> None:
        """Write nothing."""


class Waiter:
    """A caller who goes to a queue at once and leaves everything else to the adviser."""

    async def choose(self) -> None:
        """Choose at once."""

    async def tire(self) -> None:
        """Wait to be served."""
        await asyncio.Event().wait()

    async def talk(self) -> None:
        """Leave the end to the adviser."""
        await asyncio.Event().wait()


class Stage:
    """Two desk processes, one adviser, and callers one by one."""

    def __init__(self, simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
        size = Size(media=1, routers=1, desks=2, records=1, advisers=1)
        self.world = World(simulation, size)
        self.crowd = Crowd()
        self.floor = Floor(self.world, self.crowd)
        self.worker = Worker()
        self.desks = [f"http://{FIRST}"]
        """Where the adviser's browser finds a desk, at any time."""
        self._stops = False
        overview = RedisState.overview

        async def paused(state: RedisState, queues: Sequence[QueueId]) -> Overview:
            seen = await overview(state, queues)
            life = LIFE.get()
            if self._stops and life is not None and life.name == FIRST:
                self._stops = False
                life.stop()
                await asyncio.sleep(0)  # nothing more happens here until it goes on
            return seen

        monkeypatch.setattr(RedisState, "overview", paused)

    async def begin(self) -> None:
        """Let the adviser come to work at the first desk process, and talk with a caller."""
        self.world.begin()
        await asyncio.sleep(3)
        self.floor.open(lambda _: self.worker, desks=self.desks)
        await self.until(Presence.READY)
        self.floor.call(Waiter())
        await self.until(Presence.TALKING)
        await asyncio.sleep(SETTLED_S)

    async def stop_first(self) -> None:
        """Let the first desk process stop as soon as it has been told how everything stands."""
        self._stops = True
        await self.until_so(lambda: not self._stops)

    def go_on(self) -> None:
        """Let the first desk process go on."""
        self.world.lives[FIRST].go_on()

    def go_to(self, desk: str) -> None:
        """Let the page be loaded again, at another desk process."""
        self.desks[:] = [f"http://{desk}"]
        self.world.wires.break_of(ADA)

    async def finish(self) -> None:
        """Let the talk and its wrap-up end."""
        self.worker.ends.set()
        await self.until(Presence.READY)

    async def until(self, state: Presence) -> None:
        """Wait until the adviser's page says so."""
        await self.until_so(lambda: self.floor.advisers[0].presence == state)

    async def until_so(self, true: Callable[[], bool]) -> None:
        """Wait until something is so."""
        assert await self.floor.is_so(true, within_s=20)

    def live_state(self) -> str:
        """Return how the adviser stands in the live state."""
        value = self.world.store.primary.data.values[f"cc:adviser:{ADA}".encode()]
        return str(value[b"state"].decode())

    def heard_since(self, at_ms: int) -> list[str]:
        """Return how the desk said that the adviser stands, from then on."""
        return [
            fact.state for fact in self.floor.history.of(h.PresenceHeard) if fact.at_ms >= at_ms
        ]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give what plays a story on a stage of its own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

    def begin(story: Callable[[Stage], Coroutine[None, None, None]]) -> None:
        async def played(simulation: Simulation) -> None:
            monkeypatch.setattr(h.CLOCK, "read_ms", lambda: round(simulation.now_s * 1_000))
            stage = Stage(simulation, monkeypatch)
            await stage.begin()
            await story(stage)

        run(played, seed=1, virtual_max_s=600, kind=LivesLoop)

    return begin


@pytest.mark.parametrize("store", ["knows", "forgot"])
def test_whoever_comes_back_to_a_desk_that_stood_still_stands_as_elsewhere_meanwhile(
    play: Callable[..., None], store: str
) -> None:
    async def story(stage: Stage) -> None:
        await stage.stop_first()
        stage.go_to(OTHER)
        await asyncio.sleep(1)
        await stage.finish()
        if store == "forgot":
            stage.world.store.flush()
            await asyncio.sleep(1.5)
        stage.go_to(FIRST)
        await asyncio.sleep(0.7)
        back_ms = h.now_ms()
        stage.go_on()
        await asyncio.sleep(SETTLED_S)
        assert stage.heard_since(back_ms)[-1] == "ready"
        assert "wrap_up" not in stage.heard_since(back_ms)
        assert stage.live_state() == "ready"

    play(story)


@pytest.mark.parametrize("store", ["knows", "forgot"])
def test_whoever_works_on_elsewhere_is_left_alone_by_a_desk_that_stood_still(
    play: Callable[..., None], store: str
) -> None:
    async def story(stage: Stage) -> None:
        await stage.stop_first()
        stage.go_to(OTHER)
        await asyncio.sleep(1)
        await stage.finish()
        await asyncio.sleep(STILL_S)  # the page there is not new any longer
        if store == "forgot":
            stage.world.store.flush()
            await asyncio.sleep(1.5)
        since_ms = h.now_ms()
        stage.go_on()
        await asyncio.sleep(SETTLED_S)
        assert stage.heard_since(since_ms) == []
        assert stage.live_state() == "ready"

    play(story)
