"""Callbacks: promised by nodes, kept by keepers."""

from collections.abc import Collection, Sequence
from typing import Any

from contactcentre.adapters.ledger_postgres import statements
from contactcentre.adapters.ledger_postgres.pool import Connection, PostgresPool
from contactcentre.domain.callback import (
    Aftermath,
    Attempt,
    Callback,
    after,
    callback_of,
)
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import UnknownName
from contactcentre.domain.ids import AdviserId, CallId, LineId, NodeId, PhoneNumber, QueueId, Token
from contactcentre.domain.languages import Language
from contactcentre.limits import CALLBACKS_PER_NUMBER_MAX
from contactcentre.ports.callbacks import Booking

ANSWERED = "answered"
"""In the place of an attempt: somebody has answered, and the adviser has not said who."""


class PostgresPromises:
    """The Promises port."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def rooms(self, queue: QueueId, slots: Sequence[int], *, slot_max: int) -> Sequence[int]:
        """Return in which of some half hours a queue may promise one more callback."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(statements.COUNT_SLOTS, queue, list(slots))
        promised = {row["slot_ms"]: row["promised_count"] for row in rows}
        return [slot_ms for slot_ms in slots if promised.get(slot_ms, 0) < slot_max]

    async def book(self, booking: Booking, *, slot_max: int) -> bool:
        """Promise a callback, durably; False if no more may be promised in this half hour."""
        async with self._pool.transaction() as connection:
            await connection.execute(statements.LOCK_SLOT, booking.queue)
            row = await connection.fetchrow(
                statements.COUNT_SLOT, booking.queue, booking.slot_ms, booking.call, booking.number
            )
            assert row is not None, "a count always gives a row"
            is_full = row["promised_count"] >= slot_max
            if is_full or row["number_count"] >= CALLBACKS_PER_NUMBER_MAX:
                return False
            await connection.execute(
                statements.BOOK_CALLBACK,
                callback_of(booking.call),
                booking.call,
                booking.line,
                booking.queue,
                booking.language,
                booking.service_class,
                booking.enqueued_ms,
                booking.number,
                booking.at_ms,
                booking.slot_ms,
                booking.due_ms,
            )
        return True

    async def cancel(self, call: CallId, *, at_ms: int) -> QueueId | None:
        """Take back the open promise of a call; return of which queue, None if there is none."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(statements.CANCEL_CALLBACK, call, at_ms)
        return QueueId(row["queue"]) if row is not None and row["is_news"] else None


class PostgresCallbacks:
    """The Callbacks port."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def keepers(self) -> Collection[NodeId]:
        """Return who has taken open callbacks on."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(statements.LIST_KEEPERS)
        return [NodeId(row["keeper"]) for row in rows]

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
        async with self._pool.transaction() as connection:
            await connection.execute(statements.VOID_CALLBACKS, at_ms)
            rows = await connection.fetch(
                statements.CLAIM_CALLBACKS,
                keeper,
                nonce,
                at_ms,
                list(lost),
                list(held),
                count_max,
            )
        return [_callback(dict(row)) for row in rows]

    async def gone(self, keeper: NodeId, held: Collection[Callback]) -> Collection[CallId]:
        """Return which of the held callbacks are not this keeper's any more, or not open."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(
                statements.GONE_CALLBACKS,
                keeper,
                [one.id for one in held],
                [one.epoch.count for one in held],
                [one.epoch.nonce for one in held],
            )
        return [CallId(row["id"]) for row in rows]

    async def conclude(
        self,
        call: CallId,
        attempt: Attempt,
        *,
        adviser: AdviserId,
        token: Token,
        at_ms: int,
    ) -> Aftermath:
        """Write down how an attempt ended, once for its token, and let go of the callback.

        The callback stands as the attempt with the highest token has left it. Raises UnknownName.
        """
        async with self._pool.transaction() as connection:
            await connection.execute(statements.TAKE_BACK_ANSWER, call, token)
            return await _conclude(
                connection, call, attempt, adviser=adviser, token=token, at_ms=at_ms
            )

    async def answered(self, call: CallId, *, adviser: AdviserId, token: Token, at_ms: int) -> None:
        """Write down that the number was answered: kept, unless its adviser says otherwise."""
        async with self._pool.transaction() as connection:
            await _conclude(connection, call, ANSWERED, adviser=adviser, token=token, at_ms=at_ms)

    async def release(self, keeper: NodeId) -> None:
        """Let others take on at once what this keeper has."""
        async with self._pool.connection() as connection:
            await connection.execute(statements.RELEASE_CALLBACKS, keeper)


async def _conclude(
    connection: Connection,
    call: CallId,
    attempt: str,
    *,
    adviser: AdviserId,
    token: Token,
    at_ms: int,
) -> Aftermath:
    """Write an attempt down unless its token has one, and let the callback stand as that left it.

    Raises UnknownName.
    """
    written = await connection.fetchrow(
        statements.WRITE_ATTEMPT, call, token, adviser, attempt, at_ms
    )
    if written is None:
        raise UnknownName("There is no such callback.")
    counted = await connection.fetchrow(statements.COUNT_ATTEMPTS, call, token)
    assert counted is not None, "a count always gives a row"
    said = Attempt.REACHED if written["attempt"] == ANSWERED else Attempt(written["attempt"])
    stands = after(said, attempts_count=counted["attempts_count"], at_ms=written["at_ms"])
    await connection.execute(
        statements.CONCLUDE_CALLBACK,
        call,
        token,
        stands.state,
        stands.due_ms,
        counted["attempts_count"],
        written["at_ms"],
    )
    return stands


def _callback(row: dict[str, Any]) -> Callback:
    return Callback(
        id=CallId(row["id"]),
        line=LineId(row["line"]),
        queue=QueueId(row["queue"]),
        language=Language(row["language"]),
        service_class=ServiceClass(row["service_class"]),
        enqueued_ms=row["enqueued_ms"],
        number=PhoneNumber(row["number"]),
        booked_at_ms=row["booked_at_ms"],
        attempts_count=row["attempts_count"],
        epoch=LegEpoch(row["epoch_count"], row["epoch_nonce"]),
    )
