"""Events and the rows of their calls, as the records process writes them."""

from collections.abc import Mapping, Sequence

from contactcentre.adapters.ledger_postgres import statements
from contactcentre.adapters.ledger_postgres.pool import Connection, PostgresPool
from contactcentre.domain.events import CallSupervised, RecordingKept
from contactcentre.domain.ids import NodeId
from contactcentre.ports.records import WrittenEvent
from contactcentre.wire.stored import encode


class PostgresLedger:
    """The Ledger port."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def write_events(self, events: Sequence[WrittenEvent]) -> Sequence[tuple[NodeId, int]]:
        """Write events and the rows of their calls in one transaction."""
        batch = (b"[" + b",".join(map(encode, events)) + b"]").decode()
        async with self._pool.transaction() as connection:
            await connection.execute(statements.WRITE_EVENTS, batch)
            await connection.execute(statements.WRITE_CALLS, batch)
            if any(isinstance(one.event, CallSupervised) for one in events):
                await connection.execute(statements.WRITE_AUDIT, batch)
            if any(isinstance(event.event, RecordingKept) for event in events):
                await connection.execute(statements.WRITE_RECORDINGS, batch)
            return await _advance(connection, _oldest(events))

    async def set_aside(self, event: WrittenEvent, *, why: str) -> Sequence[tuple[NodeId, int]]:
        """Keep an event that can never be written, and count it as durable."""
        async with self._pool.transaction() as connection:
            await connection.execute(
                statements.SET_ASIDE, event.node, event.seq, why, encode(event)
            )
            return await _advance(connection, _oldest([event]))


def _oldest(events: Sequence[WrittenEvent]) -> Mapping[NodeId, int]:
    """Return the lowest number that each node still kept when it sent the last of its events."""
    oldest: dict[NodeId, int] = {}
    for event in events:
        oldest[event.node] = max(event.oldest_seq, oldest.get(event.node, 0))
    return oldest


async def _advance(
    connection: Connection, oldest: Mapping[NodeId, int]
) -> Sequence[tuple[NodeId, int]]:
    """Move the nodes' marks as far as there is no gap, and return them.

    Opening a mark locks it, so of two records processes the second sees what the first wrote.
    """
    nodes = list(oldest)
    await connection.execute(statements.OPEN_MARKS, nodes, list(oldest.values()))
    rows = await connection.fetch(statements.ADVANCE_MARKS, nodes)
    return [(NodeId(row["node"]), row["durable_seq"]) for row in rows]
