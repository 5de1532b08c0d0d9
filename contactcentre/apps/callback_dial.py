"""The number of a callback, as it is rung for the adviser who has taken it.

Agent-first: nothing is dialled before the adviser's sound is here and the keeper has allowed it.
What the network sends while it rings is heard. Whoever answers is in a call as any other, which
this node has from then on at a newer epoch than the keeper's; until then the keeper has the
callback, and nothing here outlives the adviser's wish: who hangs up, or is lost, ends the ringing.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import structlog

from contactcentre.adapters.web.claims import page_digest
from contactcentre.apps.adviser_part import AdviserPart
from contactcentre.apps.call_bounds import Start, next_of
from contactcentre.apps.dial_keepers import DialKeepers
from contactcentre.apps.dialling import NodeDialler
from contactcentre.apps.node_call import NodeCall
from contactcentre.apps.node_calls import NodeCalls
from contactcentre.apps.node_tools import NodeTools
from contactcentre.apps.outside_call import OutsideCall
from contactcentre.apps.room_sound import RoomSound
from contactcentre.apps.trunk_caller import TrunkCaller
from contactcentre.apps.trunk_calls import TrunkCalls
from contactcentre.domain.call import make
from contactcentre.domain.callback import FOUND, Attempt
from contactcentre.domain.dialling import DialFailure, Lines
from contactcentre.domain.errors import (
    NumberNotAllowed,
    Outage,
    OutOfOrder,
    Refusal,
    StateUnavailable,
    UnknownName,
)
from contactcentre.domain.events import CallMade
from contactcentre.domain.ids import LegId
from contactcentre.domain.room import Role, Scene, Seat
from contactcentre.limits import (
    CLAIM_LIFE_S,
    DIAL_AGAIN_EVERY_MS,
    KEYS_INBOX_MAX,
    OUTSIDE_RING_MS,
    PHONE_ANSWERS_WITHIN_MS,
)
from contactcentre.ports.dialling import (
    DialEvent,
    NumberAnswered,
    NumberEnded,
    NumberFailed,
    NumberRings,
)
from contactcentre.ports.live import (
    AdviserAct,
    AdviserGone,
    AdviserHungUp,
    AdviserLost,
    Offered,
)
from contactcentre.ports.media import LegEvent
from contactcentre.wire.callbacks import CallerRung
from contactcentre.wire.claims import AdviserTicket, CallerClaim
from contactcentre.wire.closing import Closing
from contactcentre.wire.cluster import DialFacts

log = structlog.get_logger()

GIVEN_UP = "given_up"
"""The adviser wanted the number rung no longer, or has gone."""
NO_ADVISER = "no_adviser"
"""The adviser's sound did not come: a phone was not picked up, for one."""
RUNG_BACK = "callback"
"""In the place of a trunk's name, in the claim of a caller who was rung."""
FOR_GOOD = frozenset({NumberNotAllowed.code, OutOfOrder.code})
"""Why a number is not rung now, and will not be either if the adviser asks again."""
TOLD_EVERY_MS = 1_000
TELLINGS_MAX = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """What rings callers back, and whose callers they are once they have answered."""

    dialler: NodeDialler
    callers: TrunkCalls


