"""What a router does when something is lost: a node, a desk, who does not come back, or the store.

A router stores no deadline and trusts no clock but its own. It times what it sees unchanged in
looks that succeed one after the other; one that fails or comes late starts every clock over, so
that nobody is lost because the store or this router was away. Any number of routers do this at
once: each step names the beat or the epoch it is about, and does nothing once that is not so.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from contactcentre.domain.barrier import Barrier
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import DeskId, NodeId
from contactcentre.limits import BEAT_EVERY_MS, NODE_SUSPECT_AFTER_MS
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.state import (
    AddressBook,
    CallQueues,
    DeskStanding,
    Generation,
    LostAdviser,
    LostCall,
    NodeStanding,
    Rescue,
)

LATE_AFTER_MS = 2 * BEAT_EVERY_MS
"""A look so long after the last one has missed beats: what has not changed may have, in between."""
CHUNKS_PER_LOOK_MAX = 5
"""Chunks of one node's calls that are lost in one look; the others follow with the next."""
CLOSES_PER_LOOK_MAX = 50
AWAY_LOOK_MS = 200
BARRIER_LOOK_MS = 100
"""How often it is looked whether the store is back, or every node has reported to it."""

Thing = TypeVar("Thing")


class Findings(Protocol):
    """Whoever counts and writes down what a router finds and does."""

    def node_lost(self, node: NodeId, *, beat: int) -> None:
        """Note once that a node is silent."""

    def calls_hidden(self, node: NodeId, *, calls_count: int) -> None:
        """Note that some of its calls wait for another node to take them up."""

    def desk_lost(self, desk: DeskId, *, beat: int) -> None:
        """Note once that a desk process is silent."""

    def advisers_hidden(self, desk: DeskId, *, advisers_count: int) -> None:
        """Note that some of its advisers are not matched until a desk reports them."""

    def call_lost(self, lost: LostCall) -> None:
        """Note that nobody came back for a call."""

    def adviser_signed_off(self, lost: LostAdviser) -> None:
        """Note that an adviser did not come back."""

    def store_away(self) -> None:
        """Note once that the live state does not answer, and nobody is matched."""

    def store_seen_again(self, *, nodes_count: int) -> None:
        """Note for how many nodes this router waits: it had not seen the store for long."""

    def matching_waits(self, *, store: str, nodes_count: int) -> None:
        """Note that the store has changed, and for how many nodes matching waits."""

    def matching_opened(self, *, store: str, waited_ms: int) -> None:
        """Note that this router has opened matching."""

    def matching_goes_on(self) -> None:
        """Note that callers are matched, from the start on or again."""


