"""Who comes in at a media node: new callers, callers who come back, and those of a lost node.

A claim that another node has signed is as good as one of our own. What the live state knows of the
call is asked for, but nobody waits for it: without it the claim's own memory serves.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakValueDictionary

import structlog

from contactcentre.adapters.telemetry.metrics import (
    count_callback,
    count_offered,
    count_resumed,
)
from contactcentre.adapters.web.claims import Signatures
from contactcentre.apps.adviser_part import Browser
from contactcentre.apps.call_bounds import Start
from contactcentre.apps.left_outside import left_outside
from contactcentre.apps.node_call import NodeCall
from contactcentre.apps.node_calls import NodeCalls
from contactcentre.apps.node_tools import NodeTools
from contactcentre.domain.call import TALKS, CallState, Talk, arrive, take_over
from contactcentre.domain.callback import CallbackNews
from contactcentre.domain.epochs import NOT_ADMITTED, LegEpoch
from contactcentre.domain.errors import (
    CallClosed,
    ChatClosed,
    MalformedOffer,
    NodeFull,
    Outage,
    OutOfOrder,
    Refusal,
    StaleEpoch,
    StateUnavailable,
    UnknownName,
)
from contactcentre.domain.events import (
    CallArrived,
    CallDialledIn,
    CallRedialled,
    CallResumed,
    Channel,
    Ending,
    LapseReason,
)
from contactcentre.domain.ids import AdviserId, CallId, DeskId, LegId, Token
from contactcentre.domain.ivr.doors import chat_is_open
from contactcentre.ports.live import Offered
from contactcentre.ports.media import TEXT_OFFER, LegEvent
from contactcentre.ports.state import CallStanding
from contactcentre.wire.claims import CallerClaim, CallMemory
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import Answer

log = structlog.get_logger()

RUNG = frozenset({"reserved", "ringing"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """What a caller's page offers, and how it is reached."""

    claim: CallerClaim
    sdp: str
    browser: Browser
    attempt: int
    """How often the page has offered this very claim before."""
    is_gone: Callable[[], bool]
    """Says whether it has closed its socket since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A call of another node as this one takes it up."""

    start: Start
    rung: Offered | None
    """A ring that has ended with the other node; its adviser must hear of it."""
    consult: CallId | None
    """A consultation that has ended with it, likewise."""


