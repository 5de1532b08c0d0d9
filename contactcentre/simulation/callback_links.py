"""One process's way to the callbacks of the record: it may be away, and an answer may be lost."""

from collections.abc import Collection, Sequence

from contactcentre.domain.callback import Aftermath, Attempt, Callback
from contactcentre.domain.ids import AdviserId, CallId, NodeId, QueueId, Token
from contactcentre.ports.callbacks import Booking
from contactcentre.simulation.ledger import LedgerLink


class PromisesLink:
    """The Promises port."""

    def __init__(self, link: LedgerLink) -> None:
        self._link = link
        self._table = link.data.callbacks

    async def rooms(self, queue: QueueId, slots: Sequence[int], *, slot_max: int) -> Sequence[int]:
        """Return in which of some half hours a queue may promise one more callback."""
        return await self._link.ask(lambda: self._table.rooms(queue, slots, slot_max))

    async def book(self, booking: Booking, *, slot_max: int) -> bool:
        """Promise a callback, durably; False if no more may be promised in this half hour."""
        return await self._link.ask(lambda: self._table.book(booking, slot_max))

    async def cancel(self, call: CallId, *, at_ms: int) -> QueueId | None:
        """Take back the open promise of a call; return of which queue, None if there is none."""
        return await self._link.ask(lambda: self._table.cancel(call, at_ms))


class CallbacksLink:
    """The Callbacks port."""

    def __init__(self, link: LedgerLink) -> None:
        self._link = link
        self._table = link.data.callbacks

    async def keepers(self) -> Collection[NodeId]:
        """Return who has taken open callbacks on."""
        return await self._link.ask(self._table.keepers)

    async def claim(
        self,
        keeper: NodeId,
        *,
        nonce: str,
        at_ms: int,
        lost: Collection[NodeId],
        held: Collection[CallId],
        count_max: int,
    ) -> Sequence[Callback]:
        """Take callbacks on that are due and whose call has ended without a talk."""
        return await self._link.ask(
            lambda: self._table.claim(
                keeper, nonce, at_ms, lost=lost, held=held, count_max=count_max
            )
        )

    async def gone(self, keeper: NodeId, held: Collection[Callback]) -> Collection[CallId]:
        """Return which of the held callbacks are not this keeper's any more, or not open."""
        return await self._link.ask(lambda: self._table.gone(keeper, held))

    async def conclude(
        self,
        call: CallId,
        attempt: Attempt,
        *,
        adviser: AdviserId,
        token: Token,
        at_ms: int,
    ) -> Aftermath:
        """Write down how an attempt ended, once for its token, and let go of the callback."""
        del adviser
        return await self._link.ask(
            lambda: self._table.conclude(call, attempt, token=token, at_ms=at_ms)
        )

    async def answered(self, call: CallId, *, adviser: AdviserId, token: Token, at_ms: int) -> None:
        """Write down that the number was answered."""
        await self.conclude(call, Attempt.REACHED, adviser=adviser, token=token, at_ms=at_ms)

    async def release(self, keeper: NodeId) -> None:
        """Let others take on at once what this keeper has."""
        await self._link.ask(lambda: self._table.release(keeper))
