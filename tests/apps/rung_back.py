"""A keeper with one callback, a node that rings its number, and the phone of the caller there."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.adapters.sip.messages import Request
from contactcentre.adapters.web.peers import Peers
from contactcentre.adapters.web.problems import say_problems
from contactcentre.apps.keeper import assemble_keeper
from contactcentre.bench.peer import Peer
from contactcentre.bench.phone import PhonePeer
from contactcentre.domain.callback import Aftermath, Attempt, Callback, TakeUp, after
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.epochs import NOT_ADMITTED, LegEpoch
from contactcentre.domain.ids import AdviserId, CallId, LineId, NodeId, PhoneNumber, QueueId, Token
from contactcentre.domain.languages import Language
from contactcentre.domain.presence import Presence
from contactcentre.wire.claims import AdviserTicket
from contactcentre.wire.cluster import CallbackSaid, Ring
from tests.adapters.sip.answering import OUTSIDE, Answering, Rung
from tests.adapters.sip.entrance import until
from tests.apps.small_centre import FREE, PAYING, LegPage, SmallCentre, small_centre

CALL = CallId("back-call-1")
ADA = AdviserId("ada")
ADAS_PHONE = "+441632960111"
ADVISER_HZ, CALLER_HZ = 1_000.0, 440.0
TRUNKS = """
[trunks.north]
addresses = ["127.0.0.1"]
out = {{ address = "127.0.0.1", port = {port} }}
"""
NUMBERS = """
own = ["+441632960002", "+441632960001"]
allowed = ["+441632960"]
[callbacks]
allowed = ["{allowed}"]
calls_max = 2
"""


@dataclass
class OneCallback:
    """A record with one callback in it (ports.callbacks.Callbacks)."""

    number: PhoneNumber = OUTSIDE
    answered_by: list[Token] = field(default_factory=list)
    is_open: bool = True
    keeper: NodeId | None = None
    epoch: LegEpoch = NOT_ADMITTED

    async def keepers(self) -> Collection[NodeId]:
        """Return whose it is."""
        return [] if self.keeper is None else [self.keeper]

    async def claim(
        self,
        keeper: NodeId,
        *,
        nonce: str,
        at_ms: int,
        lost: Collection[NodeId],
        held: Collection[CallId],
        count_max: int,
    ) -> Sequence[Callback]:
        """Give it to whoever asks and may have it."""
        assert at_ms > 0
        assert count_max > 0
        is_free = self.keeper is None or self.keeper in lost or self.keeper == keeper
        if not self.is_open or CALL in held or not is_free:
            return []
        self.keeper, self.epoch = keeper, LegEpoch(self.epoch.count + 1, nonce)
        return [self._callback()]

    async def gone(self, keeper: NodeId, held: Collection[Callback]) -> Collection[CallId]:
        """Return whether it is over."""
        assert keeper
        return [] if self.is_open else [one.id for one in held]

    async def conclude(
        self, call: CallId, attempt: Attempt, *, adviser: AdviserId, token: Token, at_ms: int
    ) -> Aftermath:
        """Write a word down."""
        assert (call, adviser) == (CALL, ADA)
        assert token
        self.is_open = False
        return after(attempt, attempts_count=1, at_ms=at_ms)

    async def answered(self, call: CallId, *, adviser: AdviserId, token: Token, at_ms: int) -> None:
        """Write down that somebody has answered."""
        assert (call, adviser) == (CALL, ADA)
        assert at_ms
        self.is_open = False
        self.answered_by.append(token)

    async def release(self, keeper: NodeId) -> None:
        """Let others have it."""
        assert keeper
        self.keeper = None

    def _callback(self) -> Callback:
        now_ms = MachineClock().now_ms()
        return Callback(
            id=CALL,
            line=LineId("tax"),
            queue=QueueId(PAYING),
            language=Language.ENGLISH,
            service_class=ServiceClass.P2,
            enqueued_ms=now_ms - 60_000,
            number=self.number,
            booked_at_ms=now_ms - 50_000,
            attempts_count=0,
            epoch=self.epoch,
        )


class RungBack:
    """The centre, with Ada at the desk."""

    def __init__(
        self,
        centre: SmallCentre,
        record: OneCallback,
        trunk: Answering,
        sound: PhonePeer,
        *,
        keeper_url: str,
        peers: Peers,
    ) -> None:
        self.centre = centre
        self.record = record
        self.trunk = trunk
        self.sound = sound
        self.keeper_url = keeper_url
        self._peers = peers
        trunk.script = lambda rung: rung.respond(180)

    async def takes(self) -> Ring:
        """Let Ada be rung for the callback, and take it."""
        await self.centre.desk.report(ADA, Presence.READY, PAYING)
        ring = await self.centre.ring(within_s=20)
        assert ring.callback is not None
        await self.says(ring, TakeUp.TAKE)
        async with asyncio.timeout(5):
            await self.centre.desk.bridged.get()
        await self.is_at_it(ring)
        return ring

    async def is_at_it(self, ring: Ring) -> None:
        """Let Ada's desk say so, as it does with every beat."""
        await self.centre.desk.report(ADA, Presence.TALKING, PAYING, call=CALL, token=ring.token)

    async def says(self, ring: Ring, word: TakeUp | Attempt) -> None:
        """Let Ada say a word of it to its keeper."""
        said = CallbackSaid(call=CALL, adviser=ADA, token=ring.token, word=word)
        await self._peers.post(self.keeper_url, "/callbacks/words", said, deadline_ms=2_000)

    def ticket(self, ring: Ring, node: str = "node-1") -> str:
        """Return what lets Ada have the number rung at a node."""
        return self.centre.signatures.sign_ticket(
            AdviserTicket(
                call=CALL,
                adviser=ADA,
                token=ring.token,
                node=NodeId(node),
                keeper_url=self.keeper_url,
                exp=MachineClock().now_ms() // 1_000 + 60,
            )
        )

    async def dials(self, ring: Ring, *, node: str = "node-1", url: str = "") -> LegPage:
        """Let Ada's page have the number rung, by the node of the centre or by another one."""
        page = await LegPage.open(
            self.centre.session, url or self.centre.leg_url, ticket=self.ticket(ring, node)
        )
        self.centre.close_later(page)
        page.peer.tone(ADVISER_HZ)
        return page

    async def comes_by_phone(self, ring: Ring) -> LegPage:
        """Let Ada's page have the number rung, with her sound on a phone."""
        page = LegPage(await self.centre.session.ws_connect(self.centre.leg_url), Peer())
        self.centre.close_later(page)
        await page.say("attach", ticket=self.ticket(ring), sdp="phone", phone=ADAS_PHONE)
        await page.hear("answer", sdp="phone")
        return page

    async def may_not_dial(self, ring: Ring, why: str) -> None:
        """See that Ada's page may not have the number rung, and is told why."""
        page = LegPage(await self.centre.session.ws_connect(self.centre.leg_url), Peer())
        self.centre.close_later(page)
        await page.say("attach", ticket=self.ticket(ring), sdp=await page.peer.offer())
        answer = await page.hear("answer")
        connecting = asyncio.ensure_future(page.peer.accept(answer["sdp"]))
        await page.hear("caller_rung", state="failed", why=why)
        connecting.cancel()

    async def rung(self, count: int = 1) -> Rung:
        """Wait until the caller's phone is rung for the so-manieth time."""
        assert await until(lambda: len(self.trunk.rung) >= count)
        return self.trunk.rung[count - 1]

    def answer(self, rung: Rung) -> None:
        """Let the caller answer, and hum."""
        self.sound.answered(rung.invite.body.decode())
        self.sound.hum(CALLER_HZ)
        rung.respond(200, sdp=self.sound.sdp())

    def offered(self, request: Request) -> str:
        """Let the caller's phone take a new offer, of whichever node."""
        self.sound.answered(request.body.decode())
        return self.sound.sdp()

    async def talk(self) -> tuple[Ring, LegPage, Rung]:
        """Let Ada talk with the caller who was rung."""
        ring = await self.takes()
        page = await self.dials(ring)
        rung = await self.rung()
        self.answer(rung)
        await page.hear("bridged")
        return ring, page, rung


