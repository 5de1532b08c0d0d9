"""Whether a media node may ring the number of a callback, as its keeper allows it.

One number is rung once for each time that its adviser has taken the callback, however often it is
asked about: the node that asked first may, and says so again for as long as it rings. Only what
was no attempt, or was lost with its node, may be rung again; and never by two nodes at once,
whoever has taken the callback meanwhile.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from contactcentre.domain.call import CallState
from contactcentre.domain.callback import Callback, CallbackNews, RingingHours, is_quiet
from contactcentre.domain.errors import OutOfOrder, StaleToken, TooMany, UnknownName
from contactcentre.domain.ids import AdviserId, CallId, Token
from contactcentre.limits import DIAL_LOST_AFTER_MS
from contactcentre.ports.callbacks import Callbacks, Dialling, Held
from contactcentre.ports.environment import Clock
from contactcentre.ports.live import Offered


class Holder(Protocol):
    """Whoever keeps callbacks."""

    def offered_to(self, call: CallId, adviser: AdviserId, token: Token) -> tuple[Held, Offered]:
        """Return what is offered to an adviser, or taken. Raises UnknownName, StaleToken."""


class DiallingBack:
    """What one keeper allows of the callbacks that it has."""

    def __init__(
        self,
        holder: Holder,
        callbacks: Callbacks,
        *,
        clock: Clock,
        hours: RingingHours,
        count: Callable[[Callback, Token, CallbackNews], None],
    ) -> None:
        self._holder = holder
        self._callbacks = callbacks
        self._clock = clock
        self._hours = hours
        self._count = count

    def ask(
        self, call: CallId, adviser: AdviserId, token: Token, dial: str
    ) -> tuple[Held, Offered]:
        """Let a node ring a number under its own name for that, or ring on.

        Raises UnknownName, StaleToken, OutOfOrder, TooMany.
        """
        held, offered = self._holder.offered_to(call, adviser, token)
        now_ms, known = self._clock.monotonic_ms(), held.dialling
        if held.state is not CallState.TALKING:
            raise OutOfOrder("Take the callback before you have the number rung.")
        if known is not None and (known.token, known.dial) == (token, dial):
            if known.is_over:
                raise StaleToken("That number is rung no longer.")
            known.heard_ms = now_ms
            return held, offered
        if known is not None:
            if known.token == token:
                _refuse_another(known)
            _refuse_second(known, now_ms)
        if is_quiet(self._hours, self._clock.now_ms()):
            raise OutOfOrder("It is too early or too late in the day to ring anybody.")
        held.dialling = Dialling(token=token, dial=dial, heard_ms=now_ms)
        return held, offered

    def over(
        self, call: CallId, adviser: AdviserId, token: Token, dial: str, *, is_made: bool
    ) -> None:
        """Note that a number is rung no longer. Raises UnknownName, StaleToken."""
        held, _ = self._holder.offered_to(call, adviser, token)
        known = held.dialling
        if known is None or (known.token, known.dial) != (token, dial):
            raise StaleToken("That number is rung by another node, or not at all.")
        known.is_over, known.is_made = True, known.is_made or is_made

    async def answered(self, call: CallId, adviser: AdviserId, token: Token) -> None:
        """Write down that somebody has answered; the callback may be any keeper's.

        Raises UnknownName, LedgerUnavailable.
        """
        at_ms = self._clock.now_ms()
        await self._callbacks.answered(call, adviser=adviser, token=token, at_ms=at_ms)
        with suppress(UnknownName, StaleToken):  # another keeper's, which has it no longer
            held, _ = self._holder.offered_to(call, adviser, token)
            if held.state is not CallState.ENDED:  # its adviser's word is counted, or about to be
                self._count(held.callback, token, CallbackNews.KEPT)


def _refuse_another(known: Dialling) -> None:
    """Raise OutOfOrder where a number was rung already for whoever has the callback."""
    if known.is_made:
        raise OutOfOrder("The number has been rung. Say how it ended.")


def _refuse_second(known: Dialling, now_ms: int) -> None:
    """Raise TooMany where a number is being rung, for whomever.

    The node of an adviser who has the callback no longer may not have heard of that yet.
    """
    if not known.is_over and now_ms - known.heard_ms < DIAL_LOST_AFTER_MS:
        raise TooMany("The number is being rung already. Try again in a moment.")
