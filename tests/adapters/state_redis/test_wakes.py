"""Routers are woken when something may be matched, and wake by themselves after a break."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from contactcentre.adapters.state_redis import matching
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.events import LapseReason
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.ports.state import Reservation
from tests.adapters.state_redis.centre import ADA, EARLY, NOW_MS, Centre, Server, said

SOON_S = 2.0
QUIET_S = 0.05


class Listener:
    """One router that listens."""

    def __init__(self, wakes: AsyncIterator[None]) -> None:
        self._wakes = wakes
        self._next: asyncio.Task[None] | None = None

    async def is_woken(self, *, within_s: float = SOON_S) -> bool:
        """Say whether the router is woken in time."""
        if self._next is None:
            self._next = asyncio.create_task(self._once(), name="wake")
        done, _ = await asyncio.wait({self._next}, timeout=within_s)
        if done:
            self._next = None
        return bool(done)

    async def stop(self) -> None:
        """Stop listening."""
        if self._next is not None:
            self._next.cancel()
            await asyncio.wait({self._next})

    async def _once(self) -> None:
        await anext(self._wakes)


@asynccontextmanager
async def listening(centre: Centre) -> AsyncIterator[Listener]:
    """Give a router that has been woken by its connection, and listens."""
    async with aclosing(centre.state.wakes()) as wakes:  # type: ignore[type-var]
        listener = Listener(wakes)
        assert await listener.is_woken()
        try:
            yield listener
        finally:
            await listener.stop()


async def joins(centre: Centre) -> None:
    await centre.call()


async def is_ready(centre: Centre) -> None:
    await centre.ready()


async def is_reported(centre: Centre) -> None:
    await centre.node_says(said(EARLY))


async def is_declined(centre: Centre) -> None:
    await centre.give_back(await _ringing(centre), LapseReason.DECLINED)


async def is_not_taken_up(centre: Centre) -> None:
    await centre.call()
    await centre.ready()
    await centre.give_back(await centre.reserve(), LapseReason.NOT_TAKEN_UP)


async def is_broken(centre: Centre) -> None:
    held = await _ringing(centre)
    await centre.state.answer(call=held.call, adviser=ADA, token=held.token)
    await centre.state.return_to_queue(call=held.call, adviser=ADA, token=held.token)


async def _ringing(centre: Centre) -> Reservation:
    await centre.call()
    await centre.ready()
    return await centre.ring()


@pytest.mark.parametrize(
    "happens", [joins, is_ready, is_reported, is_declined, is_not_taken_up, is_broken]
)
async def test_whatever_may_be_matched_wakes_a_router(
    centre: Centre, happens: Callable[[Centre], Awaitable[None]]
) -> None:
    async with listening(centre) as router:
        await happens(centre)
        assert await router.is_woken()


async def test_an_adviser_let_go_by_the_end_of_a_call_wakes_a_router(centre: Centre) -> None:
    held = await _ringing(centre)
    async with listening(centre) as router:
        await centre.end(held.call)
        assert await router.is_woken()


async def test_what_cannot_be_matched_wakes_nobody(centre: Centre) -> None:
    await centre.call(at_ms=NOW_MS)
    await centre.ready()
    async with listening(centre) as router:
        await centre.ready()
        await centre.node_says(said(EARLY))
        await centre.desk_says(ADA, Presence.AWAY, reason=AwayReason.LUNCH)
        assert not await router.is_woken(within_s=QUIET_S)


async def test_a_burst_of_wakes_is_one(centre: Centre) -> None:
    async with listening(centre) as router:
        for _ in range(20):
            await centre.state.client.ask("PUBLISH", centre.state.keys.wake, "many")
        await asyncio.sleep(QUIET_S)
        woken = 0
        while await router.is_woken(within_s=QUIET_S):
            woken += 1
        assert 1 <= woken <= 2


async def test_a_router_whose_connection_was_cut_connects_again_and_is_woken_for_it(
    centre: Centre, server: Server
) -> None:
    async with listening(centre) as router:
        assert server.ask("CLIENT", "KILL", "TYPE", "pubsub") >= 1
        assert await router.is_woken()
        await centre.call()
        assert await router.is_woken()


async def test_a_router_notices_a_store_that_hangs_while_nothing_happens(
    hasty: RedisState, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "WAKE_QUIET_S", 0.1)
    async with listening(Centre(hasty)) as router:
        with server.hung():
            assert not await router.is_woken(within_s=2.0)
        assert await router.is_woken()


async def test_a_quiet_channel_is_asked_whether_it_is_there_and_goes_on(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "WAKE_QUIET_S", 0.02)
    async with listening(centre) as router:
        assert not await router.is_woken(within_s=0.2)
        await centre.call()
        assert await router.is_woken()
