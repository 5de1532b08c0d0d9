"""The rows of calls that have not ended, and ends that are written for now."""

from collections.abc import Sequence

from contactcentre.adapters.ledger_postgres import statements
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import CallId
from contactcentre.ports.records import OpenCall


class PostgresOpenCalls:
    """The OpenCalls port."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def open_calls(self, *, after: CallId | None, count_max: int) -> Sequence[OpenCall]:
        """Return open rows by the ids of their calls, those after one."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(statements.OPEN_CALLS, after or "", count_max)
        return [
            OpenCall(
                CallId(row["id"]), LegEpoch(row["epoch_count"], row["epoch_nonce"]), row["version"]
            )
            for row in rows
        ]

    async def close_provisionally(self, seen: OpenCall, *, ending: Ending, at_ms: int) -> bool:
        """Write down that a call has ended, until its node says otherwise; say whether it is so."""
        async with self._pool.connection() as connection:
            closed = await connection.fetchrow(
                statements.CLOSE_PROVISIONALLY,
                seen.call,
                seen.epoch.count,
                seen.epoch.nonce,
                seen.version,
                ending,
                at_ms,
            )
        return closed is not None
