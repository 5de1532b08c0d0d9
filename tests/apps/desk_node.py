"""A media node as desks hear and ask it, played by the test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.peers import Peers
from contactcentre.adapters.web.problems import say_problems
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import UnknownName
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import (
    AdviserId,
    CallId,
    LineId,
    NodeId,
    PhoneNumber,
    QueueId,
    Token,
)
from contactcentre.domain.languages import Language
from contactcentre.ports.state import CallReport, NodeReport
from contactcentre.wire.cluster import (
    AskRing,
    CallbackFacts,
    JourneyStep,
    Ring,
    RingAgain,
    RingOver,
    Talk,
)
from contactcentre.wire.recording import Recorded, RecordingStands, RecordingStep

GENERAL = QueueId("tax.general.en")
DEADLINE_MS = 2_000
PAUSE_LEFT_MS = 290_000
FIRST, SECOND = LegEpoch(1, "a"), LegEpoch(2, "b")
"""The caller's leg, and the one after it on another node."""


class PlayedNode:
    """One media node."""

    def __init__(self, peers: Peers, desk_url: str, *, name: str = "node-1") -> None:
        self._peers = peers
        self._desk_url = desk_url
        self.name = NodeId(name)
        self.port = free_port()
        self.holds: RingAgain | None = None
        """What it tells a desk that asks; None: it does not have that call."""
        self.asked: list[AskRing] = []
        self.steps: list[RecordingStep] = []
        """What it was told of payment steps."""
        self.recorded: Recorded | None = None
        """How it says that the recording of its call stands; None: it does not have that call."""
        self.legs_count = 1
        self._beat = 0

    @property
    def leg_url(self) -> str:
        """Return where browsers open their legs."""
        return f"ws://{self.name}.example/leg"

    async def ring(
        self, *, call: str = "call-1", token: int = 5, adviser: str = "ada", ring_ms: int = 20_000
    ) -> Ring:
        """Ring."""
        ring = self.told(call=call, token=token, adviser=adviser, ring_ms=ring_ms)
        await self._tell("/rings", ring)
        return ring

    def told(
        self,
        *,
        call: str = "call-1",
        token: int = 5,
        adviser: str = "ada",
        ring_ms: int = 20_000,
        epoch: LegEpoch = FIRST,
    ) -> Ring:
        """Return what a desk is told of a ring."""
        return Ring(
            call=CallId(call),
            adviser=AdviserId(adviser),
            token=Token(token),
            node=self.name,
            node_url=self.leg_url,
            ticket=f"a.ticket.of-{self.name}",
            line=LineId("tax"),
            queue=GENERAL,
            language=Language.ENGLISH,
            waited_ms=61_000,
            ring_ms=ring_ms,
            epoch=epoch,
            journey=[JourneyStep(at_ms=1, words={Language.ENGLISH: "Chose English"})],
        )

    async def ring_callback(self) -> Ring:
        """Ring for a callback, as its keeper does."""
        facts = CallbackFacts(
            number=PhoneNumber("+441632960100"),
            booked_ms=60_000,
            attempts_count=0,
            keeper_url="http://keeper.example:8090",
        )
        bare = {"callback": facts, "node_url": "", "ticket": ""}
        ring = self.told(call="back-call-1").model_copy(update=bare)
        await self._tell("/rings", ring)
        return ring

    async def bridged(self, ring: Ring) -> None:
        """Say that the two talk."""
        talk = Talk(call=ring.call, adviser=ring.adviser, token=ring.token, epoch=ring.epoch)
        await self._tell(f"/rings/{ring.token}/bridged", talk)

    async def moved(self, ring: Ring, *, epoch: LegEpoch = SECOND) -> Ring:
        """Say that the talk goes on at this node."""
        there = self.told(
            call=ring.call, token=ring.token, adviser=ring.adviser, ring_ms=0, epoch=epoch
        )
        back = JourneyStep(at_ms=9, words={Language.ENGLISH: "Came back"})
        there = there.model_copy(update={"journey": [back], "waited_ms": 0})
        await self._tell(f"/rings/{ring.token}/moved", there)
        return there

    async def over(self, ring: Ring, lapse: LapseReason | None = None) -> None:
        """Say that the ring or the talk is over."""
        over = RingOver(
            call=ring.call, adviser=ring.adviser, token=ring.token, epoch=ring.epoch, lapse=lapse
        )
        await self._tell(f"/rings/{ring.token}/over", over)

    async def report(self, state: RedisState, *calls: CallReport) -> None:
        """Report calls, and beat."""
        self._beat += 1
        await state.report_calls(self.name, calls)
        await state.report_node(self.standing())

    def standing(self) -> NodeReport:
        """Return the node's beat."""
        return NodeReport(
            node=self.name,
            site="local",
            beat=self._beat,
            internal_url=f"http://127.0.0.1:{self.port}",
            public_url=self.leg_url,
            draining=False,
            legs_count=self.legs_count,
            legs_max=10,
        )

    @asynccontextmanager
    async def asked_by_desks(self) -> AsyncIterator[None]:
        """Answer desks that ask for a ring again."""
        app = web.Application(middlewares=[say_problems])
        steps = web.post("/recordings/steps", self._step)
        app.add_routes([web.post("/rings/again", self._again), steps])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield
        finally:
            await runner.cleanup()

    async def _again(self, request: web.Request) -> web.Response:
        self.asked.append(AskRing.model_validate_json(await request.read()))
        if self.holds is None:
            raise UnknownName("This node does not have that call.")
        return web.Response(body=self.holds.model_dump_json(), content_type="application/json")

    async def _step(self, request: web.Request) -> web.Response:
        self.steps.append(RecordingStep.model_validate_json(await request.read()))
        if self.recorded is None:
            raise UnknownName("This node does not have that call.")
        stands = RecordingStands(recorded=self.recorded, left_ms=PAUSE_LEFT_MS)
        return web.Response(body=stands.model_dump_json(), content_type="application/json")

    async def _tell(self, path: str, said: Ring | Talk | RingOver) -> None:
        await self._peers.post(self._desk_url, path, said, deadline_ms=DEADLINE_MS)


def reported(
    ring: Ring, state: str, *, epoch: LegEpoch = FIRST, adviser: AdviserId | None = None
) -> CallReport:
    """Return what a node says of a call that rings or is talked with."""
    return CallReport(
        call=ring.call,
        queue=ring.queue,
        head_start_ms=0,
        enqueued_ms=1_000,
        epoch=epoch,
        state=state,
        adviser=adviser,
        token=ring.token,
    )
