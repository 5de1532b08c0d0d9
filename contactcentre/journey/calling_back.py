"""One offer of a callback: the ring at the desk, and the adviser's attempt to reach the caller.

Agent-first: nobody is rung before an adviser has taken the callback. The adviser rings the number
on a phone of the desk, or has a media node ring it, and says how it ended; that is written down
once for the token. A call that is answered is the node's from then on. Whatever becomes of an
offer, the callback stands where it stood before, or the attempt is in the record.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from contactcentre.domain.call import CallState
from contactcentre.domain.callback import Attempt, Callback, CallbackNews, TakeUp, news_of
from contactcentre.domain.errors import (
    LedgerUnavailable,
    Outage,
    Refusal,
    StaleEpoch,
    StaleToken,
    StateUnavailable,
)
from contactcentre.domain.events import Ending, LapseReason
from contactcentre.domain.ids import Token
from contactcentre.ports.callbacks import CallbackDesks, Callbacks, Held
from contactcentre.ports.environment import Clock
from contactcentre.ports.live import Offered
from contactcentre.ports.state import CallQueues

AGAIN_EVERY_MS = 1_000


class CallingBack:
    """Conducts offers of callbacks. See ports.callbacks.Conductor."""

    def __init__(
        self,
        *,
        callbacks: Callbacks,
        queues: CallQueues,
        desks: CallbackDesks,
        clock: Clock,
        ring_ms: int,
        count: Callable[[Callback, Token, CallbackNews], None],
    ) -> None:
        self._callbacks = callbacks
        self._queues = queues
        self._desks = desks
        self._clock = clock
        self._ring_ms = ring_ms
        self._count = count

    async def conduct(self, held: Held, offered: Offered) -> None:
        """Ring the adviser, and let the adviser ring the number; return once that is over."""
        lapse = await self._ring(held, offered)
        if lapse is None:
            await self._talk(held, offered)
            return
        callback, desk = held.callback, held.offered or offered
        held.wait_again()
        with suppress(StateUnavailable):  # the next report says that it waits
            await self._queues.give_back(
                call=callback.id, adviser=offered.adviser, token=offered.token, why=lapse
            )
        with suppress(Refusal, Outage):  # the desk learns it from the live state
            await self._desks.over(callback, desk, lapse=lapse)

    async def go_on(self, held: Held) -> None:
        """Go on with an adviser who has taken the callback from a keeper that is lost."""
        while held.offered is not None:
            try:
                await self._desks.moved(held.callback, held.offered)
            except (StaleToken, StaleEpoch):
                held.wait_again()  # it is over there, and nobody knows how
            except (Refusal, Outage):
                await self._clock.sleep_ms(AGAIN_EVERY_MS)
            else:
                await self._attempt(held)
                return

    async def _ring(self, held: Held, offered: Offered) -> LapseReason | None:
        """Ring the adviser; return None once the adviser has taken it, else why it lapsed."""
        held.ring_until_ms = self._clock.monotonic_ms() + self._ring_ms
        try:
            await self._desks.ring(held.callback, offered, ring_ms=self._ring_ms)
        except (Refusal, Outage):
            return LapseReason.DESK_UNREACHABLE
        while (left_ms := held.ring_until_ms - self._clock.monotonic_ms()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left_ms / 1_000):
                    match await held.words.get():
                        case TakeUp.TAKE:
                            return None
                        case TakeUp.DECLINE:
                            return LapseReason.DECLINED
                        case _:
                            pass
        return LapseReason.NO_ANSWER

    async def _talk(self, held: Held, offered: Offered) -> None:
        """Let the adviser ring the number, and write down how that ended."""
        held.state = CallState.TALKING
        callback = held.callback
        with suppress(Refusal, Outage):  # the next report says so
            await self._queues.answer(
                call=callback.id, adviser=offered.adviser, token=offered.token
            )
        with suppress(Refusal, Outage):  # the desk learns it from the live state
            await self._desks.bridged(callback, held.offered or offered)
        await self._attempt(held)

    async def _attempt(self, held: Held) -> None:
        attempt = await _said(held)
        offered = held.offered
        assert offered is not None, "whoever is at a callback has it"
        held.state = CallState.ENDED
        callback, at_ms = held.callback, self._clock.now_ms()
        is_written = await self._is_written(callback, offered, attempt, at_ms)
        with suppress(StateUnavailable, Refusal):  # its keeper tells it again
            await self._queues.end(call=callback.id, epoch=callback.epoch, ending=Ending.CALLBACK)
        with suppress(Refusal, Outage):  # the desk learns it from the live state
            await self._desks.over(callback, offered, lapse=None)
        while not is_written:  # the adviser goes on meanwhile
            await self._clock.sleep_ms(AGAIN_EVERY_MS)
            is_written = await self._is_written(callback, offered, attempt, at_ms)

    async def _is_written(
        self, callback: Callback, offered: Offered, attempt: Attempt, at_ms: int
    ) -> bool:
        """Write down how an attempt ended; False while the record is away."""
        try:
            stands = await self._callbacks.conclude(
                callback.id, attempt, adviser=offered.adviser, token=offered.token, at_ms=at_ms
            )
        except LedgerUnavailable:
            return False
        self._count(callback, offered.token, news_of(attempt, stands.state))
        return True


async def _said(held: Held) -> Attempt:
    """Return how the adviser says that it ended."""
    while True:
        word = await held.words.get()
        if isinstance(word, Attempt):
            return word
