"""How a desk lets its adviser have the caller of a callback rung, and knows the call then."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import pytest

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.web.claims import Signatures
from contactcentre.wire import desk as said
from contactcentre.wire.callbacks import CallbackWay
from tests.apps.desk_centre import DeskCentre, desk_centre

WAY = "/api/callbacks/back-call-1/way"
NUMBERS = """
own = ["+441632960001"]
[callbacks]
allowed = ["+441632"]
"""


@pytest.fixture
async def centre(redis_url: str, database_url: str, tmp_path: Path) -> AsyncIterator[DeskCentre]:
    """Give a desk whose callers may be rung from nodes."""
    numbers = tmp_path / "numbers.toml"
    numbers.write_text(NUMBERS)
    async with desk_centre(redis_url, database_url, CC_OUTSIDE_NUMBERS=str(numbers)) as one:
        yield one


async def test_the_page_is_sent_to_the_emptiest_node_and_then_has_a_talk_that_was_a_callback(
    centre: DeskCentre,
) -> None:
    emptier = centre.another_node("node-2")
    emptier.legs_count = 0
    async with centre.ready() as (browser, page):
        assert (await browser.tell("GET", "/api/me", None, said.Me)).may_have_rung
        assert (await browser.refused("POST", WAY)).code == "out-of-order"
        keeper = centre.another_node("keeper-1")
        rang = await keeper.ring_callback()
        await page.hear(said.RingNow)
        assert (await browser.refused("POST", WAY)).code == "out-of-order", "not taken yet"
        await keeper.bridged(rang)
        await page.hear(said.TalkNow)
        assert (await browser.refused("POST", WAY)).code == "node-full", "no node is there"
        for node in (centre.node, emptier):
            await node.report(centre.state)
        async with asyncio.timeout(5):
            while (await browser.ask("POST", WAY))[0] != HTTPStatus.OK:  # noqa: ASYNC110 - the desk says it when asked
                await asyncio.sleep(0.1)
        way = await browser.tell("POST", WAY, None, CallbackWay)
        assert way.node_url == emptier.leg_url
        signing, ring = centre.settings.signing_ring()
        ticket = Signatures(ring, signing, MachineClock()).read_ticket(way.ticket)
        assert (ticket.call, ticket.token, ticket.node) == (rang.call, rang.token, "node-2")
        assert ticket.keeper_url == "http://keeper.example:8090"
        await emptier.moved(rang)
        talk = await page.hear(said.TalkNow)
        assert talk.ring is not None
        assert talk.ring.node_url == emptier.leg_url
        assert talk.ring.callback is not None, "how it ended is still the adviser's word"
        assert talk.ring.callback.number == "01632960100"
        assert (await browser.refused("POST", WAY)).code == "out-of-order", "it is a call already"


async def test_where_nobody_may_be_rung_a_callback_is_made_by_hand(
    redis_url: str, database_url: str
) -> None:
    async with desk_centre(redis_url, database_url) as centre, centre.ready() as (browser, _):
        assert not (await browser.tell("GET", "/api/me", None, said.Me)).may_have_rung
        assert (await browser.refused("POST", WAY)).code == "number-not-allowed"
