"""A node is lost: its calls keep their ranks, are offered to nobody, and come back elsewhere."""

from dataclasses import replace

import pytest

from contactcentre.adapters.state_redis.blackboard import DOUBTS_MAX
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import StaleEpoch
from contactcentre.domain.events import Ending, LapseReason
from contactcentre.domain.ids import CallId
from contactcentre.domain.presence import Presence
from contactcentre.limits import REPORT_CALLS_MAX
from contactcentre.ports.state import Reservation
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
    SOUTH,
    WELSH,
    Centre,
    Server,
    said,
)

SECOND = LegEpoch(2, "bbbb")
NEWEST = LegEpoch(3, "0000")


async def test_the_calls_of_a_lost_node_are_hidden_and_those_of_others_are_not(
    centre: Centre,
) -> None:
    await centre.call(EARLY)
    await centre.call(LATE, node=SOUTH)
    assert await centre.lose_node() == 1
    assert await centre.order() == [LATE]
    assert await centre.lost() == [EARLY]
    await centre.ready()
    assert (await centre.reserve()).call == LATE
    assert await centre.state.lose_calls(NORTH, beat=None) == 0


async def test_whoever_comes_back_on_another_node_stands_in_the_old_place(centre: Centre) -> None:
    calls = [CallId(name) for name in ("zoe", "amy", "kim")]
    times = {call: await centre.call(call) for call in calls}
    await centre.lose_node()
    await centre.call(LATE, node=SOUTH)
    for call in reversed(calls):
        await centre.node_says(said(call, at_ms=times[call], epoch=SECOND), node=SOUTH)
    assert await centre.order() == [*calls, LATE]
    assert await centre.lost() == []


async def test_whoever_joins_again_elsewhere_is_not_lost_any_more(centre: Centre) -> None:
    time_ms = await centre.call(EARLY)
    await centre.call(LATE)
    await centre.lose_node()
    assert await centre.call(EARLY, epoch=SECOND, node=SOUTH) == time_ms
    assert await centre.lost() == [LATE]
    await centre.call(LATE)
    assert await centre.order() == [EARLY, LATE]
    assert await centre.lost() == []


async def test_a_node_whose_beat_has_moved_on_loses_nothing(centre: Centre) -> None:
    await centre.node_says(said(EARLY), beat=3)
    assert await centre.state.lose_calls(NORTH, beat=2) == 0
    assert await centre.state.lose_calls(SOUTH, beat=0) == 0
    assert await centre.order() == [EARLY]
    assert await centre.state.lose_calls(NORTH, beat=3) == 1
    assert await centre.order() == []


async def test_a_node_that_starts_loses_what_its_former_run_held(centre: Centre) -> None:
    await centre.node_says(said(EARLY), beat=900)
    assert await centre.state.lose_calls(NORTH, beat=None) == 1
    assert await centre.lost() == [EARLY]


async def test_a_node_that_was_only_slow_has_its_calls_back_with_its_next_report(
    centre: Centre,
) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.call(LATE)
    await centre.lose_node()
    reply = await centre.node_says(said(EARLY))
    assert (reply.superseded, reply.closed) == ([], [])
    assert await centre.order() == [EARLY]
    assert await centre.lost() == [LATE]
    assert await centre.state.lose_calls(NORTH, beat=1) == 1


@pytest.mark.parametrize("step", ["talking", "in_menu", "hidden"])
async def test_what_stands_as_it_did_is_not_lost_any_more_once_its_node_says_so(
    centre: Centre, step: str
) -> None:
    held = None
    if step == "talking":
        await centre.call(EARLY, at_ms=NOW_MS)
        await centre.ready()
        held = await centre.talk()
    word = said(EARLY, step, held=held)
    await centre.node_says(word)
    await centre.lose_node()
    assert await centre.lost() == [EARLY]
    await centre.node_says(word)
    assert await centre.lost() == []
    assert await centre.lose_node() == 1


async def test_a_leftover_among_the_calls_of_a_lost_node_is_left_alone(centre: Centre) -> None:
    await centre.call(EARLY, node=SOUTH)
    for call in (EARLY, "expired"):
        await centre.state.client.ask("SADD", centre.state.keys.holds(NORTH), call)
    assert await centre.lose_node() == 2
    assert await centre.order() == [EARLY]
    assert await centre.state.client.ask("EXISTS", centre.state.keys.lost) == 0


