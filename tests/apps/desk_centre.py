"""A desk process over real stores, with the pages and the media node played by the test."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import urlsplit

import aiohttp
from argon2 import PasswordHasher
from pydantic import BaseModel

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.ledger_postgres.accounts import PostgresAccounts
from contactcentre.adapters.ledger_postgres.outcomes import PostgresOutcomes
from contactcentre.adapters.ledger_postgres.passwords import Passwords
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.peers import Peers
from contactcentre.apps import desk
from contactcentre.apps.process import Process
from contactcentre.domain.ids import AdviserId, QueueId
from contactcentre.domain.languages import Language
from contactcentre.domain.presence import Presence
from contactcentre.ports.accounts import Account, Role
from contactcentre.ports.state import AdviserStanding
from contactcentre.settings import Settings, read_settings
from contactcentre.wire import desk as said
from contactcentre.wire.cluster import Ring
from contactcentre.wire.legs import Beat
from contactcentre.wire.problems import Problem
from tests.apps.desk_node import GENERAL, PlayedNode

PASSWORD = "a long enough password"  # noqa: S105 - of accounts made up here
CLUSTER_KEY = "c" * 32
SIGNING_KEYS = "k1:" + "s" * 32
RELAY_URL = "turn:relay.example:3478"
TURN_SECRET = "t" * 32
ADA = Account(
    id=AdviserId("ada"),
    name="Ada",
    role=Role.ADVISER,
    language=Language.ENGLISH,
    queues=(GENERAL, QueueId("tax.paying.en")),
)
SUE = Account(
    id=AdviserId("sue"), name="Sue", role=Role.SUPERVISOR, language=Language.WELSH, queues=()
)
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
"""Each test makes people anew; the desk itself hashes as it always does."""


class Wire:
    """A way to a server that can be cut in the middle, as a network is."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._to = (parts.hostname, parts.port)
        self._port = free_port()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.url = url.replace(f":{parts.port}", f":{self._port}")

    async def mend(self) -> None:
        """Let through what comes."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)

    async def cut(self) -> None:
        """Let nothing through any longer."""
        if self._server is None:
            return
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await self._server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._to)
        self._open |= {writer, back}
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pump(reader, back))
                tasks.create_task(_pump(there, writer))
        finally:
            self._open -= {writer, back}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


Heard = TypeVar("Heard", bound=BaseModel)


class LivePage:
    """An adviser's page with its socket open."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard: list[BaseModel] = []

    async def hear(self, kind: type[Heard], *, within_s: float = 10.0) -> Heard:
        """Return the next message of a kind; whatever comes before it is kept in `heard`."""
        async with asyncio.timeout(within_s):
            while True:
                told = await self._next()
                if isinstance(told, kind):
                    return told

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Answer the desk's beats while something else is looked at: a silent page is lost."""
        async with asyncio.TaskGroup() as group:
            answering = group.create_task(self._answer_beats())
            yield
            answering.cancel()

    async def _answer_beats(self) -> None:
        while not self.socket.closed:
            await self._next()

    async def _next(self) -> BaseModel | None:
        """Return what the desk says next; None for a beat, which is answered."""
        message = await self.socket.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, (self.socket.close_code, self.heard)
        told = said.DESK_SAYS.validate_json(message.data)
        if isinstance(told, Beat):
            await self.socket.send_str(told.model_dump_json())
            return None
        self.heard.append(told)
        return told

    async def end(self) -> int | None:
        """Return the code under which the socket is closed."""
        async with asyncio.timeout(10):
            while not self.socket.closed:
                await self.socket.receive()
        return self.socket.close_code


class Browser:
    """A browser with its cookies."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url
        self.origin = {"Origin": url}

    async def ask(
        self, method: str, path: str, body: BaseModel | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Ask for something and return status and body."""
        async with self.session.request(
            method,
            self.url + path,
            data=None if body is None else body.model_dump_json().encode(),
            headers={"Content-Type": "application/json"} | self.origin | headers,
        ) as response:
            return response.status, await response.read()

    async def tell(
        self, method: str, path: str, body: BaseModel | None, gives: type[Heard]
    ) -> Heard:
        """Ask for something that is allowed."""
        status, answer = await self.ask(method, path, body)
        assert status == 200, answer
        return gives.model_validate_json(answer)

    async def refused(self, method: str, path: str, body: BaseModel | None = None) -> Problem:
        """Ask for something that is refused."""
        status, answer = await self.ask(method, path, body)
        problem = Problem.model_validate_json(answer)
        assert problem.status == status
        return problem

    async def sign_in(self, account: Account, password: str = PASSWORD) -> said.Me:
        """Sign in."""
        asked = said.SignIn(name=account.id, password=password)
        return await self.tell("POST", "/api/sign-in", asked, said.Me)

    async def press_ready(self) -> said.PresenceNow:
        """Press Ready."""
        pressed = said.SetPresence(state=Presence.READY)
        return await self.tell("POST", "/api/presence", pressed, said.PresenceNow)

    @asynccontextmanager
    async def live(self) -> AsyncIterator[LivePage]:
        """Open the page's socket."""
        async with self.session.ws_connect(
            self.url + "/api/live", headers=self.origin, max_msg_size=0
        ) as socket:
            yield LivePage(socket)


