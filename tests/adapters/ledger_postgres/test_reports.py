"""What the records add up to: every call counted once."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from contactcentre.adapters.ledger_postgres.census import PostgresCensus
from contactcentre.adapters.ledger_postgres.ledger import PostgresLedger
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.ledger_postgres.reports import PostgresReports
from contactcentre.domain import events as e
from contactcentre.domain.call import FOLLOWS, Call, CallState, arrive, follow
from contactcentre.domain.conservation import Account, total
from contactcentre.domain.ids import CallId, NodeId, QueueId
from contactcentre.ports.records import WrittenEvent
from contactcentre.ports.reports import TodayCounts
from tests.domain.happenings import ARRIVED, happening

MIDNIGHT_MS = 1_790_000_000_000
TARGET_MS = 60_000
NODE = NodeId("north-1")
NOTHING = TodayCounts(
    offered_count=0,
    handled_count=0,
    abandoned_count=0,
    deflected_count=0,
    callback_count=0,
    left_in_menu_count=0,
    closed_count=0,
    system_lost_count=0,
    in_progress_count=0,
    answered_within_target_count=0,
)


def arrived(number: int, at_ms: int) -> e.CallArrived:
    return replace(ARRIVED, call=CallId(f"c{number}"), at_ms=at_ms)


async def counts(pool: PostgresPool) -> TodayCounts:
    return await PostgresReports(pool).today(since_ms=MIDNIGHT_MS, target_ms=TARGET_MS)


async def test_a_day_without_a_call_is_counted_as_such(pool: PostgresPool) -> None:
    assert await counts(pool) == NOTHING


@pytest.mark.parametrize(("after_ms", "in_time"), [(TARGET_MS, 1), (TARGET_MS + 1, 0)])
async def test_a_call_is_answered_in_time_up_to_the_target(
    pool: PostgresPool, after_ms: int, in_time: int
) -> None:
    way = [arrived(1, MIDNIGHT_MS)]
    call = arrive(way[0])
    events = [WrittenEvent(node=NODE, seq=1, event=way[0], call=call)]
    for seq, (kind, at_ms) in enumerate(
        [(e.CallQueued, 5), (e.CallRang, 10), (e.CallBridged, 5 + after_ms)], 2
    ):
        event = happening(kind, call, MIDNIGHT_MS + at_ms)
        call = follow(call, event)
        events.append(WrittenEvent(node=NODE, seq=seq, event=event, call=call))
    await PostgresLedger(pool).write_events(events)
    assert await counts(pool) == replace(
        NOTHING, offered_count=1, in_progress_count=1, answered_within_target_count=in_time
    )


async def test_who_was_told_that_it_is_closed_is_counted_as_that(pool: PostgresPool) -> None:
    came = arrived(1, MIDNIGHT_MS)
    call = arrive(came)
    end = e.CallEnded(call=call.id, at_ms=MIDNIGHT_MS, ending=e.Ending.CLOSED, by=e.HungUpBy.FLOW)
    await PostgresLedger(pool).write_events(
        [
            WrittenEvent(node=NODE, seq=1, event=came, call=call),
            WrittenEvent(node=NODE, seq=2, event=end, call=follow(call, end)),
        ]
    )
    assert await counts(pool) == replace(NOTHING, offered_count=1, closed_count=1)
    (account,) = await PostgresCensus(pool).conserved(since_ms=MIDNIGHT_MS)
    assert (account.closed_count, account.holds) == (1, True)


async def test_a_caller_who_calls_again_makes_two_calls_and_has_waited_since_the_first(
    pool: PostgresPool,
) -> None:
    first, again = arrived(1, MIDNIGHT_MS), arrived(2, MIDNIGHT_MS + TARGET_MS)
    ways: dict[e.CallArrived, Sequence[tuple[type[e.Event], int]]] = {
        first: [(e.CallQueued, 0), (e.CallEnded, 5)],
        again: [
            (e.CallRedialled, TARGET_MS),
            (e.CallQueued, 0),
            (e.CallRang, TARGET_MS),
            (e.CallBridged, TARGET_MS + 1),
            (e.CallEnded, TARGET_MS + 2),
        ],
    }
    written: list[WrittenEvent] = []
    for arrival, way in ways.items():
        call = arrive(arrival)
        written.append(WrittenEvent(node=NODE, seq=len(written) + 1, event=arrival, call=call))
        for kind, at_ms in way:
            event = happening(kind, call, MIDNIGHT_MS + at_ms)
            call = follow(call, event)
            written.append(WrittenEvent(node=NODE, seq=len(written) + 1, event=event, call=call))
    await PostgresLedger(pool).write_events(written)
    assert await counts(pool) == replace(
        NOTHING, offered_count=2, abandoned_count=1, handled_count=1
    ), "answered at once by the second call, but not in time by the caller"
    async with pool.connection() as connection:
        earlier = await connection.fetchval(
            "SELECT facts ->> 'earlier' FROM events WHERE kind = 'CallRedialled'"
        )
    assert earlier == "c0"


async def test_a_call_that_a_queue_passed_on_counts_in_both_queues_and_once_in_all(
    pool: PostgresPool,
) -> None:
    came = arrived(1, MIDNIGHT_MS)
    call = arrive(came)
    written = [WrittenEvent(node=NODE, seq=1, event=came, call=call)]
    accounts: dict[QueueId | None, Account] = {}
    for kind in (e.CallQueued, e.CallOverflowed, e.CallOverflowed, e.CallEnded):
        event = happening(kind, call, MIDNIGHT_MS + 1)
        call = follow(call, event)
        written.append(WrittenEvent(node=NODE, seq=len(written) + 1, event=event, call=call))
        await PostgresLedger(pool).write_events(written[-1:] if len(written) > 2 else written)
        accounts = {one.queue: one for one in await PostgresCensus(pool).conserved(since_ms=0)}
        assert all(one.holds for one in accounts.values()), f"after {kind.__name__}"
        assert total(accounts.values()).offered_count == 1
    paying, general = accounts[QueueId("tax.paying.en")], accounts[QueueId("tax.general.en")]
    assert (paying.offered_count, paying.overflowed_count) == (1, 1), "told twice, counted once"
    assert (general.offered_count, general.abandoned_count) == (1, 1)
    assert total(accounts.values()).overflowed_count == 0, "within the centre it is no end"


async def test_a_call_that_an_adviser_handed_on_counts_in_both_queues_and_once_in_all(
    pool: PostgresPool,
) -> None:
    came = arrived(1, MIDNIGHT_MS)
    call = arrive(came)
    written = [WrittenEvent(node=NODE, seq=1, event=came, call=call)]
    for kind in (
        e.CallQueued,
        e.CallRang,
        e.CallBridged,
        e.CallTransferred,
        e.CallRang,
        e.CallBridged,
        e.CallEnded,
    ):
        event = happening(kind, call, MIDNIGHT_MS + 1)
        call = follow(call, event)
        written.append(WrittenEvent(node=NODE, seq=len(written) + 1, event=event, call=call))
    await PostgresLedger(pool).write_events(written)
    accounts = {one.queue: one for one in await PostgresCensus(pool).conserved(since_ms=0)}
    assert all(one.holds for one in accounts.values())
    paying, general = accounts[QueueId("tax.paying.en")], accounts[QueueId("tax.general.en")]
    assert (paying.offered_count, paying.transferred_count, paying.handled_count) == (1, 1, 0)
    assert (general.offered_count, general.transferred_count, general.handled_count) == (1, 0, 1)
    assert total(accounts.values()).offered_count == 1


async def test_yesterdays_calls_are_not_todays(pool: PostgresPool) -> None:
    event = arrived(1, MIDNIGHT_MS - 1)
    await PostgresLedger(pool).write_events(
        [WrittenEvent(node=NODE, seq=1, event=event, call=arrive(event))]
    )
    assert await counts(pool) == NOTHING


async def test_no_call_is_lost_or_counted_twice_at_any_instant(pool: PostgresPool) -> None:
    """Walk calls at random over the table of what may follow, and count after each step."""
    dice = random.Random(1)  # noqa: S311 - no secret
    calls: dict[int, Call] = {}
    ledger, seq, seen = PostgresLedger(pool), 0, set()
    for step in range(450):
        at_ms = MIDNIGHT_MS + 1_000 * step
        number = dice.randint(1, 25)
        call = calls.get(number)
        event: e.CallEvent
        if call is None:
            event = arrived(number, at_ms)
            call = arrive(event)
        elif call.state is CallState.ENDED:
            continue
        else:
            kinds = sorted(FOLLOWS[call.state], key=lambda kind: kind.__name__)
            event = happening(dice.choice(kinds), call, at_ms)
            call = follow(call, event)
        calls[number] = call
        seq += 1
        await ledger.write_events([WrittenEvent(node=NODE, seq=seq, event=event, call=call)])
        if step % 10 == 0:
            now = await counts(pool)
            endings = [one.ending for one in calls.values()]
            assert now.offered_count == len(calls)
            assert now.in_progress_count == endings.count(None)
            assert now.handled_count == endings.count(e.Ending.HANDLED)
            assert now.abandoned_count == endings.count(e.Ending.ABANDONED)
            assert now.deflected_count == endings.count(e.Ending.DEFLECTED)
            assert now.left_in_menu_count == endings.count(e.Ending.LEFT_IN_MENU)
            assert now.system_lost_count == 0
            assert now.offered_count == sum(
                (
                    now.handled_count,
                    now.abandoned_count,
                    now.deflected_count,
                    now.callback_count,
                    now.left_in_menu_count,
                    now.closed_count,
                    now.system_lost_count,
                    now.in_progress_count,
                )
            ), "conservation"
            seen.update(endings)
    assert seen >= {None, *e.Ending} - {
        e.Ending.SYSTEM_LOST,
        e.Ending.CLOSED,
        e.Ending.CALLBACK,
    }, "the walk met every ending that follows from the call alone"
