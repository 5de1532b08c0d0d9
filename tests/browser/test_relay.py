"""A browser that reaches no media node hears and is heard by way of the TURN server of `deploy/`.

The browser, the server and the node each stand in a network of their own, and packets between the
browser's and the node's vanish.
"""

import asyncio
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.async_api import Page, async_playwright

from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.adapters.media_aiortc.addresses import offer_addresses
from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.sip.tls import TlsFiles
from contactcentre.adapters.web.ice import IceServers, turn_password
from contactcentre.domain.ids import CallId, LegId, SoundName
from contactcentre.domain.languages import Language
from contactcentre.drills.networks import NORTH, OUTSIDE, SOUTH, WIRES, Networks, drill_networks
from contactcentre.ports.media import LegConnected, LegEvent
from tests.adapters.media.conftest import tone
from tests.adapters.sip.certificates import make_authority, make_certificate
from tests.browser.chromium import chromium, node

NODE, RELAY, BROWSER = NORTH, SOUTH, OUTSIDE
"""Which of the networks is whose."""
CONF = Path(__file__).parents[2] / "deploy" / "coturn" / "turnserver.conf"
SECRET = "what the server and the pages share"  # noqa: S105 - of these tests
OLD_SECRET = "what they share until tomorrow"  # noqa: S105 - likewise
PORT, TLS_PORT = 3_478, 5_349
WITHIN_S = 10.0
OVER_UDP = f"turn:{WIRES[RELAY].host}:{PORT}"
OVER_TCP = f"{OVER_UDP}?transport=tcp"
OVER_TLS = f"turns:{WIRES[RELAY].host}:{TLS_PORT}?transport=tcp"
PROMPT_HZ, CALLER_HZ = 1_000.0, 440.0
OFFER = """async (iceServers) => {
  const sound = globalThis.sound ??= new AudioContext();
  const tone = new OscillatorNode(sound, {frequency: 440});
  const out = new MediaStreamAudioDestinationNode(sound);
  tone.connect(new GainNode(sound, {gain: 0.3})).connect(out);
  tone.start();
  const call = globalThis.call = new RTCPeerConnection({iceServers});
  call.addTrack(out.stream.getAudioTracks()[0], out.stream);
  call.ontrack = ({track}) => {
    const stream = new MediaStream([track]);
    const player = globalThis.player = new Audio();
    player.srcObject = stream;
    player.muted = true;
    const ear = globalThis.ear = new AnalyserNode(sound, {fftSize: 8192});
    new MediaStreamAudioSourceNode(sound, {mediaStream: stream}).connect(ear);
  };
  await call.setLocalDescription(await call.createOffer());
  const ends = performance.now() + 3000;
  while (call.iceGatheringState !== "complete" && performance.now() < ends) {
    await new Promise((done) => setTimeout(done, 20));
  }
  return call.localDescription.sdp;
}"""
ACCEPT = "(sdp) => call.setRemoteDescription({type: 'answer', sdp})"
HEARS = """(hz) => {
  const bins = new Float32Array(ear.frequencyBinCount);
  ear.getFloatFrequencyData(bins);
  const loudest = bins.indexOf(Math.max(...bins)) * ear.context.sampleRate / ear.fftSize;
  return Math.abs(loudest - hz) < 20;
}"""

FLAGS = [
    "--autoplay-policy=no-user-gesture-required",
    "--ignore-certificate-errors",
    "--no-sandbox",
]

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may make networks"),
    pytest.mark.skipif(shutil.which("turnserver") is None, reason="coturn is not installed"),
]


def conf(allowed: str, shown: TlsFiles) -> str:
    """Return the configuration of `deploy/` with what an operator puts into it."""
    said = CONF.read_text(encoding="utf-8")
    put_right = {
        "#static-auth-secret=": f"static-auth-secret={OLD_SECRET}\nstatic-auth-secret={SECRET}",
        "#allowed-peer-ip=": f"allowed-peer-ip={allowed}",
        "no-tls": f"tls-listening-port={TLS_PORT}",
        "#cert=.*": f"cert={shown.certificate}",
        "#pkey=.*": f"pkey={shown.key}",
    }
    for before, after in put_right.items():
        said, count = re.subn(f"^{before}$", after, said, flags=re.MULTILINE)
        assert count == 1
    return said


@pytest.fixture
def networks() -> Iterator[Networks]:
    """Give three networks, of which two do not reach one another."""
    with drill_networks() as made:
        made.part(NODE, BROWSER)
        yield made


@asynccontextmanager
async def relay(networks: Networks, folder: Path, *, allowed: str) -> AsyncIterator[None]:
    """Run the TURN server."""
    make_authority(folder, "authority")
    shown = make_certificate(folder, "relay", "authority")
    (folder / "turnserver.conf").write_text(conf(allowed, shown))
    own = [f"--pidfile={folder}/turnserver.pid", f"--userdb={folder}/turndb"]
    with networks.enter(RELAY), (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "turnserver", "-c", folder / "turnserver.conf", *own, cwd=folder, stdout=log, stderr=log
        )
    try:
        async with asyncio.timeout(WITHIN_S):
            while not _listens(networks):
                assert process.returncode is None, (folder / "log").read_text()
                await asyncio.sleep(0.05)
        yield
    finally:
        process.terminate()
        await process.wait()


