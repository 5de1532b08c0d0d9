"""The simulated record's callbacks against the real one, and the judge of what became of each."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from random import Random

import pytest

from contactcentre.adapters.ledger_postgres.callbacks import PostgresCallbacks, PostgresPromises
from contactcentre.adapters.ledger_postgres.ledger import PostgresLedger
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.adapters.ledger_postgres.reports import PostgresReports
from contactcentre.domain import events as e
from contactcentre.domain.call import Call, follow
from contactcentre.domain.callback import SLOT_MS, Attempt, Callback, CallbackState, slot_of
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.ids import AdviserId, CallId, LineId, NodeId, PhoneNumber, QueueId, Token
from contactcentre.domain.languages import Language
from contactcentre.drills import history as h
from contactcentre.drills.history import Fact, History
from contactcentre.limits import CALLBACK_ATTEMPTS_MAX, CALLBACK_RETRY_MS
from contactcentre.ports.callbacks import Booking
from contactcentre.simulation.callbacks import CallbackTable, Promise
from contactcentre.simulation.called_back import CallbackFindings, check_callbacks
from tests.adapters.ledger_postgres.test_ledger import ADA, CAME_MS, written

QUEUES = [QueueId("tax.paying.en"), QueueId("tax.general.en")]
KEEPERS = [NodeId("keeper-north"), NodeId("keeper-south")]
STEPS = 250
SLOT_MAX = 4
CHOSEN_RATIO = 0.2
CALL, CALLBACK = CallId("c1"), CallId("back-c1")


def booking(number: int, queue: QueueId, at_ms: int) -> Booking:
    return Booking(
        call=CallId(f"c{number}"),
        line=LineId("tax"),
        queue=queue,
        language=Language.ENGLISH,
        service_class=ServiceClass.P2,
        enqueued_ms=CAME_MS + number,
        number=PhoneNumber(f"+441632960{number % 5:03}"),
        at_ms=at_ms,
        slot_ms=slot_of(at_ms),
    )


class Twins:
    """The same record twice, which is asked the same by chance."""

    def __init__(self, pool: PostgresPool, chance: Random) -> None:
        self._ledger = PostgresLedger(pool)
        self._promises, self._callbacks = PostgresPromises(pool), PostgresCallbacks(pool)
        self._reports = PostgresReports(pool)
        self._calls: dict[CallId, Call] = {}
        self._table = CallbackTable(self._calls.get, retry_ms=CALLBACK_RETRY_MS)
        self._chance = chance
        self._held: list[Callback] = []
        self._at_ms = CAME_MS
        self._numbers = 0
        self._steps: Sequence[Callable[[], Awaitable[tuple[object, object]]]] = (
            self._book,
            self._book,
            self._end,
            self._end,
            self._cancel,
            self._claim,
            self._claim,
            self._gone,
            self._conclude,
            self._conclude,
            self._release,
            self._count,
        )
        self.seen: set[str] = set()

    async def step(self) -> None:
        """Ask both for the same, and compare what they say."""
        self._at_ms += self._chance.choice([1, 1_000, SLOT_MS // 4])
        step = self._chance.choice(self._steps)
        real, simulated = await step()
        assert real == simulated, step.__name__
        if real:
            self.seen.add(step.__name__)

    async def _book(self) -> tuple[object, object]:
        self._numbers += self._chance.random() < 0.8
        one = booking(self._numbers, self._chance.choice(QUEUES), self._at_ms)
        if self._chance.random() < CHOSEN_RATIO:
            later_ms = one.slot_ms + SLOT_MS
            one = replace(one, slot_ms=later_ms, due_ms=later_ms)
        return (
            await self._promises.book(one, slot_max=SLOT_MAX),
            self._table.book(one, SLOT_MAX),
        )

    async def _end(self) -> tuple[object, object]:
        """Let a call end, or talk and end; or only be in the record."""
        call = CallId(f"c{self._chance.randint(1, self._numbers + 1)}")
        if call in self._calls:
            return None, None
        events = written(call, node=NodeId(f"node-{call}"))
        kind = self._chance.choice(["open", "talk", "callback", "callback"])
        if kind == "open":
            events = events[:2]
        elif kind == "callback":
            over = e.CallEnded(
                call=call, at_ms=CAME_MS, ending=e.Ending.CALLBACK, by=e.HungUpBy.FLOW
            )
            ended = replace(events[1], seq=3, event=over, call=follow(events[1].call, over))
            events = [*events[:2], ended]
        await self._ledger.write_events(events)
        self._calls[call] = events[-1].call
        return kind, kind

    async def _cancel(self) -> tuple[object, object]:
        call = CallId(f"c{self._chance.randint(1, self._numbers + 1)}")
        return (
            await self._promises.cancel(call, at_ms=self._at_ms),
            self._table.cancel(call, self._at_ms),
        )

    async def _claim(self) -> tuple[object, object]:
        keeper = self._chance.choice(KEEPERS)
        nonce = str(self._at_ms)
        lost = [one for one in KEEPERS if one != keeper and self._chance.random() < 0.3]
        held = [one.id for one in self._held if self._chance.random() < 0.7]
        real = await self._callbacks.claim(
            keeper, nonce=nonce, at_ms=self._at_ms, lost=lost, held=held, count_max=3
        )
        simulated = self._table.claim(keeper, nonce, self._at_ms, lost=lost, held=held, count_max=3)
        self._held += simulated
        return {one.id: one for one in real}, {one.id: one for one in simulated}

    async def _gone(self) -> tuple[object, object]:
        keeper = self._chance.choice(KEEPERS)
        real = await self._callbacks.gone(keeper, self._held)
        return sorted(real), sorted(self._table.gone(keeper, self._held))

    async def _conclude(self) -> tuple[object, object]:
        if not self._held:
            return None, None
        one, attempt = self._chance.choice(self._held), self._chance.choice(list(Attempt))
        token = Token(self._chance.randint(1, 9))
        real = await self._callbacks.conclude(
            one.id, attempt, adviser=ADA, token=token, at_ms=self._at_ms
        )
        return real, self._table.conclude(one.id, attempt, token=token, at_ms=self._at_ms)

    async def _release(self) -> tuple[object, object]:
        keeper = self._chance.choice(KEEPERS)
        await self._callbacks.release(keeper)
        self._table.release(keeper)
        return sorted(await self._callbacks.keepers()), self._table.keepers()

    async def _count(self) -> tuple[object, object]:
        queue = self._chance.choice(QUEUES)
        since_ms = self._at_ms - SLOT_MS
        slots = [slot_of(self._at_ms) + SLOT_MS * number for number in (-1, 0, 1)]
        real = (
            await self._promises.rooms(queue, slots, slot_max=SLOT_MAX),
            sorted(await self._reports.callbacks(since_ms=since_ms), key=lambda one: one.queue),
        )
        return real, (
            self._table.rooms(queue, slots, SLOT_MAX),
            sorted(self._table.counts(since_ms), key=lambda one: one.queue),
        )


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[PostgresPool]:
    """Give a pool on a migrated database."""
    async with PostgresPool(database_url) as pool:
        yield pool


async def test_the_simulated_record_keeps_callbacks_as_the_real_one_does(
    pool: PostgresPool,
) -> None:
    twins = Twins(pool, Random(7))  # noqa: S311 - the same steps every time
    for _ in range(STEPS):
        await twins.step()
    steps = {"_book", "_end", "_cancel", "_claim", "_gone", "_conclude", "_release", "_count"}
    assert twins.seen == steps, "each had something to say"


# The judge


def promise(state: CallbackState = CallbackState.KEPT, *tokens: int) -> Promise:
    made = Promise(booking=booking(1, QUEUES[0], CAME_MS), written_ms=100, state=state)
    made.attempts = {Token(token): (Attempt.REACHED, 0) for token in tokens}
    return made


def asked(at_ms: int = 99) -> Sequence[Fact]:
    """Return a caller who has joined the queue and asks to be rung back."""
    claim = h.ClaimSeen(at_ms=10, call=CALL, queue=QUEUES[0], enqueued_ms=CAME_MS + 1)
    return [claim, h.CallbackAsked(at_ms=at_ms, call=CALL)]


def heard(at_ms: int = 120) -> Sequence[Fact]:
    gone = h.CallerGone(at_ms=at_ms, call=CALL, why="over", said="callback")
    return [*asked(), h.CallbackHeard(at_ms=at_ms, call=CALL), gone]


def taken(at_ms: int, token: int, attempt: Attempt | None, adviser: str = "ada") -> list[Fact]:
    """Return an adviser who takes the callback, and says a second later how it ended."""
    facts: list[Fact] = [
        h.CallbackTaken(at_ms=at_ms, adviser=AdviserId(adviser), call=CALLBACK, token=token)
    ]
    if attempt is not None:
        said = h.AttemptSaid(
            at_ms=at_ms + 1_000, adviser=adviser, call=CALLBACK, token=token, attempt=attempt
        )
        facts.append(said)
    return facts


def judged(one: Promise | None, *facts: Fact) -> CallbackFindings:
    history = History()
    for fact in facts:
        history.note(fact)
    return check_callbacks(history, [] if one is None else [one])


def clean(found: CallbackFindings) -> bool:
    return not (found.lost or found.duplicated or found.out_of_place)


def test_a_caller_who_is_told_of_a_callback_and_reached_once_was_served() -> None:
    found = judged(promise(CallbackState.KEPT, 5), *heard(), *taken(500, 5, Attempt.REACHED))
    assert clean(found)
    assert found.booked_count == 1


@pytest.mark.parametrize("one", [None, replace(promise(), written_ms=121)])
def test_a_caller_who_is_told_before_it_is_durable_is_lost(one: Promise | None) -> None:
    [sentence, *_] = judged(one, *heard(), *taken(500, 5, Attempt.REACHED)).lost
    assert sentence == "c1 was told at 120 of a callback that was not durable"


def test_a_caller_who_is_never_rung_is_lost_also_without_having_heard_of_it() -> None:
    gone = h.CallerGone(at_ms=130, call=CALL, why="hung_up")
    for facts in (heard(), [*asked(), gone]):
        assert judged(promise(CallbackState.OPEN), *facts).lost == [
            "c1 was never rung back, after 0 attempts"
        ]
    assert clean(judged(promise(CallbackState.OPEN), *asked())), "who waits on is on the line"


@pytest.mark.parametrize(
    ("state", "attempts", "is_explained"),
    [
        (CallbackState.KEPT, [], False),
        (CallbackState.KEPT, [Attempt.NO_ANSWER], False),
        (CallbackState.BROKEN, [Attempt.NO_ANSWER], False),
        (CallbackState.BROKEN, [Attempt.NO_ANSWER] * CALLBACK_ATTEMPTS_MAX, True),
        (CallbackState.BROKEN, [Attempt.WRONG_NUMBER], True),
        (CallbackState.BROKEN, [Attempt.GIVEN_UP], True),
        (CallbackState.CANCELLED, [], False),
        (CallbackState.VOID, [], False),
    ],
)
def test_a_promise_ends_by_what_somebody_said_or_did(
    state: CallbackState, attempts: Sequence[Attempt], *, is_explained: bool
) -> None:
    tries = [taken(500 + 2_000 * at, 5 + at, attempt) for at, attempt in enumerate(attempts)]
    found = judged(promise(state), *heard(), *(fact for one in tries for fact in one))
    assert clean(found) is is_explained


def test_a_promise_is_cancelled_by_its_caller_and_void_by_a_talk_after_it() -> None:
    cancelled = h.CallbackCancelled(at_ms=150, call=CALL)
    assert clean(judged(promise(CallbackState.CANCELLED), *heard(), cancelled))
    late, early = (h.Bridged(at_ms=at_ms, adviser="ada", call=CALL, token=4) for at_ms in (300, 50))
    assert clean(judged(promise(CallbackState.VOID), *heard(), late))
    assert not clean(judged(promise(CallbackState.VOID), *heard(), early)), "promised after it"


def test_a_caller_who_was_reached_is_not_rung_again() -> None:
    again = [*taken(500, 5, Attempt.REACHED), *taken(5_000, 6, Attempt.NO_ANSWER, "bryn")]
    found = judged(promise(CallbackState.KEPT, 5), *heard(), *again)
    assert found.duplicated == [
        "back-c1 was rung by bryn (5000) after ada had reached the caller (1500)"
    ]


def test_what_an_adviser_said_may_die_with_its_keeper_alone() -> None:
    again = [*taken(500, 5, Attempt.REACHED), *taken(5_000, 6, Attempt.REACHED, "bryn")]
    died = h.Broke(at_ms=2_000, what="kill records-1")
    assert judged(promise(CallbackState.KEPT, 6), *heard(), *again).duplicated
    assert clean(judged(promise(CallbackState.KEPT, 6), *heard(), died, *again))


def test_a_callback_keeps_the_time_at_which_its_caller_joined() -> None:
    claim = h.ClaimSeen(at_ms=10, call=CALL, queue=QUEUES[0], enqueued_ms=CAME_MS + 7)
    facts = [claim, *heard()[1:], *taken(500, 5, Attempt.REACHED)]
    assert judged(promise(CallbackState.KEPT, 5), *facts).out_of_place
