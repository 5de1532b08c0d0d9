"""A centre of media nodes and one router over a real Redis, with a desk played by the test."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.claims import Signatures
from contactcentre.apps import media, router
from contactcentre.apps.process import Process
from contactcentre.bench.peer import Peer
from contactcentre.domain.ids import AdviserId, CallId, DeskId, LineId, QueueId, Token
from contactcentre.domain.languages import Language
from contactcentre.domain.presence import Presence
from contactcentre.ports.state import AdviserReport, AdviserStanding
from contactcentre.settings import Settings, read_settings
from contactcentre.wire.claims import CallerClaim
from contactcentre.wire.cluster import Ring, RingOver, Talk

SIGNING_KEY = "k1:" + "s" * 32
PAYING = "tax.paying.en"
"""The queue that `wait_in_queue` leads to."""
FREE = "free"
"""Stands for a port of each process's own."""
SECRET = "the page's own secret"  # noqa: S105 - of a page made up here
DESK = DeskId("desk-1")


class PlayedDesk:
    """A desk process as nodes see it: it takes rings and remembers what it was told."""

    def __init__(self, state: RedisState, url: str) -> None:
        self._state = state
        self.url = url
        self.rings: asyncio.Queue[Ring] = asyncio.Queue()
        self.over: asyncio.Queue[RingOver] = asyncio.Queue()
        self.bridged: asyncio.Queue[Talk] = asyncio.Queue()
        self.moved: asyncio.Queue[Ring] = asyncio.Queue()
        self.fails = False
        """Whether it breaks as it is told of a ring."""
        self.dies = False
        """Whether it dies as it is told of a ring: its connections are gone."""
        self.told_count = 0
        """Of how many rings it has been told."""
        self._beat = 0

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return what nodes may post."""
        return [
            web.post("/rings", self._ring),
            web.post("/rings/{token}/over", self._over),
            web.post("/rings/{token}/bridged", self._bridged),
            web.post("/rings/{token}/moved", self._moved),
        ]

    async def report(
        self,
        adviser: str,
        state: Presence,
        *queues: str,
        call: str | None = None,
        token: int = 0,
    ) -> AdviserStanding:
        """Say how an adviser stands."""
        self._beat += 1
        await self._state.report_desk(desk=DESK, beat=self._beat, internal_url=self.url)
        return await self._state.report_adviser(
            AdviserReport(
                adviser=AdviserId(adviser),
                desk=DESK,
                beat=self._beat,
                state=state,
                reason=None,
                call=None if call is None else CallId(call),
                token=Token(token),
                queues=[QueueId(queue) for queue in queues],
            )
        )

    async def _ring(self, request: web.Request) -> web.Response:
        self.told_count += 1
        if self.dies and request.transport is not None:
            request.transport.abort()
        if self.fails or self.dies:
            return web.Response(status=500)
        self.rings.put_nowait(Ring.model_validate_json(await request.read()))
        return web.Response(status=204)

    async def _over(self, request: web.Request) -> web.Response:
        self.over.put_nowait(RingOver.model_validate_json(await request.read()))
        return web.Response(status=204)

    async def _bridged(self, request: web.Request) -> web.Response:
        self.bridged.put_nowait(Talk.model_validate_json(await request.read()))
        return web.Response(status=204)

    async def _moved(self, request: web.Request) -> web.Response:
        self.moved.put_nowait(Ring.model_validate_json(await request.read()))
        return web.Response(status=204)


class LegPage:
    """A browser's end of a leg socket, with real sound behind it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, peer: Peer) -> None:
        self._socket = socket
        self.peer = peer
        self.heard: list[dict[str, Any]] = []

    @classmethod
    async def open(
        cls,
        session: aiohttp.ClientSession,
        url: str,
        *,
        kind: str | None = None,
        **first: str | int,
    ) -> Self:
        """Open a socket with an offer (claim, secret) or an attach (ticket), and connect.

        Another `kind` of first message may be named.
        """
        page = cls(await session.ws_connect(url), Peer())
        usual = "attach" if "ticket" in first else "offer"
        await page.say(kind or usual, sdp=await page.peer.offer(), **first)
        answer = await page.hear("answer")
        await page.peer.accept(answer["sdp"])
        return page

    async def say(self, kind: str, **said: Any) -> None:
        """Say something to the node."""
        await self._socket.send_json({"kind": kind, **said})

    async def hear(self, kind: str, *, within_s: float = 10.0, **like: Any) -> dict[str, Any]:
        """Return the next message of a kind, with these values; the others are kept in `heard`."""
        async with asyncio.timeout(within_s):
            async for message in self._socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                said: dict[str, Any] = message.json()
                self.heard.append(said)
                if said["kind"] == "beat":
                    await self.say("beat")
                elif said["kind"] == kind and like.items() <= said.items():
                    return said
        raise AssertionError(f"the node said no {kind} {like}", self.heard)

    async def stays(self, for_s: float) -> None:
        """Answer the node's beats for so long: a page that is silent for five seconds is lost."""
        with suppress(TimeoutError):
            await self.hear("nothing", within_s=for_s)

    async def close(self) -> None:
        """Hang up, and close socket and sound."""
        with suppress(aiohttp.ClientConnectionResetError):  # the node has closed it already
            await self.say("hang_up")
        await self.vanish()

    @property
    def claim(self) -> str:
        """Return the last claim that the node has given."""
        return str([said["claim"] for said in self.heard if said["kind"] == "claim"][-1])

    async def hear_the_end(self, *, within_s: float = 5.0) -> int | None:
        """Return the code with which the node closes the socket."""
        async with asyncio.timeout(within_s):
            async for message in self._socket:
                self.heard.append(message.json())
        return self._socket.close_code

    async def vanish(self) -> None:
        """Close socket and sound without a word, as a closed tab does."""
        await self._socket.close()
        await self.peer.close()


