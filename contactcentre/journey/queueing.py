"""The wait: a place by the time of joining, music with a voice in it, and no end but a person's.

No timer here ends a wait. The store orders the queue; while it is away the caller keeps the time
that this node gave, and the node's reports put the call into its place once the store is back.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from contactcentre.domain.announcing import HOLD_INTRO, announce_place
from contactcentre.domain.classes import ServiceClass, head_start_ms
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.events import CallQueued, PlaceTold
from contactcentre.domain.expecting import Expectation, WaitErrors
from contactcentre.domain.ids import QueueId, SoundName
from contactcentre.domain.ivr.doors import extra_support_is_open
from contactcentre.domain.ivr.flow import (
    EXTRA_SUPPORT_KEY,
    EXTRA_SUPPORT_LABEL,
    Flow,
    QueueDefinition,
    QueueStep,
)
from contactcentre.domain.queueing import (
    SHOWN_EVERY_MS,
    expected_wait_ms,
    honest_wait_ms,
    next_announcement_ms,
)
from contactcentre.ports.environment import Clock
from contactcentre.ports.live import LiveCall, Offered
from contactcentre.ports.media import Media
from contactcentre.ports.state import CallQueues, Place

OFFER_LOOK_MS = 60_000


class Waiting:
    """One call's wait for an adviser."""

    def __init__(
        self,
        live: LiveCall,
        flow: Flow,
        *,
        queues: CallQueues,
        media: Media,
        clock: Clock,
        errors: WaitErrors,
        moved: Callable[[QueueId], QueueDefinition | None] = lambda _: None,
        is_chat: bool = False,
    ) -> None:
        """Begin; `moved` says where whoever waits in a queue is to wait instead, if anywhere.

        Whoever chats has no keys.
        """
        self._is_chat = is_chat
        self._moved = moved
        self._flow = flow
        self._live = live
        self._queues = queues
        self._media = media
        self._clock = clock
        self._errors = errors
        self._expectation = Expectation(errors)
        self._said_at_ms: int | None = None

    async def join(
        self, *, queue: QueueId, service_class: ServiceClass, enqueued_ms: int | None
    ) -> None:
        """Give the call its place."""
        call = self._live.call
        try:
            enqueued_ms = await self._queues.join(
                call=call.id,
                queue=queue,
                head_start_ms=head_start_ms(service_class),
                enqueued_ms=enqueued_ms,
                epoch=call.epoch,
                node=call.node,
            )
        except StateUnavailable:
            enqueued_ms = enqueued_ms or self._clock.now_ms()
        self._live.note(
            CallQueued(
                call=call.id,
                at_ms=self._clock.now_ms(),
                queue=queue,
                service_class=service_class,
                enqueued_ms=enqueued_ms,
            )
        )

    async def take_place(self) -> None:
        """Let a call that has moved here with its place be offered from here."""
        call = self._live.call
        assert call.queue is not None, "whoever has a place has a queue"
        assert call.service_class is not None, "and a class"
        with suppress(StateUnavailable):  # the node's next report says that the call waits
            await self._queues.join(
                call=call.id,
                queue=call.queue,
                head_start_ms=head_start_ms(call.service_class),
                enqueued_ms=call.enqueued_ms,
                epoch=call.epoch,
                node=call.node,
            )

    async def offered(self, *, first: tuple[SoundName, ...] = ()) -> Offered:
        """Wait, with music and announcements, until a reservation for this call is taken up."""
        self._media.play_music(self._live.caller_leg, on=True)
        async with asyncio.TaskGroup() as group:
            attending = group.create_task(self._attend(first), name="announcements and keys")
            offered = None
            while offered is None:
                offered = await self._live.offer(within_ms=OFFER_LOOK_MS)
            attending.cancel()
        self._expectation.over(at_ms=self._clock.monotonic_ms())
        return offered

    async def _attend(self, first: tuple[SoundName, ...]) -> None:
        """Announce the wait, and move the caller if 0 asks for extra support, or a switch does."""
        while True:
            async with asyncio.TaskGroup() as group:
                voice = group.create_task(self._announce(first), name="announcements")
                asked = group.create_task(self._extra_support_asked(), name="keys")
                await asyncio.wait({voice, asked}, return_when=asyncio.FIRST_COMPLETED)
                to_extra_support = asked.done()
                voice.cancel()
                asked.cancel()
            if to_extra_support:
                first = await self._move_to_extra_support()
            else:
                first = ()
                await self._move_elsewhere()

    async def _extra_support_asked(self) -> None:
        """Return once the caller asks for extra support and does not wait for it already."""
        while await self._live.key(within_ms=None) != EXTRA_SUPPORT_KEY or not self._keys():
            pass  # no other key means anything here

    async def _move_to_extra_support(self) -> tuple[SoundName, ...]:
        """Go on waiting for extra support, since when the wait began; return what is said first."""
        step, queue = self._extra_support
        await self.join(
            queue=queue.id,
            service_class=queue.service_class,
            enqueued_ms=self._live.call.enqueued_ms,
        )
        self._said_at_ms = None
        return step.prompts

    async def _move_elsewhere(self) -> None:
        """Go on waiting where a supervisor sends this queue, with the same class and time."""
        call = self._live.call
        target = None if call.queue is None else self._moved(call.queue)
        if target is None or call.service_class is None:
            return  # the switch has been turned back meanwhile
        await self.join(
            queue=target.id, service_class=call.service_class, enqueued_ms=call.enqueued_ms
        )

    @property
    def _extra_support(self) -> tuple[QueueStep, QueueDefinition]:
        step = self._flow.steps[self._flow.extra_support]
        assert isinstance(step, QueueStep), "the linter lets no other step be extra support"
        return step, self._flow.extra_support_queue(self._live.call.language)

    def _keys(self) -> Mapping[str, SoundName]:
        """Return the keys that do something: 0, unless the caller waits there or it is closed."""
        waits_there = self._live.call.queue == self._extra_support[1].id
        if self._is_chat or waits_there or not self._extra_support_is_open:
            return {}
        return {EXTRA_SUPPORT_KEY: EXTRA_SUPPORT_LABEL}

    @property
    def _extra_support_is_open(self) -> bool:
        """Say whether extra support is open now, or was when this call came in."""
        moments = (self._clock.now_ms(), self._live.call.arrived_at_ms)
        return any(extra_support_is_open(self._flow, at_ms) for at_ms in moments)

    async def _announce(self, first: tuple[SoundName, ...]) -> None:
        """Say the place now and then, and show it in between; return if the call is to be moved."""
        await self._show_place()
        if self._said_at_ms is None:
            await self._live.say((*first, HOLD_INTRO), keys=self._keys())
        while not self._is_to_move:
            place = await self._show_place()
            if place is not None and self._is_time_to_say_it():
                await self._say_place(place)
            await self._clock.sleep_ms(SHOWN_EVERY_MS)

    @property
    def _is_to_move(self) -> bool:
        queue = self._live.call.queue
        return queue is not None and self._moved(queue) is not None

    async def _show_place(self) -> Place | None:
        """Show the place on the page, and return it; None if the call has none now."""
        place = await self._place()
        if place is not None:
            self._live.tell_place(place=place.place, wait_ms=self._wait_ms(place))
        return place

    def _is_time_to_say_it(self) -> bool:
        return self._said_at_ms is None or not next_announcement_ms(
            last_said_at_ms=self._said_at_ms, now_ms=self._clock.monotonic_ms()
        )

    async def _say_place(self, place: Place) -> None:
        self._said_at_ms = self._clock.monotonic_ms()
        wait_ms = self._wait_ms(place)
        self._live.note(
            PlaceTold(
                call=self._live.call.id,
                at_ms=self._clock.now_ms(),
                place=place.place,
                wait_ms=wait_ms,
            )
        )
        await self._live.say(announce_place(place.place, wait_ms), keys=self._keys())

    async def _place(self) -> Place | None:
        queue = self._live.call.queue
        assert queue is not None, "only a queued call waits"
        try:
            return await self._queues.place(call=self._live.call.id, queue=queue)
        except StateUnavailable:
            return None

    def _wait_ms(self, place: Place) -> int | None:
        """Return the wait that may honestly be told, and remember what was to be expected."""
        queue = self._live.call.queue
        assert queue is not None, "only a queued call waits"
        expected_ms = expected_wait_ms(place=place.place, served_every_ms=place.served_every_ms)
        self._expectation.see(queue, wait_ms=expected_ms, at_ms=self._clock.monotonic_ms())
        return honest_wait_ms(expected_ms, typical_error=self._errors.typical(queue))
