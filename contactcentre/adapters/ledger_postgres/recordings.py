"""The parts of recordings, and what was done with each."""

from collections.abc import Mapping, Sequence

import asyncpg

from contactcentre.adapters.ledger_postgres import statements
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.ids import CallId, RecordingPart
from contactcentre.ports.records import RecordedPart

DUE_MAX = 200


class PostgresRecordings:
    """The Recordings port."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def parts(self, call: CallId | None, *, count_max: int) -> Sequence[RecordedPart]:
        """Return the parts of a call, or of all calls, the latest first."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(statements.LIST_RECORDINGS, call, count_max)
        return [_part(row) for row in rows]

    async def due(
        self, since_ms: Mapping[ServiceClass, int], *, after: RecordingPart | None
    ) -> Sequence[RecordedPart]:
        """Return some parts that began before what their class says, by their names."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(
                statements.DUE_RECORDINGS,
                list(since_ms),
                list(since_ms.values()),
                after or "",
                DUE_MAX,
            )
        return [_part(row) for row in rows]

    async def deleted(self, part: RecordingPart, *, who: str, why: str, at_ms: int) -> None:
        """Write down that a part was deleted; the first time counts."""
        async with self._pool.connection() as connection:
            await connection.execute(statements.DELETE_RECORDING, part, who, why, at_ms)

    async def exported(self, part: RecordingPart, *, who: str, why: str, at_ms: int) -> None:
        """Write down that a part was taken out, in the audit trail as well."""
        async with self._pool.connection() as connection:
            await connection.execute(statements.NOTE_EXPORT, part, who, why, at_ms)


def _part(row: asyncpg.Record) -> RecordedPart:
    return RecordedPart(
        part=RecordingPart(row["part"]),
        call=CallId(row["call"]),
        file=row["file"],
        started_at_ms=row["started_at_ms"],
        duration_ms=row["duration_ms"],
        gaps_ms=row["gaps_ms"],
        is_cut=row["is_cut"],
        key=row["key"],
        size_bytes=row["size_bytes"],
        sha256=row["sha256"],
        deleted_at_ms=row["deleted_at_ms"],
    )