class Unchanged(Generic[Thing]):
    """Since when things have been seen as they are, in every look."""

    def __init__(self) -> None:
        self._since_ms: dict[Thing, int] = {}

    def see(self, things: Iterable[Thing], *, at_ms: int) -> None:
        """Take what there is now; what is gone, or has changed, is forgotten."""
        self._since_ms = {thing: self._since_ms.get(thing, at_ms) for thing in things}

    def over(self, span_ms: int, *, at_ms: int) -> list[Thing]:
        """Return what has been there for at least so long, in the order it was seen in last."""
        return [one for one, since_ms in self._since_ms.items() if at_ms - since_ms >= span_ms]

    def put_off(self, thing: Thing, *, at_ms: int) -> None:
        """Count from now again for something that has been dealt with."""
        self._since_ms[thing] = at_ms

    def start_over(self) -> None:
        """Forget since when."""
        self._since_ms.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look has found."""

    generation: Generation
    nodes: Sequence[NodeStanding]
    desks: Sequence[DeskStanding]
    lost_calls: Sequence[LostCall]
    lost_advisers: Sequence[LostAdviser]


class Watch:
    """One router's eyes on everything that may be lost.

    `hurried` is set by whoever finds that matching is not open on the store that answers;
    `suspend` is called when the store cannot be seen. `resume` is called when matching is open
    (again), and before it `begin_slowly` if that is on another store than nodes were alive on
    before, or if the store had been out of sight for long.
    """

    def __init__(
        self,
        *,
        rescue: Rescue,
        queues: CallQueues,
        addresses: AddressBook,
        clock: Clock,
        chance: Chance,
        grace_ms: int,
        findings: Findings,
        hurried: asyncio.Event,
        suspend: Callable[[], None],
        resume: Callable[[], None],
        begin_slowly: Callable[[], None],
    ) -> None:
        self._rescue = rescue
        self._queues = queues
        self._addresses = addresses
        self._clock = clock
        self._chance = chance
        self._grace_ms = grace_ms
        self._findings = findings
        self._suspend = suspend
        self._resume = resume
        self._begin_slowly = begin_slowly
        self._hurried = hurried
        self._looked_at_ms: int | None = None
        self._is_open = False
        self._is_away = False
        self._store: str | None = None
        self._barrier: Barrier | None = None
        """What matching waits for on a store that it is not open on."""
        self._regained: Barrier | None = None
        """What this router waits for by itself: it had not seen the store for long."""
        self._beats: dict[NodeId, tuple[int, int]] = {}
        """The last beat seen of each node, and when it was new."""
        self._beats_at_ms = 0
        self._nodes: Unchanged[tuple[NodeId, int]] = Unchanged()
        self._desks: Unchanged[tuple[DeskId, int]] = Unchanged()
        self._calls: Unchanged[LostCall] = Unchanged()
        self._advisers: Unchanged[LostAdviser] = Unchanged()
        self._silent: set[tuple[NodeId | DeskId, int]] = set()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            with suppress(StateUnavailable):
                await self.look()
            await self._pause()

    async def look(self) -> None:
        """Look once and do what is due. Raises StateUnavailable, and then starts over."""
        began_ms = self._clock.monotonic_ms()
        if self._looked_at_ms is None or began_ms - self._looked_at_ms > LATE_AFTER_MS:
            self._start_over()
        try:
            seen = await self._see()
            at_ms = self._clock.monotonic_ms()
            if at_ms - began_ms > LATE_AFTER_MS:
                self._start_over()
            self._come_back(seen.generation.store, at_ms=at_ms)
            await self._follow_store(seen, at_ms=at_ms)
            self._take(seen, at_ms=at_ms)
            await self._act(at_ms=began_ms)
        except StateUnavailable:
            self._miss()
            raise

    async def _see(self) -> Look:
        """Ask which store it is, then what is in it: in this one, or in one that came after it."""
        generation = await self._rescue.generation()
        try:
            return await self._see_all(generation)
        except* StateUnavailable:
            pass
        raise StateUnavailable("The live state went away in the middle of a look")

    async def _see_all(self, generation: Generation) -> Look:
        async with asyncio.TaskGroup() as group:
            nodes = group.create_task(self._addresses.nodes(), name="nodes")
            desks = group.create_task(self._rescue.desks(), name="desks")
            calls = group.create_task(self._rescue.lost_calls(), name="lost calls")
            advisers = group.create_task(self._rescue.lost_advisers(), name="lost advisers")
        return Look(
            generation=generation,
            nodes=nodes.result(),
            desks=desks.result(),
            lost_calls=calls.result(),
            lost_advisers=advisers.result(),
        )

    def _take(self, seen: Look, *, at_ms: int) -> None:
        """Let the clocks run on for what is as it was."""
        nodes = [(one.node, one.beat) for one in seen.nodes]
        desks = [(one.desk, one.beat) for one in seen.desks]
        self._nodes.see(nodes, at_ms=at_ms)
        self._desks.see(desks, at_ms=at_ms)
        self._calls.see(seen.lost_calls, at_ms=at_ms)
        self._advisers.see(seen.lost_advisers, at_ms=at_ms)
        self._silent &= {*nodes, *desks}

    def _start_over(self) -> None:
        self._nodes.start_over()
        self._desks.start_over()
        self._calls.start_over()
        self._advisers.start_over()

    def _come_back(self, store: str, *, at_ms: int) -> None:
        """Take note of a look that succeeded.

        Whoever cut this router off may have cut nodes off as well, and what they hold is not in
        the store yet: after a while out of sight it matches nobody before they have beaten again.
        """
        last_ms, self._looked_at_ms = self._looked_at_ms, at_ms
        was_away, self._is_away = self._is_away, False
        if was_away and last_ms is not None and at_ms - last_ms > LATE_AFTER_MS:
            self._regained = Barrier(store=store, awaited=self._alive(), at_ms=at_ms)
            self._findings.store_seen_again(nodes_count=len(self._regained.awaited))

    def _miss(self) -> None:
        """Start over: what has not changed may have, while the store could not be seen."""
        self._start_over()
        self._suspend()
        if not self._is_away:
            self._is_away = True
            self._findings.store_away()
        self._is_open = False
        for barrier in (self._barrier, self._regained):
            if barrier is not None:
                barrier.miss()

    async def _act(self, *, at_ms: int) -> None:
        """Do what is due by what was seen unchanged until `at_ms`."""
        for node, beat in self._nodes.over(NODE_SUSPECT_AFTER_MS, at_ms=at_ms):
            await self._lose_node(node, beat)
        for desk, beat in self._desks.over(NODE_SUSPECT_AFTER_MS, at_ms=at_ms):
            await self._lose_desk(desk, beat)
        for call in self._calls.over(self._grace_ms, at_ms=at_ms)[:CLOSES_PER_LOOK_MAX]:
            if await self._rescue.close_lost(call):
                self._findings.call_lost(call)
        for adviser in self._advisers.over(self._grace_ms, at_ms=at_ms)[:CLOSES_PER_LOOK_MAX]:
            if await self._rescue.sign_off(adviser):
                self._findings.adviser_signed_off(adviser)

    async def _lose_node(self, node: NodeId, beat: int) -> None:
        if (node, beat) not in self._silent:
            self._silent.add((node, beat))
            self._findings.node_lost(node, beat=beat)
        calls_count = await _in_chunks(lambda: self._queues.lose_calls(node, beat=beat))
        if calls_count:
            self._findings.calls_hidden(node, calls_count=calls_count)
        else:  # asked again after a while: something of it may have come late
            self._nodes.put_off((node, beat), at_ms=self._clock.monotonic_ms())

    async def _lose_desk(self, desk: DeskId, beat: int) -> None:
        if (desk, beat) not in self._silent:
            self._silent.add((desk, beat))
            self._findings.desk_lost(desk, beat=beat)
        advisers_count = await _in_chunks(lambda: self._rescue.lose_advisers(desk, beat=beat))
        if advisers_count:
            self._findings.advisers_hidden(desk, advisers_count=advisers_count)
        else:
            self._desks.put_off((desk, beat), at_ms=self._clock.monotonic_ms())

    async def _follow_store(self, seen: Look, *, at_ms: int) -> None:
        """Match on the store that matching is open on; open it on another once it is time."""
        store = seen.generation.store
        beats = {one.node: one.beat for one in seen.nodes}
        if store != self._store or (self._barrier is None and not seen.generation.is_open):
            self._start_over()
        self._store = store
        if seen.generation.is_open:
            if not self._waits_for_beats(beats, at_ms=at_ms):
                self._remember(beats, at_ms=at_ms)
                self._resume_matching()
            return
        self._is_open, self._regained = False, None
        barrier = self._barrier_of(store, beats, at_ms=at_ms)
        barrier.see(beats, at_ms=at_ms)
        if barrier.is_over(at_ms=at_ms):
            await self._rescue.open_matching(store)
            if (await self._rescue.generation()).is_open:
                waited_ms = self._clock.monotonic_ms() - barrier.since_ms
                self._findings.matching_opened(store=store, waited_ms=waited_ms)
                self._resume_matching()

    def _waits_for_beats(self, beats: dict[NodeId, int], *, at_ms: int) -> bool:
        """Say whether this router must not match yet, though matching is open."""
        if self._regained is not None:
            self._regained.see(beats, at_ms=at_ms)
            if not self._regained.is_over(at_ms=at_ms):
                return True
            self._regained = None
            self._begin_slowly()
        return False

    def _barrier_of(self, store: str, beats: dict[NodeId, int], *, at_ms: int) -> Barrier:
        """Return the barrier that this store stands behind, a new one if it is another store."""
        known = self._barrier
        if known is not None and known.store == store and not known.is_emptied(beats):
            return known
        if known is None:
            barrier = Barrier(store=store, awaited=self._alive(), at_ms=at_ms)
        else:
            barrier = known.again(store=store, at_ms=at_ms)
        self._findings.matching_waits(store=store, nodes_count=len(barrier.awaited))
        self._barrier = barrier
        return barrier

    def _resume_matching(self) -> None:
        if self._barrier is not None and self._barrier.awaited:
            self._begin_slowly()
        self._barrier = None
        if not self._is_open:
            self._is_open = True
            self._findings.matching_goes_on()
            self._resume()

    def _remember(self, beats: dict[NodeId, int], *, at_ms: int) -> None:
        """Remember which nodes beat, also those that are missing now, for as long as they may."""
        self._beats = {
            node: known
            for node, known in self._beats.items()
            if node in beats or at_ms - known[1] <= NODE_SUSPECT_AFTER_MS
        }
        for node, beat in beats.items():
            if node not in self._beats or self._beats[node][0] != beat:
                self._beats[node] = (beat, at_ms)
        self._beats_at_ms = at_ms

    def _alive(self) -> frozenset[NodeId]:
        """Return the nodes that were alive when this router last saw matching open."""
        return frozenset(
            node
            for node, (_, new_at_ms) in self._beats.items()
            if self._beats_at_ms - new_at_ms <= NODE_SUSPECT_AFTER_MS
        )

    async def _pause(self) -> None:
        """Wait until it is time to look again, or somebody cannot wait."""
        span_ms = BEAT_EVERY_MS // 2
        if self._is_away:
            span_ms = AWAY_LOOK_MS
        elif self._barrier is not None or self._regained is not None:
            span_ms = BARRIER_LOOK_MS
        with suppress(TimeoutError):
            async with asyncio.timeout((span_ms + self._chance.jitter(span_ms)) / 1_000):
                await self._hurried.wait()
                self._is_open = False  # matching has stopped; it must be told to go on
        self._hurried.clear()


async def _in_chunks(lose: Callable[[], Awaitable[int]]) -> int:
    """Lose one chunk after another until there is nothing left; return how much it was."""
    total = 0
    for _ in range(CHUNKS_PER_LOOK_MAX):
        count = await lose()
        if not count:
            break
        total += count
    return total
