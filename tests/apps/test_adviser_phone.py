"""Advisers who take the sound on a phone while their desk stays in the browser."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contactcentre.bench.peer import Peer
from contactcentre.bench.phone import PhonePeer
from contactcentre.bench.sip_phone import Exchange
from contactcentre.domain.events import LapseReason
from contactcentre.domain.presence import Presence
from contactcentre.wire.cluster import Ring
from tests.adapters.sip.answering import OUTSIDE, Answering, Rung
from tests.adapters.sip.entrance import until
from tests.apps.outside_town import outside_settings, phone
from tests.apps.small_centre import FREE, PAYING, LegPage, SmallCentre, small_centre
from tests.apps.test_trunk_rescue import (
    LOST,
    answered,
    other_node,
    settings_of_the_lost,
    until_there,
)

CALLER_HZ, ADVISER_HZ = 440.0, 1_000.0
RTP_PORTS = "22000-22999"


class Office:
    """A centre, a trunk over which advisers' phones are rung, and one such phone."""

    def __init__(self, centre: SmallCentre, trunk: Answering, sound: PhonePeer) -> None:
        self.centre = centre
        self.trunk = trunk
        self.sound = sound

    async def attach(self, ring: Ring, phone: str = OUTSIDE) -> LegPage:
        """Come to a ring or talk with a phone."""
        page = LegPage(await self.centre.session.ws_connect(ring.node_url), Peer())
        self.centre.close_later(page)
        await page.say("attach", ticket=ring.ticket, sdp="phone", phone=phone)
        return page

    async def ring(self, call: str = "call") -> tuple[LegPage, Ring, LegPage]:
        """Let a caller wait and Ada's desk ring, where the page is attached with the phone."""
        caller = await self.centre.wait_in_queue(call)
        await self.centre.desk.report("ada", Presence.READY, PAYING)
        ring = await self.centre.ring()
        page = await self.attach(ring)
        await page.hear("answer", sdp="phone")
        return caller, ring, page

    async def rung(self, count: int = 1) -> Rung:
        """Wait until the phone is rung for the so-manieth time."""
        assert await until(lambda: len(self.trunk.rung) >= count)
        return self.trunk.rung[count - 1]

    def pick_up(self, rung: Rung) -> None:
        """Answer the phone, and speak."""
        self.sound.answered(rung.invite.body.decode())
        rung.respond(200, sdp=self.sound.sdp())
        self.sound.hum(ADVISER_HZ)

    async def talk(self) -> tuple[LegPage, Ring, LegPage]:
        """Let a caller and Ada on her phone talk."""
        caller, ring, page = await self.ring()
        await page.say("answer_call")
        self.pick_up(await self.rung())
        await page.hear("bridged")
        return caller, ring, page


@pytest.fixture
def nodes_count() -> int:
    """Return how many nodes there are."""
    return 1


@pytest.fixture
async def office(redis_url: str, tmp_path: Path, nodes_count: int) -> AsyncIterator[Office]:
    """Give a centre whose advisers may use a phone that does as the test says."""
    async with phone() as (trunk, sound):
        more = outside_settings(tmp_path, trunk.port, rtp_ports=RTP_PORTS) | {"CC_SIP_PORT": FREE}
        async with small_centre(redis_url, tmp_path, nodes=nodes_count, **more) as centre:
            yield Office(centre, trunk, sound)


async def test_the_phone_is_rung_once_the_adviser_answers_and_then_both_hear_each_other(
    office: Office,
) -> None:
    caller, _, page = await office.ring()
    caller.peer.tone(CALLER_HZ)
    await asyncio.sleep(0.3)
    assert not office.trunk.rung
    await page.say("answer_call")
    await page.hear("phone", state="ringing")
    rung = await office.rung()
    assert OUTSIDE in rung.invite.uri
    office.pick_up(rung)
    await page.hear("phone", state="answered")
    await page.hear("bridged")
    assert await office.sound.hears(CALLER_HZ)
    assert await caller.peer.hears(ADVISER_HZ)
    await page.say("hang_up")
    await caller.hear("over", ending="handled")
    assert await until(lambda: "BYE" in office.trunk.methods())


async def test_whoever_puts_the_phone_down_ends_the_talk(office: Office) -> None:
    caller, ring, page = await office.talk()
    await office.trunk.rung[0].ask("BYE")
    await caller.hear("over", ending="handled")
    await page.hear("over")
    async with asyncio.timeout(5):
        assert (await office.centre.desk.over.get()).token == ring.token


