"""The wait: a place by the time of joining, music with a voice in it, and no end but a person's.

No timer here ends a wait. The store orders the queue; while it is away the caller keeps the time
that this node gave, and the node's reports put the call into its place once the store is back.
"""

import asyncio

from contactcentre.domain.announcing import HOLD_INTRO, announce_place
from contactcentre.domain.classes import HEAD_START_MS, ServiceClass
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.events import CallQueued, PlaceTold
from contactcentre.domain.ids import QueueId, SoundName
from contactcentre.domain.queueing import SHOWN_EVERY_MS, honest_wait_ms, next_announcement_ms
from contactcentre.ports.environment import Clock
from contactcentre.ports.live import LiveCall, Offered
from contactcentre.ports.media import Media
from contactcentre.ports.state import CallQueues, Place

OFFER_LOOK_MS = 60_000


class Waiting:
    """One call's wait for an adviser."""

    def __init__(self, live: LiveCall, *, queues: CallQueues, media: Media, clock: Clock) -> None:
        self._live = live
        self._queues = queues
        self._media = media
        self._clock = clock
        self._said_at_ms: int | None = None

    async def join(
        self, *, queue: QueueId, service_class: ServiceClass, enqueued_ms: int | None
    ) -> None:
        """Give the call its place."""
        call = self._live.call
        try:
            enqueued_ms = await self._queues.join(
                call=call.id,
                line=call.line,
                queue=queue,
                head_start_ms=HEAD_START_MS[service_class],
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

    async def offered(self, *, first: tuple[SoundName, ...] = ()) -> Offered:
        """Wait, with music and announcements, until a reservation for this call is taken up."""
        self._media.play_music(self._live.caller_leg, on=True)
        async with asyncio.TaskGroup() as group:
            voice = group.create_task(self._announce(first), name="announcements")
            offered = None
            while offered is None:
                offered = await self._live.offer(within_ms=OFFER_LOOK_MS)
            voice.cancel()
        return offered

    async def _announce(self, first: tuple[SoundName, ...]) -> None:
        """Say the place now and then, and show it in between, for as long as the wait lasts."""
        await self._show_place()
        if self._said_at_ms is None:
            await self._live.say((*first, HOLD_INTRO), keys={})
        while True:
            place = await self._show_place()
            if place is not None and self._is_time_to_say_it():
                await self._say_place(place)
            await self._clock.sleep_ms(SHOWN_EVERY_MS)

    async def _show_place(self) -> Place | None:
        """Show the place on the page, and return it; None if the call has none now."""
        place = await self._place()
        if place is not None:
            self._live.tell_place(place=place.place, wait_ms=_wait_ms(place))
        return place

    def _is_time_to_say_it(self) -> bool:
        return self._said_at_ms is None or not next_announcement_ms(
            last_said_at_ms=self._said_at_ms, now_ms=self._clock.monotonic_ms()
        )

    async def _say_place(self, place: Place) -> None:
        self._said_at_ms = self._clock.monotonic_ms()
        wait_ms = _wait_ms(place)
        self._live.note(
            PlaceTold(
                call=self._live.call.id,
                at_ms=self._clock.now_ms(),
                place=place.place,
                wait_ms=wait_ms,
            )
        )
        await self._live.say(announce_place(place.place, wait_ms), keys={})

    async def _place(self) -> Place | None:
        queue = self._live.call.queue
        assert queue is not None, "only a queued call waits"
        try:
            return await self._queues.place(call=self._live.call.id, queue=queue)
        except StateUnavailable:
            return None


def _wait_ms(place: Place) -> int | None:
    return honest_wait_ms(place=place.place, served_every_ms=place.served_every_ms)
