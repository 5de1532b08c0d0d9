"""Whoever does not come back is presumed to be over, which a living leg undoes."""

from collections.abc import Callable, Coroutine
from dataclasses import replace

import pytest

from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import CallClosed, StaleEpoch
from contactcentre.domain.events import Ending
from contactcentre.domain.presence import Presence
from contactcentre.ports.state import LostCall
from tests.adapters.state_redis.centre import (
    ADA,
    EARLY,
    FIRST,
    LATE,
    NOW_MS,
    SOUTH,
    Centre,
    said,
)

SECOND = LegEpoch(2, "bbbb")
NEWEST = LegEpoch(3, "0000")
LOST = LostCall(call=EARLY, epoch=FIRST)


async def test_a_caller_who_never_came_back_is_presumed_to_be_over(centre: Centre) -> None:
    await centre.call(EARLY)
    assert not await centre.state.close_lost(LOST)  # it is not lost at all
    await centre.lose_node()
    assert await centre.state.lost_calls() == [LOST]
    assert not await centre.state.close_lost(replace(LOST, epoch=SECOND))
    assert await centre.state.close_lost(LOST)
    assert not await centre.state.close_lost(LOST)
    assert await centre.lost() == []
    standing = await centre.call_standing()
    assert (standing.state, standing.ending) == ("closed", Ending.SYSTEM_LOST)
    assert standing.is_presumed
    assert await centre.order() == []


async def test_nobody_is_presumed_to_be_over_who_was_taken_up_in_the_last_moment(
    centre: Centre,
) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.lose_node()
    [lost] = await centre.state.lost_calls()
    await centre.node_says(said(EARLY, epoch=SECOND), node=SOUTH)
    await centre.lose_node()
    assert not await centre.state.close_lost(lost)
    assert await centre.order() == [EARLY]


async def test_the_adviser_of_a_talk_that_is_presumed_to_be_over_goes_to_wrap_up(
    centre: Centre,
) -> None:
    await centre.call(EARLY)
    await centre.ready()
    await centre.talk()
    await centre.lose_node()
    assert await centre.state.close_lost(LOST)
    standing = await centre.standing()
    assert (standing.state, standing.call) == (Presence.WRAP_UP, EARLY)


Way = Callable[[Centre], Coroutine[None, None, object]]
WAYS_BACK: list[Way] = [
    lambda centre: centre.node_says(said(EARLY)),
    lambda centre: centre.node_says(said(EARLY, epoch=SECOND), node=SOUTH),
    lambda centre: centre.call(EARLY, epoch=SECOND, node=SOUTH),
]


@pytest.mark.parametrize("way", WAYS_BACK, ids=["late word", "resumed", "joined"])
async def test_a_living_leg_opens_again_what_was_presumed_to_be_over(
    centre: Centre, way: Way
) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.call(LATE, node=SOUTH)
    await centre.lose_node()
    await centre.state.close_lost(LOST)
    await way(centre)
    assert await centre.order() == [EARLY, LATE]
    standing = await centre.call_standing()
    assert (standing.ending, standing.is_presumed) == (None, False)
    assert standing.enqueued_ms == NOW_MS
    await centre.ready()
    assert (await centre.reserve()).call == EARLY


async def test_an_older_leg_opens_nothing_again(centre: Centre) -> None:
    await centre.call(EARLY, epoch=SECOND)
    await centre.lose_node()
    await centre.state.close_lost(replace(LOST, epoch=SECOND))
    assert (await centre.node_says(said(EARLY))).superseded == [EARLY]
    with pytest.raises(StaleEpoch):
        await centre.call(EARLY)
    assert (await centre.call_standing()).is_presumed


async def test_two_who_talk_open_their_call_again(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready()
    held = await centre.talk()
    await centre.lose_node()
    await centre.state.close_lost(LOST)
    await centre.state.answer(call=EARLY, adviser=ADA, token=held.token)
    await centre.node_says(said(EARLY, "talking", held=held))
    standing = await centre.call_standing()
    assert (standing.state, standing.adviser) == ("talking", ADA)
    assert await centre.lost() == []


async def test_a_real_end_says_how_it_was_also_after_it_was_presumed(centre: Centre) -> None:
    await centre.call(EARLY)
    await centre.lose_node()
    await centre.state.close_lost(LOST)
    await centre.end(epoch=SECOND, ending=Ending.ABANDONED)
    await centre.end(epoch=NEWEST, ending=Ending.HANDLED)  # what has ended has ended once
    standing = await centre.call_standing()
    assert (standing.ending, standing.is_presumed) == (Ending.ABANDONED, False)
    assert standing.epoch == SECOND
    with pytest.raises(CallClosed):
        await centre.call(EARLY, epoch=NEWEST)
    assert (await centre.node_says(said(EARLY, epoch=SECOND))).closed == [EARLY]


async def test_a_lost_call_that_nobody_has_heard_of_for_a_day_is_forgotten(centre: Centre) -> None:
    await centre.call(EARLY)
    await centre.lose_node()
    await centre.state.client.ask("DEL", centre.state.keys.call(EARLY))  # as its expiry does
    assert not await centre.state.close_lost(LOST)
    assert await centre.lost() == []
    assert await centre.state.client.ask("EXISTS", centre.state.keys.lost) == 0
