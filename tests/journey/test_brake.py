"""What holds a router back: it matches nobody meanwhile, and goes on by itself."""

import asyncio

import pytest

from contactcentre.domain.ids import AdviserId
from tests.journey.staged_brake import StagedBrake
from tests.journey.staged_matching import StagedNodes, StagedStore, matcher, reservation


async def test_a_router_that_is_held_back_matches_nobody_and_goes_on_by_itself() -> None:
    store, nodes, brake = StagedStore(), StagedNodes(), StagedBrake()
    store.by_adviser = [reservation("c1", 7)]
    brake.holds = True
    router = matcher(store, nodes, brake=brake)
    running = asyncio.create_task(router.run())
    await asyncio.sleep(0.3)
    assert (nodes.offered, store.asked) == ([], [])
    assert brake.looks_count > 0
    brake.holds = False
    await asyncio.sleep(0.3)
    assert [call for _, call, _ in nodes.offered] == ["c1"]
    assert brake.tries_count == 1
    running.cancel()
    await asyncio.wait([running])


async def test_a_router_that_cannot_see_the_store_matches_nobody_until_it_is_told_to_go_on() -> (
    None
):
    store, nodes = StagedStore(), StagedNodes()
    store.by_adviser = [reservation("c1", 7)]
    router = matcher(store, nodes)
    router.suspend()
    running = asyncio.create_task(router.run())
    await asyncio.sleep(1.3)
    assert (nodes.offered, store.asked) == ([], []), "it does not go on by itself"
    router.resume()
    await asyncio.sleep(0.1)
    assert [call for _, call, _ in nodes.offered] == ["c1"]
    running.cancel()
    await asyncio.wait([running])


async def test_a_router_that_loses_sight_of_the_store_in_a_sweep_goes_no_further() -> None:
    store = StagedStore()
    store.by_adviser = [reservation("c1", 7), reservation("c2", 8)]
    store.ready = [AdviserId("ada"), AdviserId("bob")]
    router = matcher(store, StagedNodes())
    router.begin_slowly()  # one adviser a step
    matched = []
    async for one in router.matches():
        matched.append(one.call)
        router.suspend()
    assert matched == ["c1"]


@pytest.mark.parametrize(("is_on", "at_once"), [(True, 1), (False, 3)])
async def test_advisers_are_tried_one_at_a_time_while_something_slows_a_router(
    *, is_on: bool, at_once: int
) -> None:
    store, brake = StagedStore(), StagedBrake()
    store.ready = [AdviserId(name) for name in ("ada", "bryn", "carys")]
    store.by_adviser = [reservation("c1", 7), reservation("c2", 8)]
    brake.is_on = is_on
    assert len([one async for one in matcher(store, StagedNodes(), brake=brake).matches()]) == 2
    assert [len(tried) for tried in store.tried] == [at_once] * (3 // at_once)
