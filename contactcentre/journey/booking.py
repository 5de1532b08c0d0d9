"""The offer of a callback to whoever waits, and its booking by the keys of a telephone.

It comes in the caller's turn, or in a half hour of today that the caller chooses, at the caller's
own place then.
The caller waits all the while: an adviser who is free meanwhile takes the call, and nothing has
been booked. The caller hears "booked" only once it is durable; where it cannot be written the
caller goes on waiting, and is told so.
"""

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

from contactcentre.domain.announcing import (
    CALLBACK_CHECK,
    CALLBACK_FULL,
    CALLBACK_LATER,
    CALLBACK_NOT_NOW,
    CALLBACK_NUMBER,
    CALLBACK_NUMBER_IS,
    CALLBACK_OFFER,
    CALLBACK_PRESS,
    CALLBACK_SLOTS,
    CALLBACK_STAYS,
    CALLBACK_WHEN,
    CALLBACK_WRONG_NUMBER,
    DIGITS,
)
from contactcentre.domain.callback import (
    DIGITS_MAX,
    CallbackNews,
    OfferRule,
    is_quiet,
    is_time_to_offer,
    national,
    slot_label,
    slot_of,
    slots_later_today,
    uk_number,
)
from contactcentre.domain.errors import BadRequest, LedgerUnavailable
from contactcentre.domain.events import CallbackBooked
from contactcentre.domain.hours import local, moment
from contactcentre.domain.ids import PhoneNumber, QueueId, SoundName
from contactcentre.domain.ivr.opening_words import time_words
from contactcentre.ports.callbacks import Booking, CountNews, Promises
from contactcentre.ports.environment import Clock
from contactcentre.ports.live import LiveCall
from contactcentre.together import Together

CALLBACK_KEY = "1"
RIGHT_KEY, AGAIN_KEY = "1", "2"
DONE_KEY, LEAVE_KEY = "#", "*"
CALLBACK_LABEL = SoundName("label_callback")
TYPING_LABELS: Mapping[str, SoundName] = {
    DONE_KEY: SoundName("label_callback_done"),
    LEAVE_KEY: SoundName("label_callback_leave"),
}
CHECK_LABELS: Mapping[str, SoundName] = {
    RIGHT_KEY: SoundName("label_callback_right"),
    AGAIN_KEY: SoundName("label_callback_again"),
    LEAVE_KEY: SoundName("label_callback_leave"),
}
TURN_KEY, CHOOSE_KEY, LATER_KEY = "1", "2", "5"
WHEN_LABELS: Mapping[str, SoundName] = {
    TURN_KEY: SoundName("label_callback_turn"),
    CHOOSE_KEY: SoundName("label_callback_choose"),
    LEAVE_KEY: SoundName("label_callback_leave"),
}
LATER_LABEL = SoundName("label_callback_later")
KEYS = "0123456789*#"
TRIES_MAX = 3
IsOpen = Callable[[QueueId, int], bool]
"""Says whether a queue is open at a time."""
KEY_WITHIN_MS = 10_000
"""Whoever presses nothing for so long has keyed all, or goes on waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The half hour that a callback is promised for."""

    begins_ms: int
    due_ms: int
    """0: in the caller's turn."""


