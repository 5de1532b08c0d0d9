"""Waiting: who stands where, and what moves nobody."""

import asyncio

import pytest

from contactcentre.domain.classes import ServiceClass, head_start_ms
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import CallClosed, StaleEpoch
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import CallId
from tests.adapters.state_redis.centre import (
    ADA,
    BOB,
    EARLY,
    FIRST,
    LATE,
    NOW_MS,
    PAYING,
    SOUTH,
    WELSH,
    Centre,
)

MINUTE_MS = 60_000


async def test_callers_stand_in_the_order_in_which_they_came(centre: Centre) -> None:
    for call in ("zoe", "amy", "kim"):
        await centre.call(CallId(call))
    assert await centre.order() == ["zoe", "amy", "kim"]


async def test_no_two_callers_get_the_same_time(centre: Centre) -> None:
    times = await asyncio.gather(*(centre.call(CallId(f"c{n}")) for n in range(50)))
    assert len({*times, await centre.state.give_time()}) == 51


async def test_a_time_given_beforehand_counts_from_then(centre: Centre) -> None:
    before_ms = await centre.state.give_time()
    await centre.call(EARLY)
    assert await centre.call(LATE, at_ms=before_ms) == before_ms
    assert await centre.order() == [LATE, EARLY]


async def test_whoever_joins_after_a_time_from_a_clock_ahead_still_stands_behind_it(
    centre: Centre,
) -> None:
    ahead_ms = await centre.state.give_time() + 5_000
    await centre.call(EARLY, at_ms=ahead_ms)
    assert await centre.call(LATE) > ahead_ms
    assert await centre.state.give_time() > ahead_ms


async def test_callers_of_one_moment_stand_in_the_order_of_their_ids(centre: Centre) -> None:
    for call in ("zoe", "amy", "kim"):
        await centre.call(CallId(call), at_ms=NOW_MS)
    assert await centre.order() == ["amy", "kim", "zoe"]


async def test_joining_again_changes_nothing(centre: Centre) -> None:
    first_ms = await centre.call(EARLY)
    await centre.call(LATE)
    assert await centre.call(EARLY) == first_ms
    assert await centre.call(EARLY, at_ms=NOW_MS + 9) == first_ms
    assert await centre.order() == [EARLY, LATE]


@pytest.mark.parametrize("step", ["reserve", "ring", "talk"])
async def test_joining_again_takes_no_call_away_from_its_adviser(centre: Centre, step: str) -> None:
    first_ms = await centre.call()
    await centre.ready()
    await getattr(centre, step)()
    assert await centre.call() == first_ms
    assert await centre.order() == []


async def test_an_urgent_call_goes_first_but_an_old_one_is_not_overtaken_for_ever(
    centre: Centre,
) -> None:
    urgent, standard = head_start_ms(ServiceClass.P1), head_start_ms(ServiceClass.P2)
    await centre.call(CallId("old"), at_ms=NOW_MS, head_start_ms=standard)
    await centre.call(CallId("young"), at_ms=NOW_MS + 3 * MINUTE_MS, head_start_ms=standard)
    await centre.call(CallId("urgent"), at_ms=NOW_MS + 6 * MINUTE_MS, head_start_ms=urgent)
    assert await centre.order() == ["old", "urgent", "young"]


async def test_a_caller_in_another_queue_has_no_place_in_this_one(centre: Centre) -> None:
    await centre.call(queue=WELSH)
    assert await centre.state.place(call=EARLY, queue=PAYING) is None
    assert await centre.queues_waiting() == [WELSH]


async def test_a_silent_caller_is_not_offered_and_keeps_the_rank(centre: Centre) -> None:
    await centre.call(EARLY)
    await centre.call(LATE)
    await centre.state.hide(call=EARLY, epoch=FIRST)
    assert await centre.order() == [LATE]
    await centre.call(EARLY)
    assert await centre.order() == [EARLY, LATE]


async def test_hiding_takes_no_call_away_from_its_adviser(centre: Centre) -> None:
    await centre.call()
    await centre.ready()
    held = await centre.ring()
    await centre.state.hide(call=held.call, epoch=FIRST)
    await centre.state.answer(call=held.call, adviser=ADA, token=held.token)


async def test_hiding_what_is_unknown_or_closed_does_nothing(centre: Centre) -> None:
    await centre.state.hide(call=EARLY, epoch=FIRST)
    await centre.end()
    await centre.state.hide(call=EARLY, epoch=FIRST)
    with pytest.raises(CallClosed):
        await centre.call(EARLY)


NEWER = [LegEpoch(2, "0000"), LegEpoch(1, "aaab")]
OLDER = [LegEpoch(0, "ffff"), LegEpoch(1, "aaa9")]