@pytest.mark.parametrize("step", ["reserve", "ring"])
async def test_a_ring_ends_with_its_node_and_its_adviser_takes_the_next_caller(
    centre: Centre, step: str
) -> None:
    await centre.call(EARLY)
    await centre.ready()
    held: Reservation = await getattr(centre, step)()
    await centre.lose_node()
    assert (await centre.call_standing()).state == "hidden"
    assert await centre.state.reservations() == []
    standing = await centre.standing()
    assert (standing.state, standing.call, standing.token) == (Presence.READY, None, held.token)
    await centre.call(LATE, node=SOUTH)
    assert (await centre.reserve()).call == LATE
    # what is said of the old ring by now changes nothing
    await centre.give_back(held, LapseReason.DECLINED)
    assert (await centre.standing()).state is Presence.RESERVED


async def test_an_adviser_who_was_offered_another_call_by_now_keeps_it(centre: Centre) -> None:
    await centre.call(EARLY)
    await centre.ready()
    held = await centre.ring()
    await centre.desk_says(ADA, Presence.READY, token=held.token + 1)  # the desk has moved on
    await centre.call(LATE, node=SOUTH)
    other = await centre.ring()
    await centre.lose_node()
    standing = await centre.standing()
    assert (standing.state, standing.call, standing.token) == (Presence.RINGING, LATE, other.token)


