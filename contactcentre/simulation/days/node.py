"""A media node without media: what it says of its calls to the live state, and what it is asked.

It takes up offers, has desks ring, counts the length of a ring, tells of answers and ends, and
beats. All of its calls are said with each beat only around a fault, otherwise now and then: nothing
comes of it while nothing is lost.
"""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from contactcentre.apps.call_bounds import report_of
from contactcentre.domain.call import TALKS, CallState, Talk, arrive, ending_of, follow
from contactcentre.domain.call import take_over as taken_over
from contactcentre.domain.classes import head_start_ms
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import OutOfOrder, Refusal, StaleToken, StateUnavailable
from contactcentre.domain.errors import UnknownName as NoSuchCall
from contactcentre.domain.events import (
    CallArrived,
    CallBridged,
    CallDeflected,
    CallEnded,
    CallEvent,
    CallQueued,
    CallRang,
    Ending,
    HungUpBy,
    LapseReason,
    ReservationLapsed,
)
from contactcentre.domain.ids import AdviserId, CallId, LineId, NodeId, QueueId, Token
from contactcentre.domain.languages import Language
from contactcentre.domain.redialling import is_kept
from contactcentre.limits import BEAT_EVERY_MS, REPORT_CALLS_MAX, RING_MS
from contactcentre.ports.state import NodeReport
from contactcentre.simulation.days.light import Caller, LightCall, Ring, Scene
from contactcentre.simulation.ground import Ground, Part
from contactcentre.simulation.lives import Answer, Life, Request
from contactcentre.simulation.network import Names
from contactcentre.wire.cluster import OfferCall

LEGS_MAX = 100_000
SAID_EVERY_BEATS = 300
"""Away from faults all calls, and all advisers, are said to the live state once in so many."""
ENDS_AGAIN_EVERY_BEATS = 10
ENDS_KEPT_S = 30.0
"""Ends are told again around a fault: the store may have forgotten what it took last."""


@dataclass(frozen=True, slots=True)
class End:
    """An end that the live state has been told of."""

    at_s: float
    call: CallId
    epoch: LegEpoch
    ending: Ending


