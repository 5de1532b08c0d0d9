"""The record of a call: one row, the latest, however its events come in."""

import random
from collections.abc import Sequence
from dataclasses import replace

import asyncpg
import pytest

from contactcentre.adapters.ledger_postgres.ledger import PostgresLedger
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain import events as e
from contactcentre.domain.call import Call, arrive, follow
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import BadRequest
from contactcentre.domain.ids import AdviserId, CallId, LineId, NodeId, QueueId, Token
from contactcentre.domain.languages import Language
from contactcentre.ports.records import WrittenEvent
from contactcentre.wire.stored import decode

CAME_MS = 1_790_000_000_000
NORTH = NodeId("north-1")
SOUTH = NodeId("south-1")
ADA = AdviserId("ada")


def written(
    call: str = "c1",
    *,
    node: NodeId = NORTH,
    epoch: LegEpoch = LegEpoch(1, "aa"),  # noqa: B008 - frozen
    first_seq: int = 1,
) -> list[WrittenEvent]:
    """Return all events of a call that was handled."""
    name = CallId(call)
    token = Token(7)
    arrived = e.CallArrived(
        call=name,
        at_ms=CAME_MS,
        line=LineId("tax"),
        language=Language.ENGLISH,
        node=node,
        epoch=epoch,
    )
    way: list[e.CallEvent] = [
        e.CallQueued(
            call=name,
            at_ms=CAME_MS + 10_000,
            queue=QueueId("tax.paying.en"),
            service_class=ServiceClass.P2,
            enqueued_ms=CAME_MS + 10_003,
        ),
        e.CallRang(call=name, at_ms=CAME_MS + 20_000, adviser=ADA, token=token),
        e.CallBridged(call=name, at_ms=CAME_MS + 25_000, adviser=ADA, token=token),
        e.CallEnded(
            call=name,
            at_ms=CAME_MS + 90_000,
            ending=e.Ending.HANDLED,
            by=e.HungUpBy.CALLER,
        ),
    ]
    stands = arrive(arrived)
    all_written = [WrittenEvent(node=node, seq=first_seq, event=arrived, call=stands)]
    for seq, event in enumerate(way, first_seq + 1):
        stands = follow(stands, event)
        all_written.append(WrittenEvent(node=node, seq=seq, event=event, call=stands))
    return all_written


async def rows(pool: PostgresPool, statement: str) -> Sequence[asyncpg.Record]:
    async with pool.connection() as connection:
        return await connection.fetch(statement)


async def states(pool: PostgresPool) -> dict[str, tuple[str, int]]:
    """Return the state and version of every call's row."""
    return {
        row["id"]: (row["state"], row["version"])
        for row in await rows(pool, "SELECT id, state, version FROM calls")
    }


async def test_the_row_of_a_call_says_all_that_the_call_is(pool: PostgresPool) -> None:
    events = written()
    await PostgresLedger(pool).write_events(events)
    [row] = await rows(pool, "SELECT * FROM calls")
    call = events[-1].call
    assert (row["epoch_count"], row["epoch_nonce"]) == (call.epoch.count, call.epoch.nonce)
    for fact in set(Call.__slots__) - {"epoch"}:
        assert row[fact] == getattr(call, fact), fact
    assert row["provisional"] is False


async def test_an_event_is_kept_with_its_facts(pool: PostgresPool) -> None:
    await PostgresLedger(pool).write_events(written())
    [row] = await rows(pool, "SELECT *, facts ->> 'queue' AS queue FROM events WHERE seq = 2")
    assert (row["node"], row["call"], row["kind"]) == (NORTH, "c1", "CallQueued")
    assert row["at_ms"] == CAME_MS + 10_000
    assert row["queue"] == "tax.paying.en"


async def test_a_repeat_changes_nothing(pool: PostgresPool) -> None:
    ledger = PostgresLedger(pool)
    for _ in range(3):
        await ledger.write_events(written())
    assert await states(pool) == {"c1": ("ended", 1_000_004)}
    [row] = await rows(pool, "SELECT count(*) AS events_count FROM events")
    assert row["events_count"] == 5


async def test_a_newer_version_that_comes_second_stands(pool: PostgresPool) -> None:
    ledger = PostgresLedger(pool)
    for event in written():
        await ledger.write_events([event])
    assert await states(pool) == {"c1": ("ended", 1_000_004)}


async def test_an_older_version_that_comes_second_changes_nothing(pool: PostgresPool) -> None:
    ledger = PostgresLedger(pool)
    for event in reversed(written()):
        await ledger.write_events([event])
    assert await states(pool) == {"c1": ("ended", 1_000_004)}


