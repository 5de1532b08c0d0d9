"""Callbacks in the record: promised once, kept by one keeper, and concluded once."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace

import pytest

from contactcentre.adapters.ledger_postgres.callbacks import PostgresCallbacks, PostgresPromises
from contactcentre.adapters.ledger_postgres.census import PostgresCensus
from contactcentre.adapters.ledger_postgres.ledger import PostgresLedger
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.ledger_postgres.reports import PostgresReports
from contactcentre.domain import events as e
from contactcentre.domain.call import follow, make
from contactcentre.domain.callback import (
    SLOT_MS,
    Attempt,
    Callback,
    CallbackState,
    callback_of,
    slot_of,
)
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.errors import LedgerUnavailable, UnknownName
from contactcentre.domain.ids import CallId, LineId, NodeId, PhoneNumber, QueueId, Token
from contactcentre.domain.languages import Language
from contactcentre.limits import (
    CALLBACK_ATTEMPTS_MAX,
    CALLBACK_RETRY_MS,
    CALLBACKS_PER_NUMBER_MAX,
)
from contactcentre.ports.callbacks import Booking
from contactcentre.ports.records import WrittenEvent
from contactcentre.ports.reports import CallbackCounts
from tests.adapters.ledger_postgres.test_ledger import ADA, CAME_MS, rows, written
from tests.domain.happenings import MADE

PAYING = QueueId("tax.paying.en")
NORTH, SOUTH = NodeId("keeper-north"), NodeId("keeper-south")
MANY = 100
SLOT, LATER = slot_of(CAME_MS), slot_of(CAME_MS) + SLOT_MS


def booking(
    call: str = "c1", *, at_ms: int = CAME_MS, number: str = "+441632960001", due_ms: int = 0
) -> Booking:
    return Booking(
        call=CallId(call),
        line=LineId("tax"),
        queue=PAYING,
        language=Language.ENGLISH,
        service_class=ServiceClass.P2,
        enqueued_ms=CAME_MS + int(call[1:]),
        number=PhoneNumber(number),
        at_ms=at_ms,
        slot_ms=slot_of(at_ms),
        due_ms=due_ms,
    )


def of_nobody(number: int) -> str:
    """Return one of the numbers that are nobody's."""
    return f"+441632960{number:03}"


async def book(pool: PostgresPool, *calls: str) -> None:
    for number, call in enumerate(calls):
        one = booking(call, number=of_nobody(number))
        assert await PostgresPromises(pool).book(one, slot_max=MANY)


async def end(pool: PostgresPool, *calls: str, ending: e.Ending = e.Ending.CALLBACK) -> None:
    """Let calls end, each on a node of its own."""
    for call in calls:
        name = CallId(call)
        events = written(call, node=NodeId(f"node-{call}"))[:2]
        over = e.CallEnded(call=name, at_ms=CAME_MS, ending=ending, by=e.HungUpBy.FLOW)
        ended = replace(events[-1], seq=3, event=over, call=follow(events[-1].call, over))
        await PostgresLedger(pool).write_events([*events, ended])


async def claim(
    pool: PostgresPool,
    keeper: NodeId = NORTH,
    *,
    at_ms: int = CAME_MS,
    lost: Collection[NodeId] = (),
    held: Sequence[Callback] = (),
) -> Sequence[Callback]:
    return await PostgresCallbacks(pool).claim(
        keeper,
        nonce="n",
        at_ms=at_ms,
        lost=lost,
        held=[one.id for one in held],
        count_max=MANY,
    )


async def conclude(
    pool: PostgresPool, one: Callback, attempt: Attempt, *, token: int = 7, at_ms: int = CAME_MS
) -> CallbackState:
    stands = await PostgresCallbacks(pool).conclude(
        one.id, attempt, adviser=ADA, token=Token(token), at_ms=at_ms
    )
    return stands.state


async def test_a_callback_keeps_what_the_call_had(pool: PostgresPool) -> None:
    await book(pool, "c1")
    await end(pool, "c1")
    [one] = await claim(pool)
    assert (one.id, one.queue, one.service_class) == (callback_of(CallId("c1")), PAYING, "P2")
    assert (one.enqueued_ms, one.number, one.attempts_count) == (CAME_MS + 1, of_nobody(0), 0)


async def test_a_call_that_books_again_has_one_callback_with_the_later_number(
    pool: PostgresPool,
) -> None:
    promises = PostgresPromises(pool)
    assert await promises.book(booking(), slot_max=1)
    assert await promises.book(booking(number=of_nobody(9)), slot_max=1)
    await end(pool, "c1")
    [one] = await claim(pool)
    assert one.number == of_nobody(9)


async def test_a_callback_at_a_chosen_time_takes_room_there_and_is_kept_from_then_on(
    pool: PostgresPool,
) -> None:
    promises = PostgresPromises(pool)
    chosen = replace(booking(due_ms=LATER), slot_ms=LATER)
    assert await promises.book(chosen, slot_max=1)
    assert await promises.rooms(PAYING, [SLOT, LATER], slot_max=1) == [SLOT]
    await end(pool, "c1")
    assert await claim(pool, at_ms=LATER - 1) == []
    [one] = await claim(pool, at_ms=LATER)
    assert one.enqueued_ms == chosen.enqueued_ms, "at its own place"


