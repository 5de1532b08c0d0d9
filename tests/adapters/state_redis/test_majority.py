"""Whether most Sentinels are within reach, and what runs while they are not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from contactcentre.adapters.embedded.server import LOOPBACK
from contactcentre.adapters.state_redis.blackboard import Blackboard
from contactcentre.adapters.state_redis.sentinels import MISSED_AFTER_S, WATCH_EVERY_S
from contactcentre.domain.errors import StateUnavailable
from tests.adapters.state_redis.centre import HASTY_MS, Server
from tests.chaos import bad_wire
from tests.staged_sentinel import StagedSentinel, behind, port_of


async def until(reached: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(10):
        while not reached():  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(("hung_count", "is_heard"), [(0, True), (1, True), (2, False), (3, False)])
async def test_who_needs_a_majority_runs_nothing_while_most_sentinels_are_out_of_reach(
    server: Server, hung_count: int, *, is_heard: bool
) -> None:
    sentinels = [StagedSentinel(port_of(server.url), 7) for _ in range(3)]
    url = behind(server.url, *(one.port for one in sentinels))
    async with sentinels[0].serving(), sentinels[1].serving(), sentinels[2].serving():
        careful = Blackboard(url, timeout_ms=HASTY_MS, needs_majority=True)
        other = Blackboard(url, timeout_ms=HASTY_MS)
        await asyncio.gather(careful.ping(), other.ping())
        async with watching(careful, other):
            for hung in sentinels[:hung_count]:
                hung.is_silent = True
            if hung_count:
                await asyncio.sleep(MISSED_AFTER_S + WATCH_EVERY_S / 2)
            assert careful.client.sees_majority is other.client.sees_majority is is_heard
            assert await _is_heard(careful) is is_heard
            assert await _is_heard(other), "whoever needs none goes on"
            for hung in sentinels:
                hung.is_silent = False
            await until(lambda: careful.client.sees_majority)
            assert await _is_heard(careful)
        await asyncio.gather(careful.close(), other.close())


@asynccontextmanager
async def watching(*clients: Blackboard) -> AsyncIterator[None]:
    """Let clients watch their Sentinels."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one.client.watch()) for one in clients]
        yield
        for task in tasks:
            task.cancel()


async def test_most_sentinels_on_a_slow_line_are_within_reach_all_the_same(server: Server) -> None:
    near, far, gone = (StagedSentinel(port_of(server.url), 7) for _ in range(3))
    async with near.serving(), far.serving(), bad_wire(f"redis://{LOOPBACK}:{far.port}") as wire:
        url = behind(server.url, near.port, wire.port, gone.port)
        client = Blackboard(url, timeout_ms=HASTY_MS, needs_majority=True)
        async with watching(client):
            await until(lambda: far.asked_count > 0)
            wire.delay_s = 0.3  # each way: a connection that is made anew takes it twice
            asked_count = far.asked_count
            for _ in range(25):
                await asyncio.sleep(0.1)
                assert client.client.sees_majority
            assert far.asked_count > asked_count
        await client.close()


async def _is_heard(client: Blackboard) -> bool:
    try:
        await client.ping()
    except StateUnavailable:
        return False
    return True


async def test_without_sentinels_there_is_nobody_to_see(server: Server) -> None:
    client = Blackboard(server.url, timeout_ms=HASTY_MS, needs_majority=True)
    await client.client.watch()
    await client.ping()
    await client.close()
