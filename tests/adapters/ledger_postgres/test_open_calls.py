"""Ends that are written for now: what corrects them, and what does not."""

import asyncio
from dataclasses import replace

import pytest

from contactcentre.adapters.ledger_postgres.ledger import PostgresLedger
from contactcentre.adapters.ledger_postgres.open_calls import PostgresOpenCalls
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.ledger_postgres.reports import PostgresReports
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import CallId
from contactcentre.ports.records import OpenCall, WrittenEvent
from tests.adapters.ledger_postgres.test_ledger import CAME_MS, SOUTH, rows, written

NOW_MS = CAME_MS + 300_000


async def closed(pool: PostgresPool, events: list[WrittenEvent]) -> OpenCall:
    """Write events of a call that then has nobody, and close its row; return what was seen."""
    await PostgresLedger(pool).write_events(events)
    calls = PostgresOpenCalls(pool)
    [seen] = await calls.open_calls(after=None, count_max=10)
    assert await calls.close_provisionally(seen, ending=Ending.SYSTEM_LOST, at_ms=NOW_MS)
    return seen


async def stands(pool: PostgresPool) -> tuple[str, str | None, bool]:
    [row] = await rows(pool, "SELECT state, ending, provisional FROM calls")
    return row["state"], row["ending"], row["provisional"]


async def test_a_row_that_is_closed_for_now_says_so_and_keeps_its_version(
    pool: PostgresPool,
) -> None:
    seen = await closed(pool, written()[:3])
    [row] = await rows(pool, "SELECT * FROM calls")
    assert (row["state"], row["ending"], row["ended_by"]) == ("ended", "system_lost", "platform")
    assert (row["ended_at_ms"], row["provisional"]) == (NOW_MS, True)
    assert (row["version"], row["adviser"]) == (seen.version, "ada")
    assert await PostgresOpenCalls(pool).open_calls(after=None, count_max=10) == []


async def test_a_repeat_of_what_was_known_does_not_open_it(pool: PostgresPool) -> None:
    await closed(pool, written()[:3])
    for event in (written()[2], written()[1], written()[0]):
        await PostgresLedger(pool).write_events([event])
    await PostgresLedger(pool).write_events(written()[:3])
    assert await stands(pool) == ("ended", "system_lost", True)


async def test_the_end_itself_stands_above_it(pool: PostgresPool) -> None:
    await closed(pool, written()[:3])
    await PostgresLedger(pool).write_events(written()[3:])
    assert await stands(pool) == ("ended", "handled", False)


async def test_a_later_event_opens_it_again(pool: PostgresPool) -> None:
    await closed(pool, written()[:3])
    await PostgresLedger(pool).write_events([written()[3]])
    assert await stands(pool) == ("talking", None, False)


async def test_a_newer_leg_opens_it_again_and_an_older_one_does_not(pool: PostgresPool) -> None:
    await closed(pool, written(epoch=LegEpoch(2, "bb"))[:3])
    ledger = PostgresLedger(pool)
    await ledger.write_events(written(node=SOUTH, epoch=LegEpoch(1, "zz")))
    await ledger.write_events(written(node=SOUTH, epoch=LegEpoch(2, "aa"), first_seq=10))
    assert await stands(pool) == ("ended", "system_lost", True)
    await ledger.write_events(written(node=SOUTH, epoch=LegEpoch(2, "cc"), first_seq=20)[:2])
    assert await stands(pool) == ("waiting", None, False)


async def test_a_row_that_has_changed_since_it_was_seen_is_not_closed(pool: PostgresPool) -> None:
    ledger, calls = PostgresLedger(pool), PostgresOpenCalls(pool)
    await ledger.write_events(written()[:2])
    [seen] = await calls.open_calls(after=None, count_max=10)
    others = [
        replace(seen, version=seen.version - 1),
        replace(seen, epoch=LegEpoch(seen.epoch.count, "bb")),
        replace(seen, epoch=LegEpoch(seen.epoch.count + 1, seen.epoch.nonce)),
    ]
    await ledger.write_events([written()[2]])
    for one in [seen, *others]:
        assert not await calls.close_provisionally(one, ending=Ending.ABANDONED, at_ms=NOW_MS)
    assert await stands(pool) == ("ringing", None, False)


async def test_of_many_who_close_a_row_one_has_closed_it(pool: PostgresPool) -> None:
    await PostgresLedger(pool).write_events(written()[:2])
    calls = PostgresOpenCalls(pool)
    [seen] = await calls.open_calls(after=None, count_max=10)
    found = await asyncio.gather(
        *(calls.close_provisionally(seen, ending=Ending.ABANDONED, at_ms=NOW_MS) for _ in range(4))
    )
    assert sorted(found) == [False, False, False, True]


async def test_open_rows_are_given_in_chunks_and_ended_ones_are_not(pool: PostgresPool) -> None:
    names = [f"c{number}" for number in range(7)]
    for number, name in enumerate(names):
        events = written(name, first_seq=1 + 10 * number)
        await PostgresLedger(pool).write_events(events if number == 3 else events[:2])
    calls = PostgresOpenCalls(pool)
    found: list[str] = []
    after: CallId | None = None
    while chunk := await calls.open_calls(after=after, count_max=2):
        assert len(chunk) <= 2
        found += [one.call for one in chunk]
        after = chunk[-1].call
    assert found == [name for name in names if name != "c3"]


@pytest.mark.parametrize("ending", [Ending.SYSTEM_LOST, Ending.ABANDONED])
async def test_a_call_closed_for_now_is_counted_once(pool: PostgresPool, ending: Ending) -> None:
    await PostgresLedger(pool).write_events(written()[:2])
    calls = PostgresOpenCalls(pool)
    [seen] = await calls.open_calls(after=None, count_max=10)
    await calls.close_provisionally(seen, ending=ending, at_ms=NOW_MS)
    counts = await PostgresReports(pool).today(since_ms=0, target_ms=1)
    ended = (counts.system_lost_count, counts.abandoned_count)
    assert ended == ((1, 0) if ending is Ending.SYSTEM_LOST else (0, 1))
    assert (counts.offered_count, counts.in_progress_count) == (1, 0)
