"""What goes wrong between a process and the store, and in the store: as it would in earnest."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from contactcentre.adapters.state_redis.connections import CONNECTIONS_MAX
from contactcentre.adapters.state_redis.events import RedisEventInbox, RedisEventStream
from contactcentre.adapters.state_redis.scripts import all_scripts
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import CallId
from contactcentre.simulation.store.data import ReplyError
from contactcentre.simulation.store.server import Kept
from tests.adapters.state_redis.centre import EARLY, LATE, Centre
from tests.simulation.ground import Ground, fails, on_ground

DEADLINE_S = 0.5


def test_a_lost_request_is_not_done_and_a_lost_reply_is() -> None:
    async def play(ground: Ground) -> None:
        state = ground.state()
        first_ms = await state.give_time()
        ground.network.lose("north-router", "store-north", 1.0)
        assert "TimeoutError" in await fails(state.give_time())
        assert ground.north.data.values[b"cc:enqueued"] == b"%d" % first_ms
        ground.network.heal()
        ground.network.lose("store-north", "north-router", 1.0)
        assert "TimeoutError" in await fails(state.ping())  # a reply to the first, which connects
        ground.network.heal()
        await state.ping()
        ground.network.lose("store-north", "north-router", 1.0)
        assert "TimeoutError" in await fails(state.give_time())
        assert ground.north.data.values[b"cc:enqueued"] != b"%d" % first_ms
        ground.network.heal()
        assert await state.give_time() > first_ms + 1

    on_ground(play)


def test_an_outage_takes_no_longer_than_the_deadline() -> None:
    async def play(ground: Ground) -> None:
        state = ground.state()
        await state.ping()
        hindrances: list[Callable[[], None]] = [
            lambda: ground.network.cut("north-router", "store-north"),
            lambda: ground.network.cut("store-north", "north-router"),
            ground.north.hang,
        ]
        for hinder in hindrances:
            hinder()
            began_s = ground.simulation.now_s
            assert "TimeoutError" in await fails(state.ping())
            assert ground.simulation.now_s - began_s == pytest.approx(DEADLINE_S)
            ground.network.heal()
            ground.group.heal()
            await state.ping()

    on_ground(play)


def test_a_path_cut_one_way_still_brings_what_is_asked() -> None:
    async def play(ground: Ground) -> None:
        state = ground.state("south")
        centre = Centre(state)
        await centre.call(EARLY)
        ground.network.cut("store-north", "south")
        assert await fails(centre.call(LATE))
        ground.network.heal()
        assert await centre.order() == [EARLY, LATE]

    on_ground(play)


def test_a_path_that_was_cut_twice_is_whole_once_both_cuts_are_taken_away() -> None:
    async def play(ground: Ground) -> None:
        state, network = ground.state("south"), ground.network
        await state.ping()
        network.cut("south", "north")
        network.cut("south", "north")
        network.join("south", "north")
        assert await fails(state.ping())
        network.join("south", "north")
        assert not await fails(state.ping())
        network.join("south", "north")
        network.cut("south", "north")
        assert await fails(state.ping())

    on_ground(play)


def test_a_server_that_hung_does_late_what_nobody_waits_for_any_more() -> None:
    async def play(ground: Ground) -> None:
        centre = Centre(ground.state())
        await centre.call(EARLY)
        ground.north.hang()
        assert await fails(centre.call(LATE))
        assert "cc:call:late" not in ground.keys(ground.north)
        ground.north.go_on()
        assert "cc:call:late" in ground.keys(ground.north)

    on_ground(play)


def test_no_more_is_under_way_at_once_than_there_are_connections() -> None:
    async def play(ground: Ground) -> None:
        centre = Centre(ground.state())
        await centre.call(EARLY)
        ground.north.hang()
        calls = [CallId(f"call-{number}") for number in range(3 * CONNECTIONS_MAX)]
        assert all(await asyncio.gather(*(fails(centre.call(call)) for call in calls)))
        ground.north.go_on()
        assert len(await centre.order()) == 1 + CONNECTIONS_MAX
        assert not any(await asyncio.gather(*(fails(centre.call(call)) for call in calls)))

    on_ground(play)


def test_a_process_that_has_died_hears_nothing_more() -> None:
    async def play(ground: Ground) -> None:
        client = ground.client("south", "listener")
        async with client.listening("channel") as heard:
            assert ground.north.execute((b"PUBLISH", b"channel", b"word")) == 1
            assert await client.hear(heard, within_s=1) == "message"
            client.hang_up()
            assert ground.north.execute((b"PUBLISH", b"channel", b"word")) == 0
            assert await client.hear(heard, within_s=1) is None

    on_ground(play)


def test_a_slow_server_does_late_what_nobody_waits_for_any_more() -> None:
    async def play(ground: Ground) -> None:
        centre = Centre(ground.state())
        await centre.call(EARLY)
        ground.north.slow_s = 0.1  # so little gives a step no more time
        await centre.call(CallId("slow"))
        ground.north.slow_s = 0.9
        assert await fails(centre.call(LATE))
        assert "cc:call:late" not in ground.keys(ground.north)
        await asyncio.sleep(0.5)
        assert "cc:call:late" in ground.keys(ground.north)

    on_ground(play)


def test_what_hung_on_a_broken_path_may_arrive_once_it_is_whole() -> None:
    async def play(ground: Ground) -> None:
        states = [ground.state("south", f"node-{n}") for n in range(40)]
        await asyncio.gather(*(Centre(state).call(EARLY) for state in states))
        ground.network.cut("south", "store-north")
        asking = [fails(Centre(state).call(CallId(f"{n}"))) for n, state in enumerate(states)]
        assert all(await asyncio.gather(*asking))
        ground.network.heal()
        before_count = len(ground.keys(ground.north))
        await asyncio.sleep(10)
        assert before_count < len(ground.keys(ground.north)) < before_count + len(states)
        assert ground.network.late_count > 0
        assert ground.network.lost_count > 0

    on_ground(play)


@pytest.mark.parametrize("kept", Kept)
def test_a_server_that_starts_again_has_all_a_snapshot_or_nothing(kept: Kept) -> None:
    async def play(ground: Ground) -> None:
        state = ground.state()
        centre = Centre(state)
        await centre.call(EARLY)
        before = await state.generation()
        await asyncio.sleep(2)
        await centre.call(LATE)
        ground.north.kill()
        began_s = ground.simulation.now_s
        assert "ConnectionError" in await fails(state.ping())
        assert ground.simulation.now_s - began_s < DEADLINE_S / 5
        ground.north.start(kept)
        with pytest.raises(ReplyError, match="NOSCRIPT"):
            ground.north.execute((b"EVALSHA", all_scripts()["join_queue"].sha.encode(), b"0"))
        await ground.until_there(state)
        after = await state.generation()
        pairs = zip(before.store.split(":"), after.store.split(":"), strict=True)
        assert all(one != other for one, other in pairs)
        expected = {Kept.ALL: [EARLY, LATE], Kept.SNAPSHOT: [EARLY], Kept.NOTHING: []}
        assert await centre.order() == expected[kept]
        await asyncio.sleep(1)  # the replicas copy whatever their primary has now
        assert ground.keys(ground.south) == ground.keys(ground.north)

    on_ground(play)


def test_the_store_has_a_clock_of_its_own_and_tokens_never_go_back() -> None:
    async def play(ground: Ground) -> None:
        centre = Centre(ground.state())
        await centre.open()
        await centre.ready()
        await centre.call(EARLY)
        held = await centre.reserve()
        assert any(key.startswith("cc:request:") for key in ground.keys(ground.north))
        first_ms = await centre.state.give_time()
        ground.north.clock.step(-3_600_000)
        assert await centre.state.give_time() == first_ms + 1
        await centre.give_back(held)
        await centre.ready(token=held.token)
        assert (await centre.reserve()).token == held.token + 1
        ground.north.clock.step(+2 * 3_600_000)
        for key in ground.keys(ground.north):
            is_kept = await centre.state.client.ask("EXISTS", key)
            assert is_kept != key.startswith("cc:request:")
        assert await centre.state.give_time() > first_ms + 3_000_000

    on_ground(play)


def test_a_router_is_woken_and_wakes_by_itself_after_a_break() -> None:
    async def play(ground: Ground) -> None:
        centre, state = Centre(ground.state("south")), ground.state("south", "listener")
        woken_at: list[float] = []

        async def listen() -> None:
            async for _ in state.wakes():
                woken_at.append(ground.simulation.now_s)  # noqa: PERF401 - it is looked at meanwhile

        listening = asyncio.create_task(listen(), name="listening")
        await ground.until(lambda: len(woken_at) == 1)
        await centre.call(EARLY)
        assert await ground.until(lambda: len(woken_at) == 2) < 0.1
        ground.north.kill()
        ground.north.start(Kept.ALL)
        assert await ground.until(lambda: len(woken_at) == 3) < 1
        ground.network.cut("store-north", "south-listener")
        await centre.call(LATE)
        await asyncio.sleep(5)
        assert len(woken_at) == 3
        ground.network.heal()
        assert await ground.until(lambda: len(woken_at) == 4) < 2
        listening.cancel()

    on_ground(play)


def test_a_word_that_is_lost_on_a_path_comes_as_soon_as_the_path_lets_it() -> None:
    async def play(ground: Ground) -> None:
        client = ground.client("south", "listener")
        async with client.listening("channel") as heard:
            ground.network.cut("north", "south")
            ground.north.execute((b"PUBLISH", b"channel", b"word"))
            assert await client.hear(heard, within_s=1) is None
            ground.network.heal()
            assert await client.hear(heard, within_s=2) == "message"
            ground.network.lose("north", "south", 0.8)
            for _ in range(20):
                ground.north.execute((b"PUBLISH", b"channel", b"word"))
            for _ in range(20):
                assert await client.hear(heard, within_s=60) == "message"

    on_ground(play)


def test_a_read_that_blocks_ends_as_soon_as_something_comes_or_its_time_is_over() -> None:
    async def play(ground: Ground) -> None:
        state = ground.state("south")
        inbox = RedisEventInbox(state, reader="r", decode=_undecoded, count_unread=_count)
        began_s = ground.simulation.now_s
        assert await inbox.take(count_max=5, wait_ms=1_000) == []
        assert 1 <= ground.simulation.now_s - began_s < 1.5
        stream = RedisEventStream(ground.state(), encode=_undecoded)
        taking = asyncio.create_task(inbox.take(count_max=5, wait_ms=10_000), name="taking")
        await asyncio.sleep(3)
        began_s = ground.simulation.now_s
        said: Any = b"said"
        await stream.send([said])
        [(at, found)] = await taking
        assert found == said
        assert ground.simulation.now_s - began_s < 0.1
        await inbox.acknowledge([at], durable=[])
        assert await state.client.ask("XLEN", state.keys.events) == 0
        taking = asyncio.create_task(inbox.take(count_max=5, wait_ms=10_000), name="taking")
        await asyncio.sleep(1)
        ground.north.kill()
        with pytest.raises(StateUnavailable):
            await taking

    on_ground(play)


def test_two_readers_who_wait_do_not_wake_one_another() -> None:
    async def play(ground: Ground) -> int:
        inboxes = [
            RedisEventInbox(ground.state(), reader=name, decode=_undecoded, count_unread=_count)
            for name in ("one", "other")
        ]
        taking = [inbox.take(count_max=5, wait_ms=3_000) for inbox in inboxes]
        await asyncio.gather(*taking)
        return ground.simulation.loop.rounds

    assert on_ground(play, rounds_max=5_000) < 2_000


def _undecoded(said: Any) -> Any:
    return said


def _count() -> None:
    raise AssertionError("everything can be read")


def test_one_seed_is_one_run_also_when_everything_goes_wrong() -> None:
    async def play(ground: Ground) -> str:
        dice = ground.simulation.dice("test")
        states = [ground.state(site, f"{n}") for n in range(5) for site in ("north", "south")]

        async def go_on(name: int) -> None:
            while ground.simulation.now_s < 40:
                said = await fails(Centre(states[name]).call(CallId(f"{dice.randrange(500)}")))
                ground.simulation.note(name, said)
                await asyncio.sleep(dice.random())

        async with asyncio.TaskGroup() as tasks:
            for name in range(len(states)):
                tasks.create_task(go_on(name))
            while ground.simulation.now_s < 35:
                server = dice.choice(ground.servers)
                dice.choice((server.kill, server.hang, ground.group.fail_over, _nothing))()
                ground.network.lose("south", "north", dice.random() / 2)
                await asyncio.sleep(dice.random() * 2)
                ground.group.heal()
        ground.simulation.note(*(sorted(ground.keys(one)) for one in ground.servers))
        assert ground.group.changes_count > 3
        return ground.simulation.trace

    traces = [on_ground(play, seed=seed) for seed in (1, 1, 2)]
    assert traces[0] == traces[1] != traces[2]


def _nothing() -> None:
    """Leave everything as it is."""