def _listens(networks: Networks) -> bool:
    with networks.enter(RELAY):
        return f":{PORT:04X} " in Path("/proc/thread-self/net/udp").read_text()


class Stage:
    """A node with one leg in its network, and a page in the browser's."""

    def __init__(self, networks: Networks, page: Page, media: AiortcMedia) -> None:
        self._networks = networks
        self.page = page
        self.media = media
        self.events: list[LegEvent] = []
        self.leg = LegId("")

    async def calls(self, leg: str, ice: list[dict[str, Any]]) -> str:
        """Bring the page into a call, and return what it has offered."""
        self.leg = LegId(leg)
        offer: str = await self.page.evaluate(OFFER, ice)
        with self._networks.enter(NODE):
            answer = await self.media.accept(
                call=CallId(leg), leg=self.leg, offer_sdp=offer, heard=self.events.append
            )
        await self.page.evaluate(ACCEPT, answer)
        return offer

    async def connects(self, within_s: float = WITHIN_S) -> bool:
        """Wait until sound can flow, and say whether it came to that."""
        try:
            async with asyncio.timeout(within_s):
                while LegConnected(leg=self.leg) not in self.events:  # noqa: ASYNC110 - told by a callback
                    await asyncio.sleep(0.05)
        except TimeoutError:
            return False
        return True

    async def hear_each_other(self) -> None:
        """Wait until the page hears the node's tone, and the node the page's."""
        playing = asyncio.create_task(
            self.media.play(self.leg, [SoundName("tone")], Language.ENGLISH)
        )
        try:
            await self.page.wait_for_function(HEARS, arg=PROMPT_HZ, timeout=WITHIN_S * 1_000)
            async with asyncio.timeout(WITHIN_S):
                while self._level_dbov() < -40:  # noqa: ASYNC110 - it says it when asked
                    await asyncio.sleep(0.05)
        finally:
            playing.cancel()
            await asyncio.wait([playing])

    def _level_dbov(self) -> float:
        quality = self.media.quality(self.leg)
        assert quality is not None
        return quality.level_dbov


@pytest.fixture
async def stage(networks: Networks) -> AsyncIterator[Stage]:
    """Give a page and a node that do not reach one another."""
    found = chromium()
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(node())
    async with AsyncExitStack() as leaving:
        with networks.enter(BROWSER):
            playwright = await leaving.enter_async_context(async_playwright())
            browser = await playwright.chromium.launch(
                executable_path=found.path,
                env={**os.environ, **found.environ},
                args=FLAGS,
            )
        leaving.push_async_callback(browser.close)
        media = AiortcMedia(
            sounds={(Language.ENGLISH, SoundName("tone")): tone(PROMPT_HZ, 20)},
            music=np.zeros(8_000, np.int16),
            addresses=[WIRES[NODE].host],
            ice_servers=[],
            legs_max=4,
        )
        await media.start()
        leaving.push_async_callback(media.stop)
        leaving.callback(offer_addresses, [])
        yield Stage(networks, await browser.new_page(), media)


def told(way: str, *, secret: str = SECRET) -> list[dict[str, Any]]:
    """Return what a page is told of the server and a way to it."""
    servers = IceServers(
        urls=[way],
        turn_secret=secret,
        clock=MachineClock(),
        chance=MachineChance(),
    )
    return [one.model_dump() for one in servers.told()]


async def test_a_browser_behind_a_network_hears_and_is_heard_through_the_relay(
    networks: Networks, stage: Stage, tmp_path: Path
) -> None:
    async with relay(networks, tmp_path, allowed=WIRES[NODE].host):
        await stage.calls("direct", [])
        assert not await stage.connects(within_s=1.5)
        for way, secret in ((OVER_UDP, OLD_SECRET), (OVER_TCP, SECRET), (OVER_TLS, SECRET)):
            offer = await stage.calls(f"by {way}", told(way, secret=secret))
            assert "typ relay" in offer
            assert await stage.connects(), (tmp_path / "log").read_text()
            await stage.hear_each_other()


async def test_the_relay_refuses_other_passwords_and_other_places(
    networks: Networks, stage: Stage, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    async with relay(networks, tmp_path, allowed=WIRES[NODE].host):
        forged = told(OVER_UDP, secret=f"{SECRET}, perhaps")
        (old,) = told(OVER_UDP)
        old["username"] = f"{int(time.time()) - 10}:of yesterday"
        old["credential"] = turn_password(SECRET, old["username"])
        for refused in (forged, [old]):
            assert "typ relay" not in await stage.calls("refused", refused)
            assert not await stage.connects(within_s=0.5)
            await stage.media.close(stage.leg)
    async with relay(networks, tmp_path / "elsewhere", allowed="10.77.9.9"):
        assert "typ relay" in await stage.calls("elsewhere", told(OVER_UDP))
        assert not await stage.connects(within_s=2.0)