class SmallCentre:
    """The centre as its tests use it."""

    def __init__(
        self,
        nodes: Sequence[Settings],
        state: RedisState,
        desk: PlayedDesk,
        session: aiohttp.ClientSession,
    ) -> None:
        self.settings = settings = nodes[0]
        self.state = state
        self.desk = desk
        self.session = session
        self._pages: list[LegPage] = []
        self.leg_urls = [f"ws://127.0.0.1:{node.media_port}/leg" for node in nodes]
        self.leg_url = self.leg_urls[0]
        self.internal_urls = [f"http://127.0.0.1:{node.internal_port}" for node in nodes]
        self.store_pid = 0
        """The store's process, if the test has one of its own."""
        self.drain: Callable[[int], None] = lambda _: None
        """Tells a node, by its number, to drain."""
        signing, ring = settings.signing_ring()
        self.signatures = Signatures(ring, signing, MachineClock())

    def claim(self, call: str, *, language: Language = Language.ENGLISH) -> str:
        """Return a claim to a call that does not exist yet."""
        return self.signatures.sign_claim(
            CallerClaim(
                call=CallId(call),
                line=LineId("tax"),
                language=language,
                epoch_count=0,
                epoch_nonce="",
                page=hashlib.sha256(SECRET.encode()).hexdigest(),
                exp=MachineClock().now_ms() // 1_000 + 60,
            )
        )

    async def call(self, call: str) -> LegPage:
        """Let a caller call."""
        return await self.call_again(self.claim(call))

    async def call_again(self, claim: str, *, node: int = 0, attempt: int = 0) -> LegPage:
        """Let a page come to a node with a claim, its first or a later one."""
        return await self._open(self.leg_urls[node], claim=claim, secret=SECRET, attempt=attempt)

    async def wait_in_queue(self, call: str) -> LegPage:
        """Let a caller call and press what leads to the queue for paying."""
        page = await self.call(call)
        for key in "33":
            await page.say("key", key=key)
            await asyncio.sleep(0.05)
        await page.hear("stage", state="waiting")
        return page

    async def attach(self, ring: Ring, **more: Any) -> LegPage:
        """Connect the sound of the adviser who is rung; `more` is said with the offer."""
        return await self._open(ring.node_url, ticket=ring.ticket, **more)

    async def answer_ring(self, *, within_s: float = 10.0) -> tuple[Ring, LegPage]:
        """Wait for the next ring, connect the adviser's sound and press Answer."""
        ring = await self.ring(within_s=within_s)
        page = await self.attach(ring)
        await page.say("answer_call")
        return ring, page

    def close_later(self, page: LegPage) -> None:
        """Close a page that the test itself has opened with the others."""
        self._pages.append(page)

    async def close_pages(self) -> None:
        """Close every page that was opened."""
        for page in self._pages:
            await page.close()

    async def _open(self, url: str, **first: Any) -> LegPage:
        page = await LegPage.open(self.session, url, **first)
        self._pages.append(page)
        return page

    async def ring(self, *, within_s: float = 10.0) -> Ring:
        """Wait for the next ring."""
        async with asyncio.timeout(within_s):
            return await self.desk.rings.get()


@asynccontextmanager
async def small_centre(
    redis_url: str, folder: Path, *, nodes: int = 1, **more: str
) -> AsyncIterator[SmallCentre]:
    """Start the centre, give it, and stop it."""
    names = [*(f"node-{number + 1}" for number in range(nodes)), "router-1"]
    settings = [_settings(name, redis_url, folder, more) for name in names]
    state = RedisState(redis_url)
    # nothing of another life is in this store: nobody need wait for anybody's report
    await state.open_matching((await state.generation()).store)
    desk_port = free_port()
    desk = PlayedDesk(state, f"http://127.0.0.1:{desk_port}")
    app = web.Application()
    app.add_routes(desk.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", desk_port).start()
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        processes = [
            *(Process("media", settings[number], group) for number in range(nodes)),
            Process("router", settings[nodes], group),
        ]
        roles = (*[media.serve] * nodes, router.serve)
        served = [
            group.create_task(serve(one, process))
            for serve, one, process in zip(roles, settings, processes, strict=True)
        ]
        centre = SmallCentre(settings[:nodes], state, desk, session)
        centre.drain = lambda number: processes[number].draining.set()
        for node in settings[:nodes]:
            await _until_listening(node.media_port)
        try:
            yield centre
        finally:
            await centre.close_pages()
            for process in processes:
                process.draining.set()
            await asyncio.wait(served, timeout=5)
            for task, process in zip(served, processes, strict=True):
                task.cancel()
                await process.close()
    await runner.cleanup()
    await state.close()


def _settings(name: str, redis_url: str, folder: Path, more: Mapping[str, str]) -> Settings:
    """Return the settings of one process."""
    return read_settings(
        {
            "CC_NODE": name,
            "CC_REDIS_URL": redis_url,
            "CC_CLUSTER_KEY": "c" * 32,
            "CC_SIGNING_KEYS": SIGNING_KEY,
            "CC_INTERNAL_PORT": str(free_port()),
            "CC_MEDIA_PORT": str(free_port()),
            "CC_MEDIA_ADDRESSES": "127.0.0.1",
            "CC_DATA_DIR": str(folder),
            **{name: str(free_port()) if said == FREE else said for name, said in more.items()},
        }
    )


async def _until_listening(port: int) -> None:
    """Wait until a port of loopback is listened on."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return
