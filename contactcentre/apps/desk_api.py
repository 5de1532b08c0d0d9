"""What browsers may ask of a desk process: wire/desk, and the pages that ask it."""

import asyncio
import re

from aiohttp import web
from pydantic import TypeAdapter

from contactcentre.adapters.flow_files.outside_numbers import OutsideNumbers
from contactcentre.adapters.web.access import SIGN_IN_FIRST, SessionGate, Sessions
from contactcentre.adapters.web.bundle import NOT_BUILT, Bundle
from contactcentre.adapters.web.ice import IceServers
from contactcentre.adapters.web.problems import respond
from contactcentre.adapters.web.routes import Access, Asked, Nothing, Routes
from contactcentre.adapters.web.sockets import Socket, accept
from contactcentre.apps.desk_floor import Floor
from contactcentre.apps.desk_steering import SteeringSigns
from contactcentre.apps.desk_talks import DeskRooms
from contactcentre.apps.desk_told import Signs
from contactcentre.apps.overflow_watch import OverflowWatch
from contactcentre.domain.dialling import allowed_number
from contactcentre.domain.errors import (
    BadRequest,
    NumberNotAllowed,
    StateUnavailable,
    UnknownName,
)
from contactcentre.domain.ids import CallId
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.journey.supervision import Supervision
from contactcentre.journey.wrapup import WrapUps
from contactcentre.ports.accounts import Account
from contactcentre.ports.environment import Clock
from contactcentre.ports.records import Outcome
from contactcentre.wire import desk as said
from contactcentre.wire import rooms
from contactcentre.wire.callbacks import CallbackWay
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import Beat

ROUTES: "Routes[DeskApi]" = Routes()

BEATS = TypeAdapter(Beat)
CALL = re.compile(r"[A-Za-z0-9_-]{1,64}")


