"""A browser that has no telephone's codec: Chromium with Opus alone is heard and hears."""

import asyncio
from contextlib import AsyncExitStack

from playwright.async_api import Browser

from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.domain.ids import CallId, LegId
from contactcentre.ports.media import KeyHeard
from tests.adapters.media.conftest import Rooms
from tests.adapters.media.conftest import media as media  # noqa: PLC0414 - a fixture, given on

CALLER_HZ, ADVISER_HZ = 440.0, 1_000.0
OFFER = """async () => {
  const sound = new AudioContext();
  const tone = new OscillatorNode(sound, {frequency: 440});
  const out = new MediaStreamAudioDestinationNode(sound);
  tone.connect(new GainNode(sound, {gain: 0.3})).connect(out);
  tone.start();
  const call = globalThis.call = new RTCPeerConnection();
  const way = call.addTransceiver(out.stream.getAudioTracks()[0]);
  const all = RTCRtpReceiver.getCapabilities("audio").codecs;
  way.setCodecPreferences(all.filter((one) => /opus|telephone-event/.test(one.mimeType)));
  call.ontrack = ({track}) => {
    const stream = new MediaStream([track]);
    const player = globalThis.player = new Audio();
    player.srcObject = stream;
    player.muted = true;
    const ear = globalThis.ear = new AnalyserNode(sound, {fftSize: 8192});
    new MediaStreamAudioSourceNode(sound, {mediaStream: stream}).connect(ear);
  };
  await call.setLocalDescription(await call.createOffer());
  while (call.iceGatheringState !== "complete") await new Promise((done) => setTimeout(done, 20));
  return call.localDescription.sdp;
}"""
ACCEPT = "(sdp) => call.setRemoteDescription({type: 'answer', sdp})"
PRESS = "() => call.getSenders()[0].dtmf.insertDTMF('5')"
HEARS = """(hz) => {
  const bins = new Float32Array(ear.frequencyBinCount);
  ear.getFloatFrequencyData(bins);
  const loudest = bins.indexOf(Math.max(...bins)) * ear.context.sampleRate / ear.fftSize;
  return Math.abs(loudest - hz) < 20;
}"""


async def test_a_browser_with_opus_alone_hears_and_is_heard_and_its_keys_are_told(
    media: AiortcMedia, browser: Browser
) -> None:
    async with AsyncExitStack() as leaving:
        rooms = Rooms(media, leaving)
        adviser = await rooms.caller("adviser", hz=ADVISER_HZ)
        page = await browser.new_page()
        offer = await page.evaluate(OFFER)
        assert "PCM" not in offer
        answer = await media.accept(
            call=CallId("call"), leg=LegId("caller"), offer_sdp=offer, heard=rooms.events.append
        )
        assert "opus/48000/2" in answer
        await page.evaluate(ACCEPT, answer)
        rooms.join("adviser", "caller")
        assert await adviser.hears(CALLER_HZ)
        await page.wait_for_function(HEARS, arg=ADVISER_HZ, timeout=5_000)
        await page.evaluate(PRESS)
        async with asyncio.timeout(5):
            while KeyHeard(leg=LegId("caller"), key="5") not in rooms.events:  # noqa: ASYNC110 - told by a callback
                await asyncio.sleep(0.02)