@pytest.mark.parametrize("seed", range(5))
async def test_events_in_any_order_and_number_give_one_row_a_call(
    pool: PostgresPool, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    events = [
        event for number in range(20) for event in written(f"c{number}", first_seq=1 + 5 * number)
    ]
    sent = events + dice.choices(events, k=100)
    dice.shuffle(sent)
    ledger = PostgresLedger(pool)
    while sent:
        size = dice.randint(1, 30)
        await ledger.write_events(sent[:size])
        del sent[:size]
    assert await states(pool) == {f"c{number}": ("ended", 1_000_004) for number in range(20)}
    [row] = await rows(pool, "SELECT count(*) AS count, max(seq) AS last FROM events")
    assert (row["count"], row["last"]) == (100, 100)


async def test_a_repeat_is_written_again_so_that_it_waits_for_the_standby(
    pool: PostgresPool,
) -> None:
    ledger = PostgresLedger(pool)
    await ledger.write_events(written())
    statement = "SELECT xmin::text AS of FROM calls UNION ALL SELECT xmin::text FROM events"
    before = {row["of"] for row in await rows(pool, statement)}
    await ledger.write_events(written())
    after = {row["of"] for row in await rows(pool, statement)}
    assert before.isdisjoint(after)


async def test_of_two_resumes_from_one_claim_the_owner_writes_the_row(pool: PostgresPool) -> None:
    loser = written(node=NORTH, epoch=LegEpoch(2, "aa"))
    owner = written(node=SOUTH, epoch=LegEpoch(2, "bb"))[:2]
    ledger = PostgresLedger(pool)
    await ledger.write_events(owner)
    await ledger.write_events(loser)
    [row] = await rows(pool, "SELECT node, state FROM calls")
    assert (row["node"], row["state"]) == (SOUTH, "waiting")


async def test_a_mark_rises_with_the_events(pool: PostgresPool) -> None:
    ledger = PostgresLedger(pool)
    events = written() + written("c2", node=SOUTH)
    assert sorted(await ledger.write_events(events[:3])) == [(NORTH, 3)]
    assert sorted(await ledger.write_events(events)) == [(NORTH, 5), (SOUTH, 5)]


async def test_a_mark_waits_for_an_event_that_the_stream_lost(pool: PostgresPool) -> None:
    ledger = PostgresLedger(pool)
    events = written()
    await ledger.write_events(events[:2])
    assert await ledger.write_events(events[3:]) == [(NORTH, 2)]
    assert await ledger.write_events([events[2]]) == [(NORTH, 5)]


async def test_a_mark_does_not_begin_in_the_middle(pool: PostgresPool) -> None:
    assert await PostgresLedger(pool).write_events(written()[2:]) == [(NORTH, 0)]


async def test_a_mark_does_not_wait_for_what_its_node_no_longer_has(pool: PostgresPool) -> None:
    ledger = PostgresLedger(pool)
    events = written(first_seq=900)
    fresh_disk = [replace(event, oldest_seq=900) for event in events]
    assert await ledger.write_events(fresh_disk[1:]) == [(NORTH, 899)]
    assert await ledger.write_events(fresh_disk) == [(NORTH, 904)]


async def test_a_mark_never_falls(pool: PostgresPool) -> None:
    ledger = PostgresLedger(pool)
    await ledger.write_events(written())
    assert await ledger.write_events(written()[:1]) == [(NORTH, 5)]


async def test_an_event_that_can_never_be_written_is_refused_and_leaves_nothing(
    pool: PostgresPool,
) -> None:
    good, bad = written()[:2]
    bad = replace(bad, call=replace(bad.call, ending=e.Ending.ABANDONED))
    ledger = PostgresLedger(pool)
    with pytest.raises(BadRequest):
        await ledger.write_events([good, bad])
    assert await states(pool) == {}


@pytest.mark.parametrize("service", ["\0", "x\0y"])
async def test_text_that_postgres_cannot_hold_is_refused(pool: PostgresPool, service: str) -> None:
    bad = written()[0]
    bad = replace(bad, call=replace(bad.call, deflected_to=service))
    with pytest.raises(BadRequest):
        await PostgresLedger(pool).write_events([bad])


async def test_what_is_set_aside_is_kept_and_holds_up_no_mark(pool: PostgresPool) -> None:
    events = written()
    bad = replace(events[1], call=replace(events[1].call, deflected_to="x\0y"))
    ledger = PostgresLedger(pool)
    await ledger.write_events([events[0], *events[2:]])
    for _ in range(2):
        assert await ledger.set_aside(bad, why="bad-request") == [(NORTH, 5)]
    [row] = await rows(pool, "SELECT why, stored FROM set_aside")
    assert row["why"] == "bad-request"
    assert decode(row["stored"]) == bad
