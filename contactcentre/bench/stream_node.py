"""The sockets of the media bench's node: Twilio's streams, served as a media node serves them."""

import time
from typing import Any

from aiohttp import web

from contactcentre.adapters.carrier_twilio.stream import Mark, Says, Sound
from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.apps.stream_carriage import StreamCarriage
from contactcentre.apps.stream_socket import StreamSocket, started
from contactcentre.domain.ids import CallId, LegId
from contactcentre.wire.closing import Closing

PATH = "/leg/{call}/{leg}"


class StreamDoor:
    """Takes each socket in as a leg of the engine."""

    def __init__(self, media: AiortcMedia, host: str) -> None:
        self._media = media
        self._host = host
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def url(self, call: CallId, leg: LegId) -> str:
        """Return where a leg's socket is opened."""
        if self._runner is None:
            app = web.Application()
            app.add_routes([web.get(PATH, self._serve)])
            self._runner = web.AppRunner(app, access_log=None)
            await self._runner.setup()
            await web.TCPSite(self._runner, self._host, 0).start()
            self._port = self._runner.addresses[0][1]
        return f"ws://{self._host}:{self._port}{PATH.format(call=call, leg=leg)}"

    async def close(self) -> None:
        """Close every socket."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        socket = StreamSocket()
        answer = await socket.open(request)
        messages = socket.messages()
        start = await started(messages)
        carriage = StreamCarriage(start.stream_sid, socket, clock=time.monotonic)
        await self._media.accept(
            call=CallId(request.match_info["call"]),
            leg=LegId(request.match_info["leg"]),
            offer_sdp=self._media.announce(carriage.terms),
            heard=lambda _event: None,
        )
        socket.send(Says(start.stream_sid).clear)  # whoever waits knows: it is a leg now
        try:
            await self._read(messages, carriage)
        finally:
            carriage.end()
        await socket.close(code=Closing.DONE, why="")
        return answer

    async def _read(self, messages: Any, carriage: StreamCarriage) -> None:
        async for message in messages:
            match message:
                case Sound():
                    carriage.sound_came(message)
                case Mark(mark=mark):
                    carriage.mark_came(mark.name)
                case _:
                    pass
