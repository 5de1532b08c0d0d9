"""Matching: who is offered to whom, how often, and by how many routers."""

import asyncio

import pytest

from contactcentre.domain.errors import CallClosed, StaleToken
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, QueueId, RequestId, Token
from contactcentre.domain.presence import AwayReason, Presence
from tests.adapters.state_redis.centre import (
    ADA,
    BOB,
    DESK,
    EARLY,
    FIRST,
    LATE,
    NORTH,
    NOW_MS,
    PAYING,
    WELSH,
    Centre,
)

SENT_AWAY = {
    LapseReason.DECLINED: AwayReason.DECLINED,
    LapseReason.NO_ANSWER: AwayReason.NO_ANSWER,
    LapseReason.DESK_UNREACHABLE: AwayReason.DESK_UNREACHABLE,
}
NOBODYS_FAULT = [LapseReason.CALLER_LEFT, LapseReason.NOT_TAKEN_UP]


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
    assert await centre.state.advisers_ready(count_max=9) == []


async def test_an_unknown_adviser_is_offered_nothing(centre: Centre) -> None:
    await centre.call()
    assert await centre.match(AdviserId("nobody")) is None


async def test_a_queue_is_served_by_whoever_has_been_ready_for_longest(centre: Centre) -> None:
    await centre.ready(BOB)
    await asyncio.sleep(0.002)
    await centre.ready(ADA)
    assert await centre.state.advisers_ready(count_max=9) == [BOB, ADA]
    assert await centre.state.advisers_ready(count_max=1) == [BOB]
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
    assert await centre.state.advisers_ready(count_max=9) == []
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
        return await centre.state.match_adviser(ADA, request=again)

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


@pytest.mark.parametrize(("why", "reason"), SENT_AWAY.items())
@pytest.mark.parametrize("step", ["reserve", "ring"])
async def test_a_call_that_was_not_answered_stands_in_its_old_place_and_its_adviser_is_away(
    centre: Centre, step: str, why: LapseReason, reason: AwayReason
) -> None:
    await centre.call(EARLY)
    await centre.ready(ADA)
    held = await getattr(centre, step)()
    await centre.call(LATE)
    await centre.give_back(held, why)
    assert await centre.order() == [EARLY, LATE]
    standing = await centre.standing()
    assert (standing.state, standing.reason, standing.call) == (Presence.AWAY, reason, None)
    assert await centre.match(ADA) is None
    await centre.ready(BOB)
    assert (await centre.reserve(BOB)).call == EARLY


@pytest.mark.parametrize("why", NOBODYS_FAULT)
async def test_an_adviser_whose_offer_came_to_nothing_is_ready_again_and_the_call_hidden(
    centre: Centre, why: LapseReason
) -> None:
    await centre.call(EARLY)
    await centre.ready()
    held = await centre.reserve()
    await centre.give_back(held, why)
    assert (await centre.standing()).state is Presence.READY
    assert await centre.order() == []
    assert await centre.match() is None
    await centre.call(EARLY)
    assert (await centre.reserve()).call == EARLY


async def test_what_a_node_has_taken_up_is_not_given_back_as_never_taken_up(
    centre: Centre,
) -> None:
    await centre.call()
    await centre.ready()
    held = await centre.ring()
    await centre.give_back(held, LapseReason.NOT_TAKEN_UP)
    assert (await centre.standing()).state is Presence.RINGING
    await centre.state.answer(call=held.call, adviser=ADA, token=held.token)


async def test_giving_back_twice_sends_no_second_adviser_away(centre: Centre) -> None:
    await centre.call()
    await centre.ready(ADA)
    held = await centre.ring(ADA)
    await centre.give_back(held)
    await centre.ready(BOB)
    again = await centre.ring(BOB)
    await centre.give_back(held)
    assert (await centre.standing(BOB)).state is Presence.RINGING
    await centre.state.answer(call=again.call, adviser=BOB, token=again.token)


async def test_an_old_token_of_the_same_two_changes_nothing(centre: Centre) -> None:
    await centre.call()
    await centre.ready(ADA)
    old = await centre.ring(ADA)
    await centre.give_back(old)
    await centre.ready(ADA, token=old.token)
    new = await centre.ring(ADA)
    await centre.give_back(old)
    await centre.state.return_to_queue(call=EARLY, adviser=ADA, token=old.token)
    for step in (centre.state.take_up, centre.state.answer):
        with pytest.raises(StaleToken):
            await step(call=EARLY, adviser=ADA, token=old.token)
    assert (await centre.standing()).state is Presence.RINGING
    await centre.state.answer(call=EARLY, adviser=ADA, token=new.token)


@pytest.mark.parametrize("step", ["reserve", "ring", "talk"])
async def test_a_call_that_comes_back_is_as_urgent_as_it_was(centre: Centre, step: str) -> None:
    await centre.call(LATE, at_ms=NOW_MS + 1, head_start_ms=9)
    await centre.ready()
    held = await getattr(centre, step)()
    await centre.call(EARLY, at_ms=NOW_MS)
    if step == "talk":
        await centre.state.return_to_queue(call=LATE, adviser=ADA, token=held.token)
    else:
        await centre.give_back(held)
    assert await centre.order() == [LATE, EARLY]