@pytest.mark.parametrize("epoch", NEWER)
async def test_a_newer_leg_takes_the_call_over_with_its_place(
    centre: Centre, epoch: LegEpoch
) -> None:
    first_ms = await centre.call(EARLY)
    await centre.call(LATE)
    assert await centre.call(EARLY, epoch=epoch, node=SOUTH, at_ms=NOW_MS + 1) == first_ms
    assert await centre.order() == [EARLY, LATE]
    await centre.ready()
    assert (await centre.reserve()).node == SOUTH


@pytest.mark.parametrize("epoch", OLDER)
async def test_an_older_leg_may_change_nothing(centre: Centre, epoch: LegEpoch) -> None:
    await centre.call()
    with pytest.raises(StaleEpoch):
        await centre.call(epoch=epoch, node=SOUTH)
    with pytest.raises(StaleEpoch):
        await centre.state.hide(call=EARLY, epoch=epoch)
    with pytest.raises(StaleEpoch):
        await centre.end(epoch=epoch)
    assert await centre.order() == [EARLY]


@pytest.mark.parametrize("step", ["ring", "talk"])
async def test_a_caller_who_comes_back_on_a_newer_leg_waits_at_the_old_place(
    centre: Centre, step: str
) -> None:
    await centre.call(EARLY)
    await centre.ready()
    await getattr(centre, step)()
    await centre.call(LATE)
    await centre.call(EARLY, epoch=LegEpoch(2, "0000"), node=SOUTH)
    assert await centre.order() == [EARLY, LATE]


async def test_a_newer_leg_lets_a_reservation_stand_until_it_is_given_back(centre: Centre) -> None:
    await centre.call()
    await centre.ready()
    held = await centre.reserve()
    await centre.call(epoch=LegEpoch(2, "0000"), node=SOUTH)
    assert [(one.token, one.node) for one in await centre.state.reservations()] == [
        (held.token, SOUTH)
    ]
    await centre.give_back(held, LapseReason.NOT_TAKEN_UP)
    assert await centre.all_ready() == [ADA]


async def test_a_caller_who_joins_another_queue_leaves_the_first(centre: Centre) -> None:
    await centre.call(queue=PAYING)
    await centre.call(queue=WELSH)
    assert await centre.order(PAYING) == []
    assert await centre.order(WELSH) == [EARLY]


async def test_a_call_that_has_ended_stays_closed(centre: Centre) -> None:
    await centre.call()
    await centre.end()
    await centre.end()
    with pytest.raises(CallClosed):
        await centre.call(epoch=LegEpoch(9, "ffff"))
    assert await centre.order() == []
    assert await centre.queues_waiting() == []


async def test_the_wait_is_not_guessed_from_fewer_than_five_answers(centre: Centre) -> None:
    await centre.call(CallId("last"), at_ms=NOW_MS + 100)
    for n in range(5):
        told = await centre.state.place(call=CallId("last"), queue=PAYING)
        assert told is not None
        assert told.served_every_ms is None
        await _serve(centre, f"c{n}")
    told = await centre.state.place(call=CallId("last"), queue=PAYING)
    assert told is not None
    assert told.served_every_ms is not None


async def test_the_wait_told_grows_while_nobody_answers(centre: Centre) -> None:
    await centre.call(CallId("last"), at_ms=NOW_MS + 100)
    for n in range(5):
        await _serve(centre, f"c{n}")
    # five answers, the first a minute ago and the last half a minute ago
    served = centre.state.keys.served(PAYING)
    now_ms = await centre.state.give_time()
    at_ms = [now_ms - ago for ago in (60_000, 52_500, 45_000, 37_500, 30_000)]
    await centre.state.client.ask("DEL", served)
    await centre.state.client.ask("LPUSH", served, *at_ms)
    told = await centre.state.place(call=CallId("last"), queue=PAYING)
    assert told is not None
    assert told.served_every_ms is not None
    assert 12_000 <= told.served_every_ms < 12_500


async def test_a_queue_that_was_empty_tells_nothing_of_the_rush_before(centre: Centre) -> None:
    for n in range(6):
        await _serve(centre, f"c{n}", at_ms=None)
    await centre.call(LATE)
    told = await centre.state.place(call=LATE, queue=PAYING)
    assert told is not None
    assert told.served_every_ms is None


async def _serve(centre: Centre, call: str, at_ms: int | None = NOW_MS) -> None:
    """Let a call come, be answered by Bob and end."""
    await centre.call(CallId(call), at_ms=at_ms)
    standing = await centre.ready(BOB)
    await centre.ready(BOB, token=standing.token)
    held = await centre.talk(BOB)
    assert held.call == call
    await centre.end(held.call)
