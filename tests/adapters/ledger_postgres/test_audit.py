"""Who listened to whom stands in the audit trail, once and for ever."""

from dataclasses import replace

import asyncpg
import pytest

from contactcentre.adapters.ledger_postgres.ledger import PostgresLedger
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain import events as e
from contactcentre.domain.call import arrive, follow
from contactcentre.domain.ids import NodeId
from contactcentre.ports.records import WrittenEvent
from tests.domain.happenings import ARRIVED, happening

NODE = NodeId("north-1")


def listened() -> list[WrittenEvent]:
    """Return the events of a call that a supervisor was in for a while."""
    call = arrive(ARRIVED)
    events = [WrittenEvent(node=NODE, seq=1, event=ARRIVED, call=call)]
    for kind in (e.CallQueued, e.CallRang, e.CallBridged, e.CallSupervised, e.CallSupervised):
        event = happening(kind, call, 1_000 + len(events))
        if isinstance(event, e.CallSupervised):
            mode = e.SupervisorMode.LISTEN if len(events) == 4 else None
            event = replace(event, mode=mode)
        call = follow(call, event)
        events.append(WrittenEvent(node=NODE, seq=len(events) + 1, event=event, call=call))
    return events


async def test_every_start_and_stop_stands_there_once_with_who_and_in_whose_talk(
    pool: PostgresPool,
) -> None:
    for _ in range(2):
        await PostgresLedger(pool).write_events(listened())
    async with pool.connection() as connection:
        rows = await connection.fetch("SELECT seq, who, did, call, adviser FROM audit ORDER BY seq")
    assert [tuple(row) for row in rows] == [
        (5, "sam", "listen", "c1", "ada"),
        (6, "sam", "leave", "c1", "ada"),
    ]


@pytest.mark.parametrize(
    "change", ["UPDATE audit SET who = 'eve'", "DELETE FROM audit", "TRUNCATE audit"]
)
async def test_nobody_changes_what_stands_there(pool: PostgresPool, change: str) -> None:
    await PostgresLedger(pool).write_events(listened())
    async with pool.connection() as connection:
        with pytest.raises(asyncpg.RaiseError, match="never changed"):
            await connection.execute(change)
