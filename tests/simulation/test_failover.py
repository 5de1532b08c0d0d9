"""Replicas that lag, and what is lost when one of them becomes the primary."""

import asyncio

from contactcentre.domain.ids import CallId
from tests.adapters.state_redis.centre import EARLY, LATE, Centre
from tests.simulation.ground import Ground, fails, on_ground


def test_another_primary_is_found_within_seconds_and_lacks_what_it_had_not_heard() -> None:
    async def play(ground: Ground) -> None:
        state = ground.state("south")
        centre = Centre(state)
        await centre.call(EARLY)
        before = await state.generation()
        await asyncio.sleep(1)
        for server in ground.servers:
            ground.group.lags_s[server] = 3.0
        await centre.call(LATE)
        await asyncio.sleep(0.5)
        ground.north.kill()
        assert 1 < await ground.until_there(state) < 3
        assert ground.group.primary is not ground.north
        assert ground.group.steps_lost_count == 1
        assert (await state.generation()).store != before.store
        assert await centre.order() == [EARLY]
        assert ground.group.primary.mistakes == []

    on_ground(play)


def test_what_a_replica_has_heard_is_there_when_it_is_the_primary() -> None:
    async def play(ground: Ground) -> None:
        centre = Centre(ground.state("south"))
        for number in range(200):
            await centre.call(CallId(f"call-{number}"))
        await centre.ready()
        await centre.lose_node()
        await asyncio.sleep(1)
        expected = {one: (*ground.keys(one),) for one in ground.servers}
        assert set(expected[ground.south]) == set(expected[ground.north])
        new = ground.group.fail_over()
        assert new is not None
        assert len(await centre.lost()) == 200
        assert ground.group.steps_lost_count == 0

    on_ground(play)


def test_a_primary_that_was_cut_off_goes_on_until_it_is_told_and_then_forgets() -> None:
    async def play(ground: Ground) -> None:
        near, far = Centre(ground.state("north")), Centre(ground.state("south"))
        await near.call(EARLY)
        await far.state.ping()
        await asyncio.sleep(1)
        with ground.network.apart(["north"], ["south", "witness"]):
            await ground.until(lambda: len(ground.group.primaries) == 2)
            await ground.until_there(far.state)
            await near.call(CallId("here-only"))
            await far.call(LATE)
            assert set(await near.order()) == {EARLY, CallId("here-only")}
            assert set(await far.order()) == {EARLY, LATE}
            await asyncio.sleep(3)
            assert "NOREPLICAS" in await fails(near.call(CallId("refused")))
        assert 3 < await ground.until(lambda: ground.group.primaries == [ground.group.primary]) < 6
        await ground.until_there(near.state)
        assert set(await near.order()) == {EARLY, LATE}
        await asyncio.sleep(1)
        assert ground.keys(ground.north) == ground.keys(ground.group.primary)

    on_ground(play)


def test_who_listens_to_a_former_primary_is_thrown_out_as_soon_as_it_is_told() -> None:
    async def play(ground: Ground) -> None:
        woken_at: list[float] = []

        async def listen() -> None:
            async for _ in ground.state("north", "listener").wakes():
                woken_at.append(ground.simulation.now_s)  # noqa: PERF401 - looked at meanwhile

        listening = asyncio.create_task(listen(), name="listening")
        await ground.until(lambda: len(woken_at) == 1)
        await asyncio.sleep(1)
        assert ground.group.fail_over() is not None
        assert 3 < await ground.until(lambda: len(woken_at) == 2) < 6
        await Centre(ground.state("south")).call(EARLY)
        assert await ground.until(lambda: len(woken_at) == 3) < 0.1
        listening.cancel()

    on_ground(play)


def test_the_replica_that_has_heard_most_becomes_the_primary() -> None:
    async def play(ground: Ground) -> None:
        for ahead, behind in ((ground.south, ground.witness), (ground.witness, ground.north)):
            centre = Centre(ground.state())
            await ground.until_there(centre.state)
            await asyncio.sleep(5)
            ground.group.lags_s[behind] = 3.0
            await centre.call(EARLY)
            await asyncio.sleep(0.5)
            ground.group.primary.kill()
            await ground.until_there(centre.state)
            assert ground.group.primary is ahead
            assert await centre.order() == [EARLY]
            ground.group.heal()

    on_ground(play)


def test_a_replica_is_not_taken_for_the_primary() -> None:
    async def play(ground: Ground) -> None:
        for sentinel in ground.group.sentinels:
            sentinel.primary = ground.south
        state = ground.state()
        assert "MasterDownError" in await fails(state.ping())
        for sentinel in ground.group.sentinels:
            sentinel.primary = ground.north
        assert await ground.until_there(state) < 1

    on_ground(play)


def test_a_minority_makes_no_primary() -> None:
    async def play(ground: Ground) -> None:
        for one in ground.group.sentinels[1:]:
            one.is_up = False
        ground.north.kill()
        await asyncio.sleep(10)
        assert ground.group.primary is ground.north
        ground.group.heal()
        await ground.until_there(ground.state())
        assert ground.group.changes_count == 0

    on_ground(play)


def test_flushall_empties_the_replicas_too() -> None:
    async def play(ground: Ground) -> None:
        centre = Centre(ground.state())
        await centre.call(EARLY)
        await asyncio.sleep(1)
        assert ground.keys(ground.south)
        assert ground.group.flush()
        await asyncio.sleep(1)
        assert [ground.keys(one) for one in ground.servers] == [set(), set(), set()]
        assert not await fails(centre.call(LATE))
        ground.group.primary.lacks_replicas = True
        assert not ground.group.flush()
        ground.group.primary.kill()
        assert not ground.group.flush()

    on_ground(play)


def test_a_replica_may_be_told_to_become_the_primary() -> None:
    async def play(ground: Ground) -> None:
        await asyncio.sleep(1)
        assert ground.group.fail_over(ground.witness) is ground.witness is ground.group.primary
        assert ground.group.fail_over(ground.witness) is None
        assert await ground.until(lambda: ground.group.primaries == [ground.witness]) > 3
        ground.south.kill()
        assert ground.group.fail_over(ground.south) is None
        assert ground.group.fail_over() is ground.north

    on_ground(play)
