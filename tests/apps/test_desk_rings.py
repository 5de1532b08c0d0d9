"""Rings and talks at the desk, with a node that the test plays."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.telemetry.metrics import REGISTRY
from contactcentre.adapters.web.claims import Signatures
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import NotAllowed, OutOfOrder, StaleToken, UnknownName
from contactcentre.domain.events import Ending, LapseReason
from contactcentre.domain.ids import AdviserId, CallId, NodeId, RequestId
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.wire import desk as said
from tests.apps.desk_centre import ADA, CLUSTER_KEY, SIGNING_KEYS, DeskCentre, desk_centre, talks
from tests.apps.desk_node import GENERAL


@pytest.fixture
async def centre(redis_url: str, database_url: str) -> AsyncIterator[DeskCentre]:
    """Give a centre with short wrap-ups."""
    async with desk_centre(redis_url, database_url, CC_WRAP_UP_MS="1000") as centre:
        yield centre


async def test_a_ring_reaches_the_page_and_its_lapse_sends_the_adviser_away(
    centre: DeskCentre,
) -> None:
    async with centre.ready() as (browser, page):
        ring = await centre.node.ring(ring_ms=20_000)
        rings = await page.hear(said.RingNow)
        assert (rings.call, rings.ticket, rings.journey) == (ring.call, ring.ticket, ring.journey)
        assert 19_000 < rings.ring_ms <= 20_000
        await centre.standing(Presence.RINGING)
        await centre.node.over(ring, LapseReason.NO_ANSWER)
        assert (await page.hear(said.RingEnded)).lapse is LapseReason.NO_ANSWER
        assert (await page.hear(said.PresenceNow)).reason is AwayReason.NO_ANSWER
        await centre.standing(Presence.AWAY)
        await asyncio.sleep(1.2)  # a beat makes nobody ready
        assert (await centre.standing(Presence.AWAY)).reason is AwayReason.NO_ANSWER
        await browser.press_ready()
        assert (await centre.standing(Presence.READY)).token == ring.token


async def test_a_ring_is_refused_where_nobody_could_answer_it(centre: DeskCentre) -> None:
    with pytest.raises(UnknownName):
        await centre.node.ring()
    async with centre.browser() as browser:
        await browser.sign_in(ADA)
        with pytest.raises(UnknownName):
            await centre.node.ring()
        async with browser.live() as page:
            await page.hear(said.PresenceNow)
            with pytest.raises(OutOfOrder):
                await centre.node.ring()


async def test_an_older_token_is_refused(centre: DeskCentre) -> None:
    async with centre.ready() as (_, page):
        ring = await centre.node.ring(token=8)
        with pytest.raises(StaleToken):
            await centre.node.ring(call="call-2", token=7)
        await centre.node.over(ring, LapseReason.CALLER_LEFT)
        assert (await page.hear(said.RingEnded)).lapse is LapseReason.CALLER_LEFT
        with pytest.raises(StaleToken):
            await centre.node.ring(call="call-2", token=8)
        await centre.node.ring(call="call-2", token=9)
        assert (await page.hear(said.RingNow)).call == "call-2"


async def test_the_next_ring_may_overtake_the_end_of_the_last(centre: DeskCentre) -> None:
    async with centre.ready() as (_, page):
        await centre.node.ring(token=8)
        await page.hear(said.RingNow)
        await centre.node.ring(token=9)
        assert (await page.hear(said.RingEnded)).token == 8
        assert (await page.hear(said.RingNow)).token == 9


async def test_news_of_a_desk_that_is_not_here_is_refused(centre: DeskCentre) -> None:
    async with centre.ready() as (_, page):
        ring = await talks(centre.node, page)
        stranger = ring.model_copy(update={"adviser": AdviserId("nobody")})
        with pytest.raises(UnknownName):
            await centre.node.bridged(stranger)
        with pytest.raises(UnknownName):
            await centre.node.over(stranger)


async def test_nobody_rings_without_the_cluster_key(centre: DeskCentre) -> None:
    async with centre.ready(), aiohttp.ClientSession() as stranger:
        for key in ({}, {"X-Cluster-Key": CLUSTER_KEY[:-1] + "d"}):
            async with stranger.post(centre.internal_url + "/rings", headers=key) as answer:
                assert answer.status == 403
                assert NotAllowed.code in await answer.text()


async def test_a_page_that_is_loaded_again_in_mid_ring_rings_on(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, page):
        ring = await centre.node.ring()
        first = await page.hear(said.RingNow)
        await page.socket.close()
        await asyncio.sleep(0.1)
        async with browser.live() as again:
            assert (await again.hear(said.PresenceNow)).state is Presence.RINGING
            second = await again.hear(said.RingNow)
            assert (second.ticket, second.token) == (ring.ticket, ring.token)
            assert second.ring_ms < first.ring_ms


async def test_a_page_that_is_loaded_again_in_mid_talk_finds_its_call(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, page):
        ring = await talks(centre.node, page)
        await page.socket.close()
        async with browser.live() as again:
            talk = await again.hear(said.TalkNow)
            assert talk.ring is not None
            assert (talk.call, talk.ring.journey) == (ring.call, ring.journey)
        kid, _, secret = SIGNING_KEYS.partition(":")
        ticket = Signatures({kid: secret}, kid, MachineClock()).read_ticket(talk.ring.ticket)
        assert (ticket.call, ticket.adviser, ticket.token, ticket.node) == (
            ring.call,
            ring.adviser,
            ring.token,
            ring.node,
        )


async def test_the_end_of_a_talk_that_nobody_told_is_seen_in_the_live_state(
    centre: DeskCentre,
) -> None:
    state, call, epoch = centre.state, CallId("call-1"), LegEpoch(1, "a")
    async with centre.ready() as (_, page):
        await centre.standing(Presence.READY)
        await state.open_matching((await state.generation()).store)
        await state.report_node(centre.node.standing())
        await state.join(
            call=call,
            queue=GENERAL,
            head_start_ms=0,
            enqueued_ms=None,
            epoch=epoch,
            node=NodeId("node-1"),
        )
        [reservation] = await state.match_advisers([ADA.id], request=RequestId("r1"))
        await state.take_up(call=call, adviser=ADA.id, token=reservation.token)
        ring = await centre.node.ring(token=reservation.token)
        await page.hear(said.RingNow)
        await state.answer(call=call, adviser=ADA.id, token=reservation.token)
        await centre.node.bridged(ring)
        await page.hear(said.TalkNow)
        await centre.standing(Presence.TALKING)
        await state.end(call=call, epoch=epoch, ending=Ending.HANDLED)
        assert (await page.hear(said.WrapUpNow)).call == call


async def test_a_ring_for_an_adviser_who_talks_is_refused_and_counted(centre: DeskCentre) -> None:
    name, label = "contactcentre_invariant_violations_total", {"invariant": "I4"}
    async with centre.ready() as (_, page):
        ring = await talks(centre.node, page)
        with pytest.raises(StaleToken):
            await centre.node.ring(token=ring.token)
        before = REGISTRY.get_sample_value(name, label) or 0
        with pytest.raises(OutOfOrder):
            await centre.node.ring(call="call-2", token=ring.token + 1)
        after = REGISTRY.get_sample_value(name, label)
        assert after == before + 1
