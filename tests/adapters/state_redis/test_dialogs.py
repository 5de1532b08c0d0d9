"""What of telephone calls outlives their node, and that one taker alone has each."""

from contactcentre.adapters.state_redis.census import RedisCensus
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.ids import CallId
from contactcentre.ports.phones import TrunkStanding
from tests.adapters.state_redis.centre import EARLY, LATE, NORTH, SOUTH


async def test_the_calls_of_a_lost_node_are_taken_once_and_are_the_takers_then(
    state: RedisState,
) -> None:
    await state.keep_dialogs(NORTH, {EARLY: "one", LATE: "two"}, [])
    taken = await state.take_dialogs(lost=NORTH, taker=SOUTH, calls_max=1)
    taken |= await state.take_dialogs(lost=NORTH, taker=SOUTH, calls_max=9)
    assert taken == {EARLY: "one", LATE: "two"}
    assert await state.take_dialogs(lost=NORTH, taker=SOUTH, calls_max=9) == {}
    assert await state.take_dialogs(lost=SOUTH, taker=NORTH, calls_max=9) == taken


async def test_what_was_last_kept_is_what_is_taken_and_an_ended_call_is_not(
    state: RedisState,
) -> None:
    await state.keep_dialogs(NORTH, {EARLY: "one", LATE: "two"}, [])
    await state.keep_dialogs(NORTH, {LATE: "three"}, [EARLY, CallId("unknown")])
    assert await state.take_dialogs(lost=NORTH, taker=SOUTH, calls_max=9) == {LATE: "three"}


async def test_a_node_that_starts_again_takes_its_own_calls(state: RedisState) -> None:
    await state.keep_dialogs(NORTH, {EARLY: "one"}, [])
    assert await state.take_dialogs(lost=NORTH, taker=NORTH, calls_max=9) == {EARLY: "one"}
    assert await state.take_dialogs(lost=NORTH, taker=SOUTH, calls_max=9) == {EARLY: "one"}


async def test_how_trunks_stand_is_what_each_node_has_said_last(state: RedisState) -> None:
    up, down = (
        TrunkStanding(is_up=True, since_ms=1),
        TrunkStanding(is_up=False, since_ms=2, is_misnamed=True),
    )
    await state.keep_trunks(NORTH, {"old": up, "carrier": up})
    await state.keep_trunks(NORTH, {"carrier": down})
    await state.keep_trunks(SOUTH, {"carrier": up})
    seen = await RedisCensus(state).trunks([NORTH, SOUTH])
    assert seen == {"carrier": {NORTH: down, SOUTH: up}}


async def test_whoever_asks_for_a_call_hears_what_is_kept_of_it_and_takes_it_from_nobody(
    state: RedisState,
) -> None:
    await state.keep_dialogs(NORTH, {EARLY: "one", LATE: "two"}, [LATE])
    assert await state.look_dialogs([EARLY, LATE]) == {EARLY: "one"}
    assert await state.take_dialogs(lost=NORTH, taker=SOUTH, calls_max=9) == {EARLY: "one"}
