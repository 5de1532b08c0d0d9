"""An offer and what comes of it: a talk, a lapse, an end; and what is said of it too late."""

import pytest

from contactcentre.domain.errors import CallClosed, StaleToken
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import CallId, Token
from contactcentre.domain.presence import AwayReason, Presence
from tests.adapters.state_redis.centre import (
    ADA,
    BOB,
    EARLY,
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
    await centre.end()
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


async def test_a_caller_who_is_handed_on_stands_in_the_other_queue_by_the_first_time(
    centre: Centre,
) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready(queues=(PAYING,))
    held = await centre.talk()
    await centre.call(LATE, at_ms=NOW_MS + 1, queue=WELSH)
    await centre.ready(BOB, queues=(WELSH,))
    for _ in range(2):
        await centre.state.transfer(
            call=EARLY, adviser=ADA, token=held.token, queue=WELSH, head_start_ms=0
        )
        assert await centre.order(WELSH) == [EARLY, LATE]
        assert await centre.order(PAYING) == []
        assert (await centre.standing()).state is Presence.WRAP_UP
    assert (await centre.reserve(BOB)).call == EARLY
    await centre.state.transfer(
        call=EARLY, adviser=ADA, token=held.token, queue=PAYING, head_start_ms=0
    )
    assert await centre.order(PAYING) == [], "an old token changes nothing"


async def test_whoever_was_asked_about_a_call_has_it_once_it_is_handed_over(
    centre: Centre,
) -> None:
    asked = CallId("asked")
    await centre.call(EARLY)
    await centre.ready()
    first = await centre.talk()
    await centre.call(asked, queue=WELSH)
    await centre.ready(BOB, queues=(WELSH,))
    other = await centre.ring(BOB)
    await centre.state.answer(call=asked, adviser=BOB, token=other.token)
    for _ in range(2):
        await centre.state.hand_over(
            call=EARLY,
            adviser=ADA,
            token=first.token,
            consult=asked,
            other=BOB,
            other_token=other.token,
            node=NORTH,
        )
        call, consult = await centre.state.look_calls([EARLY, asked])
        assert (call.state, call.adviser, call.token) == ("talking", BOB, other.token)
        assert consult.state == "closed"
        assert (await centre.standing(ADA)).state is Presence.WRAP_UP
        bob = await centre.standing(BOB)
        assert (bob.state, bob.call, bob.token) == (Presence.TALKING, EARLY, other.token)
    await centre.end(EARLY)
    assert (await centre.standing(BOB)).state is Presence.WRAP_UP


async def test_a_talk_that_is_over_is_handed_to_nobody(centre: Centre) -> None:
    asked = CallId("asked")
    await centre.call(EARLY)
    await centre.ready()
    first = await centre.talk()
    await centre.state.return_to_queue(call=EARLY, adviser=ADA, token=first.token)
    await centre.state.hand_over(
        call=EARLY,
        adviser=ADA,
        token=first.token,
        consult=asked,
        other=BOB,
        other_token=Token(first.token + 1),
        node=NORTH,
    )
    (call,) = await centre.state.look_calls([EARLY])
    assert (call.state, call.adviser) == ("waiting", None)


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
    await centre.end()
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
    await centre.end()
    standing = await centre.standing()
    assert (standing.state, standing.call) == (Presence.TALKING, LATE)
