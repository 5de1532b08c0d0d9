"""The leg socket of a media node: a caller's page, or the browser of an adviser or supervisor."""

import asyncio
from collections.abc import AsyncIterator
from typing import assert_never

from aiohttp import web
from pydantic import BaseModel

from contactcentre.adapters.web.claims import Signatures, prove_page
from contactcentre.adapters.web.problems import words_for
from contactcentre.adapters.web.sockets import Socket, accept
from contactcentre.apps.admission import Admission
from contactcentre.apps.adviser_part import AdviserPart
from contactcentre.apps.callback_dials import CallbackDials
from contactcentre.apps.node_call import NodeCall
from contactcentre.apps.node_calls import NodeCalls
from contactcentre.apps.supervising import Supervising
from contactcentre.apps.supervisor_part import SupervisorPart
from contactcentre.domain.call import CallState
from contactcentre.domain.consulting import asked_about, is_consult
from contactcentre.domain.errors import BadClaim, BadRequest, CallerIsYours, NotWrittenDown
from contactcentre.domain.events import SupervisorMode, Writer
from contactcentre.domain.ids import NodeId
from contactcentre.limits import SOCKET_LOST_AFTER_MS
from contactcentre.ports import live as acts
from contactcentre.ports.live import AdviserAct
from contactcentre.wire import legs as said
from contactcentre.wire import staff
from contactcentre.wire.claims import AdviserTicket, CallerClaim
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import LegMessage
from contactcentre.wire.recording import Record


