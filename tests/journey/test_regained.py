"""What a router does that has not seen the store for a while, and sees it again."""

from contactcentre.limits import BARRIER_MS, BEAT_EVERY_MS
from tests.journey.rescue_stage import AT_THE_BARRIER_MS, LOOK_EVERY_MS, Stage, look, watch

AWAY_MS = 20_000


async def test_nobody_is_matched_by_a_router_that_cannot_see_the_store() -> None:
    stage = Stage()
    router = watch(stage)
    await look(router, stage, 2_000)
    assert stage.is_matching
    stage.is_away = True
    await look(router, stage, LOOK_EVERY_MS)
    assert not stage.is_matching


async def test_nodes_that_were_cut_off_as_well_are_heard_before_anybody_is_matched() -> None:
    stage = Stage()
    router = watch(stage)
    await look(router, stage, 5_000)
    stage.is_away = True
    cut_off = stage.nodes_here.popitem()  # its last beat stands in the store
    last = cut_off[1]
    stage.nodes_here[cut_off[0]] = type(last)(
        phase_ms=last.phase_ms, stopped_at_ms=stage.time.at_ms
    )
    await look(router, stage, AWAY_MS)
    stage.is_away = False
    await look(router, stage, BEAT_EVERY_MS + 200, every_ms=AT_THE_BARRIER_MS)
    assert not stage.is_matching, "one of two has not been heard yet"
    stage.nodes_here[cut_off[0]] = last
    await look(router, stage, BEAT_EVERY_MS, every_ms=AT_THE_BARRIER_MS)
    assert stage.is_matching
    assert stage.resumed_count == 2
    assert stage.slow_count == 1, "everybody has waited meanwhile"
    assert stage.opened_at_ms == [], "it was open for the others all the time"
    assert stage.found[-2:] == ["store seen again, 2 nodes must beat", "matching goes on"]


async def test_a_node_that_is_gone_for_good_is_waited_for_no_longer_than_the_barrier() -> None:
    stage = Stage()
    router = watch(stage)
    await look(router, stage, 5_000)
    stage.is_away = True
    stage.stop("n2")
    await look(router, stage, AWAY_MS)
    stage.is_away = False
    await look(router, stage, BARRIER_MS, every_ms=AT_THE_BARRIER_MS)
    assert not stage.is_matching
    await look(router, stage, 2 * AT_THE_BARRIER_MS, every_ms=AT_THE_BARRIER_MS)
    assert stage.is_matching


async def test_a_look_that_fails_meanwhile_gives_the_nodes_their_full_time_again() -> None:
    stage = Stage()
    router = watch(stage)
    await look(router, stage, 5_000)
    stage.is_away = True
    stage.stop("n2")
    await look(router, stage, AWAY_MS)
    stage.is_away = False
    await look(router, stage, BARRIER_MS - 500, every_ms=AT_THE_BARRIER_MS)
    stage.is_away = True
    await look(router, stage, AT_THE_BARRIER_MS, every_ms=AT_THE_BARRIER_MS)
    stage.is_away = False
    await look(router, stage, BARRIER_MS - 500, every_ms=AT_THE_BARRIER_MS)
    assert not stage.is_matching
    await look(router, stage, 1_000, every_ms=AT_THE_BARRIER_MS)
    assert stage.is_matching


async def test_a_store_that_has_changed_meanwhile_is_waited_for_as_such() -> None:
    stage = Stage()
    router = watch(stage)
    await look(router, stage, 5_000)
    stage.is_away = True
    await look(router, stage, AWAY_MS)
    stage.is_away = False
    stage.change("second")
    await look(router, stage, 3_000, every_ms=AT_THE_BARRIER_MS)
    assert stage.is_matching
    assert (len(stage.opened_at_ms), stage.slow_count) == (1, 1)
