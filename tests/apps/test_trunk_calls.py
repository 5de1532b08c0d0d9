"""Whole calls from a trunk: a telephone, a node with its menus, a queue, an adviser's browser."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from contactcentre.adapters.embedded.server import free_port
from contactcentre.bench.phone import PhonePeer
from contactcentre.bench.sip_phone import Exchange, PhoneCall
from contactcentre.domain.ids import QueueId
from contactcentre.domain.languages import Language
from contactcentre.domain.presence import Presence
from tests.apps.small_centre import PAYING, LegPage, SmallCentre, small_centre

CALLER_HZ, ADVISER_HZ = 440.0, 1_000.0
NUMBER = "+441632960001"
TRUNKS = """
[trunks.north]
addresses = ["127.0.0.1"]
"""


class Telephone:
    """A telephone that is in a call."""

    def __init__(self, call: PhoneCall, sound: PhonePeer) -> None:
        self.call = call
        self.sound = sound

    async def press(self, keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            await self.sound.press(key)

    async def close(self) -> None:
        """Hang up."""
        if not self.call.is_over:
            await self.call.bye()
        await self.sound.close()


class Town:
    """A centre, and whoever telephones with it."""

    def __init__(self, centre: SmallCentre) -> None:
        self.centre = centre
        self.exchange = Exchange()
        self.phones: list[Telephone] = []

    async def dial(
        self, *, caller: str = "+441632960990", headers: Sequence[tuple[str, str]] = ()
    ) -> Telephone:
        """Call the tax line."""
        sound = PhonePeer()
        await sound.open()
        port = self.centre.settings.sip_port
        assert port is not None
        call = self.exchange.phone(("127.0.0.1", port), NUMBER, caller=caller)
        call.headers = headers
        call.sdp, call.heard = sound.sdp(), sound.answered
        phone = Telephone(call, sound)
        self.phones.append(phone)
        response = await call.invite()
        assert response is not None
        assert response.code == 200
        sound.hum(CALLER_HZ)
        return phone

    async def wait_in_queue(self) -> Telephone:
        """Call, and press what leads to the queue for paying."""
        phone = await self.dial()
        await phone.press("33")
        assert await self.waits(within_s=5.0)
        return phone

    async def waits(self, *, within_s: float = 0.0, is_there: bool = True) -> bool:
        """Say whether a caller comes to wait in the queue for paying, or to wait no more."""
        ends = asyncio.get_running_loop().time() + within_s
        while True:
            waits = await self.queue_waits()
            if waits is is_there or asyncio.get_running_loop().time() >= ends:
                return waits
            await asyncio.sleep(0.05)

    async def queue_waits(self) -> bool:
        """Say whether anybody waits in the queue for paying."""
        overview = await self.centre.state.overview([QueueId(PAYING)])
        return overview.queues[0].waiting_count > 0

    async def talk(self) -> tuple[Telephone, LegPage]:
        """Bring a telephone and an adviser together."""
        phone = await self.wait_in_queue()
        await self.centre.desk.report("ada", Presence.READY, PAYING)
        _, adviser = await self.centre.answer_ring()
        await adviser.hear("bridged")
        adviser.peer.tone(ADVISER_HZ)
        return phone, adviser


@pytest.fixture
async def town(redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """Give a centre that takes calls from a trunk."""
    trunks = tmp_path / "trunks.toml"
    trunks.write_text(TRUNKS)
    more = {
        "CC_LEG_GRACE_MS": "5000",
        "CC_SIP_PORT": str(free_port()),
        "CC_SIP_TRUNKS": str(trunks),
        "CC_RTP_PORTS": "22000-22999",
    }
    async with small_centre(redis_url, tmp_path, nodes=1, **more) as centre:
        one = Town(centre)
        await one.exchange.open()
        yield one
        for phone in one.phones:
            await phone.close()
        await one.exchange.close()


async def until_over(phone: Telephone) -> bool:
    """Wait until the other side has ended a call."""
    ends = asyncio.get_running_loop().time() + 5
    while not phone.call.is_over and asyncio.get_running_loop().time() < ends:  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.02)
    return phone.call.is_over


async def test_a_caller_from_a_trunk_and_an_adviser_hear_each_other(town: Town) -> None:
    phone, adviser = await town.talk()
    assert await phone.sound.hears(ADVISER_HZ)
    assert await adviser.peer.hears(CALLER_HZ)
    phone.call.sdp = phone.sound.sdp(direction="sendonly")
    held = await phone.call.invite()
    assert held is not None
    assert "a=recvonly" in held.body.decode()
    phone.call.sdp = phone.sound.sdp()
    await phone.call.invite()
    assert await phone.sound.hears(ADVISER_HZ)
    await adviser.say("hang_up")
    assert await until_over(phone)


async def test_the_adviser_reads_that_the_caller_has_telephoned(town: Town) -> None:
    await town.wait_in_queue()
    await town.centre.desk.report("ada", Presence.READY, PAYING)
    ring = await town.centre.ring()
    assert ring.journey[0].words[Language.ENGLISH] == "Called by telephone"
    assert "+441632960990" not in ring.model_dump_json()


async def test_a_telephone_that_hangs_up_leaves_the_queue_at_once(town: Town) -> None:
    phone = await town.wait_in_queue()
    await phone.call.bye()
    assert not await town.waits(within_s=3.0, is_there=False)


async def test_a_telephone_that_hangs_up_while_talking_ends_the_talk(town: Town) -> None:
    phone, adviser = await town.talk()
    await phone.call.bye()
    assert (await adviser.hear("over"))["ending"] == "handled"


async def test_a_silent_telephone_keeps_its_place_until_it_says_that_it_has_no_such_call(
    town: Town,
) -> None:
    phone = await town.wait_in_queue()
    await phone.sound.rest()
    await asyncio.sleep(8)  # silence, and the grace that a page would have had
    assert await town.waits()
    town.exchange.forget(phone.call)
    phone.call.is_over = True
    assert not await town.waits(within_s=20.0, is_there=False)


async def test_a_node_that_drains_says_so_and_keeps_the_call_that_it_has(town: Town) -> None:
    phone = await town.dial()
    town.centre.drain(0)
    await asyncio.sleep(0.1)
    other = town.exchange.phone(phone.call.there, NUMBER)
    response = await other.ask(other.request("OPTIONS"))
    assert response is not None
    assert (response.code, response.first("retry-after")) == (503, "5")
    still = await phone.call.ask(phone.call.request("OPTIONS"))
    assert still is not None
    assert still.code == 200
