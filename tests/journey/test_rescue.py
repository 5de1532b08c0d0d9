"""What routers do when a node, a desk, a caller, an adviser or the store is lost."""

import asyncio
from collections.abc import Sequence

import pytest

from contactcentre.journey.rescue import CHUNKS_PER_LOOK_MAX
from contactcentre.limits import BARRIER_MS, BEAT_EVERY_MS, NODE_SUSPECT_AFTER_MS
from contactcentre.ports.state import LostCall
from tests.journey.rescue_stage import (
    AT_THE_BARRIER_MS,
    GRACE_MS,
    LOOK_EVERY_MS,
    Stage,
    look,
    lost_adviser,
    lost_call,
    watch,
)


async def test_the_calls_of_a_silent_node_are_hidden_and_those_of_a_living_one_are_not() -> None:
    stage = Stage()
    router = watch(stage)
    stage.holds = {"n1": [200, 30], "n2": [5]}
    await look(router, stage, 10_000)
    assert stage.losing == []
    stage.stop("n1")
    await look(router, stage, NODE_SUSPECT_AFTER_MS + 2 * LOOK_EVERY_MS)
    assert stage.found[1:] == ["n1 silent", "n1: 230 calls hidden"]
    assert {process for process, _ in stage.losing} == {"n1"}


async def test_a_node_that_has_missed_two_beats_is_not_lost() -> None:
    stage = Stage()
    router = watch(stage)
    await look(router, stage, 5_000)
    stage.stop("n1")
    await look(router, stage, NODE_SUSPECT_AFTER_MS - BEAT_EVERY_MS)
    stage.nodes_here = {node: type(one)(phase_ms=one.phase_ms) for node, one in
                        stage.nodes_here.items()}  # fmt: skip
    await look(router, stage, 10_000)
    assert stage.losing == []


async def test_a_node_that_is_silent_for_long_is_told_of_once_and_asked_about_now_and_then() -> (
    None
):
    stage = Stage()
    router = watch(stage)
    stage.stop("n1")
    await look(router, stage, 60_000)
    assert stage.found.count("n1 silent") == 1
    assert 15 <= len(stage.losing) <= 20


async def test_a_node_that_comes_back_and_is_lost_again_is_lost_again() -> None:
    stage = Stage()
    router = watch(stage)
    stage.stop("n1")
    await look(router, stage, 5_000)
    stage.nodes_here[next(iter(stage.nodes_here))].stopped_at_ms = None
    await look(router, stage, 5_000)
    stage.stop("n1")
    await look(router, stage, 5_000)
    assert stage.found.count("n1 silent") == 2


async def test_a_big_node_does_not_keep_a_router_from_looking_at_the_others() -> None:
    stage = Stage()
    router = watch(stage)
    stage.holds = {"n1": [200] * (CHUNKS_PER_LOOK_MAX + 2)}
    stage.stop("n1")
    stage.stop("n2")
    await look(router, stage, NODE_SUSPECT_AFTER_MS + 2 * LOOK_EVERY_MS)
    assert stage.found[1:4] == ["n1 silent", "n1: 1000 calls hidden", "n2 silent"]
    await look(router, stage, LOOK_EVERY_MS)
    assert stage.holds["n1"] == []


async def test_the_advisers_of_a_silent_desk_are_not_matched() -> None:
    stage = Stage(desks=("d1", "d2"))
    router = watch(stage)
    stage.holds = {"d1": [3]}
    await look(router, stage, 5_000)
    stage.stop("d1")
    await look(router, stage, 5_000)
    assert stage.found[1:] == ["d1 silent", "d1: 3 advisers hidden"]


async def test_nobody_is_lost_because_the_store_was_away() -> None:
    stage = Stage()
    router = watch(stage)
    stage.calls = [lost_call("c1")]
    await look(router, stage, GRACE_MS - 2_000)
    stage.is_away = True
    stage.stop("n1")
    await look(router, stage, 10 * NODE_SUSPECT_AFTER_MS)
    stage.is_away = False
    await look(router, stage, NODE_SUSPECT_AFTER_MS)
    assert (stage.losing, stage.closed) == ([], [])
    assert stage.found.count("store away") == 1
    await look(router, stage, GRACE_MS)
    assert stage.losing
    assert stage.closed == ["c1"]


async def test_one_look_that_failed_starts_the_clocks_over() -> None:
    stage = Stage()
    router = watch(stage)
    stage.stop("n1")
    await look(router, stage, NODE_SUSPECT_AFTER_MS - LOOK_EVERY_MS)
    stage.is_away = True
    await look(router, stage, LOOK_EVERY_MS)
    stage.is_away = False
    await look(router, stage, NODE_SUSPECT_AFTER_MS)
    assert stage.losing == []
    await look(router, stage, LOOK_EVERY_MS)
    assert stage.losing


