"""Who is next among the ready advisers of a level: the least occupied, or who is ready longest."""

import asyncio

import pytest

from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId
from contactcentre.domain.levels import Asked
from tests.adapters.state_redis.centre import ADA, BOB, EARLY, PAYING, Centre

CAT = AdviserId("cat")


async def in_turn(centre: Centre) -> list[AdviserId]:
    """Return who is next for a caller, by the order of the sweep and by that of the queue."""
    ready = await centre.all_ready()
    found = [
        await centre.state.match_queue(PAYING, request=centre.request()) for _ in range(len(ready))
    ]
    assert [one.adviser for one in found if one] == ready
    return [*ready]


async def wait_for(centre: Centre, *calls: str) -> None:
    for call in calls:
        await centre.call(CallId(call))


async def test_the_least_occupied_is_next_and_among_equals_who_has_been_ready_for_longest(
    centre: Centre,
) -> None:
    for adviser, occupied in ((ADA, 1_000), (BOB, 250), (CAT, 250), (AdviserId("dai"), 0)):
        await centre.ready(adviser, occupied=occupied)
        await asyncio.sleep(0.002)
    await wait_for(centre, "c1", "c2", "c3", "c4")
    assert await in_turn(centre) == ["dai", BOB, CAT, ADA]


async def test_occupancy_goes_on_changing_the_order_while_nobody_is_called(centre: Centre) -> None:
    await centre.ready(ADA, occupied=300)
    await centre.ready(BOB, occupied=299)
    assert await centre.all_ready() == [BOB, ADA]
    await centre.ready(ADA, occupied=298)
    await wait_for(centre, "c1", "c2")
    assert await in_turn(centre) == [ADA, BOB]


async def test_a_level_comes_before_occupancy(centre: Centre) -> None:
    await centre.ready(ADA, occupied=900)
    await centre.ready(BOB, occupied=100, later={PAYING: Asked(level=2, after_ms=0)})
    await wait_for(centre, "c1")
    assert await centre.match(BOB) is None
    found = await centre.state.match_queue(PAYING, request=centre.request())
    assert found is not None
    assert found.adviser == ADA


@pytest.mark.parametrize("how", ["given back", "ended", "node lost"])
async def test_an_adviser_whose_ring_was_nobodys_fault_stays_behind_the_less_occupied(
    centre: Centre, how: str
) -> None:
    await centre.ready(ADA, occupied=500)
    await wait_for(centre, EARLY)
    held = await centre.ring(ADA)
    await asyncio.sleep(0.002)
    match how:
        case "given back":
            await centre.give_back(held, LapseReason.CALLER_LEFT)
        case "ended":
            await centre.end(EARLY)
        case _:
            await centre.lose_node()
    await asyncio.sleep(0.002)
    await centre.ready(BOB, occupied=400)
    await wait_for(centre, "c1", "c2")
    assert await in_turn(centre) == [BOB, ADA]


async def test_what_was_reported_can_be_taken_up_by_another_desk_process(centre: Centre) -> None:
    await centre.ready(ADA, occupied=321)
    await centre.ready(BOB)
    assert (await centre.standing(ADA)).occupied == 321
    assert (await centre.standing(BOB)).occupied == 0
