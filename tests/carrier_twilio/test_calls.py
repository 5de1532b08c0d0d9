"""Calls from telephones at Twilio, from the webhook to the end of the talk."""

import asyncio
import random

import pytest

from contactcentre.domain.events import Ending
from contactcentre.drills.twilio_phone import Phone
from tests.carrier_twilio.centre import (
    CALLER_HZ,
    SEEN_WITHIN_S,
    TelephoneCentre,
    call_of,
    hear_each_other,
)
from tests.carrier_twilio.counted import counted

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ending_of(both: TelephoneCentre, phone: Phone) -> Ending | None:
    """Return how a call has ended, once it has."""
    await both.until_state(phone, "closed")
    return (await both.centre.state.look_calls([call_of(phone)]))[0].ending


async def test_a_caller_and_an_adviser_hear_each_other_until_the_caller_hangs_up(
    both: TelephoneCentre,
) -> None:
    phone, adviser = await both.talk()
    await hear_each_other(phone, adviser.peer)
    await phone.hang_up()
    assert (await adviser.hear("over"))["ending"] == "handled"
    assert await ending_of(both, phone) is Ending.HANDLED


async def test_when_the_adviser_ends_the_talk_the_caller_hears_a_last_word_and_is_rung_off(
    both: TelephoneCentre,
) -> None:
    phone, adviser = await both.talk()
    await adviser.say("hang_up")
    await asyncio.sleep(0.5)
    assert await phone.hears_something()
    async with asyncio.timeout(20):
        await phone.over.wait()
    assert phone.stream.marks[-1] == "last", "the last word was heard to its end"
    assert [one.url.rpartition("/")[2].split("?")[0] for one in phone.asked] == [
        "voice",
        "resume",
        "status",
    ]
    assert await ending_of(both, phone) is Ending.HANDLED


async def test_whoever_hangs_up_in_the_queue_has_left_it_at_once(both: TelephoneCentre) -> None:
    phone = await both.wait_in_queue()
    await phone.hang_up()
    assert await ending_of(both, phone) is Ending.ABANDONED


async def test_a_caller_whose_stream_breaks_in_the_talk_is_back_in_it(
    both: TelephoneCentre,
) -> None:
    phone, adviser = await both.talk()
    phone.stream.cut()
    await phone.in_stream(2)
    await hear_each_other(phone, adviser.peer)
    await adviser.say("hang_up")
    assert await ending_of(both, phone) is Ending.HANDLED
    assert both.centre.desk.moved.empty(), "it is the same node"


async def test_a_caller_who_has_gone_while_the_stream_was_lost_is_known_to_have_gone(
    both: TelephoneCentre,
) -> None:
    phone = await both.wait_in_queue()
    await phone.vanish()
    async with asyncio.timeout(5):  # long before a caller who may come back is given up
        assert await ending_of(both, phone) is Ending.ABANDONED


async def test_word_that_a_caller_has_gone_may_come_late_or_twice(both: TelephoneCentre) -> None:
    phone = await both.wait_in_queue()
    await phone.hang_up()
    assert await ending_of(both, phone) is Ending.ABANDONED
    before = counted("status", "taken")
    for _ in range(2):
        assert await both.carrier.post(phone, f"{both.public_url}/twilio/status", {}) == ""
    assert counted("status", "taken") == before + 2
    (call,) = await both.centre.state.look_calls([call_of(phone)])
    assert call.ending is Ending.ABANDONED


STATUSES = ("queued", "initiated", "ringing", "in-progress", "completed")
"""What Twilio says of one call, in the order in which it comes to be."""


async def test_word_of_a_call_leaves_the_same_in_whatever_order_it_comes_and_however_often(
    both: TelephoneCentre,
) -> None:
    chance = random.Random(20_401)  # noqa: S311 - the same each time
    url = f"{both.public_url}/twilio/status"
    stayed = await both.wait_in_queue()
    phones = [await both.wait_in_queue() for _ in range(5)]
    unknown = counted("status", "unknown-call")
    for word in chance.choices(STATUSES[:-1], k=10):
        assert await both.carrier.post(stayed, url, {"CallStatus": word}) == ""
    for phone in phones:
        words = [*STATUSES, *chance.choices(STATUSES, k=5)]
        chance.shuffle(words)
        for word in words:
            assert await both.carrier.post(phone, url, {"CallStatus": word}) == ""
        await both.until_state(phone, "closed")
    late = chance.choices(STATUSES, k=3 * len(phones))
    await asyncio.gather(
        *(
            both.carrier.post(phone, url, {"CallStatus": word})
            for phone, word in zip(phones * 3, late, strict=True)
        )
    )
    stands = await both.centre.state.look_calls([call_of(phone) for phone in phones])
    others = await both.state_of(stayed)
    await stayed.hang_up()
    assert [(one.state, one.ending, one.is_presumed, one.node, one.queue) for one in stands] == [
        ("closed", Ending.ABANDONED, False, None, None)
    ] * len(phones)
    assert counted("status", "unknown-call") == unknown
    assert others == "waiting", "only a call that is completed has ended"


async def test_a_caller_is_taken_in_where_the_sound_of_every_node_is_late(
    both: TelephoneCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contactcentre.apps.media.is_strained", lambda **_: True)
    async with asyncio.timeout(5):
        while not all(node.strained for node in await both.centre.state.nodes()):  # noqa: ASYNC110 - the store says so
            await asyncio.sleep(0.05)
    await asyncio.sleep(SEEN_WITHIN_S)
    phone = await both.wait_in_queue()
    await phone.hang_up()
    assert phone.said == []


async def test_a_node_that_drains_sends_its_caller_to_another_one_with_the_place(
    both: TelephoneCentre,
) -> None:
    phone = await both.wait_in_queue()
    (before,) = await both.centre.state.look_calls([call_of(phone)])
    assert before.node is not None
    both.centre.drain(int(before.node.rpartition("-")[2]) - 1)
    await phone.in_stream(2)
    await both.until_state(phone, "waiting")
    (after,) = await both.centre.state.look_calls([call_of(phone)])
    assert (after.node, after.enqueued_ms) != (before.node, before.enqueued_ms)
    assert after.enqueued_ms == before.enqueued_ms
    adviser = await both.answer()
    phone.tone(CALLER_HZ)
    assert await adviser.peer.hears(CALLER_HZ)
