"""The desk is the truth of its adviser; only a reservation under way outranks it, for a while."""

import pytest

from contactcentre.adapters.state_redis.blackboard import DOUBTS_MAX
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import Token
from contactcentre.domain.presence import AwayReason, Presence
from tests.adapters.state_redis.centre import (
    ADA,
    BOB,
    EARLY,
    LATE,
    NOW_MS,
    PAYING,
    WELSH,
    Centre,
    said,
)

P = Presence


async def test_a_reserved_adviser_is_made_ready_by_no_report(centre: Centre) -> None:
    await centre.call(EARLY)
    await centre.ready()
    held = await centre.reserve()
    await centre.call(LATE)
    standing = await centre.ready()
    assert (standing.state, standing.call, standing.token) == (P.RESERVED, EARLY, held.token)
    standing = await centre.desk_says(ADA, P.READY, token=held.token)
    assert standing.state is P.RESERVED
    assert await centre.match() is None


@pytest.mark.parametrize("presence", [P.READY, P.AWAY, P.OFFLINE])
@pytest.mark.parametrize("step", ["reserve", "ring"])
async def test_a_desk_that_never_heard_of_a_reservation_is_right_in_the_end(
    centre: Centre, step: str, presence: Presence
) -> None:
    await centre.call()
    await centre.ready()
    await getattr(centre, step)()
    for _ in range(DOUBTS_MAX - 1):
        assert (await centre.desk_says(ADA, presence)).state is not presence
    assert (await centre.desk_says(ADA, presence)).state is presence
    assert await centre.all_ready() == [ADA] * (presence is P.READY)


async def test_a_desk_that_rings_is_believed_though_nobody_said_that_it_would(
    centre: Centre,
) -> None:
    await centre.call()
    await centre.ready()
    held = await centre.reserve()
    standing = await centre.desk_says(ADA, P.RINGING, call=EARLY, token=held.token)
    assert (standing.state, standing.call) == (P.RINGING, EARLY)


async def test_a_desk_that_declined_is_believed_at_once(centre: Centre) -> None:
    await centre.call()
    await centre.ready()
    held = await centre.ring()
    standing = await centre.desk_says(ADA, P.AWAY, reason=AwayReason.DECLINED, token=held.token)
    assert (standing.state, standing.reason) == (P.AWAY, AwayReason.DECLINED)


async def test_a_desk_that_has_not_heard_of_the_answer_yet_does_not_undo_it(
    centre: Centre,
) -> None:
    await centre.call()
    await centre.ready()
    held = await centre.talk()
    standing = await centre.desk_says(ADA, P.RINGING, call=EARLY, token=held.token)
    assert standing.state is P.TALKING


@pytest.mark.parametrize(
    "why", [LapseReason.DECLINED, LapseReason.NO_ANSWER, LapseReason.DESK_UNREACHABLE]
)
async def test_no_beat_makes_anyone_ready_whom_a_ring_has_sent_away(
    centre: Centre, why: LapseReason
) -> None:
    await centre.call()
    await centre.ready()
    held = await centre.ring()
    await centre.give_back(held, why)
    for _ in range(DOUBTS_MAX + 2):
        standing = await centre.ready(ADA)
        assert (standing.state, standing.token) == (P.AWAY, held.token)
        assert await centre.match() is None
    # the press of a person carries the token that the desk was told
    assert (await centre.ready(ADA, token=held.token)).state is P.READY
    assert (await centre.reserve()).call == EARLY


async def test_a_late_report_takes_nobody_out_of_wrap_up(centre: Centre) -> None:
    await centre.call()
    await centre.ready()
    held = await centre.talk()
    await centre.end()
    assert (await centre.ready()).state is P.WRAP_UP
    assert (await centre.ready(token=held.token)).state is P.READY


async def test_an_adviser_whose_talk_broke_is_away_until_ready_is_pressed(centre: Centre) -> None:
    await centre.call()
    await centre.ready()
    held = await centre.talk()
    await centre.state.return_to_queue(call=EARLY, adviser=ADA, token=held.token)
    assert (await centre.ready()).state is P.AWAY
    assert (await centre.ready(token=held.token)).state is P.READY


async def test_whoever_went_away_by_choice_comes_back_by_choice(centre: Centre) -> None:
    await centre.call()
    await centre.ready()
    rung = await centre.ring()
    await centre.give_back(rung, LapseReason.DECLINED)
    await centre.ready(token=rung.token)
    await centre.give_back(await centre.reserve(), LapseReason.NOT_TAKEN_UP)
    await centre.desk_says(ADA, P.AWAY, reason=AwayReason.LUNCH)
    assert (await centre.ready(token=rung.token)).state is P.READY


async def test_a_desk_knows_more_after_the_store_has_lost_its_latest(centre: Centre) -> None:
    await centre.ready()
    standing = await centre.desk_says(ADA, P.TALKING, call=EARLY, token=77)
    assert (standing.state, standing.call, standing.token) == (P.TALKING, EARLY, 77)
    assert await centre.all_ready() == []


async def test_no_token_is_given_that_a_desk_has_seen_before_the_store_was_emptied(
    centre: Centre,
) -> None:
    ahead = Token(10**16 // 2)
    await centre.ready(ADA, token=ahead)
    await centre.call()
    assert (await centre.reserve()).token == ahead + 1


async def test_a_state_begins_when_it_begins_and_not_with_every_beat(centre: Centre) -> None:
    first = await centre.ready()
    assert await centre.ready() == first
    away = await centre.desk_says(ADA, P.AWAY, reason=AwayReason.LUNCH)
    assert await centre.desk_says(ADA, P.AWAY, reason=AwayReason.LUNCH) == away
    assert away.since_ms >= first.since_ms


async def test_an_adviser_is_ready_in_exactly_the_queues_of_the_last_report(
    centre: Centre,
) -> None:
    await centre.ready(queues=(PAYING,))
    await centre.ready(queues=(WELSH,))
    await centre.call(EARLY, queue=PAYING)
    assert await centre.match() is None
    assert await centre.state.match_queue(PAYING, request=centre.request()) is None
    await centre.call(LATE, queue=WELSH)
    assert (await centre.reserve()).call == LATE


async def test_an_adviser_who_is_sent_to_another_queue_gets_the_first_who_waits_there(
    centre: Centre,
) -> None:
    await centre.call(LATE, queue=WELSH, at_ms=NOW_MS + 1)
    await centre.call(EARLY, queue=WELSH, at_ms=NOW_MS)
    await centre.ready(queues=(PAYING,))
    assert await centre.match() is None
    await centre.ready(queues=(WELSH,))
    assert (await centre.reserve()).call == EARLY
    await centre.ready(BOB, queues=(PAYING, WELSH))
    assert (await centre.reserve(BOB)).call == LATE


async def test_an_adviser_who_serves_no_queue_is_offered_nothing(centre: Centre) -> None:
    await centre.call()
    await centre.ready(queues=())
    assert await centre.match() is None
    assert await centre.state.match_queue(PAYING, request=centre.request()) is None


async def test_desks_restore_their_advisers_after_the_store_was_emptied(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready(ADA)
    held = await centre.talk(ADA)
    await centre.forget_everything()
    await centre.desk_says(ADA, P.TALKING, call=EARLY, token=held.token)
    await centre.ready(BOB)
    await centre.node_says(said(EARLY, "talking", held=held))
    assert await centre.all_ready() == [BOB]
    await centre.end()
    assert (await centre.standing()).state is P.WRAP_UP
