"""A stage for routers: processes that beat, fall silent and report to a store that changes."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from contactcentre.adapters.environment.machine import MachineChance
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import AdviserId, CallId, DeskId, NodeId
from contactcentre.journey.rescue import Watch
from contactcentre.limits import BEAT_EVERY_MS
from contactcentre.ports.state import (
    CallQueues,
    DeskStanding,
    Generation,
    LostAdviser,
    LostCall,
    NodeStanding,
    Overview,
)

GRACE_MS = 60_000
LOOK_EVERY_MS = 500
AT_THE_BARRIER_MS = 100


class Time:
    """A clock whose time passes when the test says so."""

    def __init__(self) -> None:
        self.at_ms = 1_000_000

    def now_ms(self) -> int:
        """Return the time on stage."""
        return self.at_ms

    def monotonic_ms(self) -> int:
        """Return the time on stage."""
        return self.at_ms

    async def sleep_ms(self, span_ms: int) -> None:
        """Let time pass."""
        self.at_ms += span_ms


@dataclass(slots=True, kw_only=True)
class Beating:
    """A process that reports itself at every beat until it is stopped."""

    phase_ms: int
    stopped_at_ms: int | None = None

    def beat(self, at_ms: int) -> int:
        """Return its last beat at a time."""
        if self.stopped_at_ms is not None:
            at_ms = min(at_ms, self.stopped_at_ms)
        return (at_ms - self.phase_ms) // BEAT_EVERY_MS

    def was_at_ms(self, at_ms: int) -> int:
        """Return when that was."""
        return self.beat(at_ms) * BEAT_EVERY_MS + self.phase_ms


class Stage:
    """A store on which the processes of the test are seen, and what a router does in it."""

    def __init__(self, *, nodes: Sequence[str] = ("n1", "n2"), desks: Sequence[str] = ()) -> None:
        self.time = Time()
        self.nodes_here = {NodeId(one): Beating(phase_ms=300 * i) for i, one in enumerate(nodes)}
        self.desks_here = {DeskId(one): Beating(phase_ms=200 * i) for i, one in enumerate(desks)}
        self.is_away = False
        self.store = "first"
        self.opened = "first"
        self.emptied_at_ms = 0
        self.holds: dict[str, list[int]] = {}
        """How many calls of a node, or advisers of a desk, each chunk loses."""
        self.calls: list[LostCall] = []
        self.advisers: list[LostAdviser] = []
        self.losing: list[tuple[str, int]] = []
        """Whom routers have lost something of, and at which beat."""
        self.closed: list[CallId] = []
        self.signed_off: list[AdviserId] = []
        self.opened_at_ms: list[int] = []
        self.found: list[str] = []
        self.is_matching = True
        self.resumed_count = 0
        self.slow_count = 0

    def change(self, store: str) -> None:
        """Replace the store by an empty one."""
        self.store, self.opened = store, ""
        self.emptied_at_ms = self.time.at_ms

    def flush(self) -> None:
        """Empty the store, which keeps its name."""
        self.change(self.store)

    def stop(self, process: str) -> None:
        """Let a process fall silent."""
        node, desk = self.nodes_here.get(NodeId(process)), self.desks_here.get(DeskId(process))
        stopped = node or desk
        assert stopped is not None, process
        stopped.stopped_at_ms = self.time.at_ms

    def suspend(self) -> None:
        """Remember that matching was told to stop."""
        self.is_matching = False

    def resume(self) -> None:
        """Remember that matching was told to go on."""
        self.is_matching = True
        self.resumed_count += 1

    def begin_slowly(self) -> None:
        """Count it."""
        self.slow_count += 1

    # what a router asks

    async def generation(self) -> Generation:
        """Return which store this is."""
        self._answer()
        return Generation(store=self.store, opened=self.opened)

    async def open_matching(self, store: str) -> None:
        """Open matching, if it is that store still."""
        self._answer()
        if store == self.store:
            self.opened = store
            self.opened_at_ms.append(self.time.at_ms)

    async def nodes(self) -> Sequence[NodeStanding]:
        """Return the nodes that have reported to this store."""
        self._answer()
        return [
            NodeStanding(
                node=node,
                site="north",
                beat=one.beat(self.time.at_ms),
                internal_url="http://127.0.0.1:1",
                public_url="ws://127.0.0.1:2",
                draining=False,
                legs_count=0,
                legs_max=10,
            )
            for node, one in self.nodes_here.items()
            if one.was_at_ms(self.time.at_ms) >= self.emptied_at_ms
        ]

    async def desks(self) -> Sequence[DeskStanding]:
        """Return the desks that have reported to this store."""
        self._answer()
        return [
            DeskStanding(
                desk=desk, beat=one.beat(self.time.at_ms), internal_url="http://127.0.0.1:1"
            )
            for desk, one in self.desks_here.items()
            if one.was_at_ms(self.time.at_ms) >= self.emptied_at_ms
        ]

    async def node(self, node: NodeId) -> NodeStanding | None:
        """Be asked by nobody here."""
        raise AssertionError("a watch looks at all nodes", node)

    async def overview(self, queues: Sequence[object]) -> Overview:
        """Be asked by nobody here."""
        raise AssertionError("a watch needs no overview", queues)

    async def lose_calls(self, node: NodeId, *, beat: int | None) -> int:
        """Lose the next chunk, if the beat is still that one."""
        assert beat is not None, "a router knows which beat it has seen"
        return self._lose(node, beat, now=self.nodes_here[node].beat(self.time.at_ms))

    async def lose_advisers(self, desk: DeskId, *, beat: int) -> int:
        """Lose the next chunk, if the beat is still that one."""
        return self._lose(desk, beat, now=self.desks_here[desk].beat(self.time.at_ms))

    async def lost_calls(self) -> Sequence[LostCall]:
        """Return the lost calls of the test."""
        self._answer()
        return list(self.calls)

    async def close_lost(self, lost: LostCall) -> bool:
        """Close a call that is still lost."""
        self._answer()
        if lost not in self.calls:
            return False
        self.calls.remove(lost)
        self.closed.append(lost.call)
        return True

    async def lost_advisers(self) -> Sequence[LostAdviser]:
        """Return the lost advisers of the test."""
        self._answer()
        return list(self.advisers)

    async def sign_off(self, lost: LostAdviser) -> bool:
        """Sign an adviser off who is still lost."""
        self._answer()
        if lost not in self.advisers:
            return False
        self.advisers.remove(lost)
        self.signed_off.append(lost.adviser)
        return True

    def _answer(self) -> None:
        if self.is_away:
            raise StateUnavailable("away")

    def _lose(self, process: str, beat: int, *, now: int) -> int:
        self._answer()
        if beat != now:
            return 0
        self.losing.append((process, beat))
        chunks = self.holds.get(process, [])
        return chunks.pop(0) if chunks else 0

    # what a router finds

    def node_lost(self, node: NodeId, *, beat: int) -> None:
        """Remember it."""
        assert beat
        self.found.append(f"{node} silent")

    def calls_hidden(self, node: NodeId, *, calls_count: int) -> None:
        """Remember it."""
        self.found.append(f"{node}: {calls_count} calls hidden")

    def desk_lost(self, desk: DeskId, *, beat: int) -> None:
        """Remember it."""
        assert beat
        self.found.append(f"{desk} silent")

    def advisers_hidden(self, desk: DeskId, *, advisers_count: int) -> None:
        """Remember it."""
        self.found.append(f"{desk}: {advisers_count} advisers hidden")

    def call_lost(self, lost: LostCall) -> None:
        """Remember it."""
        self.found.append(f"{lost.call} lost")

    def adviser_signed_off(self, lost: LostAdviser) -> None:
        """Remember it."""
        self.found.append(f"{lost.adviser} signed off")

    def store_away(self) -> None:
        """Remember it."""
        self.found.append("store away")

    def store_seen_again(self, *, nodes_count: int) -> None:
        """Remember it."""
        self.found.append(f"store seen again, {nodes_count} nodes must beat")

    def matching_waits(self, *, store: str, nodes_count: int) -> None:
        """Remember it."""
        self.found.append(f"matching waits for {nodes_count} nodes to report to {store}")

    def matching_opened(self, *, store: str, waited_ms: int) -> None:
        """Remember it."""
        assert waited_ms >= 0
        self.found.append(f"matching opened on {store}")

    def matching_goes_on(self) -> None:
        """Remember it."""
        self.found.append("matching goes on")


CHANCE = MachineChance()


def lost_call(call: str, *, count: int = 1) -> LostCall:
    """Return a lost call by its name."""
    return LostCall(call=CallId(call), epoch=LegEpoch(count, "a"))


def lost_adviser(adviser: str, *, beat: int = 7) -> LostAdviser:
    """Return a lost adviser by name."""
    return LostAdviser(adviser=AdviserId(adviser), beat=beat)


def watch(stage: Stage, hurried: asyncio.Event | None = None) -> Watch:
    """Return a router's watch over a stage."""
    return Watch(
        rescue=stage,
        queues=cast("CallQueues", stage),
        addresses=stage,
        clock=stage.time,
        chance=CHANCE,
        grace_ms=GRACE_MS,
        findings=stage,
        hurried=hurried or asyncio.Event(),
        suspend=stage.suspend,
        resume=stage.resume,
        begin_slowly=stage.begin_slowly,
    )


async def look(router: Watch, stage: Stage, span_ms: int, *, every_ms: int = LOOK_EVERY_MS) -> None:
    """Let a router look for so long."""
    until_ms = stage.time.at_ms + span_ms
    while stage.time.at_ms < until_ms:
        with suppress(StateUnavailable):
            await router.look()
        stage.time.at_ms += every_ms