async def test_a_phone_that_is_lost_in_a_talk_leaves_the_caller_the_place(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contactcentre.apps.dialling.LOOK_EVERY_MS", 50)
    caller, _, page = await office.talk()
    await office.sound.rest()
    office.trunk.knows_calls = False
    await page.hear("phone", state="failed", why="unreachable")
    await caller.hear("stage", state="waiting")


async def test_a_phone_that_nobody_picks_up_is_as_a_desk_that_nobody_answers(
    office: Office,
) -> None:
    caller, ring, page = await office.ring()
    refused = await office.attach(ring, "+449012345678")
    assert (await refused.hear("refused"))["code"] == "number-not-allowed"
    await page.say("answer_call")
    (await office.rung()).respond(480)
    await page.hear("phone", state="failed", why="no_answer")
    await page.hear("over", lapse=LapseReason.NO_ANSWER.value)
    await caller.hear("stage", state="waiting")
    async with asyncio.timeout(5):
        over = await office.centre.desk.over.get()
    assert (over.token, over.lapse) == (ring.token, LapseReason.NO_ANSWER)


async def test_a_page_that_is_loaded_again_finds_its_phone_and_may_leave_it_for_the_browser(
    office: Office,
) -> None:
    caller, ring, page = await office.talk()
    caller.peer.tone(CALLER_HZ)
    again = await office.attach(ring)
    await again.hear("phone", state="answered")
    await page.hear_the_end()
    assert await office.sound.hears(CALLER_HZ)
    assert len(office.trunk.rung) == 1
    browser = await office.centre.attach(ring)
    assert await until(lambda: "BYE" in office.trunk.methods())
    browser.peer.tone(ADVISER_HZ)
    assert await caller.peer.hears(ADVISER_HZ)
    await browser.say("hang_up")
    await caller.hear("over", ending="handled")


async def test_a_caller_who_leaves_stops_the_phone_from_ringing(office: Office) -> None:
    caller, _, page = await office.ring()
    await page.say("answer_call")
    rung = await office.rung()
    await caller.say("hang_up")
    assert await until(lambda: rung.is_given_up)


@pytest.mark.parametrize("nodes_count", [2])
async def test_a_talk_that_goes_on_at_another_node_rings_the_phone_anew_until_it_is_free(
    office: Office,
) -> None:
    caller, _, page = await office.talk()
    old = office.trunk.rung[0]
    office.trunk.script = lambda rung: rung.respond(486)
    back = await office.centre.call_again(caller.claim, node=1)
    async with asyncio.timeout(5):
        way = await office.centre.desk.moved.get()
    assert await page.hear_the_end() is not None
    joined = await office.attach(way)
    await office.rung(2)
    office.trunk.script = office.pick_up
    await joined.hear("bridged")
    assert len(office.trunk.rung) == 3
    back.peer.tone(CALLER_HZ)
    assert await office.sound.hears(CALLER_HZ)
    assert await back.peer.hears(ADVISER_HZ)
    assert await until(lambda: "BYE" in office.trunk.methods()), old
    await joined.say("hang_up")
    await back.hear("over", ending="handled")


@pytest.mark.parametrize("nodes_count", [2])
async def test_a_talk_whose_phone_is_not_picked_up_again_puts_the_caller_back(
    office: Office,
) -> None:
    caller, _, _ = await office.talk()
    office.trunk.script = lambda rung: rung.respond(480)
    back = await office.centre.call_again(caller.claim, node=1)
    async with asyncio.timeout(5):
        way = await office.centre.desk.moved.get()
    joined = await office.attach(way)
    await joined.hear("phone", state="failed")
    await back.hear("stage", state="waiting")


async def test_a_talk_whose_node_is_killed_rings_the_phone_anew_and_goes_on(
    redis_url: str, tmp_path: Path
) -> None:
    async with phone() as (trunk, sound):
        shared = outside_settings(tmp_path, trunk.port, rtp_ports=RTP_PORTS)
        lost = settings_of_the_lost(redis_url, tmp_path / "lost", shared)
        async with (
            small_centre(
                redis_url, tmp_path / "kept", nodes=1, CC_SIP_PORT=FREE, **shared
            ) as centre,
            other_node(lost) as node,
        ):
            office = Office(centre, trunk, sound)
            caller, exchange = PhonePeer(), Exchange()
            await exchange.open()
            await caller.open()
            call = exchange.phone(("127.0.0.1", int(lost["CC_SIP_PORT"])), "+441632960001")
            call.sdp, call.heard = caller.sdp(), caller.answered
            await until_there(centre.state)
            await answered(call)
            caller.hum(CALLER_HZ)
            for key in "33":
                await caller.press(key)
            await centre.desk.report("ada", Presence.READY, PAYING)
            ring = await centre.ring()
            assert ring.node == LOST
            page = await office.attach(ring)
            await page.say("answer_call")
            office.pick_up(await office.rung())
            await page.hear("bridged")
            await asyncio.sleep(2.2)  # two beats: what has changed is kept
            node.kill()
            async with asyncio.timeout(10):
                way = await centre.desk.moved.get()
            joined = await office.attach(way)
            await joined.hear("phone", state="ringing")
            office.pick_up(await office.rung(2))
            await joined.hear("bridged")
            assert await sound.hears(CALLER_HZ)
            assert await caller.hears(ADVISER_HZ)
            await joined.say("hang_up")
            assert await until(lambda: call.is_over)
            await caller.close()
            await exchange.close()
