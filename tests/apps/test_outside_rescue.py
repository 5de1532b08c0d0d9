"""What is kept of outside numbers, who lets go of them, and who tells them goodbye."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.claims import Signatures
from contactcentre.apps.outside_call import KeptOutside
from contactcentre.apps.outside_rescue import OutsideRescue
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import CallId, LegId, NodeId
from contactcentre.limits import KEPT_AT_ONCE_MAX, OUTSIDE_AGAIN_MS, OUTSIDE_ORPHAN_MS
from contactcentre.ports.environment import Clock

OLD, NEW = LegId("c1.outside.old"), LegId("c1.outside.new")


def kept(dialog: str, *, waits: bool = True) -> str:
    """Return what is kept of a number."""
    return KeptOutside(dialog=dialog, codec="PCMA", waits=waits).model_dump_json()


class Store(RedisState):
    """A store that notes what is kept in it in each step."""

    def __init__(self, redis_url: str) -> None:
        super().__init__(redis_url)
        self.steps: list[tuple[list[CallId], list[CallId]]] = []
        self.forgets = True

    async def keep_dialogs(
        self, node: NodeId, said: Mapping[CallId, str], ended: Sequence[CallId]
    ) -> None:
        """Note it, and keep it; be away when something is to be forgotten, if it shall be so."""
        if ended and not self.forgets:
            raise StateUnavailable("It is away.")
        self.steps.append((list(said), list(ended)))
        await super().keep_dialogs(node, said, ended)


class Node:
    """One node as its outside numbers go: it keeps its own, and looks after those of others."""

    def __init__(self, name: str, redis_url: str) -> None:
        self.now_ms = 0
        self.here: dict[LegId, str] = {}
        self.gone: list[LegId] = []
        self.bidden: list[str] = []
        self.taken_over: set[LegId] = set()
        self.left_alone: set[LegId] = set()
        self.name = NodeId(name)
        self.state = Store(redis_url)
        clock: Any = self
        self.rescue = OutsideRescue(
            self,
            self.state,
            Signatures({"k1": "s" * 32}, "k1", MachineClock()),
            cast("Clock", clock),
            node=self.name,
            adopt=self.adopt,
        )
        self.adopted = ""

    def monotonic_ms(self) -> int:
        """Return this node's time."""
        return self.now_ms

    def kept(self) -> dict[LegId, str]:
        """Return what is here."""
        return dict(self.here)

    def elsewhere(self, leg: LegId) -> None:
        """Let go, as the dialler does."""
        self.gone.append(leg)
        del self.here[leg]
        self.left_alone.add(leg)

    def adopt(self, dialog: str) -> "Node":
        """Remember which."""
        self.adopted = dialog
        return self

    def hang_up(self) -> None:
        """Note who was told goodbye."""
        self.bidden.append(self.adopted)

    async def beats(self, *, ms: int = 0) -> None:
        """Let time pass, and keep."""
        self.now_ms += ms
        await self.rescue.keep_once()


async def test_a_number_waits_for_the_node_that_has_its_caller_and_is_told_goodbye_by_another(
    redis_url: str,
) -> None:
    lost, other = Node("lost", redis_url), Node("other", redis_url)
    lost.here = {OLD: kept("old")}
    await lost.beats()
    await other.rescue.take(lost.name)
    await other.beats()
    await other.beats(ms=OUTSIDE_ORPHAN_MS - 1)
    assert other.bidden == []
    await other.beats(ms=1)
    await other.beats(ms=OUTSIDE_ORPHAN_MS)
    assert other.bidden == ["old"], "and once"
    assert await other.state.look_dialogs([CallId(OLD)]) == {}
    for one in (lost, other):
        await one.state.close()


async def test_a_number_that_another_node_goes_on_with_is_ended_by_nobody_and_let_go_by_the_first(
    redis_url: str,
) -> None:
    lost, taker, other = (Node(name, redis_url) for name in ("lost", "taker", "other"))
    lost.here = {OLD: kept("old")}
    await lost.beats()
    await other.rescue.take(lost.name)
    taker.here, taker.taken_over = {NEW: kept("new")}, {OLD}
    await taker.beats()
    lost.here = {OLD: kept("said a moment before it saw")}
    for node in (other, lost, taker, other):
        await node.beats(ms=OUTSIDE_ORPHAN_MS)
    assert (lost.gone, lost.here, other.bidden) == ([OLD], {}, [])
    await lost.beats(ms=OUTSIDE_ORPHAN_MS)
    assert (lost.bidden, taker.bidden, taker.gone) == ([], [], [])
    for one in (lost, taker, other):
        await one.state.close()


