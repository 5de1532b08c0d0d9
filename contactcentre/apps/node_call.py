"""One live call on the node that holds its legs: what its people do comes in here, and goes out.

The stages of the journey see it as a `LiveCall`; its caller's leaving alone cancels whichever runs.
Whatever happens to it changes the claim in its page, from which any other node can go on.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from weakref import proxy

import structlog

from contactcentre.adapters.telemetry.monitors import violated
from contactcentre.apps import call_bounds
from contactcentre.apps.adviser_part import AdviserPart, Browser
from contactcentre.apps.asking import Asking
from contactcentre.apps.belonging import loosely, tools_of
from contactcentre.apps.call_bounds import End, Start, next_of
from contactcentre.apps.call_metrics import measure
from contactcentre.apps.call_room import CallRoom
from contactcentre.apps.call_way import CallWay
from contactcentre.apps.caller_part import CallerPart
from contactcentre.apps.conversation import Conversation, Side
from contactcentre.apps.journey_strip import TOLD
from contactcentre.apps.node_tools import NodeTools
from contactcentre.apps.parting import part
from contactcentre.apps.sight import Sight
from contactcentre.apps.talk_recording import TalkRecording
from contactcentre.domain.call import TALKS, Call, CallState, come_back, follow
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import (
    Outage,
    OutOfOrder,
    Refusal,
    SpoolFull,
    StaleToken,
    StateUnavailable,
)
from contactcentre.domain.events import (
    CallEnded,
    CallEvent,
    CallHandedOver,
    Ending,
    HungUpBy,
    LapseReason,
    Writer,
)
from contactcentre.domain.ids import LegId, SoundName
from contactcentre.ports.live import AdviserAct, Offered
from contactcentre.ports.state import CallReport
from contactcentre.wire.claims import CallerClaim, CallMemory
from contactcentre.wire.closing import Closing
from contactcentre.wire.cluster import AskRing
from contactcentre.wire.legs import CallerHeard, Held
from contactcentre.wire.staff import NotDone

log = structlog.get_logger()

STEPS_KEPT_MAX = 50
HAND_OVERS_MAX = 3
"""A page that has come back so often finds no other node."""


class NodeCall:
    """One call."""

    def __init__(
        self,
        start: Start,
        *,
        leg: LegId,
        browser: Browser,
        claim: CallerClaim,
        tools: NodeTools,
    ) -> None:
        self._tools = tools = tools_of(self, tools)
        self._call, live = start.call, proxy(self)
        self.sight = Sight(tools, report=loosely(self.report), failed=list(start.failed))
        remember = partial(NodeCall.memory, live)
        self.caller = CallerPart(
            leg=leg, browser=browser, claim=claim, tools=tools, remember=remember
        )
        self.caller.sound_changed = loosely(self._caller_sound_changed)
        self.texts = Conversation(live, spool=tools.spool, clock=tools.clock, spawn=tools.spawn)
        self.recording = TalkRecording(
            live, tools, start, lambda: live.caller.refresh_claim(live.call)
        )
        self._steps: deque[CallEvent] = deque(maxlen=STEPS_KEPT_MAX)
        self._offers: asyncio.Queue[Offered] = asyncio.Queue(1)
        self._offered = start.offered
        self.room = CallRoom(live, self.caller, tools, self.recording)
        self._way = CallWay(
            live, tools, self.sight, recording=self.recording, start=start, is_chat=self.is_chat
        )
        self.last_seq = 0
        """The number of the last event that was written down; 0 for none."""
        self._is_dropped = self._is_leaving = False
        self._hand_overs = 0
        self.end: End | None = start.end
        """How it has ended here; None while it lives, or if it has gone on elsewhere."""
        self.asking.go_on(start.outside)
        self.room.follow(self._call.state)
        if start.first is not None:
            (self.note if start.is_moved else self._write)(start.first)
        for event in start.also:
            self.note(event)

    # What the stages see (ports.live.LiveCall)

    @property
    def call(self) -> Call:
        """Return the call as it stands."""
        return self._call

    @property
    def steps(self) -> Sequence[CallEvent]:
        """Return what has happened that an adviser should read, the earliest first."""
        return tuple(self._steps)

    @property
    def caller_leg(self) -> LegId:
        """Return the leg the caller speaks on."""
        return self.caller.leg

    @property
    def adviser_leg(self) -> LegId | None:
        """Return the connected leg of the adviser."""
        return self.room.adviser_leg

    @property
    def is_adviser_there(self) -> bool:
        """Say whether the adviser who is rung could answer."""
        return self.room.adviser is not None and self.room.adviser.may_answer

    def note(self, event: CallEvent) -> None:
        """Let the call follow an event, keep it for the record and tell the page."""
        after = follow(self._call, event)
        if self._call.state in TALKS and after.state not in TALKS:
            self.room.supervising.let_go()  # of a talk that is over there is no more to write
            self.asking.drop()
        self._call = follow(before := self._call, event)
        self._write(event)
        if self._call.state is not CallState.ENDED:  # its end is told once it is kept
            self.caller.refresh_claim(self._call)
        if self._call.state is not before.state:
            self.room.follow(self._call.state)
            if self._call.state is not CallState.ENDED or not self.asking.is_left_outside:
                self.caller.show(self._call, (), {})

    async def say(self, sounds: Sequence[SoundName], *, keys: Mapping[str, SoundName]) -> None:
        """Play prompts to the caller, with their words on the page."""
        self.caller.refresh_claim(self._call)
        self.caller.show(self._call, sounds, keys)
        await self.caller.play(sounds, self._call.language)
        self.recording.heard(sounds)

    async def key(self, *, within_ms: int | None) -> str | None:
        """Return the next key of the caller."""
        return await next_of(self.caller.keys, within_ms)

    def tell_place(self, *, place: int, wait_ms: int | None) -> None:
        """Show the caller the place."""
        self.caller.show_place(self._call, place=place, wait_ms=wait_ms)

    async def offer(self, *, within_ms: int) -> Offered | None:
        """Return the next reservation that was taken up."""
        return await next_of(self._offers, within_ms)

    async def adviser_act(self, *, within_ms: int | None) -> AdviserAct | None:
        """Return what the adviser did next."""
        return await self.room.next_act(within_ms=within_ms)

    def tell_bridged(self) -> None:
        """Tell the adviser's browser that both hear each other."""
        self.room.tell_bridged()

    def tell_held(self, *, on: bool) -> None:
        """Tell the adviser's browser that the caller is on hold, or no longer."""
        self.room.tell_adviser(Held(on=on))

    def tell_refused(self, refusal: Refusal) -> None:
        """Tell the adviser's browser that what it asked for last cannot be done."""
        self.room.tell_adviser(NotDone(code=refusal.code, words=str(refusal)))

    @property
    def asking(self) -> Asking:
        """Return whom the adviser asks about the call."""
        return self.room.asking

    def give_over(self) -> Offered:
        """Give the call to the other adviser, and return who that is. Raises OutOfOrder."""
        before, (offered, part) = self._offered, self.asking.take_over()
        assert before is not None, "a talk has its adviser"
        self._offered = offered
        self.note(
            CallHandedOver(
                call=self._call.id,
                at_ms=self._tools.clock.now_ms(),
                from_adviser=before.adviser,
                adviser=offered.adviser,
                token=offered.token,
            )
        )
        self.room.hand_over(part)
        self._tools.spawn(self.asking.tell_handed(before), "hand-over")
        return offered

    def let_adviser_go(self, *, lapse: LapseReason | None) -> None:
        """End the adviser's part in the call."""
        self.room.let_adviser_go(lapse=lapse, ending=self._call.ending)
        self._offered = None

    # The call's way

    async def run(self) -> None:
        """Take the call through its stages to its end."""
        try:
            await self._run()
        finally:
            self.room.outside.end()  # also after a mistake of ours

    async def _run(self) -> None:
        if self.end is not None:
            await part(self, by=HungUpBy.ADVISER, ending=self.end.ending)
            return
        stages = asyncio.create_task(self._stages(), name="stages")
        leaving = asyncio.create_task(self.caller.left.wait(), name="caller leaving")
        try:
            await asyncio.wait({stages, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            stages.cancel()
            await asyncio.wait({stages})
            self.sight.close()
        leaves = self._is_leaving and not self._is_dropped
        if leaves and await call_bounds.is_elsewhere(self._tools, self._call):
            await self.drop()  # its end will be seen there, also if the adviser has hung up here
        if not self._is_dropped:
            await self._finish(call_bounds.ended_by(stages))

    async def _stages(self) -> HungUpBy:
        await self.caller.connected.wait()
        if self.asking.is_left_outside:
            return HungUpBy.ADVISER  # its node was lost before it could say so
        return await self._way.run(self._offered)

    async def _finish(self, by: HungUpBy) -> None:
        """Write the end down, let everybody go, and say goodbye if there is someone to hear it."""
        offered, talked = self._offered, self._call.state in TALKS
        end = self.end = await self._write_end(by)
        lapse = None if talked else LapseReason.CALLER_LEFT
        self.let_adviser_go(lapse=lapse)
        await call_bounds.keep_end(self._tools)
        self.caller.refresh_claim(self._call)
        with suppress(StateUnavailable, Refusal):  # the node tells it again until it is durable
            await self._tools.queues.end(call=self._call.id, epoch=end.epoch, ending=end.ending)
        if offered is not None:
            with suppress(Refusal, Outage):
                await self._tools.desks.over(self._call, offered, lapse=lapse)
        await part(self, by=by, ending=end.ending)

    async def _write_end(self, by: HungUpBy) -> End:
        if by is HungUpBy.CALLER:
            await self._way.caller_left()
        ending = self._way.ending()
        if by is HungUpBy.PLATFORM:
            violated("I8", call=self._call.id, state=self._call.state)
            ending = Ending.SYSTEM_LOST
        now_ms = self._tools.clock.now_ms()
        self.note(CallEnded(call=self._call.id, at_ms=now_ms, ending=ending, by=by))
        return End(epoch=self._call.epoch, ending=ending, seq=self.last_seq)

    # What comes in from outside

    async def take(self, offered: Offered) -> None:
        """Take a reservation up. Raises StaleToken, OutOfOrder; the same one again is no harm."""
        if self._offered is not None and self._offered.token == offered.token:
            return
        if offered.token <= self._call.token:
            raise StaleToken("A newer reservation of this call is known here.")
        waits = self._call.state is CallState.WAITING and not self._is_hidden
        if not waits or self._offered is not None:
            raise OutOfOrder("This call does not wait.")
        self._offered = offered
        try:
            await self._tools.queues.take_up(
                call=self._call.id, adviser=offered.adviser, token=offered.token
            )
        except Refusal:
            self._offered = None
            raise
        except StateUnavailable:
            log.warning("a ring begins that the store could not be told of", call=self._call.id)
        self._offers.put_nowait(offered)

    async def adopt(self, *, leg: LegId, browser: Browser, epoch: LegEpoch) -> None:
        """Go on with a caller who comes back to this node on a new leg. Raises StaleEpoch."""
        self._call = come_back(self._call, epoch=epoch, node=self._tools.node)
        self._is_leaving = False
        self.end = None if self.end is None else replace(self.end, epoch=epoch)
        await self.caller.move(leg, browser)
        self.room.settle()
        self.caller.refresh_claim(self._call)
        self.caller.show(self._call, (), {})
        self._caller_sound_changed()

    def attach(self, part: AdviserPart) -> None:
        """Seat the adviser's browser. Raises StaleToken if another reservation stands."""
        if self._offered is None or self._offered.token != part.token:
            raise StaleToken("This ring is over.")
        self.room.seat(part)

    def ring_again(self, asked: AskRing) -> tuple[Offered, int]:
        """Speak to the desk that asks from now on; return the offer and how long it still rings.

        Raises StaleToken if another reservation stands, or none.
        """
        offered = self._offered
        if offered is None or (offered.token, offered.adviser) != (asked.token, asked.adviser):
            raise StaleToken("This ring is over.")
        self._offered = replace(offered, desk=asked.desk)
        self._way.speak_to(asked.desk)
        self.caller.refresh_claim(self._call)
        bridging = self._way.bridging
        rings = self._call.state is CallState.RINGING and bridging is not None
        return self._offered, bridging.ring_left_ms if rings and bridging is not None else 0

    def report(self) -> CallReport | None:
        """Return what the node's beat says of the call; None at its end."""
        return call_bounds.report_of(self._call, is_hidden=self._is_hidden)

    def memory(self) -> CallMemory:
        """Return what another node must know to go on with the call."""
        return CallMemory(
            call=self._call,
            position=self._way.position,
            kept_ms=self._way.kept_ms,
            desk=None if self._offered is None else self._offered.desk,
            failed=self.sight.failed,
            is_booked=self._way.is_booked,
            consult=self.asking.id,
            is_announced=self.recording.is_announced,
            is_paused=self.recording.is_paused,
            recording_act=self.recording.act,
            outside=self.asking.memory,
        )

    @property
    def is_chat(self) -> bool:
        """Say whether the caller writes, and does not speak."""
        return self.caller.is_chat

    def side(self, of: Writer) -> Side | None:
        """Return one end of a chat, if somebody is there."""
        return self.caller if of is Writer.CALLER else self.room.adviser

    @property
    def may_leave(self) -> bool:
        """Say whether the page may be sent elsewhere: it is here, and was not sent in vain."""
        return self.caller.has_page and self._hand_overs < HAND_OVERS_MAX

    def hand_over(self, why: Closing = Closing.STOPPING) -> None:
        """Send the caller's page to another node, which then has the call."""
        self._is_leaving = True
        self._hand_overs += 1
        self.caller.hand_over(why)
        self.sight.changed()

    async def drop(self) -> None:
        """Let go of a call that a newer leg elsewhere has taken: no end is written here."""
        self._is_dropped = True
        self.caller.hang_up()
        self.room.drop()
        await self.caller.close(Closing.REPLACED)

    @property
    def _is_hidden(self) -> bool:
        """Say whether a call that waits is not to be offered to anyone now."""
        return self._is_leaving or self.sight.is_aside or not self.caller.is_heard

    def _caller_sound_changed(self) -> None:
        """Tell the adviser, and keep a waiting call from being offered while nobody is heard."""
        self.room.tell_adviser(CallerHeard(on=self.caller.is_heard))
        self.sight.changed()

    def _write(self, event: CallEvent) -> None:
        """Keep an event for the record and for whoever takes the call."""
        if type(event) in TOLD:
            self._steps.append(event)
        measure(self._call, event)
        try:
            self.last_seq = self._tools.spool.write(event, self._call)
        except SpoolFull:
            log.exception("an event could not be kept for the record", call=self._call.id)
