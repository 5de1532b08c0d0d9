"""Texts: one for each step of a call, so many for each number and in each minute."""

import asyncio

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.ids import CallId, StepName
from contactcentre.ports.texts import TextMark
from tests.adapters.state_redis.centre import EARLY, LATE

PAY = StepName("pay")


async def take(
    state: RedisState, call: CallId = EARLY, *, step: StepName = PAY, number: str = "n1"
) -> TextMark:
    return await state.take_text(call, step, number=number, number_max=2, minute_max=3)


async def may(state: RedisState, number: str, *, is_paid: bool = True) -> TextMark:
    return await state.may_text(number, number_max=2, minute_max=3, is_paid=is_paid)


async def test_of_all_who_would_send_a_steps_text_one_may(state: RedisState) -> None:
    marks = await asyncio.gather(*(take(state) for _ in range(5)))
    assert sorted(marks) == [TextMark.TAKEN, *4 * [TextMark.UNSURE]]


async def test_a_text_that_was_sent_is_sent_and_one_that_was_refused_may_be_tried_again(
    state: RedisState,
) -> None:
    await take(state)
    await state.settle_text(EARLY, PAY, is_sent=False)
    assert await take(state) is TextMark.TAKEN
    await state.settle_text(EARLY, PAY, is_sent=True)
    assert await take(state) is TextMark.SENT


async def test_a_number_gets_so_many_a_day_and_everybody_so_many_a_minute(
    state: RedisState,
) -> None:
    steps = [StepName(f"step-{number}") for number in range(3)]
    marks = [await take(state, step=step) for step in steps]
    assert marks == [TextMark.TAKEN, TextMark.TAKEN, TextMark.NUMBER_FULL]
    assert await take(state, LATE, number="n2") is TextMark.TAKEN
    assert await take(state, CallId("third"), number="n3") is TextMark.MINUTE_FULL
    await state.client.ask("DEL", state.keys.texts)  # as its expiry does
    assert await take(state, CallId("third"), number="n3") is TextMark.TAKEN


async def test_what_no_text_could_follow_is_not_looked_up(state: RedisState) -> None:
    for number in range(2):
        await take(state, step=StepName(f"step-{number}"))
    assert await may(state, "n1") is TextMark.NUMBER_FULL
    assert await may(state, "n2") is TextMark.OPEN
    await take(state, LATE, number="n2")
    assert await may(state, "n2") is TextMark.MINUTE_FULL


async def test_so_many_look_ups_are_paid_for_in_a_minute(state: RedisState) -> None:
    marks = [await may(state, f"n{number}") for number in range(4)]
    assert marks == [*3 * [TextMark.OPEN], TextMark.LOOK_UPS_FULL]
    assert await may(state, "n5", is_paid=False) is TextMark.OPEN
    await state.client.ask("DEL", state.keys.texts)  # as its expiry does
    assert await may(state, "n4") is TextMark.OPEN


async def test_a_text_after_a_look_up_does_not_make_the_minute_longer(state: RedisState) -> None:
    await may(state, "n1")
    await state.client.ask("EXPIRE", state.keys.texts, 20)
    await take(state)
    assert await state.client.ask("TTL", state.keys.texts) <= 20