class DeskApi:
    """A desk process as browsers see it."""

    def __init__(
        self,
        *,
        floor: Floor,
        sessions: Sessions,
        gate: SessionGate,
        wrap_ups: WrapUps,
        supervision: Supervision,
        signs: Signs,
        steering: SteeringSigns,
        rooms: DeskRooms,
        overflow: OverflowWatch,
        bundle: Bundle,
        clock: Clock,
        ice_servers: IceServers,
        numbers: OutsideNumbers | None,
    ) -> None:
        self._floor = floor
        self._sessions = sessions
        self._gate = gate
        self._wrap_ups = wrap_ups
        self._supervision = supervision
        self._signs = signs
        self._steering = steering
        self._rooms = rooms
        self._overflow = overflow
        self._bundle = bundle
        self._clock = clock
        self._ice_servers = ice_servers
        self._numbers = numbers

    @ROUTES.speaks("POST", "/api/sign-in", access=Access.ANYONE, takes=said.SignIn, gives=said.Me)
    async def sign_in(self, asked: Asked[said.SignIn]) -> said.Me:
        """Sign somebody in who knows name and password."""
        session, account = await self._sessions.sign_in(
            asked.said.name, asked.said.password, address=asked.request.remote or ""
        )
        self._gate.give(asked.response, session)
        self._floor.sign_in(account)
        return self._me(account)

    @ROUTES.speaks("POST", "/api/sign-out", access=Access.SIGNED_IN, takes=Nothing, gives=Nothing)
    async def sign_out(self, asked: Asked[Nothing]) -> Nothing:
        """Sign out, and take the desk along; refused while a call or chat would be left behind."""
        self._floor.sign_out(asked.account)
        self._gate.take(asked.response)
        await self._sessions.end(self._gate.session_of(asked.request))
        return Nothing()

    @ROUTES.speaks("GET", "/api/me", access=Access.SIGNED_IN, takes=Nothing, gives=said.Me)
    async def me(self, asked: Asked[Nothing]) -> said.Me:
        """Say who is signed in."""
        return self._me(asked.account)

    @ROUTES.speaks(
        "POST",
        "/api/presence",
        access=Access.SIGNED_IN,
        takes=said.SetPresence,
        gives=said.PresenceNow,
    )
    async def set_presence(self, asked: Asked[said.SetPresence]) -> said.PresenceNow:
        """Make the adviser ready, or away for a reason."""
        if asked.said.state is Presence.READY:
            return self._floor.press(asked.account, None)
        if asked.said.reason is None:
            raise BadRequest("Choose a reason for being away.")
        return self._floor.press(asked.account, asked.said.reason)

    @ROUTES.speaks(
        "POST",
        "/api/phone",
        access=Access.SIGNED_IN,
        takes=said.TryPhone,
        gives=said.PhoneTried,
    )
    async def try_phone(self, asked: Asked[said.TryPhone]) -> said.PhoneTried:
        """Say whether an adviser's phone may be rung; each node looks again as it rings one."""
        if self._numbers is None:
            raise NumberNotAllowed("No phones are rung from here. Take the sound in this browser.")
        number = allowed_number(self._numbers.rules, asked.said.number)
        return said.PhoneTried(number=number)

    @ROUTES.speaks(
        "POST",
        "/api/wrap-up/finish",
        access=Access.SIGNED_IN,
        takes=said.FinishWrapUp,
        gives=said.PresenceNow,
    )
    async def finish(self, asked: Asked[said.FinishWrapUp]) -> said.PresenceNow:
        """End the wrap-up of a call."""
        away = None
        if asked.said.then is Presence.AWAY:
            away = asked.said.reason or AwayReason.OTHER_WORK
        return self._floor.finish(asked.account, asked.said.call, away)

    @ROUTES.speaks(
        "POST",
        "/api/wrap-up/more-time",
        access=Access.SIGNED_IN,
        takes=Nothing,
        gives=said.WrapUpNow,
    )
    async def more_time(self, asked: Asked[Nothing]) -> said.WrapUpNow:
        """Add a minute to the wrap-up."""
        return self._floor.more_time(asked.account)

    @ROUTES.speaks(
        "PUT",
        "/api/calls/{call}/outcome",
        access=Access.SIGNED_IN,
        takes=said.WriteOutcome,
        gives=said.OutcomeWritten,
    )
    async def write_outcome(self, asked: Asked[said.WriteOutcome]) -> said.OutcomeWritten:
        """Write down what the adviser says of a call, and say which version stands."""
        call = _call_of(asked.request)
        outcome = asked.said.outcome
        if outcome is not None and outcome not in self._signs.outcomes:
            raise UnknownName("There is no such outcome. Choose one of those that are offered.")
        # chosen is chosen, also while the records are away
        self._floor.choose(asked.account, call, chosen=outcome is not None)
        stands = await self._wrap_ups.write(
            Outcome(
                call=call,
                adviser=asked.account.id,
                outcome=outcome,
                notes=asked.said.notes,
                version=asked.said.version,
            )
        )
        return said.OutcomeWritten(version=stands.version, at_ms=self._clock.now_ms())

    @ROUTES.speaks(
        "POST",
        "/api/callbacks/{call}",
        access=Access.SIGNED_IN,
        takes=said.DoCallback,
        gives=said.CallbackHeard,
    )
    async def do_callback(self, asked: Asked[said.DoCallback]) -> said.CallbackHeard:
        """Take a callback or not, or say how the attempt to reach the caller ended."""
        call, word = _call_of(asked.request), asked.said
        return await self._floor.do_callback(asked.account, call, word.word, word.ticket)

    @property
    def _may_ring_back(self) -> bool:
        """Say whether media nodes ring the numbers of callbacks."""
        return self._numbers is not None and self._numbers.callbacks is not None

    @ROUTES.speaks(
        "POST",
        "/api/callbacks/{call}/way",
        access=Access.SIGNED_IN,
        takes=Nothing,
        gives=CallbackWay,
    )
    async def way_back(self, asked: Asked[Nothing]) -> CallbackWay:
        """Say where the adviser's page has the number of a callback rung."""
        if not self._may_ring_back:
            raise NumberNotAllowed("Callers are not rung from here. Ring the number by hand.")
        return self._floor.way_back(asked.account, _call_of(asked.request))

    @ROUTES.speaks("GET", "/api/talk", access=Access.SIGNED_IN, takes=Nothing, gives=said.TalkNow)
    async def talk(self, asked: Asked[Nothing]) -> said.TalkNow:
        """Give the way to the adviser's talk, or to one of the chats, again."""
        call = asked.request.query.get("call")
        return self._floor.talk(asked.account, None if call is None else CallId(call))

    @ROUTES.speaks(
        "GET",
        "/api/transfers",
        access=Access.SIGNED_IN,
        takes=Nothing,
        gives=rooms.TransferTargets,
    )
    async def transfers(self, asked: Asked[Nothing]) -> rooms.TransferTargets:
        """Say where a caller may be handed, and how it stands there."""
        return self._rooms.transfers.targets(self._supervision.overview, asked.account.id)

    @ROUTES.speaks(
        "POST",
        "/api/calls/{call}/end",
        access=Access.SIGNED_IN,
        takes=Nothing,
        gives=said.PresenceNow,
    )
    async def end_talk(self, asked: Asked[Nothing]) -> said.PresenceNow:
        """End a talk to whose node the adviser has no way."""
        return self._floor.end_talk(asked.account, _call_of(asked.request))

    @ROUTES.speaks("GET", "/api/board", access=Access.SUPERVISOR, takes=Nothing, gives=said.Board)
    async def board(self, asked: Asked[Nothing]) -> said.Board:
        """Show the centre as it was seen within the last second."""
        overview = self._supervision.overview
        if overview is None:
            raise StateUnavailable("there is no overview")
        return self._signs.board(
            overview,
            self._supervision,
            asked.account.language,
            lines=self._steering.lines(asked.account.language),
            leads_to=self._overflow.leads_to,
        )

    @ROUTES.speaks("GET", "/api/talks", access=Access.SUPERVISOR, takes=Nothing, gives=rooms.Talks)
    async def talks(self, asked: Asked[Nothing]) -> rooms.Talks:
        """Show the talks that go on."""
        sought = asked.request.query.get("adviser", "")
        return await self._rooms.talks.found(sought, asked.account.language)

    @ROUTES.speaks(
        "POST",
        "/api/talks/{call}/way",
        access=Access.SUPERVISOR,
        takes=Nothing,
        gives=rooms.WayToTalk,
    )
    async def way_to_talk(self, asked: Asked[Nothing]) -> rooms.WayToTalk:
        """Give a supervisor the way to a talk; the node writes down who comes."""
        return await self._rooms.talks.way(_call_of(asked.request), who=asked.account.id)

    @ROUTES.speaks(
        "POST",
        "/api/switches",
        access=Access.SUPERVISOR,
        takes=said.TurnSwitch,
        gives=said.SwitchesNow,
    )
    async def turn_switch(self, asked: Asked[said.TurnSwitch]) -> said.SwitchesNow:
        """Turn one of a line's switches, for new callers from about a second later on."""
        await self._steering.turn(asked.said, who=asked.account.id)
        return said.SwitchesNow(lines=self._steering.lines(asked.account.language))

    @ROUTES.serves("GET", "/api/live", access=Access.LIVE)
    async def live(self, request: web.Request, who: Account | None) -> web.StreamResponse:
        """Keep a page up to date for as long as it is open."""
        async with accept(request) as socket:
            if who is None:
                socket.close(Closing.NOT_SIGNED_IN, SIGN_IN_FIRST)
            else:
                await self._keep_up(socket, who, self._gate.session_of(request))
        return socket.response

    async def _keep_up(self, socket: Socket, who: Account, session: str) -> None:
        self._floor.sit(who, socket)
        try:
            async with asyncio.TaskGroup() as tasks:
                watch = tasks.create_task(self._watch(socket, session), name="session watch")
                async for _ in socket.receive(BEATS, malformed_max=0):
                    pass
                watch.cancel()
        finally:
            self._floor.leave(who, socket)

    async def _watch(self, socket: Socket, session: str) -> None:
        """Close the socket of a session that has ended elsewhere."""
        await self._sessions.wait_for_end(session)
        socket.close(Closing.NOT_SIGNED_IN, SIGN_IN_FIRST)

    @ROUTES.serves("GET", "/", access=Access.ANYONE)
    async def desk_page(self, _: web.Request, __: Account | None) -> web.StreamResponse:
        """Give the adviser's page."""
        return self._page("index.html")

    @ROUTES.serves("GET", "/board", access=Access.ANYONE)
    async def board_page(self, _: web.Request, __: Account | None) -> web.StreamResponse:
        """Give the supervisor's page."""
        return self._page("board.html")

    @ROUTES.serves("GET", "/assets/{name:.+}", access=Access.ANYONE)
    async def asset(self, request: web.Request, _: Account | None) -> web.StreamResponse:
        """Give a file that a page names."""
        return self._bundle.asset(request.match_info["name"])

    def _me(self, account: Account) -> said.Me:
        return self._signs.me(
            account,
            self._ice_servers.told(),
            chats_max=self._floor.chats_max(account),
            chats_beside_call_max=self._floor.chats_beside_call_max,
            may_use_phone=self._numbers is not None,
            may_have_rung=self._may_ring_back,
        )

    def _page(self, name: str) -> web.StreamResponse:
        return self._bundle.page(name) if self._bundle.is_built else respond(NOT_BUILT)


def _call_of(request: web.Request) -> CallId:
    """Return the call that a path names. Raises UnknownName."""
    call = request.match_info["call"]
    if CALL.fullmatch(call) is None:
        raise UnknownName("There is no such call.")
    return CallId(call)
