"""A desk process is lost: its advisers are matched with nobody until a desk speaks of them."""

import asyncio

import pytest

from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, DeskId
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.limits import REPORT_CALLS_MAX
from contactcentre.ports.state import LostAdviser
from tests.adapters.state_redis.centre import (
    ADA,
    BOB,
    DESK,
    LATE,
    NORTH,
    NOW_MS,
    PAYING,
    WELSH,
    Centre,
)

OTHER_DESK = DeskId("desk-2")
P = Presence


async def lose(centre: Centre, desk: DeskId = DESK) -> int:
    """Let a desk beat once more, and a router lose it."""
    await centre.desk_beats(desk, beat=7)
    return await centre.state.lose_advisers(desk, beat=7)


async def test_the_desks_that_have_reported_are_known(centre: Centre) -> None:
    assert await centre.state.desks() == []
    await centre.desk_beats(OTHER_DESK, beat=2)
    await centre.desk_beats(DESK, beat=9)
    found = [(one.desk, one.beat, one.internal_url) for one in await centre.state.desks()]
    assert found == [(DESK, 9, "http://desk-1.example"), (OTHER_DESK, 2, "http://desk-2.example")]
    await centre.state.client.ask("DEL", centre.state.keys.desk(DESK))  # as its expiry does
    assert [one.desk for one in await centre.state.desks()] == [OTHER_DESK]


async def test_whoever_was_ready_at_a_lost_desk_is_not_matched_and_is_with_the_next_report(
    centre: Centre,
) -> None:
    await centre.ready(ADA, queues=(PAYING, WELSH))
    assert await lose(centre) == 1
    await centre.call()
    assert await centre.match(ADA) is None
    for queue in (PAYING, WELSH):
        assert await centre.state.match_queue(queue, request=centre.request()) is None
    assert await centre.all_ready() == []
    assert (await centre.standing()).state is P.READY
    async for _ in centre.state.wakes():
        async with centre.state.client.listening(centre.state.keys.wake) as heard:
            await centre.desk_says(ADA, P.READY, desk=OTHER_DESK, queues=(PAYING, WELSH))
            assert await centre.state.client.hear(heard, within_s=2) == "message"
        break
    assert await centre.state.lost_advisers() == []
    assert (await centre.reserve()).desk == OTHER_DESK


async def test_a_desk_whose_beat_has_moved_on_loses_nobody(centre: Centre) -> None:
    await centre.ready()
    assert await centre.state.lose_advisers(DESK, beat=1) == 0  # it has not beaten at all
    await centre.desk_beats(beat=2)
    assert await centre.state.lose_advisers(DESK, beat=1) == 0
    assert await centre.all_ready() == [ADA]
    assert await centre.state.lose_advisers(DESK, beat=2) == 1


async def test_an_adviser_who_went_to_another_desk_is_not_lost_with_the_first(
    centre: Centre,
) -> None:
    await centre.ready(ADA)
    await centre.ready(BOB)
    await centre.desk_says(ADA, P.READY, desk=OTHER_DESK)
    assert await lose(centre) == 1
    assert await centre.all_ready() == [ADA]
    assert [one.adviser for one in await centre.state.lost_advisers()] == [BOB]


async def test_a_leftover_among_the_advisers_of_a_lost_desk_is_left_alone(centre: Centre) -> None:
    await centre.desk_says(ADA, P.READY, desk=OTHER_DESK)
    await centre.state.client.ask("SADD", centre.state.keys.seats(DESK), ADA, "expired")
    assert await lose(centre) == 2
    assert await centre.all_ready() == [ADA]
    assert await centre.state.lost_advisers() == []


async def test_a_lost_adviser_who_has_not_been_reported_for_half_a_day_is_forgotten(
    centre: Centre,
) -> None:
    await centre.ready()
    await lose(centre)
    await centre.state.client.ask("DEL", centre.state.keys.adviser(ADA))  # as its expiry does
    assert not await centre.state.sign_off(LostAdviser(adviser=ADA, beat=1))
    assert await centre.state.lost_advisers() == []
    assert await centre.state.client.ask("EXISTS", centre.state.keys.lost_advisers) == 0


async def test_whoever_is_offline_is_not_lost(centre: Centre) -> None:
    await centre.ready()
    await centre.desk_says(ADA, P.OFFLINE)
    assert await lose(centre) == 0
    assert await centre.state.lost_advisers() == []


