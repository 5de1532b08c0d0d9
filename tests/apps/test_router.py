"""Real routers over a real Redis: what they do when a store, a node or a desk is lost."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from contactcentre.adapters.embedded.valkey import start_valkey
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.ids import CallId
from contactcentre.domain.levels import Asked
from contactcentre.domain.presence import Presence
from contactcentre.limits import BARRIER_MS, NODE_SUSPECT_AFTER_MS
from tests.apps.played_floor import PAYING, Floor, played_floor, waiting
from tests.stores import Emptying

GRACE_MS = 5_000


async def until(seen: Callable[[], bool], *, within_s: float) -> float:
    """Wait until something is so; return how many seconds it took."""
    began = time.monotonic()
    async with asyncio.timeout(within_s):
        while not seen():  # noqa: ASYNC110 - what other processes do is seen by looking
            await asyncio.sleep(0.01)
    return time.monotonic() - began


async def is_open(floor: Floor) -> bool:
    """Say whether matching is open."""
    return (await floor.state.generation()).is_open


async def opened(floor: Floor) -> None:
    """Wait until a router has opened matching, and has looked at everybody twice."""
    async with asyncio.timeout(10):
        while not await is_open(floor):  # noqa: ASYNC110 - a router opens it
            await asyncio.sleep(0.02)
    await asyncio.sleep(1.5)


async def test_a_router_opens_matching_and_brings_the_first_caller_to_a_ready_adviser(
    redis_url: str,
) -> None:
    async with played_floor(redis_url, is_open=False) as floor:
        floor.nodes[0].calls = [waiting("second", minute=2)]
        floor.nodes[1].calls = [waiting("first", minute=1)]
        floor.desk.advisers["ada"] = Presence.READY
        await until(lambda: bool(floor.offered), within_s=BARRIER_MS / 1_000 + 3)
        assert floor.offered == ["first"]


async def test_a_caller_who_comes_to_the_time_of_a_level_is_offered_to_it_within_about_a_second(
    redis_url: str,
) -> None:
    async with played_floor(redis_url) as floor:
        floor.desk.later = {PAYING: Asked(level=2, after_ms=1_500)}
        floor.desk.advisers["bob"] = Presence.READY
        began_ms = (await floor.state.overview([])).now_ms
        floor.nodes[0].calls = [replace(waiting("c1"), enqueued_ms=began_ms)]
        await until(lambda: bool(floor.offered), within_s=5)
        waited_ms = (await floor.state.overview([])).now_ms - began_ms
    assert 1_500 <= waited_ms < 3_500


async def test_an_emptied_store_is_matched_on_only_when_every_node_has_reported(
    redis_url: str, empty_redis: Emptying
) -> None:
    async with played_floor(redis_url, routers=2) as floor:
        floor.nodes[0].calls = [waiting("late", minute=2)]
        floor.nodes[1].calls = [waiting("early", minute=1)]
        await opened(floor)
        moment = (time.monotonic_ns() // 1_000_000) % 1_000
        await asyncio.sleep((1_900 - moment) % 1_000 / 1_000)  # node-1 reports first after it
        await empty_redis()
        floor.desk.advisers["ada"] = Presence.READY
        await floor.desk.report(floor.state)
        took_s = await until(lambda: bool(floor.offered), within_s=5)
        assert floor.offered == ["early"]
        assert took_s < 4


async def test_a_store_that_was_emptied_is_opened_also_where_nobody_waits(
    redis_url: str, empty_redis: Emptying
) -> None:
    async with played_floor(redis_url) as floor:
        await opened(floor)
        await empty_redis()
        assert not await is_open(floor)
        await opened(floor)


async def test_the_callers_of_a_silent_node_keep_their_rank_and_hold_nobody_up(
    redis_url: str,
) -> None:
    async with played_floor(redis_url) as floor:
        floor.nodes[0].calls = [waiting("early", minute=1)]
        floor.nodes[1].calls = [waiting("late", minute=2)]
        await opened(floor)
        floor.nodes[0].is_silent = True
        await asyncio.sleep(NODE_SUSPECT_AFTER_MS / 1_000 + 2)
        assert [lost.call for lost in await floor.state.lost_calls()] == ["early"]
        floor.desk.advisers["ada"] = Presence.READY
        await until(lambda: bool(floor.offered), within_s=3)
        assert floor.offered == ["late"]

        floor.nodes[1].calls.append(waiting("early", minute=1, count=2))
        floor.desk.advisers["bob"] = Presence.READY
        await until(lambda: len(floor.offered) > 1, within_s=4)
        assert floor.offered == ["late", "early"]
        assert await floor.state.lost_calls() == []


async def test_whoever_does_not_come_back_is_presumed_gone_until_a_living_leg_says_otherwise(
    redis_url: str,
) -> None:
    async with played_floor(redis_url, CC_ORPHAN_GRACE_MS=str(GRACE_MS)) as floor:
        floor.nodes[0].calls = [waiting("early")]
        await opened(floor)
        floor.nodes[0].is_silent = True
        await asyncio.sleep((NODE_SUSPECT_AFTER_MS + GRACE_MS) / 1_000 + 3.5)
        [standing] = await floor.state.look_calls([CallId("early")])
        assert (standing.state, standing.is_presumed) == ("closed", True)

        back = replace(waiting("early"), epoch=LegEpoch(2, "b"))
        floor.nodes[1].calls = [back]
        await asyncio.sleep(1.5)
        [standing] = await floor.state.look_calls([CallId("early")])
        assert (standing.state, standing.node) == ("waiting", "node-2")


async def test_the_advisers_of_a_silent_desk_are_shown_no_call_and_signed_off_after_the_grace(
    redis_url: str,
) -> None:
    async with played_floor(redis_url, CC_ORPHAN_GRACE_MS=str(GRACE_MS)) as floor:
        floor.desk.advisers["ada"] = Presence.READY
        await opened(floor)
        floor.desk.is_silent = True
        await asyncio.sleep(NODE_SUSPECT_AFTER_MS / 1_000 + 2)
        floor.nodes[0].calls = [waiting("early")]
        await asyncio.sleep(1.5)
        assert floor.offered == []
        await asyncio.sleep(GRACE_MS / 1_000)
        [(adviser, standing)] = (await floor.state.overview([])).advisers
        assert (adviser, standing.state) == ("ada", Presence.OFFLINE)
        floor.desk.is_silent = False
        await until(lambda: bool(floor.offered), within_s=3)


async def test_matching_goes_on_by_itself_after_the_store_was_killed_and_started_again(
    tmp_path: Path,
) -> None:
    store = await start_valkey(tmp_path / "valkey")
    try:
        async with played_floor(store.url, routers=2) as floor:
            floor.nodes[0].calls = [waiting("late", minute=2)]
            floor.nodes[1].calls = [waiting("early", minute=1)]
            await opened(floor)
            store.program.process.kill()
            store.program.process.wait()
            await asyncio.sleep(2)
            floor.desk.advisers["ada"] = Presence.READY
            await store.start_again()
            took_s = await until(lambda: bool(floor.offered), within_s=5)
            assert floor.offered == ["early"]
            assert took_s < 4
    finally:
        await store.stop()
