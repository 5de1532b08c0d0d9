"""What the records add up to."""

from collections.abc import Sequence

from contactcentre.adapters.ledger_postgres import statements
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain.ids import QueueId
from contactcentre.ports.reports import CallbackCounts, TodayCounts


class PostgresReports:
    """The Reports port."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def today(self, *, since_ms: int, target_ms: int) -> TodayCounts:
        """Count the calls that arrived since `since_ms`."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(statements.COUNT_TODAY, since_ms, target_ms)
        assert row is not None, "a count always gives a row"
        return TodayCounts(**row)

    async def callbacks(self, *, since_ms: int) -> Sequence[CallbackCounts]:
        """Count callbacks by queue, where there are any."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(statements.COUNT_CALLBACKS, since_ms)
        return [
            CallbackCounts(
                queue=QueueId(row["queue"]),
                open_count=row["open_count"],
                kept_count=row["kept_count"],
                broken_count=row["broken_count"],
            )
            for row in rows
        ]
