"""Matching: who is offered to whom, how often, and by how many routers."""

import asyncio

import pytest

from contactcentre.domain.ids import AdviserId, CallId, QueueId, RequestId
from contactcentre.domain.presence import Presence
from tests.adapters.state_redis.centre import (
    ADA,
    BOB,
    DESK,
    EARLY,
    LATE,
    NORTH,
    NOW_MS,
    PAYING,
    WELSH,
    Centre,
)


async def test_the_earliest_caller_is_offered_first(centre: Centre) -> None:
    enqueued_ms = await centre.call(EARLY)
    await centre.call(LATE)
    await centre.ready()
    found = await centre.reserve()
    assert (found.call, found.adviser, found.enqueued_ms) == (EARLY, ADA, enqueued_ms)
    assert (found.queue, found.node, found.desk) == (PAYING, NORTH, DESK)
    assert await centre.order() == [LATE]


async def test_an_adviser_of_several_queues_gets_the_best_of_their_heads(centre: Centre) -> None:
    await centre.call(CallId("en-2"), at_ms=NOW_MS + 1)
    await centre.call(CallId("cy-1"), at_ms=NOW_MS, queue=WELSH)
    await centre.call(CallId("en-3"), at_ms=NOW_MS + 2)
    taken = []
    for name in ("amy", "kim", "zoe"):
        await centre.ready(AdviserId(name), queues=(PAYING, WELSH))
        taken.append((await centre.reserve(AdviserId(name))).call)
    assert taken == ["cy-1", "en-2", "en-3"]


@pytest.mark.parametrize("queues", [(PAYING, WELSH), (WELSH, PAYING)])
async def test_heads_of_one_moment_are_taken_in_the_order_of_their_ids(
    centre: Centre, queues: tuple[QueueId, ...]
) -> None:
    await centre.call(CallId("b"), at_ms=NOW_MS, queue=PAYING)
    await centre.call(CallId("a"), at_ms=NOW_MS, queue=WELSH)
    await centre.ready(queues=queues)
    assert (await centre.reserve()).call == "a"


async def test_an_adviser_is_offered_nothing_from_a_queue_of_others(centre: Centre) -> None:
    await centre.call(queue=WELSH)
    await centre.ready(queues=(PAYING,))
    assert await centre.match() is None
    assert await centre.state.match_queue(WELSH, request=centre.request()) is None


@pytest.mark.parametrize("presence", [Presence.AWAY, Presence.WRAP_UP, Presence.OFFLINE])
async def test_whoever_is_not_ready_is_offered_nothing(centre: Centre, presence: Presence) -> None:
    await centre.call()
    await centre.ready()
    await centre.desk_says(ADA, presence)
    assert await centre.match() is None
    assert await centre.state.match_queue(PAYING, request=centre.request()) is None
    assert await centre.all_ready() == []


async def test_an_unknown_adviser_is_offered_nothing(centre: Centre) -> None:
    await centre.call()
    assert await centre.match(AdviserId("nobody")) is None


async def test_a_queue_is_served_by_whoever_has_been_ready_for_longest(centre: Centre) -> None:
    await centre.ready(BOB)
    await asyncio.sleep(0.002)
    await centre.ready(ADA)
    assert await centre.all_ready() == [BOB, ADA]
    await centre.call(EARLY)
    await centre.call(LATE)
    found = [
        await centre.state.match_queue(PAYING, request=centre.request()),
        await centre.state.match_queue(PAYING, request=centre.request()),
    ]
    assert [(one.call, one.adviser) for one in found if one] == [(EARLY, BOB), (LATE, ADA)]


@pytest.mark.parametrize("by_queue", [True, False])
async def test_a_reserved_adviser_is_offered_nothing_more_from_any_queue(
    centre: Centre, *, by_queue: bool
) -> None:
    await centre.ready(queues=(PAYING, WELSH))
    await centre.call(EARLY)
    await centre.call(LATE, queue=WELSH)
    if by_queue:
        assert await centre.state.match_queue(PAYING, request=centre.request())
    else:
        await centre.reserve()
    assert await centre.all_ready() == []
    seen = await centre.state.overview([PAYING, WELSH])
    assert [queue.ready_count for queue in seen.queues] == [0, 0]
    assert await centre.match() is None
    for queue in (PAYING, WELSH):
        assert await centre.state.match_queue(queue, request=centre.request()) is None


