"""What a node tells of calls that have ended: until the live state can forget it no longer."""

from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest

from contactcentre.apps.call_bounds import End
from contactcentre.apps.node_calls import (
    ENDS_AGAIN_EVERY_BEATS,
    ENDS_KEPT_BEATS,
    NodeCalls,
    NodePlace,
)
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import StateUnavailable, UnknownName
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import CallId, NodeId

CALL = CallId("call-1")
FIRST = LegEpoch(1, "a")
DURABLE_SEQ = 7


class Store:
    """A live state that hears of ends, unless it is away; every event is durable at once."""

    def __init__(self) -> None:
        self.ended: list[CallId] = []
        self.is_away = False

    async def lose_calls(self, *_: object, **__: object) -> int:
        """Have nothing of a former run."""
        return 0

    async def report_node(self, _: object) -> int:
        """Say that everything is durable."""
        if self.is_away:
            raise StateUnavailable("away")
        return DURABLE_SEQ

    async def end(self, *, call: CallId, epoch: LegEpoch, ending: Ending) -> None:
        """Hear of an end."""
        assert (epoch, ending) == (FIRST, Ending.HANDLED)
        self.ended.append(call)


class EndedCall:
    """A call that ends as soon as it runs."""

    def __init__(self) -> None:
        self.call = SimpleNamespace(id=CALL, epoch=FIRST)
        self.end: End | None = None

    async def run(self) -> None:
        """End."""
        self.end = End(epoch=FIRST, ending=Ending.HANDLED, seq=DURABLE_SEQ)


class Node:
    """A node whose one call has just ended."""

    def __init__(self) -> None:
        self.store = Store()
        spawned: list[Any] = []
        clock = SimpleNamespace(now_ms=lambda: 0, monotonic_ms=lambda: 0)
        tools = SimpleNamespace(
            clock=clock,
            queues=self.store,
            is_strained=lambda: False,
            spawn=lambda work, _: spawned.append(work),
        )
        place = NodePlace(
            node=NodeId("node-1"), site="north", internal_url="", public_url="", legs_max=10
        )
        self.calls = NodeCalls(place, cast("Any", tools))
        self.calls.begin(cast("Any", EndedCall()))
        (self._ends,) = spawned

    async def end(self) -> None:
        """Let the call end, and the next beat say so."""
        await self._ends
        await self.beat()
        assert self.store.ended == [CALL]

    async def beat(self, count: int = 1) -> None:
        """Let some beats pass."""
        for _ in range(count):
            with suppress(StateUnavailable):
                await self.calls.beat()


async def test_whoever_asks_for_a_call_that_has_ended_has_the_end_told_with_the_next_beat() -> None:
    node = Node()
    await node.end()
    await node.beat()
    assert node.store.ended == [CALL], "and is durable"
    with pytest.raises(UnknownName):
        node.calls.find(CALL)
    await node.beat()
    assert node.store.ended == [CALL, CALL], "a store that took over has not heard of it"
    await node.beat()
    assert node.store.ended == [CALL, CALL]


async def test_a_durable_end_is_told_again_while_a_store_that_takes_over_may_not_have_it() -> None:
    node = Node()
    await node.end()
    await node.beat(ENDS_AGAIN_EVERY_BEATS)
    assert node.store.ended == [CALL, CALL]
    assert node.calls.has_ended(CALL)
    await node.beat(ENDS_KEPT_BEATS)
    assert not node.calls.has_ended(CALL)
    told_count = len(node.store.ended)
    await node.beat(ENDS_AGAIN_EVERY_BEATS)
    assert len(node.store.ended) == told_count


async def test_an_end_is_kept_over_an_outage_for_the_store_that_comes_after_it() -> None:
    node = Node()
    await node.end()
    node.store.is_away = True
    await node.beat(2 * ENDS_KEPT_BEATS)
    node.store.is_away = False
    await node.beat(ENDS_AGAIN_EVERY_BEATS)
    assert node.store.ended == [CALL, CALL]
