"""A call's way through its stages on one node, from its beginning or from where it stood elsewhere.

Menu, queue, ring and talk follow one another here; what each of them does stands in its stage.
"""

from contextlib import suppress
from functools import partial

import structlog

from contactcentre.adapters.telemetry import metrics
from contactcentre.apps.call_bounds import Start
from contactcentre.apps.node_tools import NodeTools
from contactcentre.apps.sight import Sight
from contactcentre.domain.announcing import APOLOGY_MOVED, TRANSFERRED
from contactcentre.domain.call import TALKS, CallState, ending_of
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.events import Ending, HungUpBy, LapseReason
from contactcentre.domain.ids import DeskId, QueueId, SoundName
from contactcentre.domain.ivr.doors import how_stands
from contactcentre.domain.ivr.flow import Flow, QueueDefinition, line_of
from contactcentre.domain.ivr.moves import Position
from contactcentre.domain.ivr.switches import diverted, moved
from contactcentre.domain.ivr.transfer import target_queue
from contactcentre.journey.booking import CallbackOffers
from contactcentre.journey.bridging import Bridging
from contactcentre.journey.ivr import Finished, FlowWalk
from contactcentre.journey.queueing import Waiting
from contactcentre.limits import REJOIN_MS
from contactcentre.ports.live import LiveCall, Offered, TalkEnd
from contactcentre.ports.recording import TalkTape
from contactcentre.ports.rings import RingEnded

log = structlog.get_logger()