@pytest.mark.parametrize("slept_ms", [5_000, 600_000])
async def test_nobody_is_lost_because_a_router_was_stopped(slept_ms: int) -> None:
    stage = Stage()
    router = watch(stage)
    stage.calls = [lost_call("c1")]
    stage.stop("n1")
    await look(router, stage, NODE_SUSPECT_AFTER_MS - LOOK_EVERY_MS)
    stage.time.at_ms += slept_ms
    await router.look()
    assert (stage.losing, stage.closed) == ([], [])


async def test_a_router_that_was_stopped_in_the_middle_of_a_look_starts_over() -> None:
    stage = Stage()
    router = watch(stage)
    asked = stage.lost_calls
    slept_ms = 0

    async def slow() -> Sequence[LostCall]:
        stage.time.at_ms += slept_ms
        return await asked()

    stage.lost_calls = slow  # type: ignore[method-assign] # stopped while it asks
    stage.calls = [lost_call("c1")]
    await look(router, stage, GRACE_MS - 2_000)
    slept_ms = 10 * GRACE_MS
    await router.look()
    slept_ms = 0
    await router.look()
    assert stage.closed == []


async def test_a_caller_who_does_not_come_back_within_the_grace_is_presumed_gone() -> None:
    stage = Stage()
    router = watch(stage)
    stage.calls = [lost_call("c1")]
    await look(router, stage, GRACE_MS)
    assert stage.closed == []
    await look(router, stage, 2 * LOOK_EVERY_MS)
    assert stage.closed == ["c1"]
    assert stage.found[-1] == "c1 lost"


async def test_a_caller_who_came_back_and_was_lost_again_has_the_whole_grace_again() -> None:
    stage = Stage()
    router = watch(stage)
    stage.calls = [lost_call("c1", count=1)]
    await look(router, stage, GRACE_MS - 2_000)
    stage.calls = [lost_call("c1", count=2)]
    await look(router, stage, GRACE_MS - 2_000)
    assert stage.closed == []


async def test_a_caller_who_comes_back_in_the_last_moment_is_not_told_of_as_lost() -> None:
    stage = Stage()
    router = watch(stage)
    stage.calls = [lost_call("c1")]
    await look(router, stage, GRACE_MS)

    async def too_late(lost: LostCall) -> bool:
        assert lost.call
        return False

    stage.close_lost = too_late  # type: ignore[method-assign] # the node was faster
    await look(router, stage, 2_000)
    assert "c1 lost" not in stage.found


async def test_an_adviser_who_does_not_come_back_is_signed_off() -> None:
    stage = Stage()
    router = watch(stage)
    stage.advisers = [lost_adviser("ada")]
    await look(router, stage, GRACE_MS - LOOK_EVERY_MS)
    assert stage.signed_off == []
    await look(router, stage, 3 * LOOK_EVERY_MS)
    assert stage.signed_off == ["ada"]
    assert stage.found[-1] == "ada signed off"


async def test_a_router_that_starts_on_an_open_store_matches_at_once() -> None:
    stage = Stage()
    await watch(stage).look()
    assert stage.resumed_count == 1
    assert stage.opened_at_ms == []


async def test_after_a_change_matching_is_opened_as_soon_as_every_living_node_has_reported() -> (
    None
):
    stage = Stage(nodes=("n1", "n2", "n3"))
    router = watch(stage)
    await look(router, stage, 5_000)
    stage.change("second")
    changed_at_ms = stage.time.at_ms
    await look(router, stage, 5_000, every_ms=AT_THE_BARRIER_MS)
    assert changed_at_ms + 600 <= stage.opened_at_ms[0] <= changed_at_ms + 1_600
    assert len(stage.opened_at_ms) == 1
    assert stage.found[-3:] == [
        "matching waits for 3 nodes to report to second",
        "matching opened on second",
        "matching goes on",
    ]
    assert stage.resumed_count == 2
    assert stage.slow_count == 1, "everybody has waited meanwhile"


async def test_no_node_is_left_out_when_matching_is_opened() -> None:
    stage = Stage(nodes=("n1", "n2", "n3"))
    router = watch(stage)
    for _ in range(40):
        await look(router, stage, 4_000)
        stage.time.at_ms += 37
        stage.flush()
        while stage.opened != stage.store:
            await look(router, stage, AT_THE_BARRIER_MS, every_ms=AT_THE_BARRIER_MS)
        assert len(await stage.nodes()) == 3


async def test_a_node_that_died_with_the_store_is_waited_for_no_longer_than_the_barrier() -> None:
    stage = Stage()
    router = watch(stage)
    await look(router, stage, 5_000)
    stage.stop("n1")
    stage.change("second")
    changed_at_ms = stage.time.at_ms
    await look(router, stage, BARRIER_MS, every_ms=AT_THE_BARRIER_MS)
    assert stage.opened_at_ms == []
    await look(router, stage, 500, every_ms=AT_THE_BARRIER_MS)
    assert stage.opened_at_ms == [changed_at_ms + BARRIER_MS]


