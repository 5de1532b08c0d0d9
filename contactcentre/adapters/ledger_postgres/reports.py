"""What the records add up to."""

from contactcentre.adapters.ledger_postgres import statements
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.ports.reports import TodayCounts


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
