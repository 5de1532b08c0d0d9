"""Parts of recordings in the record: each once, and what was done with it for ever."""

import asyncpg
import pytest

from contactcentre.adapters.ledger_postgres.ledger import PostgresLedger
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.ledger_postgres.recordings import PostgresRecordings
from contactcentre.domain import events as e
from contactcentre.domain.call import Call, arrive, follow
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.ids import CallId, LineId, NodeId, QueueId, RecordingPart
from contactcentre.domain.languages import Language
from contactcentre.ports.records import WrittenEvent

N1, N2 = NodeId("n1"), NodeId("n2")
STARTED_MS = 1_790_000_000_000


def call_of(name: str, service_class: ServiceClass | None) -> tuple[list[e.CallEvent], Call]:
    """Return the first events of a call, and the call after them."""
    arrived = e.CallArrived(
        call=CallId(name),
        at_ms=1,
        line=LineId("tax"),
        language=Language.ENGLISH,
        node=N1,
        epoch=LegEpoch(1, "a"),
    )
    events: list[e.CallEvent] = [arrived]
    call = arrive(arrived)
    if service_class is not None:
        queued = e.CallQueued(
            call=call.id,
            at_ms=2,
            queue=QueueId("tax.paying.en"),
            service_class=service_class,
            enqueued_ms=2,
        )
        events.append(queued)
        call = follow(call, queued)
    return events, call


def kept(call: CallId, part: str, *, started_at_ms: int = STARTED_MS) -> e.RecordingKept:
    """Return what a node says of a part."""
    return e.RecordingKept(
        call=call,
        at_ms=started_at_ms + 60_000,
        part=RecordingPart(part),
        file=f"n1/2026-09-21/{part}.rec",
        started_at_ms=started_at_ms,
        duration_ms=60_000,
        gaps_ms=0,
        is_cut=False,
        key="2026",
        size_bytes=961_000,
        sha256="0" * 64,
    )


async def write(
    pool: PostgresPool, call: Call, *events: e.CallEvent, node: NodeId = N1, seq: int = 1
) -> None:
    """Write events as the records process does, twice."""
    written = [
        WrittenEvent(node=node, seq=seq + number, event=event, call=call)
        for number, event in enumerate(events)
    ]
    for _ in range(2):
        await PostgresLedger(pool).write_events(written)


async def test_a_part_that_is_told_again_stands_once(pool: PostgresPool) -> None:
    events, call = call_of("c1", ServiceClass.P2)
    await write(pool, call, *events, kept(call.id, "c1.1"), kept(call.id, "c1.2"))
    await write(pool, call, kept(call.id, "c1.1"), node=N2)
    parts = await PostgresRecordings(pool).parts(call.id, count_max=10)
    assert [part.part for part in parts] == ["c1.1", "c1.2"]
    assert (parts[0].duration_ms, parts[0].file) == (60_000, "n1/2026-09-21/c1.1.rec")


async def test_a_part_that_comes_after_the_end_changes_nothing_of_the_call(
    pool: PostgresPool,
) -> None:
    events, call = call_of("c1", ServiceClass.P2)
    ended = e.CallEnded(call=call.id, at_ms=9, ending=e.Ending.ABANDONED, by=e.HungUpBy.CALLER)
    await write(pool, follow(call, ended), *events, ended)
    await write(pool, call, kept(call.id, "c1.1"), seq=10)
    async with pool.connection() as connection:
        row = await connection.fetchrow("SELECT state, ended_at_ms FROM calls WHERE id = 'c1'")
    assert row is not None
    assert (row["state"], row["ended_at_ms"]) == ("ended", 9)


async def test_each_class_has_its_own_time_and_what_is_deleted_is_due_no_more(
    pool: PostgresPool,
) -> None:
    recordings = PostgresRecordings(pool)
    for number, service_class in enumerate((ServiceClass.P0, ServiceClass.P3, None)):
        events, call = call_of(f"c{number}", service_class)
        part = kept(call.id, f"c{number}.1")
        await write(pool, call, *events, part, seq=10 * number + 1)
    since = dict.fromkeys(ServiceClass, STARTED_MS + 1) | {ServiceClass.P0: STARTED_MS}
    due = await recordings.due(since, after=None)
    assert [part.part for part in due] == ["c1.1", "c2.1"], "P0 is kept for longer"
    assert [part.part for part in await recordings.due(since, after=due[0].part)] == ["c2.1"]
    for why in ("kept for long enough", "again"):
        await recordings.deleted(due[0].part, who="retention", why=why, at_ms=7)
    assert [part.part for part in await recordings.due(since, after=None)] == ["c2.1"]
    (gone,) = await recordings.parts(due[0].call, count_max=1)
    assert gone.deleted_at_ms == 7
    assert await acts(pool) == [("c1.1", "deleted", "retention", "kept for long enough")]
    await write(pool, call_of("c1", ServiceClass.P3)[1], kept(due[0].call, "c1.1"), node=N2)
    (still,) = await recordings.parts(due[0].call, count_max=1)
    assert still.deleted_at_ms == 7, "whoever tells of it late does not bring it back"


async def test_who_took_a_recording_out_cannot_be_taken_back(pool: PostgresPool) -> None:
    events, call = call_of("c1", ServiceClass.P2)
    await write(pool, call, *events, kept(call.id, "c1.1"))
    await PostgresRecordings(pool).exported(
        RecordingPart("c1.1"), who="sam", why="a complaint", at_ms=8
    )
    assert await acts(pool) == [("c1.1", "exported", "sam", "a complaint")]
    async with pool.connection() as connection:
        for change in ("UPDATE recording_acts SET who = 'x'", "DELETE FROM recording_acts"):
            with pytest.raises(asyncpg.RaiseError, match="never changed"):
                await connection.execute(change)


async def acts(pool: PostgresPool) -> list[tuple[str, str, str, str]]:
    """Return what was done, in order."""
    async with pool.connection() as connection:
        rows = await connection.fetch(
            "SELECT part, act, who, why FROM recording_acts ORDER BY number"
        )
    return [tuple(row) for row in rows]