async def test_any_number_of_routers_never_reserve_one_call_or_one_adviser_twice(
    centre: Centre,
) -> None:
    advisers = [AdviserId(f"a{n}") for n in range(12)]
    for adviser in advisers:
        await centre.ready(adviser)
    for n in range(10):
        await centre.call(CallId(f"c{n}"))
    tries = [centre.match(adviser) for adviser in advisers * 2]
    tries += [centre.state.match_queue(PAYING, request=centre.request()) for _ in range(12)]
    found = [one for one in await asyncio.gather(*tries) if one is not None]
    assert {one.call for one in found} == {f"c{n}" for n in range(10)}
    assert len(found) == len({one.adviser for one in found}) == 10
    assert {one.token for one in await centre.state.reservations()} == {one.token for one in found}


@pytest.mark.parametrize("by_queue", [True, False])
async def test_a_repeated_request_gives_the_same_reservation_and_no_second_one(
    centre: Centre, *, by_queue: bool
) -> None:
    async def ask() -> object:
        again = RequestId("again")
        if by_queue:
            return await centre.state.match_queue(PAYING, request=again)
        found = await centre.state.match_advisers([ADA], request=again)
        return found[0] if found else None

    await centre.ready(ADA)
    await centre.ready(BOB)
    await centre.call(EARLY)
    await centre.call(LATE)
    found = await ask()
    assert found is not None
    assert await ask() == found
    assert len(await centre.state.reservations()) == 1
    held = (await centre.state.reservations())[0]
    await centre.give_back(held)
    assert await ask() is None
    assert await centre.order() == [EARLY, LATE]


async def test_several_advisers_get_the_first_who_wait_one_each_in_the_advisers_order(
    centre: Centre,
) -> None:
    for call in (EARLY, LATE, CallId("c3")):
        await centre.call(call)
    await centre.ready(ADA)
    await centre.ready(BOB)
    away = AdviserId("away")
    await centre.desk_says(away, Presence.AWAY)
    asked = [away, BOB, BOB, AdviserId("unknown"), ADA]
    found = await centre.state.match_advisers(asked, request=centre.request())
    assert [(one.adviser, one.call) for one in found] == [(BOB, EARLY), (ADA, LATE)]
    assert found[0].token < found[1].token
    assert await centre.order() == [CallId("c3")]


async def test_a_repeated_request_of_several_gives_those_that_stand_and_nobody_else(
    centre: Centre,
) -> None:
    for call in (EARLY, LATE):
        await centre.call(call)
    await centre.ready(ADA)
    await centre.ready(BOB)
    again = RequestId("again")
    found = await centre.state.match_advisers([ADA, BOB], request=again)
    assert await centre.state.match_advisers([BOB, ADA], request=again) == found
    await centre.give_back(found[0])
    await centre.ready(AdviserId("new"))
    everybody = [AdviserId("new"), ADA, BOB]
    assert await centre.state.match_advisers(everybody, request=again) == found[1:]
    assert await centre.order() == [EARLY]


async def test_tokens_rise(centre: Centre) -> None:
    tokens = []
    for n in range(5):
        await centre.call(CallId(f"c{n}"))
        await centre.ready(AdviserId(f"a{n}"))
        tokens.append((await centre.reserve(AdviserId(f"a{n}"))).token)
    assert tokens == sorted(set(tokens))


async def test_a_head_that_is_only_a_leftover_is_passed_over(centre: Centre) -> None:
    for n in range(3):
        await centre.state.client.ask("ZADD", centre.state.keys.queue(PAYING), n, f"leftover{n}")
    await centre.call()
    await centre.ready()
    assert (await centre.reserve()).call == EARLY


async def test_a_leftover_among_the_ready_is_passed_over(centre: Centre) -> None:
    await centre.state.client.ask("ZADD", centre.state.keys.ready_in(PAYING), 0, "leftover")
    await centre.call()
    await centre.ready()
    found = await centre.state.match_queue(PAYING, request=centre.request())
    assert found is not None
    assert found.adviser == ADA


async def test_nobody_has_taken_up_what_no_node_has_taken_up(centre: Centre) -> None:
    await centre.call()
    await centre.ready()
    held = await centre.reserve()
    assert await centre.state.reservations() == [held]
    await centre.state.take_up(call=held.call, adviser=ADA, token=held.token)
    assert await centre.state.reservations() == []
    assert (await centre.standing()).state is Presence.RINGING


async def test_taking_up_and_answering_twice_is_once(centre: Centre) -> None:
    await centre.call()
    await centre.ready()
    held = await centre.talk()
    first = await centre.standing()
    await centre.state.take_up(call=held.call, adviser=ADA, token=held.token)
    await centre.state.answer(call=held.call, adviser=ADA, token=held.token)
    assert await centre.standing() == first
    assert (first.state, first.call, first.token) == (Presence.TALKING, EARLY, held.token)
    served = await centre.state.client.ask("LLEN", centre.state.keys.served(PAYING))
    assert served == 1
