"""What the record says of the calls of a drill, read from PostgreSQL as an auditor would."""

import asyncio
from collections.abc import Collection, Sequence

import asyncpg

from contactcentre.drills.checker import ENDED, Row
from contactcentre.drills.history import now_ms

POLL_S = 0.2
ROWS = """
SELECT
    calls.id,
    calls.state,
    calls.ending,
    calls.provisional,
    count(events.seq) AS ends_count,
    count(events.seq) FILTER (WHERE events.node = calls.node) AS own_ends_count
FROM calls
LEFT JOIN events ON events.call = calls.id AND events.kind = 'CallEnded'
GROUP BY calls.id, calls.node, calls.state, calls.ending, calls.provisional
"""


async def read_rows(database_url: str) -> Sequence[Row]:
    """Return every row."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(ROWS)
    finally:
        await connection.close()
    return [
        Row(
            call=row["id"],
            state=row["state"],
            ending=row["ending"],
            provisional=row["provisional"],
            ends_count=row["ends_count"],
            own_ends_count=row["own_ends_count"],
        )
        for row in rows
    ]


async def read_settled_rows(
    database_url: str, calls: Collection[str], *, within_s: float
) -> Sequence[Row]:
    """Return every row, once all of these calls stand there with their end or the time is up."""
    until_ms = now_ms() + int(within_s * 1_000)
    while True:
        rows = await read_rows(database_url)
        ended = {row.call for row in rows if row.state == ENDED}
        if ended >= set(calls) or now_ms() > until_ms:
            return rows
        await asyncio.sleep(POLL_S)
