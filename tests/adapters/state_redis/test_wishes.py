"""Wishes: whose talk broke waits for the same adviser for a while, and loses nothing by it."""

import random
from dataclasses import replace

import pytest

from contactcentre.adapters.state_redis.keys import own_queue
from contactcentre.domain.classes import MINUTE_MS, ServiceClass, head_start_ms
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, QueueId
from contactcentre.domain.presence import Presence
from contactcentre.ports.state import CallReport, Reservation
from contactcentre.ports.wishes import Wish
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
    said,
)

CAT = AdviserId("cat")
P0_START_MS = head_start_ms(ServiceClass.P0)


async def broken(centre: Centre, call: CallId = EARLY, *, adviser: AdviserId = ADA) -> Reservation:
    """Let a talk break; its caller wishes for the same adviser. Say which reservation it was."""
    await centre.ready(adviser)
    await centre.call(call, at_ms=NOW_MS)
    held = await centre.talk(adviser)
    assert held.call == call
    await centre.break_off(held)
    return held


async def by_queue(centre: Centre, queue: QueueId = PAYING) -> Reservation | None:
    return await centre.state.match_queue(queue, request=centre.request())


async def test_whose_talk_broke_is_offered_to_nobody_else_while_wishing(centre: Centre) -> None:
    held = await broken(centre)
    await centre.ready(BOB)
    assert await centre.match(BOB) is None
    assert await by_queue(centre) is None
    assert await centre.state.wishes() == [Wish(call=EARLY, adviser=ADA, token=held.token)]


@pytest.mark.parametrize("from_queue", [True, False])
async def test_the_same_adviser_gets_the_caller_back_first_when_ready(
    centre: Centre, *, from_queue: bool
) -> None:
    held = await broken(centre)
    await centre.call(LATE, at_ms=NOW_MS - MINUTE_MS)
    await centre.ready(ADA, token=held.token)
    assert (await centre.queues_waiting())[0] == own_queue(ADA)
    found = await (by_queue(centre, own_queue(ADA)) if from_queue else centre.match(ADA))
    assert found is not None
    assert (found.call, found.adviser, found.queue) == (EARLY, ADA, PAYING)
    assert found.enqueued_ms == NOW_MS
    assert await centre.state.wishes() == []
    assert await centre.order() == [LATE]


async def test_the_queue_behind_whoever_wishes_goes_on(centre: Centre) -> None:
    await broken(centre)
    await centre.call(LATE, at_ms=NOW_MS + 1)
    await centre.ready(BOB)
    assert (await centre.reserve(BOB)).call == LATE


async def test_a_wish_lapses_into_the_old_place(centre: Centre) -> None:
    await broken(centre)
    for number, at_ms in enumerate((NOW_MS - 1, NOW_MS + 1)):
        await centre.call(CallId(f"c{number}"), at_ms=at_ms)
    told = await centre.state.place(call=EARLY, queue=PAYING)
    assert told is not None
    assert (told.place, told.waiting_count) == (2, 3), "the place is known meanwhile"
    assert await centre.state.place(call=EARLY, queue=WELSH) is None
    [wish] = await centre.state.wishes()
    await centre.state.lapse_wish(wish)
    assert await centre.order() == ["c0", EARLY, "c1"]
    assert await centre.state.wishes() == []
    assert own_queue(ADA) not in await centre.queues_waiting()
    await centre.ready(BOB)
    found = [await centre.reserve(BOB), await by_queue(centre)]
    assert found[1] is None
    assert (await centre.call_standing(EARLY)).state == "waiting"


async def test_a_wish_that_was_granted_or_is_of_an_older_talk_does_not_lapse(
    centre: Centre,
) -> None:
    held = await broken(centre)
    [first] = await centre.state.wishes()
    await centre.ready(ADA, token=held.token)
    again = await centre.talk(ADA)
    await centre.state.lapse_wish(first)
    assert await centre.order() == []
    await centre.break_off(again)
    await centre.state.lapse_wish(first)
    assert await centre.order() == []
    [second] = await centre.state.wishes()
    assert second.token == again.token
    await centre.state.lapse_wish(second)
    assert await centre.order() == [EARLY]


async def test_a_wish_counts_like_extra_support_and_so_goes_behind_an_older_call_of_that_class(
    centre: Centre,
) -> None:
    held = await broken(centre)
    for name, at_ms in (("p0-before", NOW_MS - 1), ("p0-after", NOW_MS + 1)):
        await centre.call(CallId(name), queue=WELSH, at_ms=at_ms, head_start_ms=P0_START_MS)
    taken = []
    for _ in range(3):
        await centre.ready(ADA, token=held.token, queues=(PAYING, WELSH))
        held = await centre.reserve(ADA)
        taken.append(held.call)
        await centre.end(held.call)
    assert taken == ["p0-before", EARLY, "p0-after"]


@pytest.mark.parametrize("from_queue", [True, False])
async def test_whoever_wished_and_was_not_answered_waits_in_the_old_place(
    centre: Centre, *, from_queue: bool
) -> None:
    held = await broken(centre)
    await centre.call(LATE, at_ms=NOW_MS + 1)
    await centre.ready(ADA, token=held.token)
    found = await (by_queue(centre, own_queue(ADA)) if from_queue else centre.match(ADA))
    assert found is not None
    await centre.give_back(found, LapseReason.NO_ANSWER)
    assert await centre.order() == [EARLY, LATE]
    assert await centre.state.wishes() == []


async def test_without_a_wish_whose_talk_broke_is_offered_to_anybody_at_once(
    centre: Centre,
) -> None:
    await centre.ready(ADA)
    await centre.call(EARLY)
    await centre.break_off(await centre.talk(ADA), wishes=False)
    await centre.ready(BOB)
    assert (await centre.reserve(BOB)).call == EARLY


