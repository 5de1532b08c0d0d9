"""The desk process: advisers' and supervisors' pages on one side, the centre on the other."""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

import contactcentre
from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_lines
from contactcentre.adapters.flow_files.outside_numbers import OutsideNumbers, read_outside_numbers
from contactcentre.adapters.flow_files.prompts import load_words
from contactcentre.adapters.ledger_postgres.accounts import PostgresAccounts
from contactcentre.adapters.ledger_postgres.outcomes import PostgresOutcomes
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.ledger_postgres.reports import PostgresReports
from contactcentre.adapters.ledger_postgres.switches import PostgresSwitches
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.telemetry.monitors import violated
from contactcentre.adapters.web.access import SessionGate, Sessions
from contactcentre.adapters.web.bundle import Bundle
from contactcentre.adapters.web.claims import Signatures
from contactcentre.adapters.web.headers import put_headers_on
from contactcentre.adapters.web.ice import IceServers
from contactcentre.adapters.web.peers import Peers
from contactcentre.adapters.web.problems import say_problems
from contactcentre.adapters.web.routes import read_said
from contactcentre.apps.callback_words import CallbackWords
from contactcentre.apps.desk_api import ROUTES, DeskApi
from contactcentre.apps.desk_beat import DeskBeat, Seats, Stirred
from contactcentre.apps.desk_calls import DeskCalls
from contactcentre.apps.desk_chats import Chats
from contactcentre.apps.desk_floor import Floor
from contactcentre.apps.desk_monitors import DeskMonitors
from contactcentre.apps.desk_seat import SeatTools
from contactcentre.apps.desk_steering import SteeringSigns
from contactcentre.apps.desk_talks import DeskRooms, Talks
from contactcentre.apps.desk_told import Signs
from contactcentre.apps.desk_transfers import TransferSigns
from contactcentre.apps.overflow_watch import OverflowWatch
from contactcentre.apps.payment_steps import PATH as PAYMENT_STEPS
from contactcentre.apps.payment_steps import PaymentSteps
from contactcentre.apps.process import Process
from contactcentre.apps.reach import HttpKeepers, HttpNodes, PeerWay
from contactcentre.apps.ways_back import WaysBack
from contactcentre.domain.errors import BadRequest
from contactcentre.domain.ids import AdviserId, DeskId
from contactcentre.journey.steering import Steering
from contactcentre.journey.supervision import Supervision
from contactcentre.journey.wrapup import WrapUps
from contactcentre.limits import MESSAGE_MAX_BYTES
from contactcentre.ports.environment import Clock
from contactcentre.settings import Settings
from contactcentre.wire.cluster import Ring, RingOver, Talk

END_SESSIONS_EVERY_MS = 10_000
"""How often sessions are ended that PostgreSQL could not be told of."""


async def serve(settings: Settings, process: Process) -> None:
    """Serve desks until told to stop; pages go elsewhere then, and talks go on without us."""
    async with AsyncExitStack() as stack:
        desk = await _build(settings, process, stack)
        await desk.open()
        await process.draining.wait()
        await desk.close()


class DeskProcess:
    """One desk process, put together."""

    def __init__(
        self,
        *,
        settings: Settings,
        process: Process,
        floor: Floor,
        beat: DeskBeat,
        supervision: Supervision,
        sessions: Sessions,
        steering: Steering,
        overflow: OverflowWatch,
        clock: Clock,
        browsers: web.Application,
    ) -> None:
        self._settings = settings
        self._process = process
        self._floor = floor
        self._beat = beat
        self._supervision = supervision
        self._sessions = sessions
        self._steering = steering
        self._overflow = overflow
        self._clock = clock
        self._browsers = browsers

    async def open(self) -> None:
        """Look around once, then beat and listen."""
        await self._supervision.look()
        await self._supervision.count()
        self._process.routes(
            [
                web.post("/rings", self._ring),
                web.post("/rings/{token}/bridged", self._bridged),
                web.post("/rings/{token}/moved", self._moved),
                web.post("/rings/{token}/over", self._over),
            ]
        )
        self._process.spawn(self._supervision.keep_counting(), "counts")
        self._process.spawn(self._steering.keep(), "switches")
        self._process.spawn(self._overflow.watch(), "overflow")
        self._process.spawn(self._beat.keep_beating(), "desk beat")
        self._process.spawn(self._keep_ending_sessions(), "sessions")
        await self._process.open()
        await self._process.listen(
            self._browsers, host=self._settings.host, port=self._settings.desk_port
        )

    async def close(self) -> None:
        """Send every page elsewhere, and let nobody be rung here from now on."""
        self._floor.close()
        await self._beat.report_last()

    async def _keep_ending_sessions(self) -> None:
        while True:
            await self._clock.sleep_ms(END_SESSIONS_EVERY_MS)
            await self._sessions.end_pending()

    async def _ring(self, request: web.Request) -> web.Response:
        self._floor.ring(await read_said(request, Ring))
        return web.Response(status=204)

    async def _bridged(self, request: web.Request) -> web.Response:
        talk = await read_said(request, Talk)
        _refuse_another(request, talk.token)
        self._floor.bridged(talk)
        return web.Response(status=204)

    async def _moved(self, request: web.Request) -> web.Response:
        ring = await read_said(request, Ring)
        _refuse_another(request, ring.token)
        self._floor.moved(ring)
        return web.Response(status=204)

    async def _over(self, request: web.Request) -> web.Response:
        over = await read_said(request, RingOver)
        _refuse_another(request, over.token)
        self._floor.over(over)
        return web.Response(status=204)


