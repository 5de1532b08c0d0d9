"""An adviser's way to the desk: what is asked over HTTP, and the live socket that comes back.

There may be several desk processes; a way in front of them would find one that lives, so the next
one is tried where one does not answer.
"""

import asyncio
from collections.abc import Callable, Sequence
from random import Random

import aiohttp

from contactcentre.drills.first_open import BROKEN
from contactcentre.drills.leg import CLOSE_WITHIN_S, Said
from contactcentre.limits import SOCKET_BEAT_EVERY_MS, SOCKET_LOST_AFTER_MS
from contactcentre.wire.closing import Closing

ASK_WITHIN_S = 5.0
BACK_OFF_MIN_S, BACK_OFF_MAX_S = 0.25, 10.0
DOUBLINGS_MAX = 10
OUTAGE = 500
LOST_AFTER_S = SOCKET_LOST_AFTER_MS / 1_000


class DeskWay:
    """One browser's way to the desk."""

    def __init__(
        self,
        urls: Sequence[str],
        session: aiohttp.ClientSession,
        chance: Random,
        *,
        sign_in: Said,
        heard: Callable[[Said], None],
        lost: Callable[[], None],
        closing: asyncio.TaskGroup,
    ) -> None:
        """Make it; `sign_in` is what to sign in with, `heard` and `lost` are told."""
        self._urls = urls
        self._session = session
        self._chance = chance
        self._sign_in = sign_in
        self._heard = heard
        self._lost = lost
        self._closing = closing
        self._at = chance.randrange(len(urls))
        self._is_live = False

    @property
    def _url(self) -> str:
        return self._urls[self._at % len(self._urls)]

    async def keep(self) -> None:
        """Sign in, and keep the live socket open for ever."""
        await self.insist("POST", "/api/sign-in", self._sign_in)
        attempt = 0
        while True:
            was_live = await self._live()
            attempt = 1 if was_live else attempt + 1
            if was_live:
                self._lost()
            self._at += 1
            await asyncio.sleep(self.back_off_s(attempt))

    def back_off_s(self, attempt: int) -> float:
        """Return how long to wait before an attempt: full jitter over a span that doubles."""
        span: float = min(BACK_OFF_MAX_S, BACK_OFF_MIN_S * 2 ** min(attempt, DOUBLINGS_MAX))
        return BACK_OFF_MIN_S + self._chance.random() * (span - BACK_OFF_MIN_S)

    async def insist(self, method: str, path: str, body: Said) -> None:
        """Ask until the desk has said yes or no."""
        attempt = 0
        while await self.ask(method, path, body) is None:
            attempt += 1
            self._at += not self._is_live
            await asyncio.sleep(self.back_off_s(attempt))

    async def ask(self, method: str, path: str, body: Said) -> int | None:
        """Return the status of the answer; None if there was none, or an outage."""
        try:
            async with (
                asyncio.timeout(ASK_WITHIN_S),
                self._session.request(
                    method, self._url + path, json=body, headers={"Origin": self._url}
                ) as response,
            ):
                await response.read()
                return response.status if response.status < OUTAGE else None
        except BROKEN:
            return None

    async def answer(self, method: str, path: str, body: Said | None = None) -> Said | None:
        """Return what the desk says to a question; None if it says no, or nothing."""
        try:
            async with (
                asyncio.timeout(ASK_WITHIN_S),
                self._session.request(
                    method, self._url + path, json=body, headers={"Origin": self._url}
                ) as response,
            ):
                said: Said = await response.json(content_type=None)
                return said if response.ok else None
        except (*BROKEN, ValueError):
            return None

    async def _live(self) -> bool:
        """Keep one socket to its end; say whether the desk said anything on it."""
        try:
            async with asyncio.timeout(ASK_WITHIN_S):
                socket = await self._session.ws_connect(
                    self._url + "/api/live",
                    headers={"Origin": self._url},
                    max_msg_size=0,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_WITHIN_S),
                )
        except BROKEN:
            return False
        try:
            async with asyncio.TaskGroup() as tasks:
                beating = tasks.create_task(_beat(socket), name="desk beats")
                try:
                    await self._listen(socket)
                finally:
                    beating.cancel()
        finally:
            was_live, self._is_live = self._is_live, False
            self._closing.create_task(_close(socket), name="desk socket closes")
        if socket.close_code == Closing.NOT_SIGNED_IN:
            await self.insist("POST", "/api/sign-in", self._sign_in)
        return was_live

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Pass on what is said until the socket ends, or nothing is said for too long."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LOST_AFTER_S) as patience:
                async for message in socket:
                    patience.reschedule(loop.time() + LOST_AFTER_S)
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    self._is_live = True
                    self._heard(message.json())
        except BROKEN:
            return


async def _beat(socket: aiohttp.ClientWebSocketResponse) -> None:
    try:
        while True:
            await asyncio.sleep(SOCKET_BEAT_EVERY_MS / 1_000)
            await socket.send_json({"kind": "beat"})
    except BROKEN:
        return


async def _close(socket: aiohttp.ClientWebSocketResponse) -> None:
    try:
        await socket.close()
    except BROKEN:
        return