class DeskCentre:
    """A desk process and its neighbours, as tests use them."""

    def __init__(
        self,
        *,
        settings: Settings,
        state: RedisState,
        outcomes: PostgresOutcomes,
        redis: Wire,
        postgres: Wire,
        peers: Peers,
        process: Process,
        served: asyncio.Task[None],
    ) -> None:
        self._process = process
        self._served = served
        self.settings = settings
        self.state = state
        self.outcomes = outcomes
        self.redis = redis
        self.postgres = postgres
        self._peers = peers
        self.url = f"http://127.0.0.1:{settings.desk_port}"
        self.internal_url = f"http://127.0.0.1:{settings.internal_port}"
        self.node = self.another_node("node-1")

    def another_node(self, name: str) -> PlayedNode:
        """Return a node that speaks to this desk."""
        return PlayedNode(self._peers, self.internal_url, name=name)

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[Browser]:
        """Open a browser."""
        jar = aiohttp.CookieJar(unsafe=True)  # addresses instead of names
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            yield Browser(session, self.url)

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[tuple[Browser, LivePage]]:
        """Let Ada sign in, open her page and press Ready."""
        async with self.browser() as browser:
            await browser.sign_in(ADA)
            async with browser.live() as page:
                await browser.press_ready()
                while (await page.hear(said.PresenceNow)).state is not Presence.READY:
                    pass
                await self.standing(Presence.READY)
                yield browser, page

    async def stop(self) -> None:
        """Let the process drain and end."""
        self._process.draining.set()
        await asyncio.wait({self._served}, timeout=5)
        await self._process.close()

    async def standing(self, state: Presence, *, within_s: float = 4.5) -> AdviserStanding:
        """Wait until the live state has Ada in a state."""
        async with asyncio.timeout(within_s):
            while True:
                overview = await self.state.overview([GENERAL])
                standing = dict(overview.advisers).get(ADA.id)
                if standing is not None and standing.state is state:
                    return standing
                await asyncio.sleep(0.02)


async def talks(node: PlayedNode, page: LivePage) -> Ring:
    """Let a page's adviser talk."""
    ring = await node.ring()
    await page.hear(said.RingNow)
    await node.bridged(ring)
    assert (await page.hear(said.TalkNow)).call == ring.call
    return ring


async def wraps_up(node: PlayedNode, page: LivePage) -> said.WrapUpNow:
    """Let a page's adviser come to the end of a talk."""
    await node.over(await talks(node, page))
    return await page.hear(said.WrapUpNow)


@asynccontextmanager
async def desk_centre(
    redis_url: str, database_url: str, *, again: bool = False, cut: bool = False, **more: str
) -> AsyncIterator[DeskCentre]:
    """Start a desk process, give it with its neighbours, and stop it.

    Another one that is started `again` over the same stores finds accounts and sessions there; one
    that starts while both are `cut` off finds nothing yet.
    """
    redis, postgres = Wire(redis_url), Wire(database_url)
    settings = _settings(redis, postgres, more)
    for wire in () if cut else (redis, postgres):
        await wire.mend()
    state = RedisState(redis_url)
    async with (
        PostgresPool(database_url) as pool,
        Peers(CLUSTER_KEY) as peers,
        asyncio.TaskGroup() as group,
    ):
        accounts = PostgresAccounts(pool, passwords=QUICK)
        for account in (ADA, SUE):
            await accounts.put(account, password=None if again else PASSWORD)
        process = Process("desk", settings, group)
        served = group.create_task(desk.serve(settings, process))
        centre = DeskCentre(
            settings=settings,
            state=state,
            outcomes=PostgresOutcomes(pool),
            redis=redis,
            postgres=postgres,
            peers=peers,
            process=process,
            served=served,
        )
        await _until_listening(settings.desk_port)
        try:
            yield centre
        finally:
            await centre.stop()
            for wire in (redis, postgres):
                await wire.cut()
    await state.close()


def _settings(redis: Wire, postgres: Wire, more: Mapping[str, str]) -> Settings:
    return read_settings(
        {
            "CC_NODE": "desk-1",
            "CC_REDIS_URL": redis.url,
            "CC_DATABASE_URL": postgres.url,
            "CC_CLUSTER_KEY": CLUSTER_KEY,
            "CC_SIGNING_KEYS": SIGNING_KEYS,
            "CC_INTERNAL_PORT": str(free_port()),
            "CC_DESK_PORT": str(free_port()),
            "CC_ICE_SERVERS": RELAY_URL,
            "CC_TURN_SECRET": TURN_SECRET,
            **more,
        }
    )


async def _until_listening(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