class CallWay:
    """One call's way."""

    def __init__(
        self,
        live: LiveCall,
        tools: NodeTools,
        sight: Sight,
        *,
        recording: TalkTape,
        start: Start,
        is_chat: bool,
    ) -> None:
        """Begin; a call that has moved goes on from its position, or from the state it is in.

        One that is booked was about to end with a callback when it lost its node.
        """
        self._live = live
        self._tools = tools
        self._sight = sight
        self._recording = recording
        self._is_moved = start.is_moved
        self._is_chat = is_chat
        self._chat_kept_ms = start.kept_ms if is_chat else None
        self._flow = tools.lines[live.call.line].flow
        self._was_booked = start.is_booked
        self._callbacks = self._offers()
        self._walk: FlowWalk | None = None
        self._waiting = Waiting(
            live,
            self._flow,
            queues=tools.queues,
            clock=tools.clock,
            errors=tools.wait_errors,
            moved=partial(_moved, tools),
            pass_on=tools.pass_on,
            callbacks=self._callbacks,
            is_chat=is_chat,
        )
        if live.call.state is CallState.IN_MENU and not is_chat:
            self._walk = FlowWalk(
                live,
                self._flow,
                queues=tools.queues,
                clock=tools.clock,
                switches=tools.switches(live.call.line),
                texts=tools.texts,
                came_from=start.position,
                kept_ms=start.kept_ms,
            )
        self.bridging: Bridging | None = None
        """The ring or talk that is under way."""

    @property
    def position(self) -> Position | None:
        """Return where in the flow the caller is; None once the menus are behind."""
        return None if self._walk is None else self._walk.position

    @property
    def kept_ms(self) -> int | None:
        """Return the time from which a wait will count that has not begun yet."""
        return self._chat_kept_ms if self._walk is None else self._walk.kept_ms

    @property
    def is_booked(self) -> bool:
        """Say whether it is durable that the caller will be rung back."""
        return self._was_booked or (self._callbacks is not None and self._callbacks.is_booked)

    def ending(self) -> Ending:
        """Return how the call has ended if it ends as it stands now."""
        ending = ending_of(self._live.call)
        if self.is_booked and ending is Ending.ABANDONED:
            return Ending.CALLBACK
        told_closed = self._walk is not None and self._walk.is_closed
        return Ending.CLOSED if told_closed and ending is Ending.LEFT_IN_MENU else ending

    def speak_to(self, desk: DeskId) -> None:
        """Speak to another desk process from now on."""
        if self.bridging is not None:
            self.bridging.speak_to(desk)

    async def caller_left(self) -> None:
        """Note what the menus have to say of a caller who leaves them."""
        if self._walk is not None:
            await self._walk.caller_left()

    async def run(self, offered: Offered | None) -> HungUpBy:
        """Lead the call to its end; return who ended it. `offered` is a talk that goes on here."""
        waiting = self._waiting
        first: tuple[SoundName, ...] = (APOLOGY_MOVED,) if self._is_moved else ()
        if self._walk is not None:
            reached = await self._walk.run()
            if isinstance(reached, Finished):
                return HungUpBy.FLOW
            self._walk = None
            await waiting.join(
                queue=self._queue_now(reached.queue),
                service_class=reached.service_class,
                enqueued_ms=reached.enqueued_ms,
            )
            first = reached.prompts
        elif self._live.call.state is CallState.IN_MENU:
            await self._join_chat()
        elif self._live.call.state in TALKS:
            assert offered is not None, "a talk has its adviser"
            if await self._talked(offered):
                return HungUpBy.ADVISER
            first = ()
        elif self._was_booked:
            return HungUpBy.FLOW  # its node was lost before it could say so
        else:
            await waiting.take_place()
        while True:
            offered = await waiting.offered(first=first)
            if offered is None:
                return HungUpBy.FLOW
            if await self._bridged(offered):
                return HungUpBy.ADVISER
            first = ()

    def _offers(self) -> CallbackOffers | None:
        """Return what the caller may be offered while waiting."""
        terms = self._tools.callbacks
        if terms is None or self._is_chat:
            return None
        return CallbackOffers(
            self._live,
            promises=terms.promises,
            slots_max={
                queue.id: queue.callbacks_max
                for queue in self._flow.queues.values()
                if queue.callbacks_max is not None
            },
            is_open=partial(_is_open, self._flow),
            rule=terms.rule,
            clock=self._tools.clock,
            count=metrics.count_callback,
        )

    async def _join_chat(self) -> None:
        """Let a chat wait: it has no menu."""
        assert self._flow.chat is not None, "a line without chat admits none"
        queue = self._flow.queues[self._flow.chat, self._live.call.language]
        await self._waiting.join(
            queue=queue.id, service_class=queue.service_class, enqueued_ms=self._chat_kept_ms
        )

    def _queue_now(self, queue: QueueId) -> QueueId:
        """Return the queue that a new caller of a queue waits in now: a supervisor may divert it.

        The caller's class stays what it was: to be sent elsewhere costs nobody a place.
        """
        elsewhere = diverted(self._flow, self._tools.switches(self._live.call.line), queue)
        if elsewhere is None:
            return queue
        log.info("a new caller is diverted", call=self._live.call.id, queue=elsewhere.id)
        return elsewhere.id

    async def _bridged(self, offered: Offered) -> bool:
        """Ring an adviser; say whether there was a talk that the adviser ended."""
        bridging = self._bridge(offered)
        lapse = await bridging.ring(ring_ms=self._tools.patience.ring_ms)
        is_failed = bridging.desk_failed or lapse is LapseReason.DESK_UNREACHABLE
        self._tools.spawn(self._note_ring(offered, is_failed=is_failed), "ring noted")
        if lapse is not None:
            await bridging.lapse(lapse)
            self._sight.rang(offered.adviser, desk_failed=bridging.desk_failed)
            self._sight.changed()
            return False
        self._sight.failed.clear()
        return await self._ended(bridging, await bridging.talk())

    async def _note_ring(self, offered: Offered, *, is_failed: bool) -> None:
        """Let the routers know how a ring has ended: a storm is seen by many of them."""
        ended = RingEnded(token=offered.token, adviser=offered.adviser, is_failed=is_failed)
        with suppress(StateUnavailable):  # one more or less makes no storm
            await self._tools.rings.note_ring(ended)

    async def _talked(self, offered: Offered) -> bool:
        """Go on with a talk that has moved here; say whether the adviser ended it."""
        bridging = self._bridge(offered)
        return await self._ended(bridging, await bridging.rejoin(within_ms=REJOIN_MS))

    async def _ended(self, bridging: Bridging, end: TalkEnd) -> bool:
        if end in {TalkEnd.ADVISER_HUNG_UP, TalkEnd.LEFT_OUTSIDE}:
            return True
        if end is TalkEnd.TRANSFERRED:
            self._waiting.begin_elsewhere((TRANSFERRED,))
            await bridging.hand_on()
            return False
        wishes = self._tools.patience.wishes and end is not TalkEnd.HANDED_BACK
        await bridging.break_off(wishes=wishes)
        return False

    def _bridge(self, offered: Offered) -> Bridging:
        tools = self._tools
        self.bridging = Bridging(
            self._live,
            offered,
            queues=tools.queues,
            media=tools.media,
            desks=tools.desks,
            clock=tools.clock,
            to_queue=partial(_to_queue, tools, is_chat=self._is_chat),
            recording=self._recording,
        )
        return self.bridging


def _is_open(flow: Flow, queue: QueueId, at_ms: int) -> bool:
    """Say whether a queue will be open at a time, as planned."""
    names = [name for (name, _), one in flow.queues.items() if one.id == queue]
    return bool(names) and how_stands(flow, names[0], at_ms).is_open


def _moved(tools: NodeTools, queue: QueueId) -> QueueDefinition | None:
    """Return where whoever waits in a queue is to wait now, if a supervisor moves them.

    The queue may be another line's, which has passed the caller on.
    """
    line = line_of(tools.lines, queue)
    return moved(line.flow, tools.switches(line.id), queue)


def _to_queue(tools: NodeTools, queue: QueueId, *, is_chat: bool) -> QueueDefinition:
    """Return where the caller waits once handed to a queue. Raises UnknownName, QueueClosed."""
    return target_queue(
        tools.lines, tools.switches, queue, is_chat=is_chat, at_ms=tools.clock.now_ms()
    )
