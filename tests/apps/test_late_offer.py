"""A node that stood still reads an offer whose page has long gone elsewhere with its call."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.bench.peer import Peer
from contactcentre.domain.ids import CallId, LegId
from contactcentre.ports.media import LegEvent
from tests.apps.small_centre import SECRET, SmallCentre, small_centre


@pytest.fixture
async def centre(redis_url: str, tmp_path: Path) -> AsyncIterator[SmallCentre]:
    """Give a running centre of two nodes."""
    async with small_centre(redis_url, tmp_path, nodes=2) as one:
        yield one


async def test_an_offer_whose_page_is_gone_takes_no_call_from_the_node_that_has_it(
    centre: SmallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await centre.wait_in_queue("call-1")
    await page.hear("place")
    accept, answered = AiortcMedia.accept, asyncio.Event()

    async def late(
        media: AiortcMedia,
        *,
        call: CallId,
        leg: LegId,
        offer_sdp: str,
        heard: Callable[[LegEvent], None],
    ) -> str:
        await asyncio.sleep(0.3)
        try:
            return await accept(media, call=call, leg=leg, offer_sdp=offer_sdp, heard=heard)
        finally:
            answered.set()

    monkeypatch.setattr(AiortcMedia, "accept", late)
    peer = Peer()
    async with centre.session.ws_connect(centre.leg_urls[1]) as socket:
        offer = {"claim": page.claim, "secret": SECRET, "sdp": await peer.offer()}
        await socket.send_json({"kind": "offer", **offer})
    async with asyncio.timeout(5):
        await answered.wait()
    await asyncio.sleep(0.2)
    await peer.close()
    [stands] = await centre.state.look_calls([CallId("call-1")])
    assert stands.node == "node-1"
