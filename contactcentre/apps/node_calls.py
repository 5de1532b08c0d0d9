"""All live calls of one media node: who is offered, what is reported each beat, and draining."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import structlog

from contactcentre.adapters.telemetry.monitors import violated
from contactcentre.apps.adviser_part import AdviserPart, Browser
from contactcentre.apps.adviser_phone import PhonePart
from contactcentre.apps.call_bounds import End
from contactcentre.apps.node_call import NodeCall
from contactcentre.apps.node_tools import NodeTools
from contactcentre.apps.rung_phone import dialler_of
from contactcentre.apps.spread import spread
from contactcentre.apps.supervisor_part import SupervisorPart
from contactcentre.domain.call import TALKS, Call, CallState
from contactcentre.domain.consulting import asked_about, is_consult
from contactcentre.domain.errors import MalformedOffer, Outage, Refusal, StaleToken, UnknownName
from contactcentre.domain.events import CallEvent
from contactcentre.domain.headroom import LEGS_PER_CALL, has_room
from contactcentre.domain.ids import CallId, LegId, NodeId
from contactcentre.limits import REPORT_CALLS_MAX
from contactcentre.ports.live import Offered
from contactcentre.ports.media import PHONE_OFFER, TEXT_OFFER
from contactcentre.ports.state import CallReport, NodeReport
from contactcentre.wire.claims import AdviserTicket, SupervisorTicket
from contactcentre.wire.closing import Closing
from contactcentre.wire.cluster import AskRing, OfferCall
from contactcentre.wire.legs import Answer, Attach

log = structlog.get_logger()

ENDS_AGAIN_EVERY_BEATS = 10
"""How often the store is told again of an end that it may have forgotten."""
ENDS_KEPT_BEATS = 30
"""A store that takes over may lack ends that are durable, and were told within so many beats."""
ENDS_PER_BEAT_MAX = 20
"""Each takes the way to the store and back, and the next beat waits for all of them."""
HAND_OVER_AT_ONCE = 10
"""So many callers are sent to other nodes at a time, so that no herd arrives there."""
HAND_OVER_EVERY_MS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlace:
    """Where a node is, and how much it takes."""

    node: NodeId
    site: str
    internal_url: str
    public_url: str
    legs_max: int


@dataclass(frozen=True, slots=True)
class Stands:
    """How a ring or talk stands, as a desk is told of it again."""

    steps: Sequence[CallEvent]
    call: Call
    """The consultation, where it is one, as a call."""
    offered: Offered
    ring_ms: int
    is_talk: bool


class NodeCalls:
    """The calls of this node."""

    def __init__(self, place: NodePlace, tools: NodeTools) -> None:
        self._place = place
        self._tools = tools
        self._calls: dict[CallId, NodeCall] = {}
        self._ends: dict[CallId, tuple[End, int]] = {}
        """Ends that are not durable yet, or that the store may forget; and after which telling."""
        self._ends_untold: set[CallId] = set()
        self._staying: set[CallId] = set()
        """Calls that have ended, and whose callers are here still: they talk with somebody outside.
        """
        self._tellings_count = 0
        """Beats that the store has heard."""
        self._beat = tools.clock.now_ms()
        """Goes on from the time of day, so that it is another one after a restart."""
        self._former_run_lost = False
        self._ended = asyncio.Event()
        self.draining = False
        self.durable_seq = 0
        """Every event of this node up to this number is in PostgreSQL."""

    @property
    def calls(self) -> Sequence[Call]:
        """Return the calls that are live here."""
        return [call.call for call in self._calls.values()]

    @property
    def is_full(self) -> bool:
        """Say whether there is no room for one more call and its adviser."""
        return not has_room(legs_count=self._legs_count, legs_max=self._place.legs_max)

    @property
    def is_strained(self) -> bool:
        """Say whether further calls had better go elsewhere, where they can."""
        return self._tools.is_strained()

    @property
    def _legs_count(self) -> int:
        return len(self._calls) * LEGS_PER_CALL

    def get(self, call: CallId) -> NodeCall | None:
        """Return a live call, if it is here."""
        return self._calls.get(call)

    def has_ended(self, call: CallId) -> bool:
        """Say whether a call has ended here, for a while and until that is durable."""
        return call in self._ends

    def begin(self, call: NodeCall) -> None:
        """Let a call that has been admitted go its way."""
        self._calls[call.call.id] = call
        self._tools.spawn(self._run(call), "call")

    async def drain(self, *, talks_after_ms: int, others_serve: Callable[[], bool]) -> None:
        """Send callers to other nodes, those who talk last; return once the last one is gone.

        While no other node serves, they stay to their end.
        """
        self.draining = True
        began_ms = self._tools.clock.monotonic_ms()
        while self._calls:
            spare_talks = self._tools.clock.monotonic_ms() - began_ms < talks_after_ms
            for call in self._to_hand_over(spare_talks=spare_talks) if others_serve() else ():
                call.hand_over()
            self._ended.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(HAND_OVER_EVERY_MS / 1_000):
                    await self._ended.wait()

    async def evacuate(self, is_left: Callable[[], bool]) -> None:
        """Send callers who do not talk to another site while this one is left, for ever."""
        while True:
            for call in self._to_hand_over(spare_talks=True) if is_left() else ():
                log.warning("a caller is sent to another site", call=call.call.id)
                call.hand_over(Closing.ELSEWHERE)
            await asyncio.sleep(HAND_OVER_EVERY_MS / 1_000)

    def _to_hand_over(self, *, spare_talks: bool) -> list[NodeCall]:
        """Return some calls that may go to another node now."""
        stay = {CallState.RINGING, CallState.ENDED} | (TALKS if spare_talks else set())
        movable = (call for call in self._calls.values() if call.call.state not in stay)
        return [*islice((call for call in movable if call.may_leave), HAND_OVER_AT_ONCE)]

    def find(self, call: CallId) -> NodeCall:
        """Return a live call. Raises UnknownName.

        Whoever asks for one that has ended may have it from a store that has forgotten the end.
        """
        found = self._calls.get(call)
        if found is None:
            if call in self._ends:
                self._ends_untold.add(call)
            raise UnknownName("This node does not have that call.")
        return found

    async def take(self, offer: OfferCall) -> None:
        """Take a router's offer up. Raises UnknownName, StaleToken, OutOfOrder."""
        offered = Offered(adviser=offer.adviser, desk=offer.desk, token=offer.token)
        call = self.find(asked_about(offer.call))
        if is_consult(offer.call):
            await call.room.consulting.take(offer.call, offered)
        else:
            await call.take(offered)

    async def attach(self, ticket: AdviserTicket, attach: Attach, browser: Browser) -> AdviserPart:
        """Seat an adviser's browser in its call, and answer the offer.

        Raises StaleToken, MalformedOffer, MediaUnavailable, NumberNotAllowed.
        """
        call = self._calls.get(asked_about(ticket.call))
        sdp, phone = attach.sdp, attach.phone
        if call is None:
            raise StaleToken("This ring is over.")
        if call.is_chat is not (sdp == TEXT_OFFER):
            raise MalformedOffer("A chat is joined with text, and a call with sound.")
        if (phone is not None) is not (sdp == PHONE_OFFER):
            raise MalformedOffer("Whoever offers a phone gives its number, and nobody else.")
        if phone is not None:
            return self._attach_phone(call, ticket, attach, phone, browser)
        part = browser_part(ticket, browser, self._tools, has_sound=not call.is_chat)
        part.recording_seen = attach.recording
        self._seat(call, part, ticket)
        answer = await self._tools.media.accept(
            call=call.call.id, leg=part.leg, offer_sdp=sdp, heard=part.heard
        )
        browser.send(Answer(call=ticket.call, sdp=answer))
        return part

    def _attach_phone(
        self,
        call: NodeCall,
        ticket: AdviserTicket,
        attach: Attach,
        phone: str,
        browser: Browser,
    ) -> PhonePart:
        """Seat the page of an adviser who takes the sound on a phone."""
        number = dialler_of(self._tools).check(phone)
        consulting = call.room.consulting
        is_asked = is_consult(ticket.call)
        part = PhonePart(
            ticket,
            browser,
            self._tools,
            call=call.call.id,
            number=number,
            before=consulting.part if is_asked else call.room.adviser,
        )
        part.recording_seen = attach.recording
        self._seat(call, part, ticket)
        browser.send(Answer(call=ticket.call, sdp=PHONE_OFFER))
        part.begin(is_talk=consulting.is_joined if is_asked else call.call.state in TALKS)
        return part

    def _seat(self, call: NodeCall, part: AdviserPart, ticket: AdviserTicket) -> None:
        """Give an adviser's browser its place. Raises StaleToken."""
        if is_consult(ticket.call):
            call.room.consulting.attach(part, ticket.call)
        else:
            part.act = lambda act: call.room.act(part, act)
            call.attach(part)

    async def supervise(
        self, ticket: SupervisorTicket, sdp: str, browser: Browser
    ) -> tuple[NodeCall, SupervisorPart]:
        """Seat a supervisor's browser in a talk, and answer the offer; nothing is heard yet.

        Raises StaleToken, OutOfOrder, TooMany, NodeFull, MalformedOffer, MediaUnavailable.
        """
        call = self._calls.get(asked_about(ticket.call))
        if call is None or call.is_chat:
            raise StaleToken("That talk is not here any longer. Choose it on the board again.")
        leg = LegId(f"{call.call.id}.supervisor.{self._tools.chance.nonce()}")
        part = call.room.supervising.seat(ticket.supervisor, leg, browser)
        try:
            answer = await self._tools.media.accept(
                call=call.call.id, leg=leg, offer_sdp=sdp, heard=part.heard
            )
        except (Refusal, Outage):
            call.room.supervising.leave(part, Closing.REFUSED)
            raise
        browser.send(Answer(call=ticket.call, sdp=answer))
        return call, part

    async def beat(self) -> None:
        """Report the calls, then the node, and do what the answers ask for.

        Raises StateUnavailable.
        """
        queues, node = self._tools.queues, self._place.node
        while not self._former_run_lost:
            # whatever a former run of this node held, nobody holds now
            self._former_run_lost = await queues.lose_calls(node, beat=None) == 0
        self._beat += 1
        calls = [*self._calls.values()]
        async for part in spread(calls, self._tools.clock):
            here = [call for call in part if self._calls.get(call.call.id) is call]
            said = [one for call in here for one in (call.report(), call.room.consulting.report())]
            reports = [one for one in said if one is not None]
            for start in range(0, len(reports), REPORT_CALLS_MAX):
                await self.report(reports[start : start + REPORT_CALLS_MAX])
        durable_seq = await queues.report_node(self._node_report())
        self.durable_seq = max(self.durable_seq, durable_seq)
        await self._tell_ends()

    async def report(self, calls: Sequence[CallReport]) -> None:
        """Report some calls, and let go of those that are elsewhere. Raises StateUnavailable."""
        reply = await self._tools.queues.report_calls(self._place.node, calls)
        for gone in self._still_here(reply.superseded, calls):
            log.info("a newer leg elsewhere has taken the call", call=gone.call.id)
            await self.let_go(gone)
        for gone in self._still_here(reply.closed, calls):
            violated("I1", call=gone.call.id, why="a live call is closed in the live state")
            await self.let_go(gone)

    def ring_again(self, asked: AskRing) -> Stands:
        """Return how a ring or talk stands, for a desk that has taken its adviser up.

        Raises UnknownName, StaleToken.
        """
        call = self.find(asked_about(asked.call))
        if is_consult(asked.call):
            return Stands(call.steps, *call.room.consulting.again(asked))
        offered, ring_ms = call.ring_again(asked)
        return Stands(call.steps, call.call, offered, ring_ms, call.call.state in TALKS)

    def tell_quality(self) -> None:
        """Tell every browser how its sound comes in."""
        for call in self._calls.values():
            call.room.tell_quality()

    async def _run(self, call: NodeCall) -> None:
        """Run a call to its end; a mistake of ours ends this call and no other."""
        try:
            await call.run()
        finally:
            if self._calls.get(call.call.id) is call:
                del self._calls[call.call.id]
            self._staying.discard(call.call.id)
            if call.end is not None:
                self._ends[call.call.id] = call.end, self._tellings_count
                self._ends_untold.add(call.call.id)
            self._ended.set()

    def _node_report(self) -> NodeReport:
        place = self._place
        return NodeReport(
            node=place.node,
            site=place.site,
            beat=self._beat,
            internal_url=place.internal_url,
            public_url=place.public_url,
            draining=self.draining,
            legs_count=self._legs_count,
            legs_max=place.legs_max,
            strained=self.is_strained,
        )

    def _still_here(
        self, gone: Sequence[CallId], reported: Sequence[CallReport]
    ) -> Iterator[NodeCall]:
        """Yield the calls that are still as they were when they were reported.

        Meanwhile one may have come back here on a newer leg, or have ended: the store has heard of
        that end before it heard the report.
        """
        epochs = {one.call: one.epoch for one in reported}
        for one in gone:
            call = self._calls.get(one)
            if call is not None and call.end is None and call.call.epoch == epochs[one]:
                yield call

    async def let_go(self, call: NodeCall) -> None:
        """Let go of a call that a newer leg has elsewhere."""
        del self._calls[call.call.id]
        await call.drop()

    async def _tell_ends(self) -> None:
        """Tell the store of ended calls, and again for as long as it may forget them."""
        self._tellings_count += 1
        for call, here in self._calls.items():
            if here.end is not None and call not in self._staying:
                self._staying.add(call)
                self._ends[call] = here.end, self._tellings_count
                self._ends_untold.add(call)
        ages = {call: self._tellings_count - since for call, (_, since) in self._ends.items()}
        self._ends = {
            call: kept
            for call, kept in self._ends.items()
            if kept[0].seq > self.durable_seq or ages[call] <= ENDS_KEPT_BEATS
        }
        self._ends_untold |= {
            call for call, age in ages.items() if not age % ENDS_AGAIN_EVERY_BEATS
        }
        self._ends_untold &= self._ends.keys()
        for call in [*islice(self._ends_untold, ENDS_PER_BEAT_MAX)]:
            end, _ = self._ends[call]
            with suppress(Refusal):  # closed or superseded: known as well as can be
                await self._tools.queues.end(call=call, epoch=end.epoch, ending=end.ending)
            self._ends_untold.discard(call)


def browser_part(
    ticket: AdviserTicket, browser: Browser, tools: NodeTools, *, has_sound: bool = True
) -> AdviserPart:
    """Return the part of an adviser whose browser comes with a ticket, on a leg of its own."""
    return AdviserPart(
        adviser=ticket.adviser,
        token=ticket.token,
        leg=LegId(f"{ticket.call}.adviser.{tools.chance.nonce()}"),
        browser=browser,
        media=tools.media,
        spawn=tools.spawn,
        grace_ms=tools.patience.adviser_grace_ms,
        has_sound=has_sound,
    )
