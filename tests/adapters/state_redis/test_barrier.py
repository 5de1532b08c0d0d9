"""Nobody is matched on a store that no router has opened: a new one, an emptied or another one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from contactcentre.adapters.embedded.valkey import Valkey, start_valkey
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.errors import StateUnavailable, StoreChanged
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import RequestId, Token
from contactcentre.domain.presence import Presence
from tests.adapters.state_redis.centre import (
    EARLY,
    FIRST,
    NOW_MS,
    PAYING,
    Centre,
    Server,
    said,
)


async def refused(centre: Centre) -> None:
    """Check that neither kind of match is made."""
    with pytest.raises(StoreChanged):
        await centre.match()
    with pytest.raises(StoreChanged):
        await centre.state.match_queue(PAYING, request=centre.request())


async def test_nothing_is_matched_on_a_new_store_until_it_is_opened(
    server: Server,
) -> None:
    state = RedisState(server.url, namespace="unopened", timeout_ms=5_000)
    centre = Centre(state)
    await centre.call()
    await centre.ready()
    generation = await state.generation()
    assert (generation.opened, generation.is_open) == ("", False)
    await refused(centre)
    await state.open_matching(generation.store)
    assert (await state.generation()).is_open
    assert (await centre.reserve()).call == EARLY
    await state.close()


async def test_nothing_is_matched_after_the_store_was_emptied_until_it_is_opened(
    centre: Centre,
) -> None:
    await centre.call(at_ms=NOW_MS)
    await centre.ready()
    await centre.state.client.ask("FLUSHALL")
    assert not (await centre.state.generation()).is_open
    await centre.node_says(said())
    await centre.ready()
    await refused(centre)
    assert (await centre.standing()).state is Presence.READY
    assert await centre.order() == [EARLY]
    await centre.open()
    assert (await centre.reserve()).call == EARLY


async def test_a_request_that_was_granted_before_is_not_granted_again_behind_the_barrier(
    centre: Centre,
) -> None:
    await centre.call()
    await centre.ready()
    again = RequestId("again")
    assert await centre.state.match_queue(PAYING, request=again) is not None
    await centre.state.client.ask("DEL", centre.state.keys.opened)
    with pytest.raises(StoreChanged):
        await centre.state.match_queue(PAYING, request=again)


async def test_a_store_that_has_lost_tokens_gives_none_below_those_that_a_node_has_seen(
    centre: Centre,
) -> None:
    client, keys = centre.state.client, centre.state.keys
    await centre.call()
    await centre.ready()
    given = await centre.reserve()
    await centre.state.take_up(call=given.call, adviser=given.adviser, token=given.token)
    ahead = Token(given.token + 3_600_000_000)
    await centre.state.end(call=given.call, epoch=FIRST, ending=Ending.HANDLED)
    centre.state.see(ahead)  # of a call that is over, given by a store whose clock was ahead
    await client.ask("SET", keys.token, int(given.token) - 1)
    await client.ask("DEL", keys.opened)
    await centre.state.open_matching((await centre.state.generation()).store)
    assert int(await client.ask("GET", keys.token)) == ahead
    await client.ask("DEL", keys.token)
    await centre.node_beats()
    assert int(await client.ask("GET", keys.token)) == ahead


async def test_nothing_is_opened_if_another_store_answers_by_now(centre: Centre) -> None:
    await centre.state.client.ask("DEL", centre.state.keys.opened)
    await centre.state.open_matching("a-run-that:is-over")
    assert not (await centre.state.generation()).is_open
    await refused(centre)


async def test_whoever_waits_for_the_barrier_is_woken_as_it_opens(centre: Centre) -> None:
    await centre.state.client.ask("DEL", centre.state.keys.opened)
    async with centre.state.client.listening(centre.state.keys.wake) as heard:
        await centre.open()
        assert await centre.state.client.hear(heard, within_s=2) == "message"


@asynccontextmanager
async def own_store(folder: Path) -> AsyncIterator[tuple[Valkey, Centre]]:
    """Start a server on which one waits, one is ready and matching is open."""
    server = await start_valkey(folder)
    centre = Centre(RedisState(server.admin_url, namespace="own", timeout_ms=5_000))
    try:
        await centre.open()
        await centre.call()
        await centre.ready()
        yield server, centre
    finally:
        await centre.state.close()
        await server.stop()


async def test_a_store_that_comes_back_with_all_its_keys_is_another_one(stores_dir: Path) -> None:
    async with own_store(stores_dir / "restarted") as (server, centre):
        before = await centre.state.generation()
        await centre.state.client.ask("SAVE")
        server.program.process.kill()
        server.program.process.wait()
        with pytest.raises(StateUnavailable):
            await centre.state.generation()
        await server.start_again()
        after = await centre.state.generation()
        assert (after.opened, after.is_open) == (before.store, False)
        assert await centre.order() == [EARLY]
        await refused(centre)
        await centre.open()
        assert (await centre.reserve()).call == EARLY


async def follow(follower: Centre, leader: Valkey) -> None:
    """Let a store become the replica of another, keys and all."""
    url = urlsplit(leader.admin_url)
    await follower.state.client.ask("CONFIG", "SET", "masterauth", str(url.password))
    await follower.state.client.ask("REPLICAOF", str(url.hostname), str(url.port))
    async with asyncio.timeout(20):
        up, ask = b"master_link_status:up", follower.state.client.ask
        while up not in await ask("INFO"):  # noqa: ASYNC110 - nobody says when it is
            await asyncio.sleep(0.05)


async def test_a_replica_that_becomes_the_primary_is_another_store(stores_dir: Path) -> None:
    async with (
        own_store(stores_dir / "primary") as (primary, centre),
        own_store(stores_dir / "replica") as (replica, promoted),
    ):
        store = (await centre.state.generation()).store
        await follow(promoted, primary)
        assert (await promoted.state.generation()).opened == store
        await promoted.state.client.ask("REPLICAOF", "NO", "ONE")
        assert not (await promoted.state.generation()).is_open
        assert await promoted.order() == [EARLY]
        await refused(promoted)
        # and the run id alone would not tell a primary that was a replica for a moment
        await follow(centre, replica)
        await centre.state.client.ask("REPLICAOF", "NO", "ONE")
        await refused(centre)
