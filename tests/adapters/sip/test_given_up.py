"""Calls of ours that are given up before the trunk has said a word."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from contactcentre.adapters.sip import transactions
from tests.adapters.sip.answering import OUTSIDE, OWN, Answering, Dialling, dial
from tests.adapters.sip.entrance import ANSWER, LOOPBACK, OFFER, Entrance, until


@pytest.fixture
async def trunk(entrance: Entrance) -> AsyncIterator[Answering]:
    """Give a trunk that takes our calls over UDP, and says nothing to them."""
    one = Answering()
    one.script = lambda _: None
    await one.open()
    await entrance.open(out={"address": LOOPBACK, **one.settings})
    yield one
    await one.close()


@pytest.mark.parametrize("is_heard_late", [False, True])
async def test_a_call_that_was_given_up_in_silence_is_sent_no_more_and_its_late_answer_told_goodbye(
    entrance: Entrance,
    trunk: Answering,
    monkeypatch: pytest.MonkeyPatch,
    is_heard_late: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    monkeypatch.setattr(transactions, "T1_S", 0.05)
    dialling = await dial(entrance, trunk, word_ms=100)
    assert await until(lambda: dialling.told == ["unreachable"])
    before = trunk.transactions.counts.repeated
    assert before >= 1, "it was repeated while it was wanted"
    await asyncio.sleep(0.4)
    assert trunk.transactions.counts.repeated == before
    if is_heard_late:
        trunk.rung[0].respond(180)
        assert await until(lambda: trunk.rung[0].is_given_up)
        return
    trunk.rung[0].respond(200, sdp=ANSWER)
    assert await until(lambda: trunk.methods() == ["BYE"])
    assert trunk.rung[0].acked
    assert dialling.told == ["unreachable"]


async def test_a_call_that_is_given_up_as_it_begins_is_never_sent(
    entrance: Entrance, trunk: Answering
) -> None:
    dialling = Dialling()
    dialling.phone = entrance.door.call(trunk.outward, OUTSIDE, shown=OWN, called=dialling)
    dialling.phone.begin(OFFER, ring_ms=5_000)
    dialling.phone.hang_up()
    await asyncio.sleep(0.2)
    assert not trunk.rung
    assert not dialling.told
