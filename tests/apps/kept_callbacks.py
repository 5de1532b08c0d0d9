"""Keepers of callbacks beside a desk process, over real stores, with a router that matches."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from http import HTTPStatus

from aiohttp import web

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.adapters.ledger_postgres.callbacks import PostgresCallbacks, PostgresPromises
from contactcentre.adapters.ledger_postgres.ledger import PostgresLedger
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.telemetry.monitors import violated
from contactcentre.adapters.web.claims import Signatures
from contactcentre.adapters.web.peers import Peers
from contactcentre.adapters.web.problems import say_problems
from contactcentre.apps.keeper import assemble_keeper
from contactcentre.apps.router import Router
from contactcentre.domain import events as e
from contactcentre.domain.call import follow
from contactcentre.domain.callback import Attempt, TakeUp, callback_of, slot_of
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.ids import AdviserId, CallId, LineId, NodeId, PhoneNumber, QueueId, Token
from contactcentre.domain.languages import Language
from contactcentre.domain.storm import StormBreaker
from contactcentre.ports.callbacks import Booking
from contactcentre.wire import desk as said
from contactcentre.wire.claims import AdviserTicket
from tests.adapters.ledger_postgres.test_ledger import CAME_MS, written
from tests.apps.desk_centre import ADA, CLUSTER_KEY, Browser, DeskCentre, LivePage, desk_centre

PAYING = QueueId("tax.paying.en")
LOST_AFTER_MS = 2_500


class KeeperProcess:
    """One keeper, as its process runs it."""

    def __init__(self, name: str, centre: DeskCentre, state: RedisState, peers: Peers) -> None:
        self._stack = AsyncExitStack()
        self._name = name
        self._centre = centre
        self._state = state
        self._peers = peers
        self._work: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take on what nobody keeps."""
        port = free_port()
        settings = self._centre.settings.model_copy(
            update={"node": self._name, "callback_from_hour": 0, "callback_until_hour": 24}
        )
        pool = await self._stack.enter_async_context(
            PostgresPool(settings.database_url, timeout_ms=settings.database_timeout_ms)
        )
        keeper, door = assemble_keeper(
            settings,
            internal_url=f"http://127.0.0.1:{port}",
            state=self._state,
            callbacks=PostgresCallbacks(pool),
            peers=self._peers,
            clock=MachineClock(),
            chance=MachineChance(),
            lost_after_ms=LOST_AFTER_MS,
        )
        app = web.Application(middlewares=[say_problems])
        app.add_routes(door.routes)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self._stack.push_async_callback(runner.cleanup)
        self._work = asyncio.create_task(keeper.run(), name=self._name)
        self._keeper = keeper

    async def kill(self) -> None:
        """Let it be gone, without a word to anybody."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait({self._work})
            self._work = None
        await self._stack.aclose()

    async def stop(self) -> None:
        """Let it end as a process does that is told to."""
        assert self._work is not None, "it runs"
        self._work.cancel()
        await asyncio.wait({self._work})
        self._work = None
        await self._keeper.leave()
        await self._stack.aclose()


class KeptCentre:
    """A desk process, a router, and as many keepers as a test starts."""

    def __init__(
        self, desk: DeskCentre, pool: PostgresPool, state: RedisState, peers: Peers
    ) -> None:
        self.desk = desk
        self.pool = pool
        self.state = state
        self._peers = peers
        self.keepers: list[KeeperProcess] = []

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[tuple[Browser, LivePage]]:
        """Let Ada come to the desk and press Ready: whatever waits may ring at once."""
        async with self.desk.browser() as browser:
            await browser.sign_in(ADA)
            async with browser.live() as page:
                await browser.press_ready()
                yield browser, page

    async def keeper(self, name: str) -> KeeperProcess:
        """Start one more keeper."""
        keeper = KeeperProcess(name, self.desk, self.state, self._peers)
        await keeper.start()
        self.keepers.append(keeper)
        return keeper

    async def promise(self, *calls: str) -> None:
        """Let callers book callbacks and hang up, one after the other."""
        for number, call in enumerate(calls):
            await PostgresPromises(self.pool).book(
                Booking(
                    call=CallId(call),
                    line=LineId("tax"),
                    queue=PAYING,
                    language=Language.ENGLISH,
                    service_class=ServiceClass.P2,
                    enqueued_ms=CAME_MS + number,
                    number=PhoneNumber(f"+441632960{number:03}"),
                    at_ms=CAME_MS,
                    slot_ms=slot_of(CAME_MS),
                ),
                slot_max=100,
            )
            over = e.CallEnded(
                call=CallId(call), at_ms=CAME_MS, ending=e.Ending.CALLBACK, by=e.HungUpBy.FLOW
            )
            *_, queued = events = written(call, node=NodeId(f"node-{call}"))[:2]
            ended = replace(queued, seq=3, event=over, call=follow(queued.call, over))
            await PostgresLedger(self.pool).write_events([*events, ended])

    async def waiting(self, *calls: str, within_s: float = 6.0) -> None:
        """Wait until the callbacks of these calls stand in their queue, in that order."""
        wanted = [str(callback_of(CallId(call))) for call in calls]
        async with asyncio.timeout(within_s):
            while await self._queued() != wanted:  # noqa: ASYNC110 - keepers report them
                await asyncio.sleep(0.02)

    async def _queued(self) -> list[str]:
        found = await self.state.client.ask("ZRANGE", self.state.keys.queue(PAYING), 0, -1)
        return [one.decode() for one in found]

    async def rows(self) -> Sequence[tuple[str, int]]:
        """Return state and attempts of each callback, by its call."""
        async with self.pool.connection() as connection:
            found = await connection.fetch(
                "SELECT state, attempts_count FROM callbacks ORDER BY call"
            )
        return [(row["state"], row["attempts_count"]) for row in found]

    async def attempts(self) -> Sequence[str]:
        """Return how each attempt has ended, by its token."""
        async with self.pool.connection() as connection:
            found = await connection.fetch("SELECT attempt FROM callback_attempts ORDER BY token")
        return [row["attempt"] for row in found]

    def ticket(self, call: str, token: int, *, adviser: str = "ada") -> str:
        """Return what proves that a callback has rung at an adviser's desk."""
        signing, ring = self.desk.settings.signing_ring()
        return Signatures(ring, signing, MachineClock()).sign_ticket(
            AdviserTicket(
                call=callback_of(CallId(call)),
                adviser=AdviserId(adviser),
                token=Token(token),
                node=NodeId("keeper-north"),
                exp=MachineClock().now_ms() // 1_000 + 60,
            )
        )

    async def stand(self, *rows: tuple[str, int], within_s: float = 5.0) -> None:
        """Wait until the callbacks stand so in the record."""
        async with asyncio.timeout(within_s):
            while await self.rows() != list(rows):  # noqa: ASYNC110 - keepers write them
                await asyncio.sleep(0.02)


