"""Nodes and a desk that only report themselves, around real routers over a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.apps import router
from contactcentre.apps.process import Process
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import AdviserId, CallId, DeskId, NodeId, QueueId, Token
from contactcentre.domain.levels import Asked
from contactcentre.domain.presence import Presence
from contactcentre.limits import BEAT_EVERY_MS
from contactcentre.ports.state import AdviserReport, CallReport, NodeReport
from contactcentre.settings import Settings, read_settings
from contactcentre.wire.cluster import OfferCall
from tests.apps.small_centre import SIGNING_KEY

PAYING = QueueId("tax.paying.en")
DESK = DeskId("desk-1")
LONG_AGO_MS = 1_700_000_000_000


def waiting(call: str, *, minute: int = 0, count: int = 1) -> CallReport:
    """Return a caller who has waited since that minute."""
    return CallReport(
        call=CallId(call),
        queue=PAYING,
        head_start_ms=0,
        enqueued_ms=LONG_AGO_MS + minute * 60_000,
        epoch=LegEpoch(count, "a"),
        state="waiting",
        adviser=None,
        token=Token(0),
    )


@dataclass(slots=True, kw_only=True)
class ReportingNode:
    """A node that reports itself and its calls at every beat, and takes every offer."""

    node: NodeId
    phase_ms: int
    calls: list[CallReport] = field(default_factory=list)
    offered: list[OfferCall] = field(default_factory=list)
    is_silent: bool = False
    strained: bool = False
    url: str = ""

    async def beat_for_ever(self, state: RedisState) -> None:
        """Report at this node's own moment of every second."""
        beat = 0
        while True:
            late_ms = (MachineClock().monotonic_ms() - self.phase_ms) % BEAT_EVERY_MS
            await asyncio.sleep((BEAT_EVERY_MS - late_ms) / 1_000)
            beat += 1
            if not self.is_silent:
                with suppress(StateUnavailable):
                    await self._report(state, beat)

    async def take(self, request: web.Request) -> web.Response:
        """Take an offer."""
        self.offered.append(OfferCall.model_validate_json(await request.read()))
        return web.Response(status=204)

    async def _report(self, state: RedisState, beat: int) -> None:
        await state.report_calls(self.node, self.calls)
        await state.report_node(
            NodeReport(
                node=self.node,
                site="north",
                beat=beat,
                internal_url=self.url,
                public_url="ws://127.0.0.1:1/leg",
                draining=False,
                legs_count=len(self.calls),
                legs_max=10,
                strained=self.strained,
            )
        )


class ReportingDesk:
    """A desk process that reports itself, and its advisers as they say."""

    def __init__(self) -> None:
        self.advisers: dict[str, Presence] = {}
        self.later: dict[QueueId, Asked] = {}
        self.is_silent = False
        self.beat = 0

    async def beat_for_ever(self, state: RedisState) -> None:
        """Report every second."""
        while True:
            if not self.is_silent:
                with suppress(StateUnavailable):
                    await self.report(state)
            await asyncio.sleep(BEAT_EVERY_MS / 1_000)

    async def report(self, state: RedisState) -> None:
        """Report now."""
        self.beat += 1
        await state.report_desk(desk=DESK, beat=self.beat, internal_url="http://127.0.0.1:1")
        for adviser, presence in self.advisers.items():
            await state.report_adviser(
                AdviserReport(
                    adviser=AdviserId(adviser),
                    desk=DESK,
                    beat=self.beat,
                    state=presence,
                    reason=None,
                    call=None,
                    token=Token(0),
                    queues=[PAYING],
                    asked_later=self.later,
                )
            )


@dataclass(slots=True, kw_only=True)
class Floor:
    """Everything that a test of routers speaks of."""

    state: RedisState
    nodes: Sequence[ReportingNode]
    desk: ReportingDesk

    @property
    def offered(self) -> list[str]:
        """Return the calls that were offered to nodes, each node's in order."""
        return [offer.call for node in self.nodes for offer in node.offered]


@asynccontextmanager
async def played_floor(
    redis_url: str,
    *,
    routers: int = 1,
    phases_ms: Sequence[int] = (0, 600),
    is_open: bool = True,
    **more: str,
) -> AsyncIterator[Floor]:
    """Start nodes, a desk and routers on a store that is open for matching or not; stop them."""
    state = RedisState(redis_url)
    if is_open:
        await state.open_matching((await state.generation()).store)
    nodes = [
        ReportingNode(node=NodeId(f"node-{number}"), phase_ms=phase_ms)
        for number, phase_ms in enumerate(phases_ms, start=1)
    ]
    desk = ReportingDesk()
    runners = [await _serve(node) for node in nodes]
    async with asyncio.TaskGroup() as group:
        beats = (*(one.beat_for_ever(state) for one in nodes), desk.beat_for_ever(state))
        beating = [group.create_task(one, name="beats") for one in beats]
        processes = [_process(redis_url, number, group, more) for number in range(routers)]
        served = [
            group.create_task(router.serve(settings, process)) for settings, process in processes
        ]
        try:
            yield Floor(state=state, nodes=nodes, desk=desk)
        finally:
            for _, process in processes:
                process.draining.set()
            if served:
                await asyncio.wait(served, timeout=5)
            for task in (*beating, *served):
                task.cancel()
            for _, process in processes:
                await process.close()
    for runner in runners:
        await runner.cleanup()
    await state.close()


def _process(
    redis_url: str, number: int, group: asyncio.TaskGroup, more: dict[str, str]
) -> tuple[Settings, Process]:
    settings = read_settings(
        {
            "CC_NODE": f"router-{number}",
            "CC_REDIS_URL": redis_url,
            "CC_CLUSTER_KEY": "c" * 32,
            "CC_SIGNING_KEYS": SIGNING_KEY,
            "CC_INTERNAL_PORT": str(free_port()),
            **more,
        }
    )
    return settings, Process("router", settings, group)


async def _serve(node: ReportingNode) -> web.AppRunner:
    app = web.Application()
    app.add_routes([web.post("/offers", node.take)])
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    node.url = f"http://127.0.0.1:{port}"
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner
