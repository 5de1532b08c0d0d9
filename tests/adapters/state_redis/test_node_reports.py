"""What nodes say of their calls puts right what the store has lost or has older."""

import asyncio
from dataclasses import replace

import pytest

from contactcentre.adapters.state_redis.blackboard import DOUBTS_MAX
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import StaleToken
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import CallId, NodeId
from contactcentre.domain.presence import Presence
from contactcentre.limits import REPORT_CALLS_MAX
from contactcentre.ports.state import Reservation
from tests.adapters.state_redis.centre import (
    ADA,
    BOB,
    DESK,
    EARLY,
    LATE,
    NORTH,
    NOW_MS,
    PAYING,
    SOUTH,
    Centre,
    said,
)


async def lost_ring(centre: Centre) -> Reservation:
    """Let a call ring, and let the store forget all of it."""
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready()
    held = await centre.ring()
    await centre.forget_everything()
    return held


async def test_a_store_that_was_emptied_has_everyone_in_the_old_order_after_one_beat(
    centre: Centre,
) -> None:
    calls = [CallId(name) for name in ("zoe", "amy", "kim", "eve")]
    for call in calls:
        await centre.call(call)
    times = {
        call: await centre.call(call)  # joining again gives the time it has
        for call in calls
    }
    await centre.forget_everything()
    await asyncio.sleep(0.01)  # four in one millisecond have times that are ahead of the clock
    await centre.call(LATE, node=SOUTH)
    await centre.node_says(*(said(call, at_ms=times[call]) for call in reversed(calls[:2])))
    await centre.node_says(*(said(call, at_ms=times[call]) for call in calls[2:]), node=SOUTH)
    assert await centre.order() == [*calls, LATE]


async def test_no_token_is_given_again_after_the_store_was_emptied(centre: Centre) -> None:
    held = await lost_ring(centre)
    ahead = held.token + 3_600_000_000  # as if this store's clock were an hour behind
    await centre.node_says(said(EARLY, token=ahead))
    await centre.ready()
    assert (await centre.reserve()).token == ahead + 1


async def test_no_time_is_given_again_after_the_store_was_emptied(centre: Centre) -> None:
    ahead_ms = await centre.state.give_time() + 3_600_000
    await centre.forget_everything()
    await centre.node_says(said(EARLY, at_ms=ahead_ms))
    assert await centre.call(LATE) == ahead_ms + 1


@pytest.mark.parametrize("word", ["ringing", "talking", "on_hold"])
async def test_a_call_that_an_adviser_has_is_not_offered_again_after_a_loss(
    centre: Centre, word: str
) -> None:
    held = await lost_ring(centre)
    await centre.ready(ADA)  # the desk reported before it heard of the ring
    await centre.node_says(said(EARLY, word, held=held))
    assert await centre.order() == []
    standing = await centre.standing()
    expected = Presence.RINGING if word == "ringing" else Presence.TALKING
    assert (standing.state, standing.call, standing.token) == (expected, EARLY, held.token)
    assert await centre.all_ready() == []
    await centre.state.answer(call=EARLY, adviser=ADA, token=held.token)
    await centre.end()
    assert (await centre.standing()).state is Presence.WRAP_UP


async def test_a_node_makes_no_adviser_whom_no_desk_has_reported(centre: Centre) -> None:
    held = await lost_ring(centre)
    await centre.node_says(said(EARLY, "talking", held=held))
    assert (await centre.state.overview([])).advisers == []


