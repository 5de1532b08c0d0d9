"""The load of the routing bench: the nodes' and the desks' side of the live state, and their HTTP.

One process plays all of them over the adapters that nodes and desks use. A node takes an offer up
as a media node does: it checks the token, tells the store, and then has the desk ring.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from itertools import count
from typing import TypeVar

from aiohttp import web

from contactcentre.adapters.embedded.server import LOOPBACK, free_port
from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.claims import Signatures
from contactcentre.adapters.web.peers import Peers
from contactcentre.adapters.web.problems import say_problems
from contactcentre.adapters.web.routes import read_said
from contactcentre.apps.reach import HttpDesks
from contactcentre.apps.spread import spread
from contactcentre.bench.routing_order import Wait
from contactcentre.bench.routing_people import DESKS, EPOCH, NODES, Adviser, Caller, People
from contactcentre.domain.call import CallState
from contactcentre.domain.errors import (
    Outage,
    OutOfOrder,
    Refusal,
    StaleToken,
    StateUnavailable,
    UnknownName,
)
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import CallId, DeskId, NodeId
from contactcentre.limits import BEAT_EVERY_MS, RING_MS
from contactcentre.ports.live import Offered
from contactcentre.ports.state import NodeReport
from contactcentre.settings import Settings
from contactcentre.wire.cluster import OfferCall, Ring

LANES = 16
"""So many steps at once, as many as a process has connections to its Redis."""
SITE = "bench"
LEGS_MAX = 1_000_000

Thing = TypeVar("Thing")


class Floor:
    """All nodes and all desks, with the people at them."""

    def __init__(self, state: RedisState, beats: RedisState, people: People) -> None:
        self.people = people
        self.offered_s: list[float] = []
        """When each offer had reached its node and been taken up."""
        self.rang: list[tuple[float, float]] = []
        """For each ring when Ready was due, and how many ms later the desk was told to ring."""
        self.failed_count = 0
        """Offers that nodes refused, rings that reached no desk, steps that the store refused."""
        self.beats_apart_max_s = 0.0
        """The longest that its nodes were silent: too long, and they are taken for lost."""
        self._state = state
        self._beats = beats
        """A way of their own: in a centre no node stands behind what others ask."""
        self._clock = MachineClock()
        self._urls: dict[NodeId | DeskId, str] = {}
        self._desks: dict[NodeId, HttpDesks] = {}
        self._taking: set[CallId] = set()
        self._held: dict[NodeId, dict[CallId, Caller]] = {node: {} for node in NODES}
        """The calls of each node, from when they wait until they end."""
        self._group: asyncio.TaskGroup | None = None
        self._serve: Callable[[Caller], Coroutine[None, None, None]] | None = None
        """What becomes of a ring; None while an offer stays with its node."""

    @asynccontextmanager
    async def open(self, settings: Settings) -> AsyncIterator[None]:
        """Listen for offers and rings, and beat, until the end."""
        async with AsyncExitStack() as stack:
            peers = Peers(settings.cluster_key.get_secret_value())
            await stack.enter_async_context(peers)
            for node in NODES:
                offers = web.post("/offers", self._take_offer)
                self._urls[node] = await stack.enter_async_context(_listening(offers))
            for desk in DESKS:
                rings = web.post("/rings", self._ring)
                self._urls[desk] = await stack.enter_async_context(_listening(rings))
            self._desks = {node: self._reach(node, peers, settings) for node in NODES}
            async with asyncio.TaskGroup() as group:
                self._group = group
                beating = [
                    group.create_task(self._keep_beating(tell, after_s=after_s), name="beats")
                    for after_s, tell in self._tellers()
                ]
                yield
                for task in beating:
                    task.cancel()

    def _tellers(self) -> Iterator[tuple[float, Callable[[int], Awaitable[None]]]]:
        """Yield what reports each node and desk process, and when: no two of them in step."""
        tellers = [
            *(partial(self._report_node, node=node) for node in NODES),
            *(partial(self._report_desk, desk=desk) for desk in DESKS),
        ]
        for number, tell in enumerate(tellers):
            yield number / len(tellers) * BEAT_EVERY_MS / 1_000, tell

    # Callers and advisers

    async def fill(self, waiting_count: int) -> None:
        """Let callers come until so many wait."""
        now = sum(one.state is CallState.WAITING for one in self.people.callers.values())
        coming = [self.people.arrive() for _ in range(waiting_count - now)]
        await in_lanes(self.let_in, coming)

    async def let_in(self, caller: Caller) -> None:
        """Let one caller into the queue."""
        await join(self._state, caller)
        self._held[caller.node][caller.call] = caller

    async def make_ready(self, advisers: Sequence[Adviser]) -> None:
        """Let advisers press Ready, as fast as their desks can say so."""
        await in_lanes(self.press_ready, advisers)

    async def press_ready(self, adviser: Adviser) -> None:
        """Let one adviser press Ready."""
        adviser.ready_asked_s = time.monotonic()
        await self._state.report_adviser(adviser.ready(beat=1))

    async def finish(self, caller: Caller) -> None:
        """Let a call that rings be answered and end; its adviser is in wrap-up then.

        If the store has taken the reservation back meanwhile, the call waits again.
        """
        assert caller.adviser is not None, "somebody rings"
        try:
            await self._state.answer(call=caller.call, adviser=caller.adviser, token=caller.token)
        except Refusal:
            self.failed_count += 1
            caller.state, caller.adviser, caller.report = CallState.WAITING, None, None
            return
        caller.state, caller.report = CallState.ENDED, None
        del self._held[caller.node][caller.call]
        await self._state.end(call=caller.call, epoch=EPOCH, ending=Ending.HANDLED)

    async def finish_all(self) -> None:
        """Let all that rings be over."""
        callers = self.people.callers.values()
        await in_lanes(self.finish, [one for one in callers if one.state is CallState.RINGING])

    def waits(self) -> list[Wait]:
        """Return what was seen of every call's wait."""
        return [one.wait() for one in self.people.callers.values()]

    def serve_on(self, serve: Callable[[Caller], Coroutine[None, None, None]]) -> None:
        """Have the desks ring from now on, and do this with each ring."""
        self._serve = serve

    def spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        """Do something beside the rest; the floor closes when it is done."""
        assert self._group is not None, "open"
        self._group.create_task(self._tried(work), name=name)

    async def _tried(self, work: Coroutine[None, None, None]) -> None:
        """Do something, and count it if a store or a peer does not let it be done."""
        try:
            await work
        except (Outage, Refusal):
            self.failed_count += 1

    # What comes over HTTP

    async def _take_offer(self, request: web.Request) -> web.Response:
        """Take a router's offer up, as a media node does."""
        said = await read_said(request, OfferCall)
        caller = self.people.callers.get(said.call)
        try:
            if caller is None:
                raise UnknownName("This node does not have that call.")
            await self._take_up(caller, said)
        except Refusal:
            self.failed_count += 1
            raise
        self.offered_s.append(time.monotonic())
        if self._serve is not None:
            self.spawn(self._have_ring(caller, said), "ring")
        return web.Response(status=204)

    async def _take_up(self, caller: Caller, said: OfferCall) -> None:
        if said.token <= caller.token:
            raise StaleToken("A newer reservation of this call is known here.")
        if caller.state is not CallState.WAITING or said.call in self._taking:
            raise OutOfOrder("This call does not wait.")
        self._taking.add(said.call)  # until the store has said so it is reported as it was
        try:
            await self._state.take_up(call=said.call, adviser=said.adviser, token=said.token)
        finally:
            self._taking.discard(said.call)
        adviser = self.people.advisers[said.adviser]
        caller.matched_from_s = max(caller.asked_s, adviser.ready_asked_s)
        caller.token = adviser.token = said.token
        caller.adviser, caller.state, caller.report = said.adviser, CallState.RINGING, None

    async def _have_ring(self, caller: Caller, said: OfferCall) -> None:
        offered = Offered(adviser=said.adviser, desk=said.desk, token=said.token)
        await self._desks[caller.node].ring(caller.as_call(), offered, ring_ms=RING_MS, steps=())

    async def _ring(self, request: web.Request) -> web.Response:
        """Ring an adviser's desk, and time how long that took from Ready."""
        ring = await read_said(request, Ring)
        adviser = self.people.advisers[ring.adviser]
        due_s = adviser.ready_due_s
        self.rang.append((due_s, (time.monotonic() - due_s) * 1_000))
        assert self._serve is not None, "only then are there rings"
        self.spawn(self._serve(self.people.callers[ring.call]), "talk")
        return web.Response(status=204)

    # Beats

    async def _keep_beating(
        self, tell: Callable[[int], Awaitable[None]], *, after_s: float
    ) -> None:
        """Report a node with its calls, or a desk process, once a beat."""
        await asyncio.sleep(after_s)
        heard_s = time.monotonic()
        for beat in count(1):
            began = time.monotonic()
            with suppress(StateUnavailable):  # as with real nodes, the next beat says it all
                await tell(beat)
                silent_s, heard_s = time.monotonic() - heard_s, time.monotonic()
                self.beats_apart_max_s = max(self.beats_apart_max_s, silent_s)
            await asyncio.sleep(max(0.0, BEAT_EVERY_MS / 1_000 - (time.monotonic() - began)))

    async def _report_node(self, beat: int, *, node: NodeId) -> None:
        held = self._held[node]
        async for part in spread([*held.values()], self._clock):
            reports = [one.said() for one in part if one.call in held]
            await self._beats.report_calls(node, reports)
        await self._beats.report_node(self._node_report(node, beat, len(held)))

    async def _report_desk(self, beat: int, *, desk: DeskId) -> None:
        await self._beats.report_desk(desk=desk, beat=beat, internal_url=self._urls[desk])

    def _node_report(self, node: NodeId, beat: int, calls_count: int) -> NodeReport:
        return NodeReport(
            node=node,
            site=SITE,
            beat=beat,
            internal_url=self._urls[node],
            public_url=f"ws://{LOOPBACK}:1/leg",
            draining=False,
            legs_count=calls_count,
            legs_max=LEGS_MAX,
        )

    def _reach(self, node: NodeId, peers: Peers, settings: Settings) -> HttpDesks:
        signing, keys = settings.signing_ring()
        return HttpDesks(
            peers,
            self._state,
            Signatures(keys, signing, self._clock),
            self._clock,
            node=node,
            node_url=f"ws://{LOOPBACK}:1/leg",
            words={},
            titles={},
        )


async def join(state: RedisState, caller: Caller) -> None:
    """Let a caller into the queue."""
    caller.asked_s = time.monotonic()
    caller.enqueued_ms = await state.join(
        call=caller.call,
        queue=caller.queue,
        head_start_ms=caller.head_start_ms,
        enqueued_ms=None,
        epoch=EPOCH,
        node=caller.node,
    )
    caller.joined_s = time.monotonic()


async def in_lanes(do: Callable[[Thing], Awaitable[None]], things: Sequence[Thing]) -> None:
    """Do something with each of many, a few at a time."""
    left = iter(things)

    async def go_along() -> None:
        for thing in left:
            await do(thing)

    async with asyncio.TaskGroup() as lanes:
        for number in range(LANES):
            lanes.create_task(go_along(), name=f"lane {number}")


@asynccontextmanager
async def _listening(route: web.RouteDef) -> AsyncIterator[str]:
    """Serve one internal route on a port of its own; give its address."""
    app = web.Application(middlewares=[say_problems])
    app.add_routes([route])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        port = free_port()
        await web.TCPSite(runner, LOOPBACK, port).start()
        yield f"http://{LOOPBACK}:{port}"
    finally:
        await runner.cleanup()