async def test_a_number_of_a_node_that_only_stood_still_is_ended_by_nobody(
    redis_url: str,
) -> None:
    node, other = Node("node", redis_url), Node("other", redis_url)
    node.here = {OLD: kept("old")}
    await node.beats()
    await other.rescue.take(node.name)
    for _ in range(3):
        await other.beats(ms=OUTSIDE_ORPHAN_MS - 1)
        await node.beats(ms=OUTSIDE_AGAIN_MS)
    assert (other.bidden, node.gone) == ([], [])
    await other.beats(ms=1)
    await other.beats(ms=OUTSIDE_ORPHAN_MS)
    assert other.bidden == ["old"], "once that one is lost in earnest"
    for one in (node, other):
        await one.state.close()


async def test_a_number_that_was_left_to_a_node_that_never_took_it_is_told_goodbye(
    redis_url: str,
) -> None:
    node = Node("node", redis_url)
    node.here = {OLD: kept("old")}
    await node.beats()
    node.here, node.left_alone = {}, {OLD}
    await node.beats()
    await node.beats(ms=OUTSIDE_ORPHAN_MS)
    assert node.bidden == ["old"]
    await node.state.close()


async def test_an_advisers_phone_is_told_goodbye_at_once_and_what_cannot_be_read_is_forgotten(
    redis_url: str,
) -> None:
    lost, other = Node("lost", redis_url), Node("other", redis_url)
    lost.here = {OLD: kept("phone", waits=False), NEW: "of a later version"}
    await lost.beats()
    await other.rescue.take(lost.name)
    await other.beats()
    assert other.bidden == ["phone"]
    assert await other.state.look_dialogs([CallId(OLD), CallId(NEW)]) == {}
    for one in (lost, other):
        await one.state.close()


async def test_a_number_whose_call_has_ended_is_not_kept_any_longer(redis_url: str) -> None:
    node = Node("node", redis_url)
    node.here = {OLD: kept("old")}
    await node.beats()
    node.here = {}
    await node.beats()
    assert await node.state.look_dialogs([CallId(OLD)]) == {}
    assert node.bidden == []
    await node.state.close()


async def test_many_numbers_are_kept_a_few_at_a_time_and_again_once_it_is_time(
    redis_url: str,
) -> None:
    node = Node("node", redis_url)
    legs = [LegId(f"c{number}.outside.1") for number in range(2 * KEPT_AT_ONCE_MAX + 10)]
    node.here = {leg: kept(leg) for leg in legs}

    async def kept_now(*, ms: int) -> list[LegId]:
        node.state.steps.clear()
        await node.beats(ms=ms)
        for said, ended in node.state.steps:
            assert len(said) + len(ended) <= KEPT_AT_ONCE_MAX
        return [LegId(call) for said, _ in node.state.steps for call in said]

    assert await kept_now(ms=0) == legs
    assert len(await node.state.look_dialogs([CallId(leg) for leg in legs])) == len(legs)
    assert await kept_now(ms=OUTSIDE_AGAIN_MS - 1) == []
    node.here[legs[7]] = kept("changed")
    assert await kept_now(ms=0) == [legs[7]]
    assert len(await kept_now(ms=1)) == len(legs) - 1
    assert await kept_now(ms=OUTSIDE_AGAIN_MS - 1) == [legs[7]]
    await node.state.keep_dialogs(NodeId("node/outside"), {}, [CallId(legs[3])])
    assert await kept_now(ms=0) == [legs[3]], "it is kept nowhere, as in a store that was emptied"
    node.here = {}
    assert await kept_now(ms=0) == []
    assert await node.state.look_dialogs([CallId(leg) for leg in legs]) == {}
    await node.state.close()


async def test_a_mark_stands_though_the_store_was_lost_in_the_same_beat(redis_url: str) -> None:
    taker = Node("taker", redis_url)
    taker.here = {NEW: kept("new")}
    await taker.beats()
    taker.here, taker.taken_over, taker.state.forgets = {}, {OLD}, False
    with pytest.raises(StateUnavailable):
        await taker.beats()
    taker.state.forgets = True
    await taker.beats()
    assert (await taker.state.look_dialogs([CallId(OLD), CallId(NEW)])).keys() == {CallId(OLD)}
    await taker.state.close()