async def test_a_node_that_was_silent_before_the_change_is_not_waited_for() -> None:
    stage = Stage()
    router = watch(stage)
    stage.stop("n1")
    await look(router, stage, 10_000)
    stage.change("second")
    changed_at_ms = stage.time.at_ms
    await look(router, stage, BARRIER_MS, every_ms=AT_THE_BARRIER_MS)
    assert stage.opened_at_ms
    assert stage.opened_at_ms[0] < changed_at_ms + 2 * BEAT_EVERY_MS


async def test_nodes_alive_before_an_outage_are_waited_for_after_it_however_long_it_was() -> None:
    stage = Stage()
    router = watch(stage)
    await look(router, stage, 5_000)
    stage.is_away = True
    await look(router, stage, 120_000)
    stage.is_away = False
    stage.change("second")
    await look(router, stage, AT_THE_BARRIER_MS, every_ms=AT_THE_BARRIER_MS)
    assert stage.found[-1] == "matching waits for 2 nodes to report to second"


async def test_a_router_that_remembers_nobody_waits_the_whole_barrier() -> None:
    stage = Stage()
    stage.flush()
    began_at_ms = stage.time.at_ms
    await look(watch(stage), stage, 5_000, every_ms=AT_THE_BARRIER_MS)
    assert stage.opened_at_ms == [began_at_ms + BARRIER_MS]
    assert stage.slow_count == 0, "nothing was lost that this router knows of"


async def test_a_store_that_changes_again_is_waited_for_again() -> None:
    stage = Stage()
    router = watch(stage)
    await look(router, stage, 5_000)
    stage.change("second")
    await look(router, stage, 400, every_ms=AT_THE_BARRIER_MS)
    stage.change("third")
    changed_at_ms = stage.time.at_ms
    await look(router, stage, 5_000, every_ms=AT_THE_BARRIER_MS)
    assert stage.opened == "third"
    assert [at_ms >= changed_at_ms + 300 for at_ms in stage.opened_at_ms] == [True]


async def test_a_store_that_is_emptied_while_matching_waits_is_waited_for_again() -> None:
    stage = Stage()
    router = watch(stage)
    await look(router, stage, 5_000)
    stage.stop("n2")
    stage.flush()
    await look(router, stage, BARRIER_MS - 700, every_ms=AT_THE_BARRIER_MS)
    stage.flush()
    flushed_at_ms = stage.time.at_ms
    await look(router, stage, 5_000, every_ms=AT_THE_BARRIER_MS)
    assert stage.opened_at_ms == [flushed_at_ms + BARRIER_MS]


async def test_a_store_that_goes_away_again_gives_the_nodes_their_full_time() -> None:
    stage = Stage()
    router = watch(stage)
    await look(router, stage, 5_000)
    stage.stop("n2")
    stage.change("second")
    await look(router, stage, 1_000, every_ms=AT_THE_BARRIER_MS)
    stage.is_away = True
    await look(router, stage, 20_000, every_ms=AT_THE_BARRIER_MS)
    stage.is_away = False
    back_at_ms = stage.time.at_ms
    await look(router, stage, 5_000, every_ms=AT_THE_BARRIER_MS)
    assert stage.opened_at_ms == [back_at_ms + BARRIER_MS]


async def test_another_router_may_open_matching_first() -> None:
    stage = Stage()
    router = watch(stage)
    await look(router, stage, 5_000)
    stage.change("second")
    await look(router, stage, 300, every_ms=AT_THE_BARRIER_MS)
    stage.opened = "second"
    await look(router, stage, 5_000, every_ms=AT_THE_BARRIER_MS)
    assert stage.opened_at_ms == []
    assert stage.resumed_count == 2


async def test_matching_goes_on_at_once_when_the_same_store_answers_again_soon() -> None:
    stage = Stage()
    router = watch(stage)
    await look(router, stage, 2_000)
    stage.is_away = True
    await look(router, stage, 1_000)
    stage.is_away = False
    await router.look()
    assert stage.resumed_count == 2
    assert stage.opened_at_ms == []


async def test_a_router_looks_at_once_when_matching_finds_another_store() -> None:
    stage = Stage()
    hurried = asyncio.Event()
    router = watch(stage, hurried)
    running = asyncio.create_task(router.run())
    await asyncio.sleep(0.05)
    stage.flush()
    hurried.set()
    await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.wait([running])
    assert stage.found[-1] == "matching waits for 2 nodes to report to first"


async def test_matching_that_was_refused_is_told_to_go_on_also_where_all_is_open_by_now() -> None:
    stage = Stage()
    hurried = asyncio.Event()
    running = asyncio.create_task(watch(stage, hurried).run())
    await asyncio.sleep(0.05)
    assert stage.resumed_count == 1
    hurried.set()
    await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.wait([running])
    assert stage.resumed_count == 2