async def test_saying_the_same_again_changes_nothing_and_wakes_nobody(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    keys = centre.state.keys
    before = await centre.state.client.ask("HGETALL", keys.call(EARLY))
    async for _ in centre.state.wakes():
        async with centre.state.client.listening(keys.wake) as heard:
            await centre.node_says(said(EARLY))
            assert await centre.state.client.hear(heard, within_s=0.05) is None
        break
    after = await centre.state.client.ask("HGETALL", keys.call(EARLY))
    assert dict(zip(after[::2], after[1::2], strict=True)).items() >= (
        dict(zip(before[::2], before[1::2], strict=True)).items()
    )


async def test_a_report_that_left_before_the_offer_came_takes_no_reservation_away(
    centre: Centre,
) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready()
    held = await centre.reserve()
    await centre.node_says(said(EARLY))
    assert await centre.state.reservations() == [held]
    await centre.state.take_up(call=EARLY, adviser=ADA, token=held.token)
    await centre.node_says(said(EARLY))
    await centre.state.answer(call=EARLY, adviser=ADA, token=held.token)
    await centre.node_says(said(EARLY, "ringing", held=held))
    assert (await centre.standing()).state is Presence.TALKING
    await centre.node_says(said(EARLY))
    assert await centre.order() == []


async def test_a_report_that_left_before_the_ring_ended_does_not_bring_it_back(
    centre: Centre,
) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready(ADA)
    held = await centre.ring()
    await centre.give_back(held)
    await centre.node_says(said(EARLY, "ringing", held=held))
    assert await centre.order() == [EARLY]
    assert (await centre.standing()).state is Presence.AWAY


@pytest.mark.parametrize("step", ["reserve", "ring"])
async def test_an_offer_that_its_node_never_heard_of_does_not_hold_the_call_for_ever(
    centre: Centre, step: str
) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready()
    await getattr(centre, step)()
    for _ in range(DOUBTS_MAX - 1):
        await centre.node_says(said(EARLY))
        assert await centre.order() == []
    await centre.node_says(said(EARLY))
    assert await centre.order() == [EARLY]
    assert await centre.state.reservations() == []


async def test_doubts_that_were_settled_do_not_add_up(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready()
    held = await centre.ring()
    for _ in range(3):
        for _ in range(DOUBTS_MAX - 1):
            await centre.node_says(said(EARLY))
        await centre.node_says(said(EARLY, "ringing", held=held))
    await centre.state.answer(call=EARLY, adviser=ADA, token=held.token)


async def test_a_report_that_left_before_the_talk_broke_does_not_bring_the_adviser_back(
    centre: Centre,
) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready()
    held = await centre.talk()
    await centre.state.return_to_queue(call=EARLY, adviser=ADA, token=held.token)
    await centre.node_says(said(EARLY, "talking", held=held))
    assert (await centre.standing()).state is Presence.AWAY
    await centre.node_says(said(EARLY, token=held.token))
    assert await centre.order() == [EARLY]


async def test_doubts_about_one_offer_do_not_count_against_the_next(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready(ADA)
    held = await centre.ring(ADA)
    for _ in range(DOUBTS_MAX - 1):
        await centre.node_says(said(EARLY))
    await centre.give_back(held)
    await centre.ready(BOB)
    await centre.reserve(BOB)
    await centre.node_says(said(EARLY))
    assert await centre.order() == []


async def test_a_lapse_that_the_store_did_not_hear_of_is_in_the_next_report(
    centre: Centre,
) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.call(LATE)
    await centre.ready()
    held = await centre.talk()
    await centre.node_says(said(EARLY, token=held.token))
    assert await centre.order() == [EARLY, LATE]
    with pytest.raises(StaleToken):
        await centre.state.answer(call=EARLY, adviser=ADA, token=held.token)
    # what the adviser does is the desk's to say
    assert (await centre.standing()).state is Presence.TALKING


async def test_two_who_talk_do_talk_whatever_the_store_thought(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready(ADA)
    held = await centre.reserve(ADA)
    await centre.give_back(held, LapseReason.NOT_TAKEN_UP)
    await centre.node_says(said(EARLY, "talking", held=held))
    assert await centre.order() == []
    await centre.state.return_to_queue(call=EARLY, adviser=ADA, token=held.token)
    assert await centre.order() == [EARLY]


async def test_a_ring_that_the_store_was_not_told_of_is_in_the_next_report(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready(ADA)
    held = await centre.reserve(ADA)
    await centre.give_back(held, LapseReason.NOT_TAKEN_UP)
    await centre.node_says(said(EARLY, "ringing", held=held))
    await centre.desk_says(ADA, Presence.RINGING, call=EARLY, token=held.token)
    await centre.state.answer(call=EARLY, adviser=ADA, token=held.token)
    assert (await centre.standing()).state is Presence.TALKING


async def test_an_urgent_call_is_urgent_again_after_a_loss(centre: Centre) -> None:
    await centre.node_says(said(EARLY), replace(said(LATE, at_ms=NOW_MS + 1), head_start_ms=9))
    assert await centre.order() == [LATE, EARLY]


async def test_a_newer_reservation_elsewhere_is_not_undone_by_an_older_ring(
    centre: Centre,
) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready(ADA)
    old = await centre.ring(ADA)
    await centre.give_back(old)
    await centre.ready(BOB)
    new = await centre.reserve(BOB)
    await centre.node_says(said(EARLY, "ringing", held=old))
    assert await centre.state.reservations() == [new]


async def test_a_silent_caller_is_hidden_by_a_report_and_shown_by_the_next(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.call(LATE)
    await centre.node_says(said(EARLY, "hidden"))
    assert await centre.order() == [LATE]
    await centre.node_says(said(EARLY))
    assert await centre.order() == [EARLY, LATE]


async def test_a_call_whose_offer_came_to_nothing_is_shown_by_its_nodes_next_report(
    centre: Centre,
) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready()
    await centre.give_back(await centre.reserve(), LapseReason.CALLER_LEFT)
    assert await centre.order() == []
    await centre.node_says(said(EARLY))
    assert await centre.order() == [EARLY]


async def test_the_node_is_right_about_the_time_of_a_call(centre: Centre) -> None:
    await centre.call(EARLY)  # the answer to this one was lost, and the node gave a time itself
    await centre.node_says(said(EARLY, at_ms=NOW_MS))
    assert await centre.call(EARLY) == NOW_MS
    await centre.ready()
    assert (await centre.reserve()).enqueued_ms == NOW_MS


NEWER = [LegEpoch(2, "0000"), LegEpoch(1, "aaab")]


@pytest.mark.parametrize("newer", NEWER)
async def test_of_two_nodes_with_one_call_the_newer_leg_has_it_and_the_other_is_told(
    centre: Centre, newer: LegEpoch
) -> None:
    await centre.node_says(said(EARLY))
    await centre.node_says(said(EARLY, epoch=newer), node=SOUTH)
    for _ in range(DOUBTS_MAX + 1):
        assert (await centre.node_says(said(EARLY))).superseded == [EARLY]
        assert (await centre.node_says(said(EARLY, epoch=newer), node=SOUTH)).superseded == []
    await centre.ready()
    assert (await centre.reserve()).node == SOUTH


async def test_a_newer_leg_that_waits_takes_the_call_out_of_an_older_talk(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready()
    held = await centre.talk()
    await centre.node_says(said(EARLY, epoch=LegEpoch(2, "0000")), node=SOUTH)
    assert await centre.order() == [EARLY]
    reply = await centre.node_says(said(EARLY, "talking", held=held))
    assert reply.superseded == [EARLY]
    assert await centre.order() == [EARLY]


async def test_a_newer_leg_learns_of_a_reservation_that_stands(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready()
    held = await centre.reserve()
    await centre.node_says(said(EARLY, epoch=LegEpoch(2, "0000")), node=SOUTH)
    assert [(one.token, one.node) for one in await centre.state.reservations()] == [
        (held.token, SOUTH)
    ]


async def test_a_closed_call_is_told_back_and_stays_closed(centre: Centre) -> None:
    await centre.call(EARLY)
    await centre.end()
    reply = await centre.node_says(said(EARLY), said(LATE))
    assert (reply.closed, reply.superseded) == ([EARLY], [])
    assert await centre.order() == [LATE]


async def test_a_newer_leg_that_lives_opens_again_what_an_older_one_has_ended(
    centre: Centre,
) -> None:
    # neither that leg's node nor the store knew that the caller had gone on elsewhere
    await centre.end()
    reply = await centre.node_says(said(EARLY, epoch=LegEpoch(2, "0000")), node=SOUTH)
    assert (reply.closed, reply.superseded) == ([], [])
    assert await centre.order() == [EARLY]


async def test_a_node_is_told_up_to_which_event_the_ledger_has_its_events(centre: Centre) -> None:
    assert await centre.node_beats() == 0
    await centre.state.client.ask("SET", centre.state.keys.durable(NORTH), 17)
    assert await centre.node_beats() == 17
    assert await centre.node_beats(SOUTH) == 0


async def test_as_many_calls_as_a_report_may_hold_are_taken_at_once(centre: Centre) -> None:
    calls = [CallId(f"c{n:03}") for n in range(REPORT_CALLS_MAX)]
    await centre.node_says(*(said(call, at_ms=NOW_MS + n) for n, call in enumerate(calls)))
    found = await centre.state.client.ask("ZRANGE", centre.state.keys.queue(PAYING), 0, -1)
    assert [call.decode() for call in found] == calls


async def test_the_address_book_has_a_node_until_it_is_forgotten(centre: Centre) -> None:
    assert await centre.state.node(NORTH) is None
    await centre.node_says(node=SOUTH)
    await centre.node_says(node=NORTH, beat=7)
    found = await centre.state.node(NORTH)
    assert found is not None
    assert (found.node, found.site, found.beat, found.draining) == (NORTH, "north", 7, False)
    assert found.public_url == "wss://north-1.example"
    assert [node.node for node in await centre.state.nodes()] == [NORTH, SOUTH]
    await centre.state.forget_node(NORTH)
    assert await centre.state.node(NORTH) is None
    assert [node.node for node in await centre.state.nodes()] == [SOUTH]


async def test_a_node_that_has_not_beaten_for_an_hour_is_in_no_list(centre: Centre) -> None:
    await centre.node_says(node=NORTH)
    await centre.state.client.ask("DEL", centre.state.keys.node(NORTH))  # as its expiry does
    assert await centre.state.nodes() == []
    assert await centre.state.client.ask("EXISTS", centre.state.keys.nodes) == 0


async def test_the_address_book_has_a_desk(centre: Centre) -> None:
    assert await centre.state.desk(DESK) is None
    await centre.state.report_desk(desk=DESK, beat=3, internal_url="http://desk.example")
    found = await centre.state.desk(DESK)
    assert found is not None
    assert (found.desk, found.beat, found.internal_url) == (DESK, 3, "http://desk.example")


async def test_a_supervisor_sees_queues_advisers_and_nodes(centre: Centre) -> None:
    first_ms = await centre.call(EARLY)
    await centre.call(LATE)
    await centre.ready(BOB)
    await centre.ready(ADA)
    await centre.talk(BOB)
    await centre.call(CallId("third"))
    await centre.node_says(node=NodeId("north-1"))
    seen = await centre.state.overview([PAYING])
    [queue] = seen.queues
    assert (queue.queue, queue.waiting_count, queue.ready_count) == (PAYING, 2, 1)
    assert queue.oldest_enqueued_ms is not None
    assert first_ms < queue.oldest_enqueued_ms <= seen.now_ms
    assert [(name, one.state) for name, one in seen.advisers] == [
        (ADA, Presence.READY),
        (BOB, Presence.TALKING),
    ]
    assert [node.node for node in seen.nodes] == [NORTH]


async def test_a_supervisor_sees_no_adviser_whose_desk_has_been_gone_for_half_a_day(
    centre: Centre,
) -> None:
    await centre.ready(ADA)
    await centre.state.client.ask("DEL", centre.state.keys.adviser(ADA))  # as its expiry does
    assert (await centre.state.overview([])).advisers == []