class Admission:
    """The door of one node."""

    def __init__(self, calls: NodeCalls, tools: NodeTools, signatures: Signatures) -> None:
        self._calls = calls
        self._tools = tools
        self._signatures = signatures
        self._doors: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """One at a time for each call: two tabs with one claim do not make two calls of it."""

    async def admit(
        self,
        claim: CallerClaim,
        sdp: str,
        browser: Browser,
        *,
        attempt: int = 0,
        is_gone: Callable[[], bool] = lambda: False,
    ) -> NodeCall:
        """Take a caller in, or back, and answer the offer: the page's first with this claim, if 0.

        A page that `is_gone` by now takes its call from no other node: a node that stood still
        reads what was offered to it when the page has long had another.
        Raises NodeFull, ChatClosed, UnknownName, BadClaim, StaleEpoch, CallClosed, MalformedOffer,
        MediaUnavailable.
        """
        offering = Offering(claim=claim, sdp=sdp, browser=browser, attempt=attempt, is_gone=is_gone)
        async with self._doors.setdefault(claim.call, asyncio.Lock()):
            known = await self._known(claim)
            if known is not None:
                return await self._come_back(known, offering)
            self._refuse(claim)
            taken = None if claim.epoch_count == 0 else await self._take_over(claim, attempt)
            start = self._arrived(claim, attempt) if taken is None else taken.start
            call = await self._seat(start, offering)
            if taken is not None:
                await self._announce(call, taken)
            return call

    async def leave(self, claim: CallerClaim, browser: Browser) -> None:
        """End a call, here or of a lost node, whose caller has hung up. Raises as `admit` does."""
        async with self._doors.setdefault(claim.call, asyncio.Lock()):
            known = await self._known(claim)
            if known is not None:
                known.caller.hang_up()
                browser.close(Closing.DONE)
                return
            taken = await self._take_over(claim, 0)
            call = self._new_call(taken.start, claim, self._leg(taken.start), browser)
            call.caller.hang_up()
            await self._let_go(call, taken.rung)
            self._calls.begin(call)

    async def cancel_callback(self, claim: CallerClaim, browser: Browser) -> None:
        """Take back the callback that a call has ended with. Raises LedgerUnavailable, OutOfOrder.

        Who is being rung at this moment is rung all the same, and can say so.
        """
        terms = self._tools.callbacks
        if terms is None:
            raise OutOfOrder("No callbacks are promised here.")
        at_ms = self._tools.clock.now_ms()
        if (queue := await terms.promises.cancel(claim.call, at_ms=at_ms)) is not None:
            count_callback(queue, CallbackNews.CANCELLED)
        browser.close(Closing.DONE)

    async def _known(self, claim: CallerClaim) -> NodeCall | None:
        """Return the call if it is here, and has not gone on elsewhere since it ended here."""
        known = self._calls.get(claim.call)
        if known is None or known.end is None:
            return known
        if LegEpoch(claim.epoch_count, claim.epoch_nonce) <= known.end.epoch:
            return known
        await self._calls.let_go(known)
        return None

    async def _come_back(self, known: NodeCall, offering: Offering) -> NodeCall:
        """Take a caller back on a new leg."""
        claim = offering.claim
        epoch = max(LegEpoch(claim.epoch_count, claim.epoch_nonce), known.call.epoch)
        epoch = epoch.next(self._tools.chance.nonce(), attempt=offering.attempt)
        leg = LegId(f"{claim.call}.{epoch.count}.{epoch.nonce}")
        heard = _Ear()
        await self._answer(offering, leg, heard)
        try:
            await known.adopt(leg=leg, browser=offering.browser, epoch=epoch)
        except Refusal:
            await self._tools.media.close(leg)
            raise
        heard.listen(known.caller.heard)
        return known

    def _refuse(self, claim: CallerClaim) -> None:
        """Refuse a call that cannot come here, and count a new one."""
        try:
            if claim.line not in self._tools.lines:
                raise UnknownName(f"There is no line called {claim.line}.")
            self._refuse_chat(claim)
            if self._calls.draining or self._calls.is_full or self._tools.spool.is_full:
                raise NodeFull("This node takes no further calls. Try another.")
        except Refusal as refusal:
            if claim.epoch_count == 0:
                count_offered(claim.line, refusal.code)
            raise

    def _refuse_chat(self, claim: CallerClaim) -> None:
        """Refuse a chat that nobody would answer; one that was here before goes on."""
        if not claim.chat or claim.epoch_count > 0:
            return
        flow, at_ms = self._tools.lines[claim.line].flow, self._tools.clock.now_ms()
        if not chat_is_open(flow, self._tools.switches(claim.line), at_ms):
            raise ChatClosed("Nobody answers chats now. Call us, or come back later.")

    def _arrived(self, claim: CallerClaim, attempt: int) -> Start:
        """Return how a call begins; with a place from before the caller waits from then."""
        now_ms, kept = self._tools.clock.now_ms(), claim.kept
        first = CallArrived(
            call=claim.call,
            at_ms=now_ms,
            line=claim.line,
            language=claim.language,
            node=self._tools.node,
            epoch=NOT_ADMITTED.next(self._tools.chance.nonce(), attempt=attempt),
        )
        trunk = claim.trunk or claim.channel
        if trunk is not None:
            channel = claim.channel or Channel.SIP
            dialled = CallDialledIn(call=claim.call, at_ms=now_ms, channel=channel, trunk=trunk)
            return Start(call=arrive(first), first=first, also=(dialled,))
        if kept is None:
            return Start(call=arrive(first), first=first)
        redialled = CallRedialled(
            call=claim.call, at_ms=now_ms, earlier=kept.earlier, enqueued_ms=kept.enqueued_ms
        )
        return Start(call=arrive(first), first=first, also=(redialled,), kept_ms=kept.enqueued_ms)

    async def _take_over(self, claim: CallerClaim, attempt: int) -> Taken:
        """Return another node's call as it goes on here. Raises BadClaim, CallClosed."""
        memory = self._signatures.unseal(claim)
        stands = await self._standing(claim)
        closed = stands is not None and stands.state == "closed" and not stands.is_presumed
        own, now_ms = LegEpoch(claim.epoch_count, claim.epoch_nonce), self._tools.clock.now_ms()
        newest = own if stands is None else max(own, stands.epoch)
        epoch = newest.next(self._tools.chance.nonce(), attempt=attempt)
        node = self._tools.node
        left = left_outside(memory, is_closed=closed, epoch=epoch, node=node, at_ms=now_ms)
        if left is not None:
            return Taken(start=left, rung=None, consult=None)
        if closed or memory.call.state is CallState.ENDED:
            raise CallClosed("This call has ended.")
        talks = _talk(memory, stands)
        is_other_talk = talks is None or talks.token != memory.call.token
        rung = _rung(memory, stands, talks)
        call = take_over(
            memory.call,
            at_ms=now_ms,
            epoch=epoch,
            node=node,
            talk=None if talks is None else Talk(adviser=talks.adviser, token=talks.token),
            token=memory.call.token if stands is None else stands.token,
        )
        first = CallResumed(call=call.id, at_ms=now_ms, node=node, epoch=epoch)
        start = Start(
            call=call,
            first=first,
            position=memory.position,
            kept_ms=memory.kept_ms,
            offered=talks,
            failed=memory.failed,
            is_booked=memory.is_booked,
            is_announced=memory.is_announced,
            is_paused=memory.is_paused,
            recording_act=memory.recording_act,
            outside=memory.outside if call.state in TALKS and not is_other_talk else None,
        )
        return Taken(start=start, rung=rung, consult=memory.consult)

    async def _standing(self, claim: CallerClaim) -> CallStanding | None:
        """Return how the call stands in the live state, if that is known now."""
        try:
            found = await self._tools.queues.look_calls([claim.call])
        except StateUnavailable:
            log.warning("a call is taken up by its claim alone", call=claim.call)
            return None
        return found[0] if found else None

    async def _seat(self, start: Start, offering: Offering) -> NodeCall:
        """Answer the offer and let the call begin."""
        leg, heard = self._leg(start), _Ear()
        await self._answer(offering, leg, heard)
        call = self._new_call(start, offering.claim, leg, offering.browser)
        call.caller.refresh_claim(call.call)
        self._calls.begin(call)
        heard.listen(call.caller.heard)
        return call

    async def _answer(self, offering: Offering, leg: LegId, heard: "_Ear") -> None:
        claim, sdp = offering.claim, offering.sdp
        if (claim.chat is True) is not (sdp == TEXT_OFFER):
            raise MalformedOffer("A chat is offered as text, and a call as sound.")
        # what is heard before the call knows the leg is of the leg's own making: none is lost
        answer = await self._tools.media.accept(
            call=claim.call, leg=leg, offer_sdp=sdp, heard=heard.take
        )
        if offering.is_gone():
            await self._tools.media.close(leg)
            raise StaleEpoch("This page has gone elsewhere with its call.")
        offering.browser.send(Answer(call=claim.call, sdp=answer))

    def _leg(self, start: Start) -> LegId:
        epoch = start.call.epoch
        return LegId(f"{start.call.id}.{epoch.count}.{epoch.nonce}")

    def _new_call(self, start: Start, claim: CallerClaim, leg: LegId, browser: Browser) -> NodeCall:
        return NodeCall(start, leg=leg, browser=browser, claim=claim, tools=self._tools)

    async def _announce(self, call: NodeCall, taken: Taken) -> None:
        """Say at once, not with the next beat, that the call is here now."""
        count_resumed(call.call.state)
        log.info("a call has been taken up", call=call.call.id, state=call.call.state)
        await self._let_go(call, taken.rung)
        await self._end_consult(taken.consult)
        report = call.report()
        if report is not None:
            try:
                await self._calls.report([report])
            except StateUnavailable:
                log.warning("the live state will hear of a call later", call=call.call.id)

    async def _end_consult(self, consult: CallId | None) -> None:
        """Let an adviser go who was asked about a call when its node was lost."""
        if consult is None:
            return
        with suppress(StateUnavailable, Refusal):  # then it is lost, and over after a while
            await self._tools.queues.end(
                call=consult, epoch=NOT_ADMITTED.next(""), ending=Ending.HANDLED
            )

    async def _let_go(self, call: NodeCall, rung: Offered | None) -> None:
        """Let an adviser go whose ring has ended with the call's node."""
        if rung is None:
            return
        reason = LapseReason.NODE_LOST
        try:
            await self._tools.queues.give_back(
                call=call.call.id, adviser=rung.adviser, token=rung.token, why=reason
            )
        except StateUnavailable:
            log.warning("an adviser will be ready a little later", call=call.call.id)
        self._tools.spawn(self._tell_over(call, rung, reason), "ring over")

    async def _tell_over(self, call: NodeCall, rung: Offered, reason: LapseReason) -> None:
        try:
            await self._tools.desks.over(call.call, rung, lapse=reason)
        except (Refusal, Outage) as error:
            log.info("a desk will learn later that its ring is over", why=error.code)