async def test_no_more_is_promised_in_a_half_hour_than_may_be(pool: PostgresPool) -> None:
    promises = PostgresPromises(pool)
    asked = [booking(f"c{number}", number=of_nobody(number)) for number in range(8)]
    booked = await asyncio.gather(*(promises.book(one, slot_max=3) for one in asked))
    assert sum(booked) == 3
    assert await promises.rooms(PAYING, [SLOT, LATER], slot_max=3) == [LATER]
    assert await promises.rooms(QueueId("tax.general.en"), [SLOT], slot_max=3) == [SLOT]


async def test_a_callback_that_is_cancelled_makes_room(pool: PostgresPool) -> None:
    await book(pool, "c1")
    promises = PostgresPromises(pool)
    assert await promises.cancel(CallId("c1"), at_ms=CAME_MS) == PAYING
    assert await promises.cancel(CallId("c1"), at_ms=CAME_MS + 1) is None, "no news"
    assert await promises.cancel(CallId("c9"), at_ms=CAME_MS) is None, "never promised"
    assert await promises.rooms(PAYING, [SLOT], slot_max=1) == [SLOT]
    await end(pool, "c1")
    assert await claim(pool) == []


async def test_nobody_is_made_to_be_rung_by_many_bookings_of_others(pool: PostgresPool) -> None:
    promises = PostgresPromises(pool)
    booked = [
        await promises.book(booking(f"c{number}"), slot_max=MANY)
        for number in range(CALLBACKS_PER_NUMBER_MAX + 1)
    ]
    assert booked == [True] * CALLBACKS_PER_NUMBER_MAX + [False]


async def test_a_promise_counts_once_its_call_has_ended(pool: PostgresPool) -> None:
    await book(pool, "c1")
    assert await claim(pool) == []
    await PostgresLedger(pool).write_events(written()[:2])
    assert await claim(pool) == [], "the caller waits on"
    await end(pool, "c1", ending=e.Ending.ABANDONED)
    assert len(await claim(pool)) == 1, "whoever has asked for it and has gone is rung"


async def test_whoever_was_talked_with_after_all_is_not_rung_back(pool: PostgresPool) -> None:
    await book(pool, "c1")
    await PostgresLedger(pool).write_events(written())
    assert await claim(pool) == []
    [row] = await rows(pool, "SELECT state FROM callbacks")
    assert row["state"] == "void"


async def test_of_two_keepers_one_has_a_callback(pool: PostgresPool) -> None:
    await book(pool, "c1", "c2", "c3")
    await end(pool, "c1", "c2", "c3")
    both = await asyncio.gather(claim(pool, NORTH), claim(pool, SOUTH))
    assert sorted(one.id for claimed in both for one in claimed) == [
        callback_of(CallId(call)) for call in ("c1", "c2", "c3")
    ]


async def test_the_callbacks_of_a_lost_keeper_are_taken_on_at_a_newer_epoch(
    pool: PostgresPool,
) -> None:
    await book(pool, "c1")
    await end(pool, "c1")
    [first] = await claim(pool, NORTH)
    assert await claim(pool, SOUTH) == []
    assert await PostgresCallbacks(pool).keepers() == [NORTH]
    [second] = await claim(pool, SOUTH, lost=[NORTH])
    assert second.epoch > first.epoch
    assert await PostgresCallbacks(pool).gone(NORTH, [first]) == [first.id]
    assert await PostgresCallbacks(pool).gone(SOUTH, [second]) == []


async def test_a_keeper_that_starts_again_takes_on_what_it_had(pool: PostgresPool) -> None:
    await book(pool, "c1")
    await end(pool, "c1")
    first = await claim(pool)
    assert await claim(pool, held=first) == []
    [again] = await claim(pool)
    assert again.epoch > first[0].epoch


async def test_a_caller_who_does_not_answer_is_due_again_later(pool: PostgresPool) -> None:
    await book(pool, "c1")
    await end(pool, "c1")
    [one] = await claim(pool)
    assert await conclude(pool, one, Attempt.NO_ANSWER) is CallbackState.OPEN
    assert await claim(pool, at_ms=CAME_MS + CALLBACK_RETRY_MS - 1) == []
    [again] = await claim(pool, at_ms=CAME_MS + CALLBACK_RETRY_MS)
    assert (again.attempts_count, again.enqueued_ms) == (1, one.enqueued_ms)


async def test_a_caller_who_never_answers_is_given_up_in_the_end(pool: PostgresPool) -> None:
    await book(pool, "c1")
    await end(pool, "c1")
    states = []
    for count in range(CALLBACK_ATTEMPTS_MAX):
        [one] = await claim(pool, at_ms=CAME_MS + count * CALLBACK_RETRY_MS)
        at_ms = CAME_MS + count * CALLBACK_RETRY_MS
        states.append(await conclude(pool, one, Attempt.NO_ANSWER, token=count, at_ms=at_ms))
    assert states == [CallbackState.OPEN] * (CALLBACK_ATTEMPTS_MAX - 1) + [CallbackState.BROKEN]