@pytest.mark.parametrize("from_queue", [True, False])
async def test_a_call_that_moves_to_another_queue_wishes_no_longer(
    centre: Centre, *, from_queue: bool
) -> None:
    held = await broken(centre)
    await centre.call(EARLY, queue=WELSH)
    await centre.ready(ADA, token=held.token)
    found = await (by_queue(centre, own_queue(ADA)) if from_queue else centre.match(ADA))
    assert found is None, "Ada does not serve that queue"
    assert await centre.order(WELSH) == [EARLY]
    assert await centre.state.wishes() == []


async def test_a_caller_who_hangs_up_or_whose_node_is_lost_is_wished_for_no_longer(
    centre: Centre,
) -> None:
    held = await broken(centre)
    await broken(centre, LATE, adviser=BOB)
    await centre.end(EARLY)
    assert await centre.lose_node() == 1
    await centre.ready(ADA, token=held.token)
    assert await centre.match(ADA) is None
    assert await centre.state.wishes() == []
    assert await centre.queues_waiting() == []
    await centre.node_says(said(LATE, epoch=LegEpoch(2, "bbbb")), node=SOUTH)
    assert await centre.order() == [LATE]


async def test_a_caller_who_was_silent_for_a_moment_is_for_everybody_again(centre: Centre) -> None:
    held = await broken(centre)
    for state in ("hidden", "waiting"):
        await centre.node_says(said(EARLY, state, token=held.token))
    assert await centre.order() == [EARLY]
    assert await centre.state.wishes() == []
    assert await own(centre, ADA) == []


async def test_reports_that_all_is_as_it_was_leave_a_wish_alone(centre: Centre) -> None:
    held = await broken(centre)
    for _ in range(5):
        await centre.node_says(said(EARLY, token=held.token))
    assert [wish.call for wish in await centre.state.wishes()] == [EARLY]
    assert await centre.order() == []


async def test_a_store_that_was_emptied_forgets_the_wish_and_keeps_the_place(
    centre: Centre,
) -> None:
    held = await broken(centre)
    await centre.forget_everything()
    await centre.node_says(said(EARLY, token=held.token))
    assert await centre.order() == [EARLY]


@pytest.mark.parametrize("seed", range(12))
async def test_nothing_that_happens_while_somebody_wishes_strands_or_doubles_a_caller(
    centre: Centre, seed: int
) -> None:
    walk = Walk(centre, random.Random(seed), await broken(centre))  # noqa: S311 - no secret
    for _ in range(12):
        await walk.step()
    await centre.node_says(walk.report)
    await walk.lapse()
    assert (await centre.call_standing(EARLY)).state == "waiting"
    assert await walk.stands() == [EARLY]
    await centre.ready(CAT, queues=(PAYING, WELSH))
    assert (await centre.reserve(CAT)).call == EARLY


class Walk:
    """What happens to a caller who wishes, one thing after another, as the dice say."""

    def __init__(self, centre: Centre, dice: random.Random, held: Reservation) -> None:
        self._centre = centre
        self._dice = dice
        self._token = held.token

    @property
    def report(self) -> CallReport:
        """Return what the caller's node says."""
        return said(EARLY, token=self._token)

    async def step(self) -> None:
        """Let something happen."""
        steps = (self._hide, self._report, self._join, self._lose, self._ready, self._match)
        await self._dice.choice([*steps, self.lapse])()
        if self._dice.random() < 0.5:  # what has not been looked at may be a leftover
            assert len(await self.stands()) <= 1, "in two queues"

    async def stands(self) -> list[str]:
        """Return the call as often as it stands in a queue."""
        await self._centre.state.wishes()
        found = [*await self._centre.order(PAYING), *await self._centre.order(WELSH)]
        return [*found, *await own(self._centre, ADA), *await own(self._centre, BOB)]

    async def _hide(self) -> None:
        await self._centre.state.hide(call=EARLY, epoch=FIRST)

    async def _report(self) -> None:
        state = self._dice.choice(["waiting", "hidden"])
        await self._centre.node_says(replace(self.report, state=state))

    async def _join(self) -> None:
        await self._centre.call(EARLY, queue=self._dice.choice([PAYING, PAYING, WELSH]))

    async def _lose(self) -> None:
        await self._centre.lose_node()

    async def _ready(self) -> None:
        await self._centre.ready(self._dice.choice([ADA, BOB]), token=self._token)

    async def lapse(self) -> None:
        """Let every wish lapse."""
        for wish in await self._centre.state.wishes():
            await self._centre.state.lapse_wish(wish)

    async def _match(self) -> None:
        """Let a reservation come to nothing, one way or another."""
        held = await self._centre.match(self._dice.choice([ADA, BOB]))
        if held is None:
            return
        self._token = held.token
        if self._dice.random() < 0.5:
            await self._centre.give_back(held, self._dice.choice([*LapseReason]))
            return
        await self._centre.state.take_up(call=EARLY, adviser=held.adviser, token=held.token)
        await self._centre.state.answer(call=EARLY, adviser=held.adviser, token=held.token)
        await self._centre.break_off(held)


async def own(centre: Centre, adviser: AdviserId) -> list[str]:
    """Return who waits for one adviser alone."""
    key = centre.state.keys.queue(own_queue(adviser))
    return [call.decode() for call in await centre.state.client.ask("ZRANGE", key, 0, -1)]


async def test_an_adviser_who_is_away_again_leaves_no_place_behind(centre: Centre) -> None:
    await centre.ready(ADA)
    await centre.desk_says(ADA, Presence.AWAY)
    assert (await centre.overview_of(own_queue(ADA))).ready_count == 0
    assert await centre.state.client.ask("EXISTS", centre.state.keys.ready_in(own_queue(ADA))) == 0
