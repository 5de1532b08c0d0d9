"""What the record says of the calls of a drill, read from PostgreSQL as an auditor would."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from contactcentre.drills.checker import ENDED, Row
from contactcentre.drills.history import now_ms
from contactcentre.drills.unseen_places import Queued

POLL_S = 0.2
ROWS = """
SELECT
    calls.id,
    calls.state,
    calls.ending,
    calls.provisional,
    count(events.seq) FILTER (WHERE events.kind = 'CallEnded') AS ends_count,
    count(events.seq) FILTER (
        WHERE events.kind = 'CallEnded' AND events.node = calls.node
    ) AS own_ends_count,
    count(events.seq) FILTER (WHERE events.kind = 'CallSentOutside') AS sent_count
FROM calls
LEFT JOIN events ON events.call = calls.id AND events.kind IN ('CallEnded', 'CallSentOutside')
GROUP BY calls.id, calls.node, calls.state, calls.ending, calls.provisional
"""
QUEUED = """
SELECT
    call,
    facts ->> 'queue' AS queue,
    (facts ->> 'enqueued_ms')::bigint AS enqueued_ms
FROM events
WHERE kind = 'CallQueued'
ORDER BY call, version
"""
GAPS = """
SELECT node, max(seq) - min(seq) + 1 - count(*) AS missing_count
FROM (SELECT node, seq FROM events UNION SELECT node, seq FROM set_aside) AS known
GROUP BY node
HAVING max(seq) - min(seq) + 1 > count(*)
ORDER BY node
"""
"""A node numbers its events without a gap, sends them in order, and forgets what was confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What stands in the record."""

    rows: Sequence[Row]
    queued: Sequence[Queued]
    """Where each call was put, the first time first."""
    gaps: Sequence[str]
    """A sentence for each node of whose events some are not there, and later ones are."""


async def read_record(database_url: str) -> Recorded:
    """Return everything, from the server that takes writes."""
    connection = await asyncpg.connect(
        database_url, target_session_attrs=SessionAttribute.read_write
    )
    try:
        rows, gaps = await connection.fetch(ROWS), await connection.fetch(GAPS)
        queued = await connection.fetch(QUEUED)
    finally:
        await connection.close()
    return Recorded(
        rows=[
            Row(
                call=row["id"],
                state=row["state"],
                ending=row["ending"],
                provisional=row["provisional"],
                ends_count=row["ends_count"],
                own_ends_count=row["own_ends_count"],
                sent_count=row["sent_count"],
            )
            for row in rows
        ],
        queued=[
            Queued(call=one["call"], queue=one["queue"], enqueued_ms=one["enqueued_ms"])
            for one in queued
        ],
        gaps=[f"{gap['missing_count']} events of {gap['node']} are not there" for gap in gaps],
    )


async def read_settled_record(
    database_url: str, calls: Collection[str], *, within_s: float
) -> Recorded:
    """Return everything, once all of these calls stand there with their end and without a gap.

    When the time is up it is returned as it is.
    """
    until_ms = now_ms() + int(within_s * 1_000)
    while True:
        recorded = await read_record(database_url)
        ended = {row.call for row in recorded.rows if row.state == ENDED}
        if (ended >= set(calls) and not recorded.gaps) or now_ms() > until_ms:
            return recorded
        await asyncio.sleep(POLL_S)