async def test_an_attempt_that_is_written_twice_counts_once(pool: PostgresPool) -> None:
    await book(pool, "c1")
    await end(pool, "c1")
    [one] = await claim(pool)
    await conclude(pool, one, Attempt.NO_ANSWER)
    again = await conclude(pool, one, Attempt.REACHED, at_ms=CAME_MS + 1)
    assert again is CallbackState.OPEN, "the first word stands"
    [row] = await rows(pool, "SELECT state, attempts_count FROM callbacks")
    assert (row["state"], row["attempts_count"]) == ("open", 1)


async def test_a_word_of_a_keeper_that_was_lost_does_not_undo_what_came_after(
    pool: PostgresPool,
) -> None:
    await book(pool, "c1")
    await end(pool, "c1")
    [first] = await claim(pool, NORTH)
    [second] = await claim(pool, SOUTH, lost=[NORTH])
    await conclude(pool, second, Attempt.REACHED, token=8)
    await conclude(pool, first, Attempt.NO_ANSWER, token=7)
    [row] = await rows(pool, "SELECT state FROM callbacks")
    assert row["state"] == "kept"


async def answered(pool: PostgresPool, one: Callback, *, token: int = 7) -> str:
    """Write down that the number was answered, and return how the callback stands."""
    await PostgresCallbacks(pool).answered(one.id, adviser=ADA, token=Token(token), at_ms=CAME_MS)
    [row] = await rows(pool, "SELECT state FROM callbacks")
    return str(row["state"])


async def test_a_number_that_was_answered_keeps_the_promise_unless_the_adviser_says_otherwise(
    pool: PostgresPool,
) -> None:
    await book(pool, "c1")
    await end(pool, "c1")
    [one] = await claim(pool)
    assert await answered(pool, one) == await answered(pool, one) == "kept"
    assert await claim(pool, lost=[NORTH]) == []
    assert await conclude(pool, one, Attempt.NO_ANSWER) is CallbackState.OPEN
    assert await conclude(pool, one, Attempt.REACHED) is CallbackState.OPEN, "the first word stands"
    assert await answered(pool, one) == "open", "and is not undone by what is heard late"
    [again] = await claim(pool, at_ms=CAME_MS + CALLBACK_RETRY_MS)
    assert again.attempts_count == 1
    assert await answered(pool, again, token=8) == "kept"
    assert await conclude(pool, again, Attempt.REACHED, token=8) is CallbackState.KEPT
    with pytest.raises(UnknownName):
        await answered(pool, replace(one, id=CallId("back-nobody")))


async def test_a_call_that_rings_a_caller_back_is_none_that_came_in(pool: PostgresPool) -> None:
    await book(pool, "c1")
    await end(pool, "c1")
    reports = PostgresReports(pool)
    before = await reports.today(since_ms=0, target_ms=1_000)
    accounts = await PostgresCensus(pool).conserved(since_ms=0)
    made = replace(MADE, call=callback_of(CallId("c1")), at_ms=CAME_MS + 1)
    call = make(made)
    over = e.CallEnded(
        call=call.id, at_ms=CAME_MS + 2, ending=e.Ending.HANDLED, by=e.HungUpBy.ADVISER
    )
    node = NodeId("south-1")
    await PostgresLedger(pool).write_events(
        [
            WrittenEvent(node=node, seq=1, event=made, call=call),
            WrittenEvent(node=node, seq=2, event=over, call=follow(call, over)),
        ]
    )
    [row] = await rows(pool, f"SELECT ending FROM calls WHERE id = '{call.id}'")  # noqa: S608 - ours
    assert row["ending"] == "handled"
    assert await reports.today(since_ms=0, target_ms=1_000) == before
    assert await PostgresCensus(pool).conserved(since_ms=0) == accounts
    assert all(one.holds for one in accounts)


async def test_callbacks_are_counted_by_queue_and_by_what_became_of_them(
    pool: PostgresPool,
) -> None:
    await book(pool, "c1", "c2", "c3", "c4")
    await end(pool, "c1", "c2", "c3")
    first, second, _ = await claim(pool)
    await conclude(pool, first, Attempt.REACHED)
    await conclude(pool, second, Attempt.WRONG_NUMBER)
    reports = PostgresReports(pool)
    [counts] = await reports.callbacks(since_ms=CAME_MS)
    assert counts == CallbackCounts(queue=PAYING, open_count=1, kept_count=1, broken_count=1)
    [later] = await reports.callbacks(since_ms=CAME_MS + 1)
    assert (later.kept_count, later.broken_count) == (0, 0)
    today = await reports.today(since_ms=0, target_ms=1)
    assert (today.offered_count, today.callback_count) == (3, 3)


async def test_nothing_is_said_to_be_booked_while_the_record_is_away() -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    async with PostgresPool(nowhere, timeout_ms=300) as pool:
        with pytest.raises(LedgerUnavailable):
            await PostgresPromises(pool).book(booking(), slot_max=1)
