"""The advisers' words on their calls."""

from contactcentre.adapters.ledger_postgres import statements
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain.ids import AdviserId, CallId
from contactcentre.ports.records import Outcome


class PostgresOutcomes:
    """The Outcomes port."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def write(self, outcome: Outcome, *, at_ms: int) -> None:
        """Write an outcome down, once for each call and adviser."""
        async with self._pool.connection() as connection:
            await connection.execute(
                statements.WRITE_OUTCOME,
                outcome.call,
                outcome.adviser,
                outcome.outcome,
                outcome.notes,
                outcome.version,
                at_ms,
            )

    async def read(self, *, call: CallId, adviser: AdviserId) -> Outcome | None:
        """Return what the adviser has written so far."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(statements.READ_OUTCOME, call, adviser)
        return None if row is None else Outcome(call=call, adviser=adviser, **row)