def _refuse_another(request: web.Request, token: int) -> None:
    """Raise BadRequest if path and body speak of two rings."""
    if request.match_info["token"] != str(token):
        raise BadRequest("The path names another ring than the body.")


async def _build(settings: Settings, process: Process, stack: AsyncExitStack) -> DeskProcess:
    """Put a desk process together from its settings."""
    clock, flows = MachineClock(), settings.flows_dir or default_flows_dir()
    lines, outside = load_lines(flows), _outside(settings)
    signs = Signs(lines.values())
    state, pool = await _stores(settings, process, stack)
    peers = await stack.enter_async_context(Peers(settings.cluster_key.get_secret_value()))
    supervision = _supervision(state, pool, clock, signs)
    steering = Steering(lines, ledger=PostgresSwitches(pool), state=state, clock=clock)
    overflow = OverflowWatch(state, lines, steering.of, clock)
    wrap_ups, sessions = WrapUps(PostgresOutcomes(pool), clock), _sessions(pool, clock)
    floor, beat = assemble_floor(
        settings,
        internal_url=process.internal_url,
        spawn=process.spawn,
        state=state,
        peers=peers,
        supervision=supervision,
        wrap_ups=wrap_ups,
        signs=signs,
        clock=clock,
    )
    gate, https = _gate(settings, sessions)
    api = DeskApi(
        floor=floor,
        sessions=sessions,
        gate=gate,
        wrap_ups=wrap_ups,
        supervision=supervision,
        signs=signs,
        steering=SteeringSigns(steering, lines, load_words(flows), clock),
        rooms=_rooms(settings, outside, state, supervision, steering, signs=signs, clock=clock),
        overflow=overflow,
        bundle=Bundle(Path(contactcentre.__file__).parent / "static"),
        clock=clock,
        ice_servers=IceServers.of(settings, clock, MachineChance()),
        numbers=outside,
    )
    return DeskProcess(
        settings=settings,
        process=process,
        floor=floor,
        beat=beat,
        supervision=supervision,
        sessions=sessions,
        steering=steering,
        overflow=overflow,
        clock=clock,
        browsers=_pages(api, gate, _steps(settings, state, supervision, peers, clock), https=https),
    )


def _sessions(pool: PostgresPool, clock: MachineClock) -> Sessions:
    """Return who is signed in."""
    return Sessions(PostgresAccounts(pool), clock)


def _rooms(
    settings: Settings,
    outside: OutsideNumbers | None,
    state: RedisState,
    supervision: Supervision,
    steering: Steering,
    *,
    signs: Signs,
    clock: Clock,
) -> DeskRooms:
    """Return what is told of transfers and of talks."""
    signing, ring = settings.signing_ring()
    named = () if outside is None else tuple(outside.numbers.values())
    return DeskRooms(
        transfers=TransferSigns(signs.lines, steering, clock, named),
        talks=Talks(
            queues=state,
            supervision=supervision,
            signs=signs,
            signatures=Signatures(ring, signing, clock),
            clock=clock,
        ),
    )


def _outside(settings: Settings) -> OutsideNumbers | None:
    """Return which numbers may be rung, and who is named among them. Raises BadRequest."""
    path = settings.outside_numbers
    return None if path is None else read_outside_numbers(path)


def _gate(settings: Settings, sessions: Sessions) -> tuple[SessionGate, bool]:
    """Return what lets browsers in, and whether they come by HTTPS."""
    public = urlsplit(settings.desk_public_url or "")
    https = public.scheme == "https"
    origins = (f"{public.scheme}://{public.netloc}",)
    return SessionGate(sessions, https=https, origins=origins), https


