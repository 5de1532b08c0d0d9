"""A caller's own trunk hands the caller to an outside number, where it is asked to (REFER)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.state_redis.events import RedisEventInbox
from contactcentre.bench.phone import PhonePeer
from contactcentre.domain.events import CallEnded, CallSentOutside
from contactcentre.domain.presence import Presence
from tests.adapters.sip.answering import Answering, answering
from tests.adapters.sip.entrance import until
from tests.adapters.sip.test_referral import notify
from tests.apps.outside_town import NAME, OUTSIDE_HZ, outside_settings
from tests.apps.small_centre import small_centre
from tests.apps.test_consult import becomes
from tests.apps.test_trunk_calls import Town


@pytest.fixture
async def trunk() -> AsyncIterator[Answering]:
    """Give the trunk as it is called."""
    async with answering() as one:
        yield one


@pytest.fixture
async def town(redis_url: str, tmp_path: Path, trunk: Answering) -> AsyncIterator[Town]:
    """Give a centre whose trunk hands callers on."""
    more = {
        "CC_LEG_GRACE_MS": "5000",
        "CC_SIP_PORT": str(free_port()),
        **outside_settings(tmp_path, trunk.port, rtp_ports="27000-27999", refer=True),
    }
    async with small_centre(redis_url, tmp_path, nodes=1, **more) as centre:
        one = Town(centre)
        await one.exchange.open()
        yield one
        for phone in one.phones:
            await phone.close()
        await one.exchange.close()


async def test_a_trunk_that_cannot_reach_the_number_is_heard_and_one_that_can_has_the_caller(
    town: Town, trunk: Answering
) -> None:
    phone, ada = await town.talk()
    for said, last in (("486 Busy Here", False), ("200 OK", True)):
        before = len(phone.call.requests)
        await ada.say("ask_outside", outside=NAME, hands_over=True)
        await ada.hear("consulted", state="ringing")
        assert await until(lambda: len(phone.call.requests) > before)  # noqa: B023 - of this round
        refer = phone.call.requests[-1]
        assert refer.method == "REFER"
        assert f"sip:+441632960100@127.0.0.1:{trunk.port}" in refer.first("refer-to")
        await ada.say("drop_consult")
        await ada.hear("not_done", code="out-of-order")
        assert await notify(phone.call, f"SIP/2.0 {said}\r\n", state="terminated") == 200
        if not last:
            await ada.hear("consulted", state="none", why="busy")
    await ada.hear("over", ending="handled")
    assert await until(lambda: phone.call.is_over)
    assert phone.call.requests[-1].method == "BYE"
    assert await becomes(town.centre, "ada", Presence.WRAP_UP)
    assert trunk.rung == []


async def test_a_caller_whose_trunk_says_goodbye_before_it_tells_of_its_success_is_left_there(
    town: Town, trunk: Answering
) -> None:
    phone, ada = await town.talk()
    await ada.say("ask_outside", outside=NAME, hands_over=True)
    await ada.hear("consulted", state="ringing")
    assert await until(lambda: bool(phone.call.requests))
    assert await phone.call.bye() is not None
    assert await notify(phone.call, "SIP/2.0 200 OK\r\n", state="terminated") == 200
    await ada.hear("over", ending="handled")
    assert trunk.rung == []
    inbox = RedisEventInbox(town.centre.state, reader="test", count_unread=lambda: None)
    written: list[type] = []
    while CallEnded not in written:
        async with asyncio.timeout(5):
            taken = await inbox.take(count_max=100, wait_ms=500)
        written += [type(one.event) for _, one in taken]
    assert CallSentOutside in written, "left to the number, and no caller who has hung up"


async def test_a_trunk_that_does_no_such_things_has_the_number_rung_by_us(
    town: Town, trunk: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = PhonePeer()
    await sound.open()
    trunk.script = lambda rung: rung.respond(200, sdp=sound.sdp())
    phone, ada = await town.talk()
    monkeypatch.setattr(phone.call, "came", lambda serving: serving.respond(405))
    await ada.say("ask_outside", outside=NAME, hands_over=True)
    await ada.hear("over", ending="handled")
    sound.answered(trunk.rung[0].invite.body.decode())
    sound.hum(OUTSIDE_HZ)
    assert await phone.sound.hears(OUTSIDE_HZ)
    await sound.close()
