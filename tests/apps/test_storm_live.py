"""Desks that break as a call rings on them, on a real node and router with a real Redis."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contactcentre.domain.ids import CallId, QueueId
from contactcentre.domain.presence import AwayReason, Presence
from tests.apps.small_centre import PAYING, SmallCentre, small_centre

ADVISERS_COUNT = 20
STORM_COUNT = 3


@pytest.fixture
async def centre(redis_url: str, tmp_path: Path) -> AsyncIterator[SmallCentre]:
    """Give a running centre."""
    async with small_centre(redis_url, tmp_path, CC_STORM_ADVISERS=str(STORM_COUNT)) as one:
        yield one


async def lost_count(centre: SmallCentre) -> int:
    """Return how many advisers are away as their desk could not be rung."""
    overview = await centre.state.overview([QueueId(PAYING)])
    reasons = [standing.reason for _, standing in overview.advisers]
    return reasons.count(AwayReason.DESK_UNREACHABLE)


async def test_a_call_that_every_desk_breaks_on_takes_few_advisers_and_rings_once_they_work_again(
    centre: SmallCentre,
) -> None:
    centre.desk.fails = True
    for number in range(ADVISERS_COUNT):
        await centre.desk.report(f"adviser-{number}", Presence.READY, PAYING)
    caller = await centre.wait_in_queue("c1")
    over = asyncio.create_task(caller.hear("over", within_s=60))  # and beats meanwhile
    async with asyncio.timeout(10):
        while not await centre.state.is_storm():  # noqa: ASYNC110 - a router says so
            await asyncio.sleep(0.02)
    (before,) = await centre.state.look_calls([CallId("c1")])
    at_first = await lost_count(centre)
    assert STORM_COUNT <= at_first < ADVISERS_COUNT // 2
    await asyncio.sleep(1.5)
    assert await lost_count(centre) <= at_first + 2, "one at a time is tried"
    centre.desk.fails = False
    ring = await centre.ring(within_s=10)
    assert ring.call == "c1"
    (after,) = await centre.state.look_calls([CallId("c1")])
    assert after.enqueued_ms == before.enqueued_ms, "the caller keeps the place"
    assert not over.done()
    over.cancel()