class CallbackOffers:
    """What one waiting caller is offered, and books. See ports.callbacks.Offers."""

    def __init__(
        self,
        live: LiveCall,
        *,
        promises: Promises,
        slots_max: Mapping[QueueId, int],
        is_open: IsOpen,
        rule: OfferRule,
        clock: Clock,
        count: CountNews,
    ) -> None:
        """Begin; `slots_max` says how many callbacks a queue may promise in half an hour."""
        self._live = live
        self._promises = promises
        self._slots_max = slots_max
        self._is_queue_open = is_open
        self._rule = rule
        self._clock = clock
        self._count = count
        self.is_booked = False
        """It is durable that the caller will be rung back."""
        self._is_open = False
        self._offered_at_ms: int | None = None

    @property
    def keys(self) -> Mapping[str, SoundName]:
        """Return the key that asks for a callback, once one has been offered."""
        return {CALLBACK_KEY: CALLBACK_LABEL} if self._is_open and self._slot_max else {}

    async def offer(self, *, wait_ms: int | None) -> tuple[SoundName, ...]:
        """Return what is said of callbacks now, after the place; nothing most of the time."""
        call, slot_max = self._live.call, self._slot_max
        now_ms, at_ms = self._clock.now_ms(), self._clock.monotonic_ms()
        if slot_max is None or call.queue is None or is_quiet(self._rule.hours, now_ms):
            self._is_open = False
            return ()
        since_ms = None if self._offered_at_ms is None else at_ms - self._offered_at_ms
        waited_ms = now_ms - (call.enqueued_ms or now_ms)
        if not is_time_to_offer(
            self._rule, wait_ms=wait_ms, waited_ms=waited_ms, since_offer_ms=since_ms
        ):
            return ()
        try:
            has_room = bool(await self._rooms())
        except LedgerUnavailable:
            self._is_open = False  # what could not be booked is not offered
            return ()
        self._is_open, self._offered_at_ms = has_room, at_ms
        self._count(call.queue, CallbackNews.OFFERED if has_room else CallbackNews.FULL)
        return (CALLBACK_OFFER,) if has_room else (CALLBACK_FULL,)

    async def accept(self) -> bool:
        """Ask for the number and book; return whether it is durable, else the wait goes on."""
        number = await self._number()
        chosen = None if number is None else await self._when()
        if number is None or chosen is None:
            await self._live.say((CALLBACK_STAYS,), keys={})
            return False
        refused = chosen if isinstance(chosen, str) else await self._book(number, chosen)
        if refused is not None:
            await self._live.say((refused,), keys={})
            return False
        self.is_booked = True
        self._live.note(CallbackBooked(call=self._live.call.id, at_ms=self._clock.now_ms()))
        return True

    @property
    def _slot_max(self) -> int | None:
        queue = self._live.call.queue
        return None if queue is None else self._slots_max.get(queue)

    async def _rooms(self) -> Sequence[int]:
        """Return in which half hours of today a callback may be promised, this one the first.

        Raises LedgerUnavailable.
        """
        queue, slot_max, now_ms = self._live.call.queue, self._slot_max, self._clock.now_ms()
        if queue is None or slot_max is None:
            return []
        later = [
            slot_ms
            for slot_ms in slots_later_today(self._rule.hours, now_ms)
            if self._is_queue_open(queue, slot_ms)
        ]
        return await self._promises.rooms(queue, [slot_of(now_ms), *later], slot_max=slot_max)

    async def _when(self) -> Slot | SoundName | None:
        """Return in which half hour the caller is to be rung; None to go on waiting.

        Or what the caller is told, if there is none.
        """
        try:
            rooms = await self._rooms()
        except LedgerUnavailable:
            return CALLBACK_NOT_NOW
        this_ms = slot_of(self._clock.now_ms())
        later = [slot_ms for slot_ms in rooms if slot_ms > this_ms]
        if this_ms not in rooms:
            return await self._slot(later) if later else CALLBACK_FULL
        in_turn = Slot(begins_ms=this_ms, due_ms=0)
        if not later:
            return in_turn
        match await self._chosen((CALLBACK_WHEN,), WHEN_LABELS):
            case "1":
                return in_turn
            case "2":
                return await self._slot(later)
            case _:
                return None

    async def _slot(self, slots: Sequence[int]) -> Slot | None:
        """Return which half hour the caller chooses of some, a few at a time; None for none."""
        first: tuple[SoundName, ...] = (CALLBACK_SLOTS,)
        while True:
            some = dict(zip(CALLBACK_PRESS, slots, strict=False))
            slots = slots[len(some) :]
            sounds = [
                sound
                for key, slot_ms in some.items()
                for sound in (CALLBACK_PRESS[key], *time_words(local(moment(slot_ms))))
            ]
            labels = {key: slot_label(slot_ms) for key, slot_ms in some.items()}
            if slots:
                sounds.append(CALLBACK_LATER)
                labels[LATER_KEY] = LATER_LABEL
            labels[LEAVE_KEY] = WHEN_LABELS[LEAVE_KEY]
            key = await self._chosen((*first, *sounds), labels)
            if key in some:
                return Slot(begins_ms=some[key], due_ms=some[key])
            if key != LATER_KEY:
                return None
            first = ()

    async def _book(self, number: PhoneNumber, slot: Slot) -> SoundName | None:
        """Book a callback; return None once it is durable, else what the caller is told."""
        call, slot_max = self._live.call, self._slot_max
        if slot_max is None or call.queue is None:
            return CALLBACK_NOT_NOW  # the caller has been moved to another queue meanwhile
        assert call.service_class is not None, "whoever waits has a class"
        assert call.enqueued_ms is not None, "whoever waits has a time of joining"
        booking = Booking(
            call=call.id,
            line=call.line,
            queue=call.queue,
            language=call.language,
            service_class=call.service_class,
            enqueued_ms=call.enqueued_ms,
            number=number,
            at_ms=self._clock.now_ms(),
            slot_ms=slot.begins_ms,
            due_ms=slot.due_ms,
        )
        try:
            is_booked = await self._promises.book(booking, slot_max=slot_max)
        except (LedgerUnavailable, BadRequest):
            self._count(call.queue, CallbackNews.NOT_WRITTEN)
            return CALLBACK_NOT_NOW
        self._count(call.queue, CallbackNews.BOOKED if is_booked else CallbackNews.FULL)
        self._is_open = is_booked
        return None if is_booked else CALLBACK_FULL

    async def _number(self) -> PhoneNumber | None:
        """Return the number that the caller has keyed and found right; None to go on waiting."""
        first: tuple[SoundName, ...] = ()
        for _ in range(TRIES_MAX):
            keyed = await self._digits((*first, CALLBACK_NUMBER))
            if keyed is None:
                return None
            number = uk_number(keyed)
            if number is None:
                first = (CALLBACK_WRONG_NUMBER,)
                continue
            first = ()
            match await self._checked(number):
                case "1":
                    return number
                case "2":
                    continue
                case _:
                    return None
        return None

    async def _digits(self, sounds: tuple[SoundName, ...]) -> str | None:
        """Return what the caller has keyed; None if that is nothing, or the caller leaves it."""
        keyed = ""
        key = await self._ask(sounds, TYPING_LABELS, stops=KEYS)
        while key is not None and key not in TYPING_LABELS:
            keyed += key
            if len(keyed) == DIGITS_MAX:
                return keyed
            key = await self._live.key(within_ms=KEY_WITHIN_MS)
        return None if key == LEAVE_KEY else keyed or None

    async def _checked(self, number: PhoneNumber) -> str | None:
        """Read a number back; return what the caller answers, None for nothing.

        Keys from before are no answer: whoever keys one digit too many has not heard the number.
        """
        while await self._live.key(within_ms=0) is not None:
            pass
        digits = (DIGITS[digit] for digit in national(number))
        return await self._chosen((CALLBACK_NUMBER_IS, *digits, CALLBACK_CHECK), CHECK_LABELS)

    async def _chosen(
        self, sounds: tuple[SoundName, ...], keys: Mapping[str, SoundName]
    ) -> str | None:
        """Ask until a key is pressed that means something; None if none came in time."""
        key = await self._ask(sounds, keys, stops=keys)
        while key is not None and key not in keys:
            key = await self._live.key(within_ms=KEY_WITHIN_MS)
        return key

    async def _ask(
        self,
        sounds: tuple[SoundName, ...],
        keys: Mapping[str, SoundName],
        *,
        stops: Container[str],
    ) -> str | None:
        """Say something until a key is pressed; return the key, None if none came in time.

        Only a key that `stops` it cuts it short: a hash after the last digit must not silence the
        number that is read back.
        """
        async with Together() as group:
            saying = group.create_task(self._live.say(sounds, keys=keys), name="question")
            pressing = group.create_task(self._pressed(stops), name="answer")
            await asyncio.wait({saying, pressing}, return_when=asyncio.FIRST_COMPLETED)
            pressed = pressing.result() if pressing.done() else None
            saying.cancel()
            pressing.cancel()
        return pressed if pressed is not None else await self._live.key(within_ms=KEY_WITHIN_MS)

    async def _pressed(self, some: Container[str]) -> str | None:
        """Return the next key that is one of some."""
        while (key := await self._live.key(within_ms=None)) not in some:
            pass
        return key
