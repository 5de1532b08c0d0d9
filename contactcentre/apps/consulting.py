"""One consultation at a time about one call: another adviser is asked for, rung, and talked with.

It stands in the queues as a call of its own, which this node holds and reports, before every caller
but those who need extra support. Whatever is lost, the caller keeps the first adviser: then the
consultation is over.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

import structlog

from contactcentre.apps import call_bounds
from contactcentre.apps.adviser_part import AdviserPart
from contactcentre.apps.call_bounds import next_of
from contactcentre.apps.consult import HEAD_START_MS, Consult
from contactcentre.apps.node_tools import NodeTools
from contactcentre.domain.call import Call, CallState
from contactcentre.domain.consulting import ConsultEnd, ConsultState, consult_id
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import (
    Outage,
    OutOfOrder,
    Refusal,
    StaleToken,
    StateUnavailable,
)
from contactcentre.domain.events import AdviserConsulted, CallEvent, Ending, LapseReason
from contactcentre.domain.ids import AdviserId, CallId, QueueId
from contactcentre.domain.room import Role, Seat
from contactcentre.limits import CONSULT_WITHIN_MS
from contactcentre.ports import live as acts
from contactcentre.ports.live import AdviserAct, Offered
from contactcentre.ports.state import CallReport
from contactcentre.wire.closing import Closing
from contactcentre.wire.cluster import AskRing
from contactcentre.wire.staff import Consulted

log = structlog.get_logger()

AGAIN_EVERY_MS = 1_000


class ConsultedCall(Protocol):
    """A call, as far as a consultation about it goes."""

    @property
    def call(self) -> Call:
        """Return the call as it stands."""

    @property
    def steps(self) -> Sequence[CallEvent]:
        """Return what an adviser should read of the call."""

    def note(self, event: CallEvent) -> None:
        """Write an event down."""

    async def drop(self) -> None:
        """Let go of the call: another node has it."""


class Consulting:
    """The consultation about one call, if there is one."""

    def __init__(self, live: ConsultedCall, tools: NodeTools, changed: Callable[[], None]) -> None:
        """Begin; `changed` lets everybody hear what is to be heard and tells the adviser."""
        self._live = live
        self._tools = tools
        self._changed = changed
        self._consult: Consult | None = None
        self._handed: Consult | None = None
        """One that has become the call's own talk, until the store has heard of that."""
        self._why: ConsultEnd | None = None

    # What the room and the node see

    @property
    def seats(self) -> Sequence[Seat]:
        """Return where the other adviser sits."""
        consult = self._consult
        if consult is None or not consult.is_joined or consult.leg is None:
            return ()
        return (Seat(leg=consult.leg, role=Role.CONSULTED),)

    @property
    def part(self) -> AdviserPart | None:
        """Return the other adviser's browser, once it is there."""
        return None if self._consult is None else self._consult.part

    @property
    def is_joined(self) -> bool:
        """Say whether the other adviser has answered."""
        return self._consult is not None and self._consult.is_joined

    @property
    def is_merged(self) -> bool:
        """Say whether the other adviser talks with the caller as well."""
        return self._consult is not None and self._consult.state is ConsultState.MERGED

    @property
    def told(self) -> Consulted:
        """Return what the adviser is told."""
        consult = self._consult
        if consult is None:
            return Consulted(state=ConsultState.NONE, adviser=None, outside=None, why=self._why)
        adviser = None if consult.offered is None else consult.offered.adviser
        return Consulted(state=consult.state, adviser=adviser, outside=None, why=None)

    @property
    def id(self) -> CallId | None:
        """Return the name of the consultation that is under way."""
        return None if self._consult is None else self._consult.id

    def report(self) -> CallReport | None:
        """Return what the node's beat says of it."""
        consult = self._consult or self._handed
        return None if consult is None else consult.report()

    # What the adviser asks for

    def ask(self, queue: QueueId | None, adviser: AdviserId | None) -> None:
        """Ask another adviser, of a queue or by name.

        Raises UnknownName, QueueClosed, OutOfOrder.
        """
        if self._consult is not None or self._handed is not None:
            raise OutOfOrder("Another adviser is being asked already.")
        where = call_bounds.whom_to_ask(self._tools, self._live.call, queue, adviser)
        nonce = self._tools.chance.nonce()
        self._why = None
        self._consult = consult = Consult(
            id=consult_id(self._live.call.id, nonce), queue=where, epoch=LegEpoch(0, nonce)
        )
        self._changed()
        self._tools.spawn(self._conduct(consult), "consultation")

    def merge(self) -> None:
        """Let all three talk. Raises OutOfOrder."""
        self._joined.state = ConsultState.MERGED
        self._changed()

    def drop(self) -> None:
        """End it, and let the other adviser go."""
        self._drop(None)

    def _drop(self, why: ConsultEnd | None) -> None:
        consult, self._consult = self._consult, None
        if consult is None:
            return
        self._why = why
        self._tools.spawn(self._end(consult), "consultation over")
        self._changed()

    def take_over(self) -> tuple[Offered, AdviserPart]:
        """Return the other adviser, whose call it is from now on. Raises OutOfOrder."""
        consult = self._joined
        assert consult.offered is not None, "whoever is there was offered it"
        assert consult.part is not None, "and has a browser"
        self._consult, self._handed = None, consult
        return consult.offered, consult.part

    async def tell_handed(self, before: Offered) -> None:
        """Tell desk and store that the call has gone over, until they have heard.

        The desk comes first: it takes a consultation that is closed for one that is over.
        """
        consult = self._handed
        assert consult is not None, "there was a consultation"
        assert consult.offered is not None, "with somebody"
        while self._live.call.state is not CallState.ENDED:
            try:
                with suppress(Refusal):  # it has ended there, and its page says so to this node
                    await self._tools.desks.moved(
                        self._live.call, consult.offered, steps=self._live.steps
                    )
                await self._tools.queues.hand_over(
                    call=self._live.call.id,
                    adviser=before.adviser,
                    token=before.token,
                    consult=consult.id,
                    other=consult.offered.adviser,
                    other_token=consult.offered.token,
                    node=self._tools.node,
                )
            except Outage:
                await self._tools.clock.sleep_ms(AGAIN_EVERY_MS)
            else:
                break
        self._handed = None

    @property
    def _joined(self) -> Consult:
        if self._consult is None or not self._consult.is_joined:
            raise OutOfOrder("Nobody else is there yet.")
        return self._consult

    # What comes in from outside

    async def take(self, call: CallId, offered: Offered) -> None:
        """Take a reservation up. Raises StaleToken, OutOfOrder; the same one again is no harm."""
        consult = self._of(call)
        if consult.offered is not None and consult.offered.token == offered.token:
            return
        if offered.token <= consult.token:
            raise StaleToken("A newer reservation of this call is known here.")
        if consult.state is not ConsultState.WAITING or consult.offered is not None:
            raise OutOfOrder("This call does not wait.")
        consult.offered = offered
        try:
            await self._tools.queues.take_up(
                call=call, adviser=offered.adviser, token=offered.token
            )
        except Refusal:
            consult.offered = None
            raise
        except StateUnavailable:
            log.warning("a ring begins that the store could not be told of", call=call)
        consult.offers.put_nowait(offered)

    def attach(self, part: AdviserPart, call: CallId) -> None:
        """Seat the other adviser's browser. Raises StaleToken."""
        consult = self._of(call)
        if consult.offered is None or consult.offered.token != part.token:
            raise StaleToken("This ring is over.")
        if consult.part is not None:
            consult.part.leave(Closing.REPLACED)
        consult.part = part
        part.act = lambda act: self._act(consult, part, act)
        self._changed()

    def again(self, asked: AskRing) -> tuple[Call, Offered, int, bool]:
        """Return how it stands for a desk that asks: call, offer, how long it rings, and a talk.

        Raises StaleToken if another reservation stands, or none.
        """
        consult = self._of(asked.call)
        offered = consult.offered
        if offered is None or (offered.token, offered.adviser) != (asked.token, asked.adviser):
            raise StaleToken("This ring is over.")
        consult.offered = offered = replace(offered, desk=asked.desk)
        left_ms = max(0, consult.ring_until_ms - self._tools.clock.monotonic_ms())
        return self._as_call(consult), offered, left_ms, consult.is_joined

    def _of(self, call: CallId) -> Consult:
        if self._consult is None or self._consult.id != call:
            raise StaleToken("This ring is over.")
        return self._consult

    def _act(self, consult: Consult, part: AdviserPart, act: AdviserAct) -> None:
        if part is not consult.part:
            return
        match act:
            case acts.MuteAsked(on=on):
                self._tools.media.mute(part.leg, on=on)
            case acts.AdviserAttached():
                self._changed()
            case _:
                pass
        with suppress(asyncio.QueueFull):
            consult.acts.put_nowait(act)

    # Its way

    async def _conduct(self, consult: Consult) -> None:
        """Find somebody, ring, and follow until it is over."""
        try:
            consult.enqueued_ms = await self._tools.queues.join(
                call=consult.id,
                queue=consult.queue,
                head_start_ms=HEAD_START_MS,
                enqueued_ms=None,
                epoch=consult.epoch,
                node=self._tools.node,
            )
        except (StateUnavailable, Refusal):
            self._over(consult, ConsultEnd.UNREACHABLE)
            return
        until_ms = self._tools.clock.monotonic_ms() + CONSULT_WITHIN_MS
        while (left_ms := until_ms - self._tools.clock.monotonic_ms()) > 0:
            offered = await next_of(consult.offers, left_ms)
            if consult is not self._consult:
                return
            if offered is None:
                break
            lapse = await self._ring(consult, offered)
            if consult is not self._consult:
                return
            if lapse is None:
                await self._talk(consult)
                return
            await self._lapse(consult, offered, lapse)
        self._over(consult, ConsultEnd.NOBODY)

    async def _ring(self, consult: Consult, offered: Offered) -> LapseReason | None:
        """Ring; return None once the other adviser has answered, else why it lapsed."""
        clock, ring_ms = self._tools.clock, self._tools.patience.ring_ms
        consult.state, consult.token = ConsultState.RINGING, offered.token
        consult.ring_until_ms = clock.monotonic_ms() + ring_ms
        self._changed()
        try:
            await self._tools.desks.ring(
                self._as_call(consult), offered, ring_ms=ring_ms, steps=self._live.steps
            )
        except (Refusal, Outage):
            return LapseReason.DESK_UNREACHABLE
        answered = False
        while (left_ms := consult.ring_until_ms - clock.monotonic_ms()) > 0:
            match await next_of(consult.acts, left_ms):
                case acts.AdviserDeclined():
                    return LapseReason.DECLINED
                case acts.PhoneUnanswered():
                    return LapseReason.NO_ANSWER
                case acts.AdviserAnswered():
                    answered = True
                case acts.AdviserLost():
                    return LapseReason.DESK_UNREACHABLE
                case _:
                    pass
            if consult is not self._consult or (answered and consult.leg is not None):
                return None
        return LapseReason.DESK_UNREACHABLE if answered else LapseReason.NO_ANSWER

    async def _lapse(self, consult: Consult, offered: Offered, why: LapseReason) -> None:
        """Let it wait for somebody else."""
        if consult.part is not None:
            consult.part.end(lapse=why, ending=None)
        desk = consult.offered or offered
        consult.part, consult.offered, consult.state = None, None, ConsultState.WAITING
        while not consult.acts.empty():
            consult.acts.get_nowait()
        self._changed()
        with suppress(StateUnavailable):  # the node's next report says that it waits
            await self._tools.queues.give_back(
                call=consult.id, adviser=offered.adviser, token=offered.token, why=why
            )
        with suppress(Refusal, Outage):  # the desk learns it from the live state
            await self._tools.desks.over(self._as_call(consult), desk, lapse=why)

    async def _talk(self, consult: Consult) -> None:
        """Let the two talk until one of them ends it."""
        offered, call = consult.offered, self._live.call
        assert offered is not None, "whoever answers was offered it"
        assert consult.part is not None, "and has a browser"
        consult.state = ConsultState.TALKING
        self._live.note(
            AdviserConsulted(
                call=call.id,
                at_ms=self._tools.clock.now_ms(),
                adviser=offered.adviser,
                token=offered.token,
            )
        )
        consult.part.tell_bridged()
        self._changed()
        with suppress(Refusal, Outage):  # they talk; the next report of the node says so
            await self._tools.queues.answer(
                call=consult.id, adviser=offered.adviser, token=offered.token
            )
        with suppress(Refusal, Outage):  # likewise: the page knows, and tells the desk
            await self._tools.desks.bridged(self._as_call(consult), offered)
        while consult is self._consult:
            match await next_of(consult.acts, AGAIN_EVERY_MS):
                case acts.AdviserHungUp() | acts.AdviserLost() | acts.PhoneUnanswered():
                    self._over(consult, ConsultEnd.LEFT)
                case _:
                    pass

    def _over(self, consult: Consult, why: ConsultEnd) -> None:
        if consult is self._consult:
            self._drop(why)

    async def _end(self, consult: Consult) -> None:
        """Let store, desk and browser know that it is over."""
        rang = consult.state in {ConsultState.WAITING, ConsultState.RINGING}
        lapse = LapseReason.CALLER_LEFT if rang else None
        if consult.part is not None:
            consult.part.end(lapse=lapse, ending=None if rang else Ending.HANDLED)
        with suppress(StateUnavailable, Refusal):  # it is not reported any longer, so it is lost
            await self._tools.queues.end(
                call=consult.id, epoch=consult.epoch, ending=Ending.HANDLED
            )
        if consult.offered is not None:
            with suppress(Refusal, Outage):
                await self._tools.desks.over(self._as_call(consult), consult.offered, lapse=lapse)

    def _as_call(self, consult: Consult) -> Call:
        """Return the consultation as desks are told of a call."""
        return replace(
            self._live.call,
            id=consult.id,
            epoch=consult.epoch,
            enqueued_ms=consult.enqueued_ms,
        )