class SocketBrowser:
    """A browser as its call sees it."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket

    def send(self, message: BaseModel) -> None:
        """Say something; never waits."""
        self._socket.send(message)

    def hurry(self, *, on: bool) -> None:
        """Say whether its sound is silent: then a silent socket is sooner a loss."""
        self._socket.hurry(on=on)

    def close(self, why: Closing) -> None:
        """Close once everything has been said."""
        self._socket.close(why)


class LegSockets:
    """Takes leg sockets for the calls of this node."""

    def __init__(
        self,
        calls: NodeCalls,
        admission: Admission,
        signatures: Signatures,
        *,
        node: NodeId,
        dials: CallbackDials,
    ) -> None:
        self._calls = calls
        self._dials = dials
        self._admission = admission
        self._signatures = signatures
        self._node = node

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one socket: the first message says whose it is."""
        async with accept(request) as socket:
            await self.serve(socket)
        return socket.response

    async def serve(self, socket: Socket) -> None:
        """Serve an open socket to its end. Raises a Refusal or Outage that its browser is told."""
        messages = socket.receive(said.LEG_SAYS)
        browser = SocketBrowser(socket)
        match await self._first(socket, messages):
            case said.Offer() as offer:
                await self._serve_caller(offer, browser, messages)
            case said.Leave() as leave:
                await self._admission.leave(self._proved(leave), browser)
                await _end_of(messages)
            case said.CancelCallback() as cancel:
                await self._admission.cancel_callback(self._proved(cancel), browser)
                await _end_of(messages)
            case said.Attach() as attach:
                await self._serve_adviser(attach, browser, messages)
            case said.Supervise() as supervise:
                await self._serve_supervisor(supervise, browser, messages)
            case None:
                pass
            case _:
                raise BadRequest("The first message must be an offer, an attach or a leave.")

    async def _first(
        self, socket: Socket, messages: AsyncIterator[LegMessage]
    ) -> LegMessage | None:
        """Return the first message; None if the browser is gone, or has not said any in time.

        A browser that is only slow comes again: its call is not refused for it.
        """
        try:
            async with asyncio.timeout(SOCKET_LOST_AFTER_MS / 1_000):
                return await anext(messages, None)
        except TimeoutError:
            socket.close(Closing.LOST, "No offer came.")
            return None

    async def _serve_caller(
        self, offer: said.Offer, browser: SocketBrowser, messages: AsyncIterator[LegMessage]
    ) -> None:
        coming = asyncio.ensure_future(_next(messages))
        try:
            call = await self._admission.admit(
                self._proved(offer),
                offer.sdp,
                browser,
                attempt=offer.attempt,
                is_gone=lambda: coming.done() and coming.result() is None,
            )
            await self._hear_caller(call, browser, messages, coming)
        finally:
            coming.cancel()

    async def _hear_caller(
        self,
        call: NodeCall,
        browser: SocketBrowser,
        messages: AsyncIterator[LegMessage],
        coming: asyncio.Future[LegMessage | None],
    ) -> None:
        """Do what a caller's page asks for until it is gone."""
        try:
            if call.is_chat:
                call.texts.tell_so_far(browser)
            message = await coming
            while message is not None:
                _caller_said(call, message, browser)
                message = await _next(messages)
        finally:
            call.caller.browser_lost(browser)

    def _proved(self, said: said.Offer | said.Leave | said.CancelCallback) -> CallerClaim:
        """Return the claim of a page that has proved that it is its own. Raises BadClaim."""
        claim = self._signatures.read_claim(said.claim)
        prove_page(claim, said.secret)
        return claim

    async def _serve_adviser(
        self, attach: said.Attach, browser: SocketBrowser, messages: AsyncIterator[LegMessage]
    ) -> None:
        ticket = self._signatures.read_ticket(attach.ticket)
        if ticket.node != self._node:
            raise BadClaim("This ticket is for another node.")
        call = self._calls.get(asked_about(ticket.call))
        if call is None and ticket.keeper_url is not None:
            await self._serve_dial(ticket, attach, browser, messages)
            return
        part = await self._calls.attach(ticket, attach, browser)
        assert call is not None, "nobody is seated in a call that is not here"
        try:
            if call.is_chat:
                call.texts.tell_so_far(browser)
            async for message in messages:
                _adviser_said(call, part, message)
        finally:
            part.socket_lost()

    async def _serve_dial(
        self,
        ticket: AdviserTicket,
        attach: said.Attach,
        browser: SocketBrowser,
        messages: AsyncIterator[LegMessage],
    ) -> None:
        """Ring the caller of an adviser's callback, and do what the adviser asks for then."""
        dial = await self._dials.attach(ticket, attach.sdp, browser, phone=attach.phone)
        try:
            async for message in messages:
                if dial.call is not None:
                    _adviser_said(dial.call, dial.part, message)
                elif (act := _act(message)) is not None:
                    dial.part.asked(act)
        finally:
            dial.page_gone()
            dial.part.socket_lost()

    async def _serve_supervisor(
        self, first: said.Supervise, browser: SocketBrowser, messages: AsyncIterator[LegMessage]
    ) -> None:
        ticket = self._signatures.read_supervisor_ticket(first.ticket)
        if ticket.node != self._node:
            raise BadClaim("This ticket is for another node.")
        call, part = await self._calls.supervise(ticket, first.sdp, browser)
        supervising = call.room.supervising
        try:
            await _begin(supervising, part)
            async for message in messages:
                match message:
                    case staff.SuperviseAs(mode=mode):
                        await _turn(supervising, part, mode)
                    case said.HangUp():
                        supervising.leave(part, Closing.DONE)
                    case _:
                        raise BadRequest("A supervisor's page cannot say that.")
        finally:
            supervising.leave(part, Closing.LOST)


async def _begin(supervising: Supervising, part: SupervisorPart) -> None:
    """Let a supervisor listen, or say that it cannot be written down, and close."""
    try:
        await supervising.turn(part, SupervisorMode.LISTEN)
    except NotWrittenDown as error:
        part.send(said.Refused(code=error.code, words=words_for(error)))
        supervising.leave(part, Closing.REFUSED)


async def _turn(supervising: Supervising, part: SupervisorPart, mode: SupervisorMode) -> None:
    """Let a supervisor be there in another way; where that cannot be, all stays as it is."""
    try:
        await supervising.turn(part, mode)
    except NotWrittenDown as error:
        part.send(staff.NotDone(code=error.code, words=words_for(error)))


