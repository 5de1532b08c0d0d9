"""All live calls of one media node: who is admitted, who is offered, what is reported each beat."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from contactcentre.adapters.telemetry.metrics import count_offered
from contactcentre.apps.adviser_part import AdviserPart, Browser
from contactcentre.apps.node_call import NodeCall
from contactcentre.apps.node_tools import NodeTools
from contactcentre.domain.call import Call
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import (
    NodeFull,
    Refusal,
    StaleEpoch,
    StaleToken,
    UnknownName,
)
from contactcentre.domain.events import CallArrived
from contactcentre.domain.ids import CallId, LegId, NodeId
from contactcentre.limits import REPORT_CALLS_MAX
from contactcentre.ports.live import Offered
from contactcentre.ports.media import LegEvent
from contactcentre.ports.state import CallReport, NodeReply, NodeReport
from contactcentre.wire.claims import AdviserTicket, CallerClaim
from contactcentre.wire.cluster import OfferCall
from contactcentre.wire.legs import Answer, ClaimChanged

log = structlog.get_logger()

LEGS_PER_CALL = 2
"""A call is admitted only if its adviser will find room as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlace:
    """Where a node is, and how much it takes."""

    node: NodeId
    site: str
    internal_url: str
    public_url: str
    legs_max: int


class NodeCalls:
    """The calls of this node."""

    def __init__(self, place: NodePlace, tools: NodeTools) -> None:
        self._place = place
        self._tools = tools
        self._calls: dict[CallId, NodeCall] = {}
        self._ends_untold: dict[CallId, LegEpoch] = {}
        self._beat = 0
        self._ended = asyncio.Event()
        self.draining = False
        self.durable_seq = 0
        """Every event of this node up to this number is in PostgreSQL."""

    @property
    def calls(self) -> Sequence[Call]:
        """Return the calls that are live here."""
        return [call.call for call in self._calls.values()]

    async def drain(self) -> None:
        """Take no new call; return once the last one here has ended."""
        self.draining = True
        while self._calls:
            self._ended.clear()
            await self._ended.wait()

    async def admit(self, claim: CallerClaim, sdp: str, browser: Browser) -> NodeCall:
        """Take a caller in, or back, and answer the offer.

        Raises NodeFull, UnknownName, StaleEpoch, MalformedOffer, MediaUnavailable.
        """
        known = self._calls.get(claim.call)
        if known is None:
            self._refuse_new(claim)
        epoch = LegEpoch(claim.epoch_count, claim.epoch_nonce)
        if known is not None:
            epoch = max(epoch, known.call.epoch)
        epoch = epoch.next(self._tools.chance.nonce())
        leg = LegId(f"{claim.call}.{epoch.count}")
        # what is heard before the call knows the leg is of the leg's own making: none is lost
        heard = _Ear()
        answer = await self._tools.media.accept(
            call=claim.call, leg=leg, offer_sdp=sdp, heard=heard.take
        )
        browser.send(Answer(call=claim.call, sdp=answer))
        try:
            call = await self._seat(known, claim, epoch, leg, browser)
        except Refusal:
            await self._tools.media.close(leg)
            raise
        heard.listen(call.caller.heard)
        return call

    def find(self, call: CallId) -> NodeCall:
        """Return a live call. Raises UnknownName."""
        found = self._calls.get(call)
        if found is None:
            raise UnknownName("This node does not have that call.")
        return found

    async def take(self, offer: OfferCall) -> None:
        """Take a router's offer up. Raises UnknownName, StaleToken, OutOfOrder."""
        offered = Offered(adviser=offer.adviser, desk=offer.desk, token=offer.token)
        await self.find(offer.call).take(offered)

    async def attach(self, ticket: AdviserTicket, sdp: str, browser: Browser) -> AdviserPart:
        """Seat an adviser's browser in its call, and answer the offer.

        Raises StaleToken, MalformedOffer, MediaUnavailable.
        """
        call = self._calls.get(ticket.call)
        if call is None:
            raise StaleToken("This ring is over.")
        leg = LegId(f"{ticket.call}.adviser.{self._tools.chance.nonce()}")
        part = AdviserPart(
            adviser=ticket.adviser,
            token=ticket.token,
            leg=leg,
            browser=browser,
            media=self._tools.media,
            spawn=self._tools.spawn,
            grace_ms=self._tools.leg_grace_ms,
        )
        part.act = lambda act: call.act(part, act)
        call.attach(part)
        answer = await self._tools.media.accept(
            call=ticket.call, leg=leg, offer_sdp=sdp, heard=part.heard
        )
        browser.send(Answer(call=ticket.call, sdp=answer))
        return part

    async def beat(self, report: Callable[[NodeReport], Coroutine[None, None, NodeReply]]) -> None:
        """Report the node and its calls once, and do what the answer asks for.

        Raises StateUnavailable.
        """
        self._beat += 1
        reports = [one for call in self._calls.values() if (one := call.report()) is not None]
        for start in range(0, max(1, len(reports)), REPORT_CALLS_MAX):
            reply = await report(self._report(reports[start : start + REPORT_CALLS_MAX]))
            self.durable_seq = max(self.durable_seq, reply.durable_seq)
            for gone in (*reply.superseded, *reply.closed):
                await self._drop(gone)
        await self._tell_ends()

    def tell_quality(self) -> None:
        """Tell every browser how its sound comes in."""
        for call in self._calls.values():
            call.tell_quality()

    def _refuse_new(self, claim: CallerClaim) -> None:
        """Refuse a call that cannot begin here, and count it."""
        try:
            self._check_new(claim)
        except Refusal as refusal:
            count_offered(claim.line, refusal.code)
            raise

    def _check_new(self, claim: CallerClaim) -> None:
        if claim.epoch_count > 0:
            raise StaleEpoch("This call is not here any more. Please start a new call.")
        if claim.line not in self._tools.lines:
            raise UnknownName(f"There is no line called {claim.line}.")
        full = (len(self._calls) + 1) * LEGS_PER_CALL > self._place.legs_max
        if self.draining or full or self._tools.spool.is_full:
            raise NodeFull("This node takes no further calls. Try another.")

    async def _seat(
        self,
        known: NodeCall | None,
        claim: CallerClaim,
        epoch: LegEpoch,
        leg: LegId,
        browser: Browser,
    ) -> NodeCall:
        claim = claim.model_copy(update={"epoch_count": epoch.count, "epoch_nonce": epoch.nonce})
        browser.send(ClaimChanged(claim=self._tools.sign(claim)))
        if known is not None:
            await known.adopt(leg=leg, browser=browser, epoch=epoch)
            return known
        arrived = CallArrived(
            call=claim.call,
            at_ms=self._tools.clock.now_ms(),
            line=claim.line,
            language=claim.language,
            node=self._place.node,
            epoch=epoch,
        )
        call = NodeCall(arrived, leg=leg, browser=browser, claim=claim, tools=self._tools)
        self._calls[claim.call] = call
        self._tools.spawn(self._run(call), "call")
        return call

    async def _run(self, call: NodeCall) -> None:
        """Run a call to its end; a mistake of ours ends this call and no other."""
        try:
            await call.run()
        finally:
            self._calls.pop(call.call.id, None)
            if not call.is_end_known:
                self._ends_untold[call.call.id] = call.call.epoch
            self._ended.set()

    def _report(self, calls: Sequence[CallReport]) -> NodeReport:
        place = self._place
        return NodeReport(
            node=place.node,
            site=place.site,
            beat=self._beat,
            internal_url=place.internal_url,
            public_url=place.public_url,
            draining=self.draining,
            legs_count=len(self._calls) * LEGS_PER_CALL,
            legs_max=place.legs_max,
            calls=calls,
        )

    async def _drop(self, gone: CallId) -> None:
        call = self._calls.pop(gone, None)
        if call is not None:
            log.info("a newer leg elsewhere has taken the call", call=gone)
            await call.drop()

    async def _tell_ends(self) -> None:
        """Tell the store of ended calls until it has heard; it may have been away at the end."""
        for call, epoch in list(self._ends_untold.items()):
            with suppress(Refusal):  # closed or superseded: known as well as can be
                await self._tools.queues.end(call=call, epoch=epoch)
            del self._ends_untold[call]


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