async def test_an_old_token_is_refused_everywhere(centre: Centre) -> None:
    await centre.call()
    await centre.ready(ADA)
    old = await centre.ring(ADA)
    await centre.give_back(old)
    for late in (None, BOB):
        if late is not None:
            await centre.ready(late)
            await centre.ring(late)
        with pytest.raises(StaleToken):
            await centre.state.take_up(call=EARLY, adviser=ADA, token=old.token)
        with pytest.raises(StaleToken):
            await centre.state.answer(call=EARLY, adviser=ADA, token=old.token)
        await centre.give_back(old, LapseReason.CALLER_LEFT)
        await centre.state.return_to_queue(call=EARLY, adviser=ADA, token=old.token)
        assert (await centre.standing(ADA)).state is Presence.AWAY
    assert (await centre.standing(BOB)).state is Presence.RINGING
    assert await centre.order() == []


async def test_a_token_opens_nothing_for_another_adviser(centre: Centre) -> None:
    await centre.call()
    await centre.ready(ADA)
    await centre.ready(BOB)
    held = await centre.reserve(ADA)
    with pytest.raises(StaleToken):
        await centre.state.take_up(call=EARLY, adviser=BOB, token=held.token)
    with pytest.raises(StaleToken):
        await centre.state.answer(call=EARLY, adviser=BOB, token=held.token)


async def test_a_closed_call_can_be_neither_taken_up_nor_answered(centre: Centre) -> None:
    await centre.call()
    await centre.ready()
    held = await centre.ring()
    await centre.state.end(call=EARLY, epoch=FIRST)
    with pytest.raises(StaleToken):
        await centre.state.take_up(call=EARLY, adviser=ADA, token=held.token)
    with pytest.raises(CallClosed):
        await centre.state.answer(call=EARLY, adviser=ADA, token=held.token)
    await centre.give_back(held)
    await centre.state.return_to_queue(call=EARLY, adviser=ADA, token=held.token)
    assert await centre.order() == []
    assert (await centre.standing()).state is Presence.READY


async def test_an_answer_with_a_newer_token_than_is_known_here_is_right(centre: Centre) -> None:
    await centre.call(EARLY)
    await centre.ready(ADA)
    held = await centre.reserve(ADA)
    await centre.give_back(held, LapseReason.CALLER_LEFT)
    newer = Token(held.token + 5)
    await centre.state.answer(call=EARLY, adviser=ADA, token=newer)
    assert await centre.order() == []
    assert (await centre.standing()).state is Presence.TALKING
    assert await centre.state.advisers_ready(count_max=9) == []
    await centre.call(LATE)
    assert await centre.match(ADA) is None


async def test_an_answer_of_a_call_that_is_not_known_here_makes_no_call(centre: Centre) -> None:
    await centre.ready()
    await centre.state.answer(call=EARLY, adviser=ADA, token=Token(7))
    assert (await centre.standing()).state is Presence.TALKING
    await centre.call(EARLY)
    assert await centre.order() == [EARLY]


async def test_a_caller_whose_talk_broke_stands_in_the_old_place_and_the_adviser_is_away(
    centre: Centre,
) -> None:
    await centre.call(EARLY)
    await centre.ready()
    held = await centre.talk()
    await centre.call(LATE)
    for _ in range(2):
        await centre.state.return_to_queue(call=EARLY, adviser=ADA, token=held.token)
        assert await centre.order() == [EARLY, LATE]
        standing = await centre.standing()
        assert (standing.state, standing.reason) == (Presence.AWAY, AwayReason.LOST_CONNECTION)


@pytest.mark.parametrize(
    ("step", "presence"),
    [("reserve", Presence.READY), ("ring", Presence.READY), ("talk", Presence.WRAP_UP)],
)
async def test_the_end_of_a_call_lets_its_adviser_go(
    centre: Centre, step: str, presence: Presence
) -> None:
    await centre.call(EARLY)
    await centre.ready()
    await getattr(centre, step)()
    await centre.state.end(call=EARLY, epoch=FIRST)
    assert (await centre.standing()).state is presence
    assert await centre.state.reservations() == []
    await centre.call(LATE)
    found = await centre.match()
    assert (found is not None) == (presence is Presence.READY)


async def test_the_end_of_a_call_leaves_an_adviser_alone_who_has_another_by_now(
    centre: Centre,
) -> None:
    await centre.call(EARLY)
    await centre.ready()
    held = await centre.talk()
    await centre.desk_says(ADA, Presence.READY, token=held.token)
    await centre.call(LATE)
    await centre.talk()
    await centre.state.end(call=EARLY, epoch=FIRST)
    standing = await centre.standing()
    assert (standing.state, standing.call) == (Presence.TALKING, LATE)