@asynccontextmanager
async def rung_back(
    redis_url: str, folder: Path, *, allowed: str = "+44163296", **more: str
) -> AsyncIterator[RungBack]:
    """Run a node that may ring callers, a router and a keeper."""
    trunk, sound, record = Answering(), PhonePeer(), OneCallback()
    async with AsyncExitStack() as leaving:
        await trunk.open()
        leaving.push_async_callback(trunk.close)
        await sound.open()
        leaving.push_async_callback(sound.close)
        shared = settings(folder, trunk.port, allowed=allowed) | more
        centre = await leaving.enter_async_context(
            small_centre(redis_url, folder, nodes=1, CC_SIP_PORT=FREE, **shared)
        )
        peers = await leaving.enter_async_context(Peers("c" * 32))
        url = await _keeper(centre, record, peers, leaving)
        yield RungBack(centre, record, trunk, sound, keeper_url=url, peers=peers)


def settings(folder: Path, port: int, *, allowed: str = "+44163296") -> dict[str, str]:
    """Return what nodes are told of a trunk at a port."""
    trunks, numbers = folder / "trunks.toml", folder / "numbers.toml"
    trunks.write_text(TRUNKS.format(port=port))
    numbers.write_text(NUMBERS.format(allowed=allowed))
    return {
        "CC_LEG_GRACE_MS": "5000",
        "CC_SIP_TRUNKS": str(trunks),
        "CC_OUTSIDE_NUMBERS": str(numbers),
        "CC_RTP_PORTS": "21000-21999",
    }


async def _keeper(
    centre: SmallCentre, record: OneCallback, peers: Peers, leaving: AsyncExitStack
) -> str:
    """Start a keeper, and return where it is."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    keeper, door = assemble_keeper(
        centre.settings.model_copy(
            update={"node": "records-1", "callback_from_hour": 0, "callback_until_hour": 24}
        ),
        internal_url=url,
        state=centre.state,
        callbacks=record,
        peers=peers,
        clock=MachineClock(),
        chance=MachineChance(),
    )
    app = web.Application(middlewares=[say_problems])
    app.add_routes(door.routes)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    leaving.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    work = asyncio.create_task(keeper.run(), name="keeper")

    async def stop() -> None:
        work.cancel()
        await asyncio.wait({work})

    leaving.push_async_callback(stop)
    return url