class Node:
    """One node and the calls that it holds."""

    def __init__(self, ground: Ground, life: Life, scene: Scene) -> None:
        part = Part(ground, life)
        self.calls: dict[CallId, LightCall] = {}
        self.life = life
        self._scene = scene
        self._state = part.state
        self._clock = part.clock
        self._chance = part.chance
        self._keep_ms = part.settings.redial_keep_ms
        self._beat = part.clock.now_ms()
        self._taking: set[CallId] = set()
        self._stirred: dict[CallId, LightCall] = {}
        """Calls that the live state may have otherwise: they are said with the next beat."""
        self._rings: dict[CallId, asyncio.TimerHandle] = {}
        self._ends: deque[End] = deque()
        self._ends_untold: list[End] = []

    @property
    def node(self) -> NodeId:
        """Its name."""
        return NodeId(self.life.name)

    @property
    def names(self) -> Names:
        """What it goes by on the network."""
        return self.life.names

    # What callers do

    def admit(self, name: str, caller: Caller, queue: QueueId) -> LightCall:
        """Let a caller in."""
        now_ms, epoch = self._clock.now_ms(), LegEpoch(1, self._chance.nonce())
        call = arrive(
            CallArrived(
                call=CallId(name),
                at_ms=now_ms,
                line=LineId("day"),
                language=Language.ENGLISH,
                node=self.node,
                epoch=epoch,
            )
        )
        one = LightCall(
            caller=caller,
            call=call,
            node=self,
            queue=queue,
            service_class=caller.service_class,
        )
        self.calls[call.id] = one
        return one

    def queue(self, one: LightCall) -> None:
        """Let a caller who is through with the menus wait."""
        one.has_chosen = True
        self.life.spawn(self._join(one), "join")

    def take_over(self, one: LightCall) -> None:
        """Take up a call whose node is lost, as its caller's page says how it stood."""
        call = one.call
        talk = None
        if call.state in TALKS and call.adviser is not None:
            talk = Talk(adviser=call.adviser, token=call.token)
        one.call = taken_over(
            call,
            at_ms=self._clock.now_ms(),
            epoch=call.epoch.next(self._chance.nonce()),
            node=self.node,
            talk=talk,
            token=call.token,
        )
        one.node, one.is_between = self, False
        self.calls[call.id] = one
        if talk is not None:
            self._stirred[call.id] = one
        elif one.has_chosen:
            self.life.spawn(self._join(one), "join")

    def end(self, one: LightCall, *, lost: bool = False) -> Ending:
        """Let a call be over, by its caller's or its flow's doing, or lost; return how."""
        call, state = one.call, one.call.state
        if not (lost or one.has_chosen):
            one.call = follow(
                call, CallDeflected(call=call.id, at_ms=self._clock.now_ms(), service="menu")
            )
        ending = Ending.SYSTEM_LOST if lost else ending_of(one.call)
        by = HungUpBy.PLATFORM if lost else HungUpBy.CALLER
        self._note(one, CallEnded(call=call.id, at_ms=self._clock.now_ms(), ending=ending, by=by))
        del self.calls[call.id]
        self._stirred.pop(call.id, None)
        self._scene.judge.goes(call.id, at_s=self._scene.now_s)
        self._scene.judge.ends(call.id)
        if state is CallState.RINGING:
            self._rings.pop(call.id).cancel()
        if (state is CallState.RINGING or state in TALKS) and call.adviser is not None:
            self._scene.desks.over(self.names, call.adviser, call.token)
        end = End(self._scene.now_s, call.id, call.epoch, ending)
        self._ends.append(end)
        self.life.spawn(self._tell_end(end), "end")
        return ending

    # What routers and desks ask

    async def serve(self, request: Request) -> Answer:
        """Take a router's offer up. Raises UnknownName, StaleToken, OutOfOrder."""
        said = OfferCall.model_validate_json(request.body)
        one = self.calls.get(said.call)
        if one is None:
            raise NoSuchCall("This node does not have that call.")
        if said.token <= one.call.token:
            raise StaleToken("A newer reservation of this call is known here.")
        if one.call.state is not CallState.WAITING or said.call in self._taking:
            self._doubt(one)
            raise OutOfOrder("This call does not wait.")
        self._taking.add(said.call)
        try:
            await self._state.take_up(call=said.call, adviser=said.adviser, token=said.token)
        except Refusal:
            self._doubt(one)
            raise
        finally:
            self._taking.discard(said.call)
        if said.call in self.calls:  # else the caller has left, and the end frees the adviser
            self._ring(one, said)
        return Answer(status=204)

    def bridge(self, one: LightCall, adviser: AdviserId, token: Token) -> None:
        """Take an adviser's answer."""
        call = one.call
        if not self.life.goes:
            return
        if call.state is not CallState.RINGING or call.token != token:
            self._scene.desks.over(self.names, adviser, token)
            return
        self._rings.pop(call.id).cancel()
        self._note(
            one,
            CallBridged(call=call.id, at_ms=self._clock.now_ms(), adviser=adviser, token=token),
        )
        self._scene.judge.talks(call.id, adviser)
        self._scene.desks.bridged(self.names, adviser, token)
        self._scene.crowd.talks(one)
        self.life.spawn(self._answer(call.id, adviser, token), "answer")

    def lapse(self, one: LightCall, token: Token, why: LapseReason) -> None:
        """Let a ring come to nothing."""
        call = one.call
        rings = call.state is CallState.RINGING and call.token == token
        if not (rings and self.life.goes) or call.adviser is None:
            return
        self._rings.pop(call.id).cancel()
        adviser, now_ms = call.adviser, self._clock.now_ms()
        self._note(
            one,
            ReservationLapsed(call=call.id, at_ms=now_ms, adviser=adviser, token=token, why=why),
        )
        self._scene.desks.over(self.names, adviser, token, sends_away=True)
        self.life.spawn(self._give_back(one, adviser, token, why), "lapse")

    def _ring(self, one: LightCall, said: OfferCall) -> None:
        self._scene.judge.goes(said.call, at_s=self._scene.now_s)
        now_ms = self._clock.now_ms()
        self._note(
            one,
            CallRang(call=said.call, at_ms=now_ms, adviser=said.adviser, token=said.token),
        )
        ring = Ring(one=one, adviser=said.adviser, desk=said.desk, token=said.token)
        self._scene.desks.ring(self.names, ring)
        self._rings[said.call] = self._scene.simulation.loop.call_later(
            RING_MS / 1_000,
            partial(self.lapse, one, said.token, LapseReason.NO_ANSWER),
            context=self.life.context,
        )

    # What the live state is told

    async def _join(self, one: LightCall) -> None:
        """Put a call into its queue, or back into its place: as journey.queueing does."""
        call, kept_ms = one.call, one.call.enqueued_ms or self._kept_ms(one.caller)
        is_told = True
        asked_s = self._scene.now_s
        try:
            enqueued_ms = await self._state.join(
                call=call.id,
                queue=one.queue,
                head_start_ms=head_start_ms(one.service_class),
                enqueued_ms=kept_ms,
                epoch=call.epoch,
                node=self.node,
            )
        except StateUnavailable:
            enqueued_ms, is_told = kept_ms or self._clock.now_ms(), False
        except Refusal:
            if self.calls.get(call.id) is one:
                raise  # a living call is closed, or has a newer leg: there is no such thing
            return
        if self.calls.get(call.id) is not one:
            return
        if one.joined_s is None:
            one.joined_s = asked_s
        if one.call.state is CallState.IN_MENU:
            self._note(
                one,
                CallQueued(
                    call=call.id,
                    at_ms=self._clock.now_ms(),
                    queue=one.queue,
                    service_class=one.service_class,
                    enqueued_ms=enqueued_ms,
                ),
            )
            self._scene.crowd.waits(one)
        if not is_told:
            self._stirred[call.id] = one
        elif call.id not in self._stirred:  # an offer may have overtaken the answer
            self.stand(one)

    def _kept_ms(self, caller: Caller) -> int | None:
        """Return since when a caller has waited who calls again in time."""
        place_ms = caller.left_place_ms
        if place_ms is None:
            return None
        is_in_time = is_kept(
            enqueued_ms=place_ms,
            last_word_ms=caller.left_at_ms,
            now_ms=self._clock.now_ms(),
            keep_ms=self._keep_ms,
        )
        return place_ms if is_in_time else None

    async def _answer(self, call: CallId, adviser: AdviserId, token: Token) -> None:
        with suppress(Refusal, StateUnavailable):  # they talk; the next report says so
            await self._state.answer(call=call, adviser=adviser, token=token)

    async def _give_back(
        self, one: LightCall, adviser: AdviserId, token: Token, why: LapseReason
    ) -> None:
        try:
            await self._state.give_back(call=one.call.id, adviser=adviser, token=token, why=why)
        except StateUnavailable:
            self._doubt(one)
        else:
            self.stand(one)

    async def _tell_end(self, end: End) -> None:
        try:
            await self._state.end(call=end.call, epoch=end.epoch, ending=end.ending)
        except Refusal:  # closed or superseded: known as well as can be
            return
        except StateUnavailable:
            self._ends_untold.append(end)

    # Beats

    async def keep_beating(self) -> None:
        """Report the calls, then the node, for ever."""
        with suppress(StateUnavailable):
            while await self._state.lose_calls(self.node, beat=None):
                pass  # whatever a former run of this node held, nobody holds now
        while True:
            began_s = self._scene.now_s
            with suppress(StateUnavailable):  # the next beat says it all
                await self._report()
            await asyncio.sleep(max(0.0, BEAT_EVERY_MS / 1_000 - (self._scene.now_s - began_s)))

    async def _report(self) -> None:
        self._beat += 1
        is_watchful = self._scene.is_watchful
        says_all = is_watchful or self._beat % SAID_EVERY_BEATS == 0
        said = [*(self.calls if says_all else self._stirred).values()]
        for start in range(0, len(said), REPORT_CALLS_MAX):
            await self._say(said[start : start + REPORT_CALLS_MAX])
        await self._state.report_node(self._node_report())
        if is_watchful and self._beat % ENDS_AGAIN_EVERY_BEATS == 0:
            self._ends_untold.extend(self._ends)
        while self._ends and self._ends[0].at_s < self._scene.now_s - ENDS_KEPT_S:
            self._ends.popleft()
        untold, self._ends_untold = self._ends_untold, []
        for end in untold:
            await self._tell_end(end)

    async def _say(self, said: list[LightCall]) -> None:
        """Say how some calls stand; those that changed meanwhile are said again with the next."""
        reported = [one.call for one in said]
        reports = (report_of(call, is_hidden=False) for call in reported)
        await self._state.report_calls(self.node, [one for one in reports if one is not None])
        for one, call in zip(said, reported, strict=True):
            if one.call is call and self.calls.get(call.id) is one:
                self._stirred.pop(call.id, None)
                self.stand(one)

    def stand(self, one: LightCall) -> None:
        """Note that the live state knows that a call waits, if it does."""
        call = one.call
        if call.state is CallState.WAITING and call.queue and call.enqueued_ms is not None:
            score = call.enqueued_ms - head_start_ms(one.service_class)
            self._scene.judge.stands(call.id, call.queue, score, at_s=self._scene.now_s)

    def _doubt(self, one: LightCall) -> None:
        """Say with the next beat how a call stands: a router took it for what it was not."""
        self._stirred[one.call.id] = one
        self._scene.judge.goes(one.call.id, at_s=self._scene.now_s)

    def _note(self, one: LightCall, event: CallEvent) -> None:
        one.call = follow(one.call, event)

    def _node_report(self) -> NodeReport:
        return NodeReport(
            node=self.node,
            site=self.names[0],
            beat=self._beat,
            internal_url=f"http://{self.life.name}",
            public_url=f"ws://{self.life.name}/leg",
            draining=False,
            legs_count=len(self.calls),
            legs_max=LEGS_MAX,
        )