async def test_a_talk_stays_bound_and_goes_on_where_the_caller_comes_back(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready()
    held = await centre.talk()
    await centre.lose_node()
    standing = await centre.call_standing()
    assert (standing.state, standing.adviser, standing.desk) == ("talking", ADA, DESK)
    assert (await centre.standing()).state is Presence.TALKING
    await centre.node_says(said(EARLY, "talking", held=held, epoch=SECOND), node=SOUTH)
    assert await centre.lost() == []
    standing = await centre.call_standing()
    assert (standing.node, standing.token, standing.epoch) == (SOUTH, held.token, SECOND)
    await centre.end(epoch=SECOND)
    assert (await centre.standing()).state is Presence.WRAP_UP


@pytest.mark.parametrize("step", ["reserve", "ring"])
async def test_a_caller_back_before_the_loss_was_seen_frees_the_adviser_who_was_rung(
    centre: Centre, step: str
) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready()
    held: Reservation = await getattr(centre, step)()
    await centre.node_says(said(EARLY, epoch=SECOND, token=held.token), node=SOUTH)
    assert await centre.order() == [EARLY]
    assert (await centre.standing()).state is Presence.READY
    again = await centre.reserve()
    assert (again.call, again.node) == (EARLY, SOUTH)
    assert again.token > held.token


async def test_a_caller_back_in_time_frees_nobody_who_has_another_call(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready()
    held = await centre.ring()
    await centre.desk_says(ADA, Presence.READY, token=held.token + 1)
    await centre.call(LATE, node=SOUTH)
    await centre.talk()
    await centre.node_says(said(EARLY, epoch=SECOND, token=held.token), node=SOUTH)
    assert (await centre.standing()).call == LATE


async def test_a_node_that_lost_a_ring_gives_it_back_although_it_was_taken_up(
    centre: Centre,
) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready()
    held = await centre.ring()
    await centre.give_back(held, LapseReason.NODE_LOST)
    assert (await centre.standing()).state is Presence.READY
    assert (await centre.call_standing()).state == "hidden"
    await centre.node_says(said(EARLY, epoch=SECOND, token=held.token), node=SOUTH)
    assert (await centre.reserve()).call == EARLY


async def test_the_word_of_a_leg_that_was_overtaken_changes_nothing(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.ready()
    held = await centre.talk()
    await centre.lose_node()
    await centre.node_says(said(EARLY, "talking", held=held, epoch=SECOND), node=SOUTH)
    before = await centre.call_standing()
    for state in ("waiting", "hidden", "in_menu"):
        for _ in range(DOUBTS_MAX + 1):
            reply = await centre.node_says(said(EARLY, state, token=held.token))
            assert (reply.superseded, reply.closed) == ([EARLY], [])
    for step in (centre.call, centre.end):
        with pytest.raises(StaleEpoch):
            await step(EARLY)
    assert await centre.state.lose_calls(NORTH, beat=1) == 0
    assert await centre.call_standing() == before
    assert (await centre.standing()).state is Presence.TALKING


async def test_a_node_that_was_overtaken_hears_that_also_once_the_call_has_ended_elsewhere(
    centre: Centre,
) -> None:
    await centre.call(EARLY)
    await centre.node_says(said(EARLY, epoch=SECOND), node=SOUTH)
    await centre.end(EARLY, epoch=SECOND)
    reply = await centre.node_says(said(EARLY))
    assert (reply.superseded, reply.closed) == ([EARLY], [])


async def test_a_call_that_went_to_another_node_is_not_lost_with_the_first(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.call(EARLY, epoch=SECOND, node=SOUTH)
    await centre.call(LATE, at_ms=NOW_MS)
    await centre.node_says(said(LATE, epoch=SECOND), node=SOUTH)
    assert await centre.state.lose_calls(NORTH, beat=None) == 0
    assert await centre.order() == [EARLY, LATE]
    assert await centre.state.lose_calls(SOUTH, beat=None) == 2


async def test_a_caller_in_the_menus_is_lost_as_well_and_keeps_the_way_into_a_queue(
    centre: Centre,
) -> None:
    await centre.node_says(said(EARLY, "in_menu"))
    standing = await centre.call_standing()
    assert (standing.state, standing.node, standing.queue) == ("in_menu", NORTH, None)
    await centre.lose_node()
    assert await centre.lost() == [EARLY]
    assert (await centre.call_standing()).state == "in_menu"
    await centre.node_says(said(EARLY, "in_menu", epoch=SECOND), node=SOUTH)
    assert await centre.lost() == []
    assert await centre.call(EARLY, epoch=SECOND, node=SOUTH, at_ms=NOW_MS) == NOW_MS
    assert await centre.order() == [EARLY]


async def test_a_report_that_left_before_the_call_joined_takes_it_out_of_no_queue(
    centre: Centre,
) -> None:
    await centre.node_says(said(EARLY, "in_menu"))
    time_ms = await centre.call(EARLY)
    await centre.node_says(said(EARLY, "in_menu"))
    assert await centre.order() == [EARLY]
    await centre.node_says(said(EARLY, at_ms=time_ms))
    assert await centre.order() == [EARLY]


async def test_a_call_in_the_menus_can_end_and_be_answered_by_nobody(centre: Centre) -> None:
    await centre.node_says(said(EARLY, "in_menu"))
    await centre.ready()
    assert await centre.match() is None
    await centre.state.hide(call=EARLY, epoch=FIRST)
    await centre.end(ending=Ending.LEFT_IN_MENU)
    standing = await centre.call_standing()
    assert (standing.state, standing.ending) == ("closed", Ending.LEFT_IN_MENU)
    assert (standing.node, standing.is_presumed) == (None, False)


async def test_a_call_that_has_ended_is_held_and_lost_by_nobody(centre: Centre) -> None:
    await centre.call(EARLY)
    await centre.call(LATE)
    await centre.lose_node()
    await centre.end(EARLY)
    await centre.node_says(said(LATE))
    await centre.end(LATE)
    for key in (centre.state.keys.lost, centre.state.keys.holds(NORTH)):
        assert await centre.state.client.ask("EXISTS", key) == 0
    assert await centre.lose_node() == 0


async def test_a_big_node_is_lost_in_chunks_and_comes_back_in_order(centre: Centre) -> None:
    calls = [CallId(f"c{n:04}") for n in range(1_000)]
    reports = [said(call, at_ms=NOW_MS + n) for n, call in enumerate(calls)]
    for at in range(0, len(reports), REPORT_CALLS_MAX):
        await centre.node_says(*reports[at : at + REPORT_CALLS_MAX])
    counts = [await centre.state.lose_calls(NORTH, beat=1) for _ in range(6)]
    assert counts == [REPORT_CALLS_MAX] * 5 + [0]
    assert sorted(await centre.lost()) == calls
    assert await centre.queues_waiting() == []
    for at in range(0, len(reports), REPORT_CALLS_MAX):
        chunk = reports[at : at + REPORT_CALLS_MAX]
        await centre.node_says(*(replace(one, epoch=SECOND) for one in chunk), node=SOUTH)
    found = await centre.state.client.ask("ZRANGE", centre.state.keys.queue(PAYING), 0, -1)
    assert [call.decode() for call in found] == calls
    assert await centre.lost() == []


async def test_losing_goes_on_with_a_server_that_forgot_its_scripts(
    centre: Centre, server: Server
) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    server.ask("SCRIPT", "FLUSH")
    assert await centre.lose_node() == 1
    server.ask("SCRIPT", "FLUSH")
    await centre.node_says(said(EARLY, epoch=SECOND), node=SOUTH)
    assert await centre.order() == [EARLY]


async def test_whoever_asks_how_calls_stand_is_told_in_the_order_of_asking(centre: Centre) -> None:
    await centre.call(EARLY, at_ms=NOW_MS)
    await centre.call(LATE, queue=WELSH)
    await centre.ready(BOB)
    held = await centre.ring(BOB)
    found = await centre.state.look_calls([LATE, CallId("unknown"), EARLY])
    assert [one.call for one in found] == [LATE, EARLY]
    late, early = found
    assert (late.state, late.queue, late.adviser, late.desk) == ("waiting", WELSH, None, None)
    assert (early.state, early.node, early.epoch) == ("ringing", NORTH, FIRST)
    assert (early.adviser, early.desk, early.token) == (BOB, DESK, held.token)
    assert (early.enqueued_ms, early.ending, early.is_presumed) == (NOW_MS, None, False)
    assert await centre.state.look_calls([]) == []