@dataclass(frozen=True, slots=True, kw_only=True)
class DialTools:
    """What every number that is rung here shares."""

    calls: NodeCalls
    tools: NodeTools
    keepers: DialKeepers
    way: Callable[[], WayBack | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Over:
    """How it ended that nobody answered."""

    why: str
    found: Attempt | None = None


class _NotAllowed:
    """Its keeper does not let it be rung on."""


_Item = AdviserAct | DialEvent | _NotAllowed


class CallbackDial:
    """One number."""

    def __init__(self, ticket: AdviserTicket, part: AdviserPart, shared: DialTools) -> None:
        self.call: NodeCall | None = None
        """What it has become: somebody has answered."""
        self.part = part
        part.act = self._acted
        self._ticket = ticket
        self._shared = shared
        self._tools = shared.tools
        self._name = shared.tools.chance.nonce()
        self._inbox: asyncio.Queue[_Item] = asyncio.Queue(KEYS_INBOX_MAX)
        self._kept: list[LegEvent] = []
        """What was heard of the leg before there was a call."""
        self._caller: TrunkCaller | None = None
        self._sound = RoomSound(shared.tools.media)
        self._is_made = False
        """This was the attempt: it has rung, or is no number that could."""

    def page_gone(self) -> None:
        """Ring no longer for an adviser whose page has gone."""
        if self.call is None:
            self._acted(AdviserLost())

    async def run(self) -> None:
        """Ring, and let whoever answers be in a call; return once that is decided."""
        try:
            over = await self._see_through()
        except (Refusal, Outage) as problem:
            log.info("a callback's number was not rung", call=self._ticket.call, why=problem.code)
            over = _Over(why=problem.code)
        except Exception:
            log.exception("a callback's number could not be rung", call=self._ticket.call)
            over = _Over(why=DialFailure.UNREACHABLE.value)
        if over is not None:
            await self._end(over)

    async def _see_through(self) -> _Over | None:
        """Wait for the adviser's sound, ask the keeper, and ring. None: somebody has answered.

        Raises what keeper and dialler refuse.
        """
        way = self._shared.way()
        if way is None:
            raise NumberNotAllowed("Numbers are not rung from here. Ring it by hand.")
        if (missing := await self._adviser_comes()) is not None:
            return _Over(why=missing)
        facts = await self._shared.keepers.ask(self._ticket, self._name)
        if self._has_gone():
            return _Over(why=GIVEN_UP)
        dialled = await self._dial(way, facts)
        try:
            over = await self._follow()
            if over is None:
                self._begin(way, facts, dialled)
                return None
        except BaseException:
            dialled.hang_up()
            raise
        dialled.hang_up()
        return over

    async def _adviser_comes(self) -> str | None:
        """Wait for the adviser's sound; return why it has not come, or None."""
        until_ms = self._tools.clock.monotonic_ms() + PHONE_ANSWERS_WITHIN_MS
        while self.part.connected_leg is None:
            left_ms = until_ms - self._tools.clock.monotonic_ms()
            act = await next_of(self._inbox, max(0, left_ms))
            if isinstance(act, AdviserHungUp):
                return GIVEN_UP
            if act is None or isinstance(act, AdviserGone):
                return NO_ADVISER
        return None

    def _has_gone(self) -> bool:
        """Say whether the adviser has gone meanwhile; nothing else matters before it rings."""
        items = [self._inbox.get_nowait() for _ in range(self._inbox.qsize())]
        return any(isinstance(one, AdviserGone) for one in items)

    async def _dial(self, way: WayBack, facts: DialFacts) -> OutsideCall:
        """Begin to ring, with the leg in the room in which the adviser sits."""
        line = self._tools.lines.get(facts.line)
        if line is None:
            raise UnknownName(f"There is no line called {facts.line}.")
        self._rung("dialling", is_heard=False)
        leg = LegId(f"{self._ticket.call}.back.{self._name}")
        dialled = await way.dialler.dial(
            facts.number,
            call=self._ticket.call,
            leg=leg,
            ring_ms=OUTSIDE_RING_MS,
            told=self._told,
            heard=self._heard,
            shown=way.dialler.own_of(line.numbers),
            lines=Lines.CALLBACK,
        )
        self._settle(leg)
        return dialled

    def _settle(self, leg: LegId | None) -> None:
        """Let the adviser hear it ring, and whoever answers hear the adviser at once."""
        seats = [] if leg is None else [Seat(leg=leg, role=Role.CALLER)]
        adviser = self.part.connected_leg
        if adviser is not None:
            seats.append(Seat(leg=adviser, role=Role.ADVISER))
        self._sound.settle(Scene.TALK, seats)

    async def _follow(self) -> _Over | None:
        """Follow it until somebody answers (None), or nobody will."""
        again = asyncio.ensure_future(self._say_again())
        try:
            while True:
                match await self._inbox.get():
                    case NumberRings(is_heard=is_heard):
                        self._is_made = True
                        self._rung("ringing", is_heard=is_heard)
                    case NumberAnswered():
                        self._is_made = True  # whatever becomes of it
                        return None
                    case NumberFailed(why=why):
                        found = FOUND.get(why)
                        self._is_made |= found is not None
                        return _Over(why=why.value, found=found)
                    case NumberEnded():
                        self._is_made = True
                        return _Over(why=DialFailure.UNREACHABLE.value)
                    case AdviserHungUp() | _NotAllowed():
                        return _Over(why=GIVEN_UP)
                    case going if isinstance(going, AdviserGone):
                        self._is_made = False  # a page that broke may have it rung once more
                        return _Over(why=GIVEN_UP)
                    case _:
                        pass
        finally:
            again.cancel()

    async def _say_again(self) -> None:
        """Let the keeper know that it rings, for as long as it does and the keeper allows it."""
        while True:
            await self._tools.clock.sleep_ms(DIAL_AGAIN_EVERY_MS)
            try:
                await self._shared.keepers.ask(self._ticket, self._name)
            except (UnknownName, Outage):
                pass  # a keeper that is away, or has begun anew: it rings all the same
            except Refusal as refusal:  # another adviser's by now, for one
                log.warning("its keeper ends it", call=self._ticket.call, why=refusal.code)
                self._put(_NotAllowed())
                return

    async def _end(self, over: _Over) -> None:
        """Let keeper and adviser know that nobody has answered."""
        may_again = not self._is_made and over.why not in FOR_GOOD
        with suppress(Refusal, Outage):  # then it is lost to the keeper after a while
            await self._shared.keepers.over(self._ticket, self._name, is_made=self._is_made)
        self.part.send(
            CallerRung(
                state="failed",
                is_heard=False,
                why=over.why,
                found=over.found,
                may_again=may_again,
            )
        )
        self.part.leave(Closing.DONE)

    # Once somebody has answered

    def _begin(self, way: WayBack, facts: DialFacts, dialled: OutsideCall) -> None:
        """Let the call begin: as a talk, at a newer epoch than its keeper's."""
        first = self._first(facts)
        claim = self._claim(first)
        offered = Offered(adviser=self._ticket.adviser, desk=facts.desk, token=self._ticket.token)
        start = Start(call=make(first), first=first, offered=offered)
        caller = self._caller = way.callers.rung(dialled, claim)
        call = NodeCall(start, leg=dialled.leg, browser=caller, claim=claim, tools=self._tools)
        self.part.act = lambda act: call.room.act(self.part, act)
        call.attach(self.part)
        call.caller.refresh_claim(call.call)
        self._shared.calls.begin(call)
        way.callers.begin(dialled, caller, call)
        self.call = call
        log.info("a caller who was rung back has answered", call=call.call.id)
        for event in self._kept:
            call.caller.heard(event)
        while not self._inbox.empty():  # what came with the answer
            self._pass_on(self._inbox.get_nowait())
        self._tools.spawn(self._tell_desk(call, offered), "callback answered")
        self._tools.spawn(self._tell_keeper(), "callback answered")

    def _first(self, facts: DialFacts) -> CallMade:
        """Return what the call begins with."""
        return CallMade(
            call=self._ticket.call,
            at_ms=self._tools.clock.now_ms(),
            line=facts.line,
            language=facts.language,
            node=self._tools.node,
            epoch=facts.epoch.next(self._tools.chance.nonce()),
            queue=facts.queue,
            service_class=facts.service_class,
            enqueued_ms=facts.enqueued_ms,
            adviser=self._ticket.adviser,
            token=self._ticket.token,
        )

    def _claim(self, first: CallMade) -> CallerClaim:
        """Return the claim of the call, which no page has and none can prove to have."""
        tools = self._tools
        return CallerClaim(
            call=first.call,
            line=first.line,
            language=first.language,
            epoch_count=first.epoch.count,
            epoch_nonce=first.epoch.nonce,
            page=page_digest(tools.chance.nonce() + tools.chance.nonce()),
            trunk=RUNG_BACK,
            exp=tools.clock.now_ms() // 1_000 + CLAIM_LIFE_S,
        )

    async def _tell_desk(self, call: NodeCall, offered: Offered) -> None:
        """Tell live state and desk that the callback is a call of this node now."""
        report = call.report()
        if report is not None:
            with suppress(StateUnavailable):  # the next beat says so
                await self._shared.calls.report([report])
        for _ in range(TELLINGS_MAX):
            if call.end is not None:
                return
            try:
                await self._tools.desks.moved(call.call, offered, steps=call.steps)
            except Refusal:
                return  # the adviser is at something else, or knows of a newer leg
            except Outage:
                await self._tools.clock.sleep_ms(TOLD_EVERY_MS)
            else:
                return

    async def _tell_keeper(self) -> None:
        """Have it written down that somebody has answered: nobody is to ring that caller again."""
        for _ in range(TELLINGS_MAX):
            try:
                await self._shared.keepers.answered(self._ticket)
            except Refusal:
                log.exception("an answered callback is in no record", call=self._ticket.call)
                return
            except Outage:
                await self._tools.clock.sleep_ms(TOLD_EVERY_MS)
            else:
                return

    # What comes in

    def _acted(self, act: AdviserAct) -> None:
        self._put(act)

    def _told(self, event: DialEvent) -> None:
        if self.call is None:
            self._put(event)
        else:
            self._pass_on(event)

    def _pass_on(self, item: _Item) -> None:
        """Let the call know of what would have ended the ringing."""
        if isinstance(item, NumberEnded) and self._caller is not None:
            self._caller.phone_ended(was_lost=item.was_lost)
        elif isinstance(item, AdviserGone) and self.call is not None:
            self.call.room.act(self.part, item)

    def _heard(self, event: LegEvent) -> None:
        if self.call is None:
            self._kept.append(event)
        else:
            self.call.caller.heard(event)

    def _put(self, item: _Item) -> None:
        with suppress(asyncio.QueueFull):  # it is full of what ends it
            self._inbox.put_nowait(item)

    def _rung(self, state: Literal["dialling", "ringing"], *, is_heard: bool) -> None:
        self.part.send(
            CallerRung(state=state, is_heard=is_heard, why=None, found=None, may_again=False)
        )