async def test_an_adviser_who_never_came_back_is_signed_off(centre: Centre) -> None:
    await centre.desk_says(ADA, P.READY, beat=5)
    await lose(centre)
    [lost] = await centre.state.lost_advisers()
    assert lost == LostAdviser(adviser=ADA, beat=5)
    assert await centre.state.sign_off(lost)
    assert not await centre.state.sign_off(lost)
    assert (await centre.standing()).state is P.OFFLINE
    assert await centre.state.lost_advisers() == []
    await centre.call()
    assert await centre.match() is None


async def test_nobody_is_signed_off_who_was_reported_since(centre: Centre) -> None:
    await centre.desk_says(ADA, P.READY, beat=5)
    await lose(centre)
    [lost] = await centre.state.lost_advisers()
    await centre.desk_says(ADA, P.READY, beat=6)
    assert not await centre.state.sign_off(lost)
    await lose(centre)  # and again: it is the later loss that counts
    assert not await centre.state.sign_off(lost)
    assert (await centre.standing()).state is P.READY


@pytest.mark.parametrize("step", ["reserve", "ring", "talk"])
async def test_nobody_is_signed_off_who_is_bound_to_a_call(centre: Centre, step: str) -> None:
    await centre.call()
    await centre.ready()
    held = await getattr(centre, step)()
    await lose(centre)
    [lost] = await centre.state.lost_advisers()
    assert not await centre.state.sign_off(lost)
    standing = await centre.standing()
    assert (standing.call, standing.token) == (held.call, held.token)
    await centre.end()
    assert await centre.state.sign_off(lost)
    assert (await centre.standing()).state is P.OFFLINE


@pytest.mark.parametrize("way", ["given back", "ended", "node lost"])
async def test_whoever_is_ready_again_at_a_lost_desk_is_still_not_matched(
    centre: Centre, way: str
) -> None:
    await centre.call(at_ms=NOW_MS)
    await centre.ready()
    held = await centre.ring()
    await lose(centre)
    match way:
        case "given back":
            await centre.give_back(held, LapseReason.CALLER_LEFT)
        case "ended":
            await centre.end()
        case _:
            await centre.state.lose_calls(NORTH, beat=None)
    assert (await centre.standing()).state is P.READY
    assert await centre.all_ready() == []
    await centre.call(LATE)
    assert await centre.match() is None
    assert await centre.state.match_queue(PAYING, request=centre.request()) is None
    await centre.ready(token=held.token)
    assert (await centre.reserve()).call == LATE


async def test_a_ring_and_a_talk_go_on_while_the_desk_is_away(centre: Centre) -> None:
    await centre.call()
    await centre.ready()
    held = await centre.ring()
    await lose(centre)
    await centre.state.answer(call=held.call, adviser=ADA, token=held.token)
    assert (await centre.standing()).state is P.TALKING
    standing = await centre.desk_says(
        ADA, P.TALKING, call=held.call, token=held.token, desk=OTHER_DESK
    )
    assert standing.state is P.TALKING
    assert (await centre.call_standing(held.call)).desk == OTHER_DESK


async def test_a_report_that_is_older_than_a_ring_brings_a_lost_adviser_back_as_the_ring_left_it(
    centre: Centre,
) -> None:
    await centre.call()
    await centre.ready()
    held = await centre.ring()
    await centre.give_back(held, LapseReason.DECLINED)
    await lose(centre)
    standing = await centre.desk_says(ADA, P.READY, desk=OTHER_DESK)
    assert (standing.state, standing.reason) == (P.AWAY, AwayReason.DECLINED)
    assert await centre.state.lost_advisers() == []
    assert await lose(centre, OTHER_DESK) == 1


async def test_a_big_desk_is_lost_in_chunks_the_longest_lost_first(centre: Centre) -> None:
    names = [AdviserId(f"a{n:03}") for n in range(REPORT_CALLS_MAX + 50)]
    for name in names:
        await centre.ready(name)
    await centre.desk_beats(beat=7)
    counts = []
    for _ in range(3):
        counts.append(await centre.state.lose_advisers(DESK, beat=7))
        await asyncio.sleep(0.002)
    assert counts == [REPORT_CALLS_MAX, 50, 0]
    assert sorted(one.adviser for one in await centre.state.lost_advisers()) == names
    assert await centre.all_ready() == []
