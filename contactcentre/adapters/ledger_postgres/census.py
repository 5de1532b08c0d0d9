"""The record as an operator looks at it, all at once and not often."""

from collections.abc import Sequence
from dataclasses import dataclass

from contactcentre.adapters.ledger_postgres import statements
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain.conservation import Account
from contactcentre.domain.ids import CallId, NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCallbacks:
    """The open callbacks of one keeper."""

    keeper: NodeId | None
    """None: nobody has taken them on, or nobody is to, before they are due again."""
    open_count: int
    due_count: int
    oldest_enqueued_ms: int
    oldest_due: CallId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLook:
    """Which server it is, what waits there for a person, and who is to be rung back."""

    server: str
    set_aside_count: int
    callbacks: Sequence[OpenCallbacks]


class PostgresCensus:
    """Questions to the record that take their time."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def look(self, *, at_ms: int) -> LedgerLook:
        """Say which server answers, and what is in it at a time. Raises LedgerUnavailable."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(statements.LOOK_LEDGER)
            callbacks = await connection.fetch(statements.LOOK_CALLBACKS, at_ms)
        assert row is not None, "a count always gives a row"
        where = f"{row['address']}:{row['port']}" if row["address"] else "a local socket"
        return LedgerLook(
            server=where,
            set_aside_count=row["set_aside_count"],
            callbacks=[OpenCallbacks(**one) for one in callbacks],
        )

    async def in_progress(self, *, count_max: int) -> Sequence[CallId]:
        """Return calls that have not ended, the oldest first. Raises LedgerUnavailable."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(statements.LIST_IN_PROGRESS, count_max)
        return [CallId(row["id"]) for row in rows]

    async def conserved(self, *, since_ms: int) -> Sequence[Account]:
        """Count both sides of the law of conservation by queue. Raises LedgerUnavailable."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(statements.COUNT_CONSERVED, since_ms)
        return [Account(**row) for row in rows]
