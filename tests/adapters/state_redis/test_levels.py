"""Levels: a queue asks its best advisers first and widens with the waiting time of its head."""

import asyncio
from dataclasses import replace

import pytest

from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, QueueId
from contactcentre.domain.levels import Asked
from contactcentre.domain.presence import Presence
from contactcentre.ports.state import Reservation
from tests.adapters.state_redis.centre import (
    ADA,
    BOB,
    DESK,
    EARLY,
    LATE,
    PAYING,
    WELSH,
    Centre,
    said,
)

CAT = AdviserId("cat")
SECOND = {PAYING: Asked(level=2, after_ms=20_000)}
THIRD = {PAYING: Asked(level=3, after_ms=60_000)}
SOON = {PAYING: Asked(level=2, after_ms=60)}
SPARE = {PAYING: Asked(level=2, after_ms=0)}


async def now_ms(centre: Centre) -> int:
    return (await centre.state.overview([])).now_ms


async def by_queue(centre: Centre, queue: QueueId = PAYING) -> Reservation | None:
    return await centre.state.match_queue(queue, request=centre.request())


async def tries(centre: Centre, adviser: AdviserId) -> list[Reservation | None]:
    return [await centre.match(adviser), await by_queue(centre)]


async def test_a_caller_is_offered_to_the_second_level_only_after_the_queues_time(
    centre: Centre,
) -> None:
    await centre.ready(BOB, later=SECOND)
    await centre.call(EARLY, at_ms=await now_ms(centre) - 19_000)
    assert await tries(centre, BOB) == [None, None]
    assert await centre.order() == [EARLY]


@pytest.mark.parametrize("from_queue", [True, False])
async def test_a_caller_who_has_waited_is_offered_to_the_second_level(
    centre: Centre, *, from_queue: bool
) -> None:
    await centre.ready(BOB, later=SECOND)
    await centre.call(EARLY, at_ms=await now_ms(centre) - 20_000)
    found = await by_queue(centre) if from_queue else await centre.match(BOB)
    assert found is not None
    assert (found.call, found.adviser, found.queue) == (EARLY, BOB, PAYING)


async def test_a_head_that_comes_to_the_time_is_matched_then_without_any_new_report(
    centre: Centre,
) -> None:
    await centre.ready(BOB, later=SOON)
    await centre.call(EARLY)
    assert await tries(centre, BOB) == [None, None]
    await asyncio.sleep(0.08)
    assert (await centre.reserve(BOB)).call == EARLY


async def test_a_queue_asks_the_lowest_level_first_however_long_the_others_are_ready(
    centre: Centre,
) -> None:
    await centre.ready(CAT, later=THIRD)
    await centre.ready(BOB, later=SECOND)
    await asyncio.sleep(0.002)
    await centre.ready(ADA)
    for n in range(3):
        await centre.call(CallId(f"c{n}"), at_ms=await now_ms(centre) - 60_000)
    found = [await by_queue(centre) for _ in range(3)]
    assert [one.adviser for one in found if one] == [ADA, BOB, CAT]


async def test_nobody_of_a_lower_level_takes_a_call_while_a_better_adviser_is_ready(
    centre: Centre,
) -> None:
    await centre.ready(BOB, later=SPARE)
    await centre.ready(CAT, later={PAYING: Asked(level=3, after_ms=0)})
    await asyncio.sleep(0.002)
    await centre.ready(ADA)
    for call in (EARLY, LATE, CallId("last")):
        await centre.call(call)
    assert await centre.match(BOB) is None
    assert await centre.match(CAT) is None
    assert (await centre.reserve(ADA)).call == EARLY
    assert await centre.match(CAT) is None
    assert (await centre.reserve(BOB)).call == LATE
    assert (await centre.reserve(CAT)).call == "last"


@pytest.mark.parametrize("from_queue", [True, False])
@pytest.mark.parametrize("later", [{}, SPARE])
async def test_a_clock_that_has_gone_back_keeps_nobody_who_is_asked_at_once_from_a_call(
    centre: Centre, later: dict[QueueId, Asked], *, from_queue: bool
) -> None:
    await centre.call(EARLY, at_ms=await now_ms(centre) + 3_600_000)
    await centre.ready(BOB, later=later)
    found = await by_queue(centre) if from_queue else await centre.match(BOB)
    assert found is not None
    assert found.call == EARLY


async def test_an_adviser_takes_the_best_head_among_those_that_he_is_asked_for(
    centre: Centre,
) -> None:
    at_ms = await now_ms(centre)
    await centre.call(EARLY, at_ms=at_ms - 10_000)
    await centre.call(LATE, at_ms=at_ms - 1_000, queue=WELSH)
    await centre.ready(BOB, queues=(PAYING, WELSH), later=SECOND)
    assert (await centre.reserve(BOB)).call == LATE
    assert await centre.order() == [EARLY]


async def test_levels_hold_again_after_a_call_came_back_and_after_the_store_was_emptied(
    centre: Centre,
) -> None:
    waited = said(EARLY, at_ms=await now_ms(centre) - 30_000)
    await centre.ready(BOB, later=SECOND)
    await centre.node_says(waited)
    await centre.give_back(await centre.ring(BOB), LapseReason.NODE_LOST)
    await centre.node_says(waited)
    assert (await centre.reserve(BOB)).adviser == BOB

    await centre.forget_everything()
    await centre.node_says(replace(waited, enqueued_ms=await now_ms(centre) - 10_000))
    await centre.ready(BOB, later=SECOND)
    assert await tries(centre, BOB) == [None, None]
    await centre.ready(ADA)
    assert (await centre.reserve(ADA)).call == EARLY


async def test_an_adviser_who_is_given_another_level_stands_at_that_one_alone(
    centre: Centre,
) -> None:
    await centre.ready(BOB, later=SECOND)
    await centre.call(EARLY)
    await centre.ready(BOB)
    assert (await centre.overview_of(PAYING)).ready_count == 1
    assert (await centre.reserve(BOB)).call == EARLY
    assert (await centre.overview_of(PAYING)).ready_count == 0


async def test_whoever_is_away_or_whose_desk_is_lost_holds_up_no_lower_level(
    centre: Centre,
) -> None:
    await centre.desk_beats()
    await centre.ready(ADA)
    await centre.ready(BOB, later=SPARE)
    await centre.ready(CAT, later=SPARE)
    await centre.desk_says(ADA, Presence.AWAY)
    await centre.call(EARLY)
    assert (await centre.reserve(BOB)).call == EARLY
    await centre.call(LATE)
    assert await centre.state.lose_advisers(DESK, beat=1) == 3
    assert await tries(centre, CAT) == [None, None]
    await centre.ready(CAT, later=SPARE)
    assert (await centre.reserve(CAT)).call == LATE


async def test_a_leftover_at_a_better_level_holds_a_caller_up_for_one_sweep_at_most(
    centre: Centre,
) -> None:
    await centre.state.client.ask("ZADD", centre.state.keys.ready_in(PAYING), 0, "leftover")
    await centre.ready(BOB, later=SPARE)
    await centre.call(EARLY)
    assert await centre.match(BOB) is None
    found = await by_queue(centre)
    assert found is not None
    assert found.adviser == BOB


async def test_a_supervisor_sees_everybody_who_is_ready_at_whatever_level(centre: Centre) -> None:
    await centre.ready(ADA)
    await centre.ready(BOB, later=SECOND)
    await centre.ready(CAT, later=THIRD)
    assert (await centre.overview_of(PAYING)).ready_count == 3