async def _next(messages: AsyncIterator[LegMessage]) -> LegMessage | None:
    """Return the next message; None once the browser is gone."""
    return await anext(messages, None)


async def _end_of(messages: AsyncIterator[LegMessage]) -> None:
    """Wait until the browser has heard the end of what it left."""
    async for _ in messages:
        pass


def _caller_said(call: NodeCall, message: LegMessage, browser: SocketBrowser) -> None:
    """Do what a caller's page asks for. Raises BadRequest for what only an adviser may say."""
    match message:
        case said.PressKey(key=key):
            call.caller.press(key)
        case said.HangUp():
            call.caller.hang_up()
        case said.Write() if call.is_chat:
            call.texts.write(Writer.CALLER, message, browser)
        case said.Typing() if call.is_chat:
            call.texts.typing(Writer.CALLER, message)
        case said.Beat():
            pass
        case _:
            raise BadRequest("A caller's page cannot say that.")


def _adviser_said(call: NodeCall, part: AdviserPart, message: LegMessage) -> None:
    """Pass on what an adviser does. Raises BadRequest for what only a caller may say."""
    if isinstance(message, said.HandBack) and not call.is_chat:
        raise BadRequest("Only a chat is handed back.")
    if isinstance(message, said.Write | said.Typing):
        if call.is_chat and call.side(Writer.ADVISER) is part:
            _adviser_wrote(call, part, message)
        return
    is_late = isinstance(message, said.HangUp) and is_consult(message.call or call.call.id)
    if is_late and call.side(Writer.ADVISER) is part:
        _tell_whose_call(part)
        return
    if isinstance(message, Record):
        if call.side(Writer.ADVISER) is part:
            call.recording.pause(on=not message.on)
        return
    act = _act(message)
    if act is not None:
        part.asked(act)


def _tell_whose_call(part: AdviserPart) -> None:
    """Say why nothing was ended: the caller was left to whoever has just left a consultation."""
    why = CallerIsYours("The caller has just been left to you. Press End call again to end it.")
    part.send(staff.NotDone(code=why.code, words=words_for(why)))


def _adviser_wrote(call: NodeCall, part: AdviserPart, message: said.Write | said.Typing) -> None:
    if isinstance(message, said.Typing):
        call.texts.typing(Writer.ADVISER, message)
    elif call.call.state is CallState.TALKING:
        call.texts.write(Writer.ADVISER, message, part)


def _act(message: LegMessage) -> AdviserAct | None:  # noqa: C901, PLR0911, PLR0912 - one case a message
    match message:
        case said.AnswerCall():
            return acts.AdviserAnswered()
        case said.Decline():
            return acts.AdviserDeclined()
        case said.HandBack():
            return acts.HandedBack()
        case said.Hold(on=on):
            return acts.HoldAsked(on=on)
        case said.Mute(on=on):
            return acts.MuteAsked(on=on)
        case said.PressKey(key=key):
            return acts.KeySent(key=key)
        case staff.Transfer(queue=queue):
            return acts.TransferAsked(queue=queue)
        case staff.Ask(queue=queue, adviser=adviser):
            return acts.ConsultAsked(queue=queue, adviser=adviser)
        case staff.AskOutside(outside=outside, hands_over=hands_over):
            return acts.OutsideAsked(outside=outside, hands_over=hands_over)
        case staff.Merge():
            return acts.MergeAsked()
        case staff.HandOver():
            return acts.HandOverAsked()
        case staff.DropConsult():
            return acts.ConsultDropped()
        case said.HangUp():
            return acts.AdviserHungUp()
        case said.Beat() | said.Write() | said.Typing() | Record():
            return None
        case (
            said.Offer()
            | said.Leave()
            | said.CancelCallback()
            | said.Attach()
            | said.Supervise()
            | staff.SuperviseAs()
        ):
            raise BadRequest("This socket has its offer already.")
        case _:
            assert_never(message)
