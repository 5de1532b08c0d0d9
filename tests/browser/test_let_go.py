"""A page whose node ends the sound without a word, as one does that hears nothing of it."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser

from contactcentre.adapters.media_aiortc.addresses import offer_addresses
from contactcentre.adapters.media_aiortc.offers import read_offer
from contactcentre.adapters.media_aiortc.sound_port import SoundPort
from contactcentre.adapters.media_aiortc.transport import Connection
from contactcentre.adapters.web.pages import assets

SOUND = Path(assets.FOLDER) / "call" / "sound.js"
WITHIN_S = 10.0
OPEN = """async () => {
  const { Sound } = await import("/sound.js");
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  const sound = new Sound({ microphone, gatherMs: 500, iceServers: [], play: () => {} });
  window.sound = sound;
  window.told = [];
  sound.onConnected = () => window.told.push("connected");
  sound.onLost = () => window.told.push("lost");
  sound.onLetGo = () => window.told.push("let go");
  return sound.offer();
}"""


@pytest.mark.parametrize("page_closes", [False, True])
async def test_a_page_notices_within_a_second_that_its_node_has_ended_the_sound(
    browser: Browser, *, page_closes: bool
) -> None:
    offer_addresses(["127.0.0.1"])
    app = web.Application()
    app.router.add_get("/", _empty)
    app.router.add_get("/sound.js", _script)
    async with TestServer(app) as server, asyncio.timeout(3 * WITHIN_S):
        page = await browser.new_page()
        await page.goto(str(server.make_url("/")))
        node = Connection(
            offer=read_offer(await page.evaluate(OPEN)),
            ice_servers=[],
            packet_came=lambda _packet, _waited_s=0.0: None,
            report_came=lambda _report: None,
            listen=_no_port,
        )
        answer = await node.answer(source=7, name="name")
        connected = asyncio.Event()
        running = asyncio.create_task(node.run(connected.set))
        await page.evaluate("sdp => window.sound.answer(sdp)", answer)
        await connected.wait()
        await page.wait_for_function("window.told.includes('connected')")
        if page_closes:
            await page.evaluate("window.sound.close()")
        await node.close()
        await running
        await asyncio.sleep(1.0)
        told = ["connected"] if page_closes else ["connected", "let go"]
        assert await page.evaluate("window.told") == told
        await page.close()
    offer_addresses([])


def _no_port(*_asked: object) -> SoundPort:
    """Leave the socket to the loop, as where a node has no more ports."""
    raise OSError


async def _empty(_request: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>A page</title>", content_type="text/html")


async def _script(_request: web.Request) -> web.Response:
    return web.Response(text=SOUND.read_text(encoding="utf-8"), content_type="text/javascript")