async def say(
    browser: Browser, call: str, word: TakeUp | Attempt, *, ticket: str | None = None
) -> bool:
    """Let the adviser do something with a callback; say whether it is written down by now."""
    path = f"/api/callbacks/{callback_of(CallId(call))}"
    status, answer = await browser.ask("POST", path, said.DoCallback(word=word, ticket=ticket))
    assert status == HTTPStatus.OK, answer
    return said.CallbackHeard.model_validate_json(answer).written


@asynccontextmanager
async def kept_centre(
    redis_url: str, database_url: str, *, ring_ms: int
) -> AsyncIterator[KeptCentre]:
    """Start a desk process and a router, on a store that matching is open on."""
    state = RedisState(redis_url)
    await state.open_matching((await state.generation()).store)
    async with (
        desk_centre(redis_url, database_url, CC_RING_MS=str(ring_ms)) as desk,
        PostgresPool(database_url) as pool,
        Peers(CLUSTER_KEY) as peers,
    ):
        router = Router(
            state=state,
            peers=peers,
            clock=MachineClock(),
            chance=MachineChance(),
            grace_ms=60_000,
            wish_ms=0,
            violated=violated,
            breaker=StormBreaker(advisers_min=0, window_ms=1),
        )
        routing = asyncio.create_task(router.work(), name="router")
        centre = KeptCentre(desk, pool, state, peers)
        try:
            yield centre
        finally:
            for keeper in centre.keepers:
                await keeper.kill()
            routing.cancel()
            await asyncio.wait({routing})
    await state.close()