def _talk(memory: CallMemory, stands: CallStanding | None) -> Offered | None:
    """Return the talk that goes on, as the live state or the claim has it: the newer one.

    Of one reservation the claim's word stands: the live state may have been away since it rang. A
    talk that was over by then is refused by its desk.
    """
    known = memory.call
    if known.state is CallState.IN_MENU:
        return None  # `take_over` begins the menu anew, as nobody knows what was asked for
    is_talking = known.state in TALKS and (stands is None or stands.token <= known.token)
    if is_talking:
        return _offered(known.adviser, (stands and stands.desk) or memory.desk, known.token)
    if stands is not None and stands.state == "talking":
        return _offered(stands.adviser, stands.desk or memory.desk, stands.token)
    return None


def _rung(memory: CallMemory, stands: CallStanding | None, talks: Offered | None) -> Offered | None:
    """Return the ring that has ended with the call's node."""
    rung = None
    if stands is not None and stands.state in RUNG:
        rung = _offered(stands.adviser, stands.desk or memory.desk, stands.token)
    elif memory.call.state is CallState.RINGING:
        rung = _offered(memory.call.adviser, memory.desk, memory.call.token)
    return None if talks is not None and rung is not None and rung.token == talks.token else rung


def _offered(adviser: AdviserId | None, desk: DeskId | None, token: Token) -> Offered | None:
    if adviser is None or desk is None:
        return None
    return Offered(adviser=adviser, desk=desk, token=token)


class _Ear:
    """Keeps what the media says of a leg until someone listens."""

    def __init__(self) -> None:
        self._kept: list[LegEvent] = []
        self._listener: Callable[[LegEvent], None] | None = None

    def take(self, event: LegEvent) -> None:
        """Take an event of the leg."""
        if self._listener is None:
            self._kept.append(event)
        else:
            self._listener(event)

    def listen(self, listener: Callable[[LegEvent], None]) -> None:
        """Hear all that was kept, and from now on all that comes."""
        self._listener = listener
        for event in self._kept:
            listener(event)
        self._kept.clear()