async def _stores(
    settings: Settings, process: Process, stack: AsyncExitStack
) -> tuple[RedisState, PostgresPool]:
    """Return live state and records, neither of which need be there yet."""
    state = RedisState(settings.redis_url, timeout_ms=settings.redis_timeout_ms)
    stack.push_async_callback(state.close)
    pool = await stack.enter_async_context(
        PostgresPool(settings.database_url, timeout_ms=settings.database_timeout_ms)
    )
    process.uses("state", state.ping)
    process.uses("records", pool.ping)
    return state, pool


def _supervision(state: RedisState, pool: PostgresPool, clock: Clock, signs: Signs) -> Supervision:
    return Supervision(
        addresses=state,
        lost=state,
        storm=state,
        reports=PostgresReports(pool),
        clock=clock,
        queues=signs.queues,
    )


def _steps(
    settings: Settings, state: RedisState, supervision: Supervision, peers: Peers, clock: Clock
) -> PaymentSteps | None:
    """Return what payment pages ask; None where none has a key."""
    if settings.payment_key is None:
        return None
    return PaymentSteps(
        key=settings.payment_key.get_secret_value(),
        queues=state,
        supervision=supervision,
        nodes=HttpNodes(peers),
        clock=clock,
    )


def _pages(
    api: DeskApi, gate: SessionGate, steps: PaymentSteps | None, *, https: bool
) -> web.Application:
    """Return what browsers and payment pages are served."""
    browsers = web.Application(middlewares=[say_problems], client_max_size=MESSAGE_MAX_BYTES)
    put_headers_on(browsers, https=https)
    ROUTES.mount(browsers, api, gate)
    if steps is not None:
        browsers.router.add_post(PAYMENT_STEPS, steps.answer)
    return browsers


def assemble_floor(
    settings: Settings,
    *,
    internal_url: str,
    spawn: Callable[[Coroutine[None, None, None], str], None],
    state: RedisState,
    peers: PeerWay,
    supervision: Supervision,
    wrap_ups: WrapUps,
    signs: Signs,
    clock: Clock,
) -> tuple[Floor, DeskBeat]:
    """Put together the desks of this process, and the beat that they are reported in."""
    desk, seats, stirred = DeskId(settings.node), Seats(), Stirred()
    monitors = DeskMonitors(violated)
    calls = DeskCalls(
        desk=desk,
        queues=state,
        supervision=supervision,
        nodes=HttpNodes(peers),
        spawn=spawn,
        grace_ms=settings.orphan_grace_ms,
    )
    chats = _chats(settings, seats, signs)
    beat = DeskBeat(
        desk=desk,
        internal_url=internal_url,
        seats=seats,
        stirred=stirred,
        presences=state,
        supervision=supervision,
        calls=calls,
        chats=chats,
        monitors=monitors,
        clock=clock,
    )
    stir = chats.stirring(stirred.add)
    tools = _seat_tools(
        settings, signs, peers, supervision, spawn=spawn, stir=stir, wrap_ups=wrap_ups, clock=clock
    )
    floor = Floor(
        seats=seats,
        tools=tools,
        supervision=supervision,
        beat=beat,
        calls=calls,
        chats=chats,
        monitors=monitors,
    )
    return floor, beat


def _seat_tools(
    settings: Settings,
    signs: Signs,
    peers: PeerWay,
    supervision: Supervision,
    *,
    spawn: Callable[[Coroutine[None, None, None], str], None],
    stir: Callable[[AdviserId], None],
    wrap_ups: WrapUps,
    clock: Clock,
) -> SeatTools:
    signing, ring = settings.signing_ring()
    signatures = Signatures(ring, signing, clock)
    return SeatTools(
        clock=clock,
        wrap_ups=wrap_ups,
        sign_ticket=signatures.sign_ticket,
        read_ticket=signatures.read_ticket,
        spawn=spawn,
        stirred=stir,
        wrap_up_ms=settings.wrap_up_ms,
        widening=signs.widening,
        callback_words=CallbackWords(HttpKeepers(peers), supervision),
        ways_back=WaysBack(supervision, signatures.sign_ticket, clock, site=settings.site),
        by_occupancy=settings.next_adviser == "least_occupied",
    )


def _chats(settings: Settings, seats: Seats, signs: Signs) -> Chats:
    return Chats(
        seats=seats,
        queues=signs.chat_queues,
        count=settings.chats_max,
        beside_max=settings.chats_beside_call_max,
    )
