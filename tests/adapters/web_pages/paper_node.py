"""A media node made of paper: it says on leg sockets what a test tells it to, without sound."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from contactcentre.domain.call import CallState
from contactcentre.domain.ids import CallId
from contactcentre.domain.languages import Language
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import NODE_SAYS, Answer, Leave, Offer, PlaceNow, Refused, Stage
from contactcentre.wire.said import Said

NO_SOUND = """
window.RTCPeerConnection = class {
  connectionState = "new";
  iceGatheringState = "complete";
  addTrack() {}
  async setLocalDescription() { this.localDescription = { type: "offer", sdp: "v=0" }; }
  async setRemoteDescription() {
    this.connectionState = "connected";
    this.onconnectionstatechange?.();
  }
  async getStats() { return new Map(); }
  close() {}
};
"""
"""What stands in a browser for its peer connection: it agrees to everything and carries nothing."""


@dataclass
class PaperNode:
    """One node."""

    refuse: Refused | None = None
    """What is said to every offer instead of an answer."""
    offers: list[Offer] = field(default_factory=list)
    left: "asyncio.Queue[Leave]" = field(default_factory=asyncio.Queue)
    """What pages said that ended a call whose node they had lost."""
    heard: "asyncio.Queue[Mapping[str, Any]]" = field(default_factory=asyncio.Queue)
    """What pages said, beats and offers left out."""
    offered: asyncio.Event = field(default_factory=asyncio.Event)
    socket: web.WebSocketResponse | None = None
    transports: list[asyncio.Transport] = field(default_factory=list)
    runner: web.AppRunner | None = None
    port: int = 0

    @property
    def url(self) -> str:
        """Return where its leg socket is."""
        return f"ws://127.0.0.1:{self.port}/leg"

    async def start(self) -> None:
        """Listen, on the port it had before if it was stopped."""
        app = web.Application()
        app.router.add_get("/leg", self._serve)
        self.runner = web.AppRunner(app, shutdown_timeout=1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self.runner.addresses[0][1]

    async def stop(self) -> None:
        """Be gone at once, as after a crash."""
        for transport in self.transports:
            transport.abort()
        if self.runner is not None:
            await self.runner.cleanup()
        self.runner = None

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert request.transport is not None, "somebody asked"
        self.transports.append(request.transport)
        async for message in socket:
            assert message.type is WSMsgType.TEXT
            said = message.json()
            if said["kind"] == "offer":
                await self._take(Offer.model_validate(said), socket)
            elif said["kind"] == "leave":
                self.left.put_nowait(Leave.model_validate(said))
                await socket.close(code=Closing.DONE)
            elif said["kind"] != "beat":
                self.heard.put_nowait(said)
        return socket

    async def _take(self, offer: Offer, socket: web.WebSocketResponse) -> None:
        self.offers.append(offer)
        if self.refuse is not None:
            await socket.send_str(self.refuse.model_dump_json())
            await socket.close(code=Closing.REFUSED)
            return
        self.socket = socket
        await self.say(Answer(call=CallId("c1"), sdp="v=0"))
        self.offered.set()

    async def say(self, said: Said) -> None:
        """Say something on the latest socket; only what a node may say."""
        assert self.socket is not None, "nobody has called"
        text = said.model_dump_json()
        NODE_SAYS.validate_json(text)
        await self.socket.send_str(text)

    async def stage(
        self,
        state: CallState,
        *words: str,
        language: Language = Language.ENGLISH,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        """Say where the call is."""
        await self.say(
            Stage(state=state, language=language, words=list(words), keys=dict(keys or {}))
        )

    async def place(self, place: int, wait_ms: int | None = None) -> None:
        """Say where the caller stands."""
        await self.say(PlaceNow(place=place, wait_ms=wait_ms, words="You are in the queue."))
