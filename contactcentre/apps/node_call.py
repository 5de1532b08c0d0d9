"""One live call on the node that holds its legs: what its people do comes in here, and goes out.

The stages of the journey see it as a `LiveCall`. Its caller's leaving cancels whichever stage runs;
nothing else does. A caller whose sound stops keeps the rank but is not offered to anyone meanwhile.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

import structlog

from contactcentre.adapters.telemetry.metrics import count_dropped
from contactcentre.apps.adviser_part import AdviserPart, Browser
from contactcentre.apps.call_metrics import measure
from contactcentre.apps.caller_part import CallerPart
from contactcentre.apps.journey_strip import TOLD
from contactcentre.apps.node_tools import NodeTools
from contactcentre.domain.announcing import LINE_ENDED
from contactcentre.domain.call import Call, CallState, arrive, come_back, ending_of, follow
from contactcentre.domain.classes import head_start_ms
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
    CallArrived,
    CallEnded,
    CallEvent,
    Ending,
    HungUpBy,
    LapseReason,
)
from contactcentre.domain.ids import LegId, SoundName
from contactcentre.journey.bridging import Bridging, TalkEnd
from contactcentre.journey.ivr import Finished, FlowWalk
from contactcentre.journey.queueing import Waiting
from contactcentre.limits import KEYS_INBOX_MAX
from contactcentre.ports.live import AdviserAct, Offered
from contactcentre.ports.state import CallReport
from contactcentre.wire.claims import CallerClaim
from contactcentre.wire.legs import CallerHeard

log = structlog.get_logger()

Item = TypeVar("Item")

STEPS_KEPT_MAX = 50
WORDS_OF_THE_END_MS = 10_000
"""A closing sentence may last so long; then the leg is closed all the same."""
TALKS = frozenset({CallState.TALKING, CallState.ON_HOLD})


class NodeCall:
    """One call."""

    def __init__(
        self,
        arrived: CallArrived,
        *,
        leg: LegId,
        browser: Browser,
        claim: CallerClaim,
        tools: NodeTools,
    ) -> None:
        self._tools = tools
        self._call = arrive(arrived)
        self.caller = CallerPart(
            leg=leg,
            browser=browser,
            claim=claim,
            media=tools.media,
            sign=tools.sign,
            words=tools.words,
            grace_ms=tools.leg_grace_ms,
        )
        self.caller.sound_changed = self._caller_sound_changed
        self._steps: deque[CallEvent] = deque([arrived], maxlen=STEPS_KEPT_MAX)
        self._offers: asyncio.Queue[Offered] = asyncio.Queue(1)
        self._acts: asyncio.Queue[AdviserAct] = asyncio.Queue(KEYS_INBOX_MAX)
        self._offered: Offered | None = None
        self._adviser: AdviserPart | None = None
        self._walk: FlowWalk | None = None
        self._is_dropped = False
        self.is_end_known = False
        """The store has heard of the end."""
        self._spool(arrived)
        measure(self._call, arrived)

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
        return self._adviser.connected_leg if self._adviser is not None else None

    def note(self, event: CallEvent) -> None:
        """Let the call follow an event, keep it for the record and tell the page."""
        before = self._call
        self._call = follow(before, event)
        if type(event) in TOLD:
            self._steps.append(event)
        self._spool(event)
        measure(self._call, event)
        self.caller.refresh_claim(self._call)
        if self._call.state is not before.state:
            self.caller.show(self._call, (), {})

    async def say(self, sounds: Sequence[SoundName], *, keys: Mapping[str, SoundName]) -> None:
        """Play prompts to the caller, with their words on the page."""
        self.caller.show(self._call, sounds, keys)
        await self.caller.play(sounds, self._call.language)

    async def key(self, *, within_ms: int | None) -> str | None:
        """Return the next key of the caller."""
        return await _next(self.caller.keys, within_ms)

    def tell_place(self, *, place: int, wait_ms: int | None) -> None:
        """Show the caller the place."""
        self.caller.show_place(self._call, place=place, wait_ms=wait_ms)

    async def offer(self, *, within_ms: int) -> Offered | None:
        """Return the next reservation that was taken up."""
        return await _next(self._offers, within_ms)

    async def adviser_act(self, *, within_ms: int | None) -> AdviserAct | None:
        """Return what the adviser did next."""
        return await _next(self._acts, within_ms)

    def tell_bridged(self) -> None:
        """Tell the adviser's browser that both hear each other."""
        if self._adviser is not None:
            self._adviser.tell_bridged()

    def tell_held(self, *, on: bool) -> None:
        """Tell the adviser's browser that the caller is on hold, or no longer."""
        if self._adviser is not None:
            self._adviser.tell_held(on=on)

    def let_adviser_go(self, *, lapse: LapseReason | None) -> None:
        """End the adviser's part in the call."""
        if self._adviser is not None:
            self._adviser.end(lapse=lapse, ending=self._call.ending)
        self._adviser = None
        self._offered = None
        while not self._acts.empty():
            self._acts.get_nowait()

    # The call's way

    async def run(self) -> None:
        """Take the call through its stages to its end."""
        stages = asyncio.create_task(self._stages(), name="stages")
        leaving = asyncio.create_task(self.caller.left.wait(), name="caller leaving")
        try:
            await asyncio.wait({stages, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            stages.cancel()
            await asyncio.wait({stages})
        if not self._is_dropped:
            await self._finish(_ended_by(stages))

    async def _stages(self) -> HungUpBy:
        """Lead the call through menu, queue, ring and talk; return who ended it."""
        tools = self._tools
        await self.caller.connected.wait()
        flow = tools.lines[self._call.line].flow
        self._walk = FlowWalk(self, flow, queues=tools.queues, clock=tools.clock)
        reached = await self._walk.run()
        self._walk = None
        if isinstance(reached, Finished):
            return HungUpBy.FLOW
        waiting = Waiting(self, flow, queues=tools.queues, media=tools.media, clock=tools.clock)
        await waiting.join(
            queue=reached.queue,
            service_class=reached.service_class,
            enqueued_ms=reached.enqueued_ms,
        )
        first = reached.prompts
        while True:
            if await self._bridged(await waiting.offered(first=first)):
                return HungUpBy.ADVISER
            first = ()

    async def _bridged(self, offered: Offered) -> bool:
        """Ring an adviser; say whether there was a talk that the adviser ended."""
        tools = self._tools
        bridging = Bridging(
            self,
            offered,
            queues=tools.queues,
            media=tools.media,
            desks=tools.desks,
            clock=tools.clock,
        )
        lapse = await bridging.ring(ring_ms=tools.ring_ms)
        if lapse is not None:
            await bridging.lapse(lapse)
            return False
        if await bridging.talk() is TalkEnd.ADVISER_HUNG_UP:
            return True
        await bridging.break_off()
        return False

    async def _finish(self, by: HungUpBy) -> None:
        """Write the end down, let everybody go, and say goodbye if there is someone to hear it."""
        offered, talked = self._offered, self._call.state in TALKS
        await self._write_end(by)
        lapse = None if talked else LapseReason.CALLER_LEFT
        self.let_adviser_go(lapse=lapse)
        with suppress(StateUnavailable):  # the node tells it again until it is known
            with suppress(Refusal):  # closed or superseded: known as well as can be
                await self._tools.queues.end(call=self._call.id, epoch=self._call.epoch)
            self.is_end_known = True
        if offered is not None:
            with suppress(Refusal, Outage):
                await self._tools.desks.over(self._call.id, offered, lapse=lapse)
        if by in (HungUpBy.ADVISER, HungUpBy.PLATFORM) and not self.caller.is_silent:
            with suppress(TimeoutError):
                async with asyncio.timeout(WORDS_OF_THE_END_MS / 1_000):
                    await self.say((LINE_ENDED,), keys={})
        await self.caller.end(self._call)

    async def _write_end(self, by: HungUpBy) -> None:
        if by is HungUpBy.CALLER and self._walk is not None:
            await self._walk.caller_left()
        broken = by is HungUpBy.PLATFORM
        self.note(
            CallEnded(
                call=self._call.id,
                at_ms=self._tools.clock.now_ms(),
                ending=Ending.SYSTEM_LOST if broken else ending_of(self._call),
                by=by,
            )
        )

    # What comes in from outside

    async def take(self, offered: Offered) -> None:
        """Take a reservation up. Raises StaleToken, OutOfOrder; the same one again is no harm."""
        if self._offered is not None and self._offered.token == offered.token:
            return
        if offered.token <= self._call.token:
            raise StaleToken("A newer reservation of this call is known here.")
        waits = self._call.state is CallState.WAITING and not self.caller.is_silent
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
        await self.caller.move(leg, browser)
        self._restore_sound()
        self.caller.refresh_claim(self._call)
        self.caller.show(self._call, (), {})
        self._caller_sound_changed()

    def attach(self, part: AdviserPart) -> None:
        """Seat the adviser's browser. Raises StaleToken if another reservation stands."""
        if self._offered is None or self._offered.token != part.token:
            raise StaleToken("This ring is over.")
        if self._adviser is not None:
            self._adviser.replace()
        self._adviser = part

    def act(self, part: AdviserPart, act: AdviserAct) -> None:
        """Take what the adviser does, unless another has taken the place."""
        if part is not self._adviser:
            return
        try:
            self._acts.put_nowait(act)
        except asyncio.QueueFull:
            count_dropped("adviser acts")

    def report(self) -> CallReport | None:
        """Return what the node's beat says of the call; None before it waits and at its end."""
        call = self._call
        if call.queue is None or call.enqueued_ms is None or call.state is CallState.ENDED:
            return None
        assert call.service_class is not None, "a queued call has its class"
        hidden = call.state is CallState.WAITING and self.caller.is_silent
        return CallReport(
            call=call.id,
            queue=call.queue,
            head_start_ms=head_start_ms(call.service_class),
            enqueued_ms=call.enqueued_ms,
            epoch=call.epoch,
            state="hidden" if hidden else call.state,
            adviser=call.adviser,
            token=call.token,
        )

    def tell_quality(self) -> None:
        """Tell both browsers how their sound comes in."""
        self.caller.tell_quality()
        if self._adviser is not None:
            self._adviser.tell_quality()

    async def drop(self) -> None:
        """Let go of a call that a newer leg elsewhere has taken: no end is written here."""
        self._is_dropped = True
        self.caller.hang_up()
        self.let_adviser_go(lapse=None)
        await self.caller.end(self._call)

    # Within

    def _restore_sound(self) -> None:
        """Let the caller's new leg hear what the old one heard."""
        media, caller, adviser = self._tools.media, self.caller.leg, self.adviser_leg
        if self._call.state is CallState.TALKING and adviser is not None:
            media.let_hear(listener=caller, speaker=adviser, on=True)
            media.let_hear(listener=adviser, speaker=caller, on=True)
        elif self._call.state is not CallState.IN_MENU:
            media.play_music(caller, on=True)

    def _caller_sound_changed(self) -> None:
        """Tell the adviser, and keep a waiting call from being offered while nobody is heard."""
        silent = self.caller.is_silent
        if self._adviser is not None:
            self._adviser.send(CallerHeard(on=not silent))
        if self._call.state is CallState.WAITING:
            self._tools.spawn(self._hide() if silent else self._show_again(), "visibility")

    async def _hide(self) -> None:
        with suppress(StateUnavailable, Refusal):  # the node's report says so as well
            await self._tools.queues.hide(call=self._call.id, epoch=self._call.epoch)

    async def _show_again(self) -> None:
        report = self.report()
        if report is None:
            return
        with suppress(StateUnavailable, Refusal):
            await self._tools.queues.join(
                call=report.call,
                queue=report.queue,
                head_start_ms=report.head_start_ms,
                enqueued_ms=report.enqueued_ms,
                epoch=report.epoch,
                node=self._tools.node,
            )

    def _spool(self, event: CallEvent) -> None:
        try:
            self._tools.spool.write(event, self._call)
        except SpoolFull:
            log.exception("an event could not be kept for the record", call=self._call.id)


def _ended_by(stages: asyncio.Task[HungUpBy]) -> HungUpBy:
    """Return who ended a call whose stages are over: cancelled ones by the caller, failed by us."""
    if stages.cancelled():
        return HungUpBy.CALLER
    if (error := stages.exception()) is not None:
        log.error("a call was lost by a mistake of ours", exc_info=error)
        return HungUpBy.PLATFORM
    return stages.result()


async def _next(inbox: asyncio.Queue[Item], within_ms: int | None) -> Item | None:
    """Return the next thing of an inbox; None if nothing came in time."""
    try:
        async with asyncio.timeout(None if within_ms is None else within_ms / 1_000):
            return await inbox.get()
    except TimeoutError:
        return None
