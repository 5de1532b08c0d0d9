"""The wait: a place by the time of joining, music with a voice in it, and no end but a person's.

No timer here ends a wait. The store orders the queue; while it is away the caller keeps the time
that this node gave, and the node's reports put the call into its place once the store is back.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from contactcentre.domain.announcing import ANOTHER_TEAM, HOLD_INTRO, announce_place
from contactcentre.domain.call import Call
from contactcentre.domain.classes import ServiceClass, head_start_ms
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.events import CallOverflowed, CallQueued, PlaceTold
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
from contactcentre.domain.overflow import Onward
from contactcentre.domain.queueing import (
    MOVED_WITHIN_MS,
    SHOWN_EVERY_MS,
    expected_wait_ms,
    honest_wait_ms,
    next_announcement_ms,
)
from contactcentre.ports.callbacks import Offers
from contactcentre.ports.environment import Clock
from contactcentre.ports.live import LiveCall, Offered
from contactcentre.ports.state import CallQueues, Place
from contactcentre.together import Together

OFFER_LOOK_MS = 60_000

PassOn = Callable[[Call, Place], Onward | None]
"""Says where a call at its place is to wait from now on as its queue is full, if anywhere."""


class Waiting:
    """One call's wait for an adviser."""

    def __init__(
        self,
        live: LiveCall,
        flow: Flow,
        *,
        queues: CallQueues,
        clock: Clock,
        errors: WaitErrors,
        moved: Callable[[QueueId], QueueDefinition | None] = lambda _: None,
        pass_on: PassOn = lambda _call, _place: None,
        callbacks: Offers | None = None,
        is_chat: bool = False,
    ) -> None:
        """Begin; `moved` says where whoever waits in a queue is to wait instead, if anywhere.

        Without `callbacks` none is ever offered. Whoever chats has no keys.
        """
        self._is_chat = is_chat
        self._moved = moved
        self._pass_on = pass_on
        self._first: tuple[SoundName, ...] = ()
        """What is still to be said before anything else."""
        self._is_begun = False
        """Whether the caller has been told that the wait has begun."""
        self._callbacks = callbacks
        self._flow = flow
        self._live = live
        self._queues = queues
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

    def begin_elsewhere(self, first: tuple[SoundName, ...]) -> None:
        """Begin another wait, after a talk, with these words alone, and then the place there."""
        self._first, self._is_begun, self._said_at_ms = first, True, None

    async def offered(self, *, first: tuple[SoundName, ...] = ()) -> Offered | None:
        """Wait, with music and announcements, until a reservation for this call is taken up.

        Return None once the caller has booked a callback instead.
        """
        self._first = (*self._first, *first)
        async with Together() as group:
            attending = group.create_task(self._attend(), name="announcements and keys")
            coming = group.create_task(self._next_offer(), name="offer")
            await asyncio.wait({attending, coming}, return_when=asyncio.FIRST_COMPLETED)
            # what is booked is durable: an offer that came with it goes to somebody else
            offered = None if attending.done() else coming.result()
            attending.cancel()
            coming.cancel()
        return offered

    async def _next_offer(self) -> Offered:
        while (offered := await self._live.offer(within_ms=OFFER_LOOK_MS)) is None:
            pass
        self._expectation.over(at_ms=self._clock.monotonic_ms())
        return offered

    async def _attend(self) -> None:
        """Announce the wait, and do what keys, a switch or a full queue ask for.

        0 moves the caller to extra support, a switch or a full queue to another queue. Return once
        a callback stands.
        """
        while True:
            async with Together() as group:
                voice = group.create_task(self._announce(), name="announcements")
                asked = group.create_task(self._key_asked(), name="keys")
                await asyncio.wait({voice, asked}, return_when=asyncio.FIRST_COMPLETED)
                key = asked.result() if asked.done() else None
                voice.cancel()
                asked.cancel()
            if key == EXTRA_SUPPORT_KEY:
                self._first = await self._move_to_extra_support()
            elif key is None:
                await self._move_on(voice.result())
            elif self._callbacks is not None and await self._callbacks.accept():
                return

    async def _key_asked(self) -> str:
        """Return the next key that means something here."""
        while (key := await self._live.key(within_ms=None)) not in self._keys():
            pass
        assert key is not None, "it has waited for one"
        return key

    async def _move_to_extra_support(self) -> tuple[SoundName, ...]:
        """Go on waiting for extra support, since when the wait began; return what is said first."""
        step, queue = self._extra_support
        await self.join(
            queue=queue.id,
            service_class=queue.service_class,
            enqueued_ms=self._live.call.enqueued_ms,
        )
        self._said_at_ms, self._is_begun = None, False
        return step.prompts

    async def _move_on(self, onward: Onward | None) -> None:
        """Go on waiting where a supervisor sends this queue, or where a full queue passes on to.

        Class and time stay as they are.
        """
        call = self._live.call
        assert call.queue is not None, "whoever is moved waits"
        assert call.service_class is not None, "and has a class"
        target = self._moved(call.queue)
        if target is not None:
            await self.join(
                queue=target.id, service_class=call.service_class, enqueued_ms=call.enqueued_ms
            )
        elif onward is not None:  # else the switch has been turned back meanwhile
            await self._overflow(onward, service_class=call.service_class)

    async def _overflow(self, onward: Onward, *, service_class: ServiceClass) -> None:
        """Let the call wait in another queue at its old time, and tell the caller so."""
        call = self._live.call
        assert call.queue is not None, "whoever is passed on waits"
        assert call.enqueued_ms is not None, "and has a time"
        self._live.note(
            CallOverflowed(
                call=call.id,
                at_ms=self._clock.now_ms(),
                from_queue=call.queue,
                queue=onward.queue.id,
                service_class=service_class,
                enqueued_ms=call.enqueued_ms,
                why=onward.why,
            )
        )
        await self.take_place()
        self._first = (*self._first, ANOTHER_TEAM)
        self._said_at_ms = None

    @property
    def _extra_support(self) -> tuple[QueueStep, QueueDefinition]:
        step = self._flow.steps[self._flow.extra_support]
        assert isinstance(step, QueueStep), "the linter lets no other step be extra support"
        return step, self._flow.extra_support_queue(self._live.call.language)

    def _keys(self) -> Mapping[str, SoundName]:
        """Return the keys that do something: 0, unless the caller waits there or it is closed.

        And that of a callback, once it has been offered.
        """
        callback = {} if self._callbacks is None else self._callbacks.keys
        waits_there = self._live.call.queue == self._extra_support[1].id
        if self._is_chat or waits_there or not self._extra_support_is_open:
            return callback
        return {**callback, EXTRA_SUPPORT_KEY: EXTRA_SUPPORT_LABEL}

    @property
    def _extra_support_is_open(self) -> bool:
        """Say whether extra support is open now, or was when this call came in."""
        moments = (self._clock.now_ms(), self._live.call.arrived_at_ms)
        return any(extra_support_is_open(self._flow, at_ms) for at_ms in moments)

    async def _announce(self) -> Onward | None:
        """Say the place now and then, and show it in between.

        Return if the call is to be moved: to where its queue passes it on, None if a switch does.
        """
        while True:
            place = await self._show_place()
            if self._is_to_move:
                return None
            onward = None if place is None else self._pass_on(self._live.call, place)
            if onward is not None:
                return onward
            if self._first or not self._is_begun:
                await self._say_first()
                continue  # the place may be another one by now
            if place is not None and self._is_time_to_say_it():
                await self._say_place(place)
            await self._rest()

    async def _rest(self) -> None:
        """Wait until the place is shown again, or the call is to be moved."""
        for _ in range(SHOWN_EVERY_MS // MOVED_WITHIN_MS):
            await self._clock.sleep_ms(MOVED_WITHIN_MS)
            if self._is_to_move:
                return

    async def _say_first(self) -> None:
        """Say what comes before all places, each thing once."""
        intro = () if self._is_begun else (HOLD_INTRO,)
        await self._live.say((*self._first, *intro), keys=self._keys())
        self._first, self._is_begun = (), True

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
        more = () if self._callbacks is None else await self._callbacks.offer(wait_ms=wait_ms)
        await self._live.say((*announce_place(place.place, wait_ms), *more), keys=self._keys())

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
