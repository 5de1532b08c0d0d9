"""A callback as a waiting caller is offered it, and books it by the keys of a telephone."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_line
from contactcentre.domain.announcing import (
    CALLBACK_CHECK,
    CALLBACK_FULL,
    CALLBACK_LATER,
    CALLBACK_NOT_NOW,
    CALLBACK_NUMBER,
    CALLBACK_OFFER,
    CALLBACK_STAYS,
    CALLBACK_WHEN,
    CALLBACK_WRONG_NUMBER,
)
from contactcentre.domain.callback import SLOT_MS, CallbackNews, OfferRule, RingingHours
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.errors import LedgerUnavailable
from contactcentre.domain.events import CallbackBooked
from contactcentre.domain.expecting import WaitErrors
from contactcentre.domain.ids import AdviserId, CallId, DeskId, LineId, QueueId, SoundName, Token
from contactcentre.journey.booking import CallbackOffers
from contactcentre.journey.queueing import Waiting
from contactcentre.ports.callbacks import Booking
from contactcentre.ports.live import Offered
from contactcentre.ports.state import Place
from tests.journey.stage import StagedCall, StagedClock, StagedQueues

OFFER = Offered(adviser=AdviserId("ada"), desk=DeskId("d1"), token=Token(7))
PAYING = QueueId("tax.paying.en")
MINUTE_MS = 60_000
NOON_MS = 1_790_074_800_000
ROUND_THE_CLOCK = RingingHours(from_hour=0, until_hour=24)
LONG = Place(place=20, waiting_count=20, served_every_ms=MINUTE_MS)
SHORT = Place(place=1, waiting_count=1, served_every_ms=MINUTE_MS)
NUMBER = "01632960001"


@dataclass
class StagedPromises:
    """A record that promises what it is asked, or does not answer."""

    room: bool = True
    later: bool = False
    """There is room later today as well, or alone."""
    away: bool = False
    booked: list[Booking] = field(default_factory=list)

    async def rooms(self, queue: QueueId, slots: Sequence[int], *, slot_max: int) -> Sequence[int]:
        """Say what the test says."""
        assert (queue, slot_max) == (PAYING, 5)
        this, *later = slots
        return [*([this] if self.room else []), *(later if self.later else [])]

    async def book(self, booking: Booking, *, slot_max: int) -> bool:
        """Remember it."""
        assert slot_max == 5
        await asyncio.sleep(0)
        if self.away:
            raise LedgerUnavailable("away")
        self.booked.append(booking)
        return self.room or booking.due_ms > 0

    async def cancel(self, call: CallId, *, at_ms: int) -> QueueId | None:
        """Never: whoever waits has nothing to cancel."""
        raise AssertionError(call, at_ms)


class AnsweringCall(StagedCall):
    """A call whose caller presses hash after the number, and answers once it has been read back."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[str] = []
        """What is pressed the first time, the second, and so on."""

    async def say(self, sounds: Sequence[SoundName], *, keys: Mapping[str, SoundName]) -> None:
        """Answer to a number, if it was heard to its end."""
        reads_back = CALLBACK_CHECK in sounds
        if reads_back:
            self.keys.put_nowait("#")
        await super().say(sounds, keys=keys)
        if reads_back and self.answers:
            for key in self.answers.pop(0):
                self.keys.put_nowait(key)


@dataclass
class Caller:
    """One caller who waits, and what came of it."""

    live: AnsweringCall = field(default_factory=AnsweringCall)
    promises: StagedPromises = field(default_factory=StagedPromises)
    clock: StagedClock = field(default_factory=lambda: StagedClock(at_ms=NOON_MS))
    hours: RingingHours = ROUND_THE_CLOCK
    closes_ms: int = NOON_MS + 24 * 60 * MINUTE_MS
    news: list[CallbackNews] = field(default_factory=list)

    def count(self, queue: QueueId, news: CallbackNews) -> None:
        """Remember what was counted."""
        assert queue == PAYING
        self.news.append(news)

    def presses(self, at_ms: int, keys: Iterable[str], *answers: str) -> None:
        """Let the caller press keys some time after the wait began, and answer to a number."""
        self.live.answers += answers

        def press() -> None:
            for key in keys:
                self.live.keys.put_nowait(key)

        self.clock.call_at(NOON_MS + at_ms, press)

    async def waits(self, place: Place, *, until_ms: int) -> Offered | None:
        """Wait until an adviser is free, or a callback stands; return which."""
        flow = load_line(default_flows_dir(), LineId("tax")).flow
        waiting = Waiting(
            self.live,
            flow,
            queues=StagedQueues(place=place),
            clock=self.clock,
            errors=WaitErrors(lambda _queue, _ratio: None),
            callbacks=CallbackOffers(
                self.live,
                promises=self.promises,
                slots_max={PAYING: 5},
                is_open=lambda _, at_ms: at_ms < self.closes_ms,
                rule=OfferRule(
                    long_wait_ms=15 * MINUTE_MS,
                    ceiling_ms=30 * MINUTE_MS,
                    again_ms=5 * MINUTE_MS,
                    hours=self.hours,
                ),
                clock=self.clock,
                count=self.count,
            ),
        )
        await waiting.join(queue=PAYING, service_class=ServiceClass.P1, enqueued_ms=NOON_MS)
        self.clock.call_at(NOON_MS + until_ms, lambda: self.live.offers.put_nowait(OFFER))
        async with asyncio.timeout(5):
            return await waiting.offered()

    @property
    def is_booked(self) -> bool:
        """Say whether it stands in the record that a callback is booked."""
        return any(isinstance(step, CallbackBooked) for step in self.live.steps)


async def test_a_caller_who_is_to_wait_for_long_books_a_callback_and_keeps_the_place() -> None:
    caller = Caller()
    caller.presses(10_000, ["1", *NUMBER], "1")
    assert await caller.waits(LONG, until_ms=20 * MINUTE_MS) is None
    [booking] = caller.promises.booked
    assert (booking.call, booking.queue, booking.enqueued_ms) == ("c1", PAYING, NOON_MS)
    assert (booking.number, booking.service_class) == ("+441632960001", ServiceClass.P1)
    assert (booking.slot_ms, booking.due_ms) == (NOON_MS, 0)
    assert caller.is_booked
    assert CALLBACK_OFFER in caller.live.said
    assert caller.news == [CallbackNews.OFFERED, CallbackNews.BOOKED]


async def test_a_caller_who_is_served_soon_is_offered_none() -> None:
    caller = Caller()
    caller.presses(10_000, ["1", *NUMBER], "1")
    assert await caller.waits(SHORT, until_ms=3 * MINUTE_MS) == OFFER
    assert CALLBACK_OFFER not in caller.live.said
    assert caller.promises.booked == []


async def test_whoever_has_waited_up_to_the_ceiling_is_offered_one_again_and_again() -> None:
    caller = Caller()
    assert await caller.waits(SHORT, until_ms=46 * MINUTE_MS) == OFFER
    assert 3 <= caller.live.said.count(CALLBACK_OFFER) <= 4, "from 30 minutes on, every five"
    assert not caller.is_booked, "nobody is moved without accepting"


async def test_a_caller_goes_on_waiting_while_the_record_is_away_and_is_told_so() -> None:
    caller = Caller(promises=StagedPromises(away=True))
    caller.presses(10_000, ["1", *NUMBER], "1")
    assert await caller.waits(LONG, until_ms=2 * MINUTE_MS) == OFFER
    assert CALLBACK_NOT_NOW in caller.live.said
    assert not caller.is_booked
    assert caller.live.call.enqueued_ms == NOON_MS
    assert caller.news == [CallbackNews.OFFERED, CallbackNews.NOT_WRITTEN]


async def test_once_all_of_a_half_hour_are_promised_the_caller_is_told_and_offered_none() -> None:
    caller = Caller(promises=StagedPromises(room=False))
    caller.presses(10_000, ["1", *NUMBER], "1")
    assert await caller.waits(LONG, until_ms=2 * MINUTE_MS) == OFFER
    assert CALLBACK_FULL in caller.live.said
    assert CALLBACK_OFFER not in caller.live.said
    assert CALLBACK_NUMBER not in caller.live.said, "1 means nothing then"
    assert caller.news == [CallbackNews.FULL]


async def test_nobody_is_offered_a_callback_at_night() -> None:
    caller = Caller(hours=RingingHours(from_hour=18, until_hour=20))
    assert await caller.waits(LONG, until_ms=2 * MINUTE_MS) == OFFER
    assert CALLBACK_OFFER not in caller.live.said


async def test_a_caller_who_thinks_better_of_it_goes_on_waiting() -> None:
    caller = Caller()
    caller.presses(10_000, ["1", "0", "1", "*"])
    assert await caller.waits(LONG, until_ms=2 * MINUTE_MS) == OFFER
    assert CALLBACK_STAYS in caller.live.said
    assert not caller.is_booked


async def test_a_number_that_is_not_rung_is_asked_for_again() -> None:
    caller = Caller()
    caller.presses(10_000, ["1", *"0044163", "#", *NUMBER], "1")
    assert await caller.waits(LONG, until_ms=20 * MINUTE_MS) is None
    assert caller.live.said.count(CALLBACK_WRONG_NUMBER) == 1
    assert [one.number for one in caller.promises.booked] == ["+441632960001"]


async def test_a_number_that_was_mistyped_is_keyed_again_before_it_is_booked() -> None:
    caller = Caller()
    caller.presses(10_000, ["1", *"01632960009"], f"2{NUMBER}", "1")
    assert await caller.waits(LONG, until_ms=20 * MINUTE_MS) is None
    assert [one.number for one in caller.promises.booked] == ["+441632960001"]


async def test_no_key_from_before_a_number_was_read_back_says_that_it_is_right() -> None:
    caller = Caller(promises=StagedPromises(later=True))
    caller.presses(10_000, ["1", *NUMBER, *NUMBER], f"2{NUMBER}", "11")
    assert await caller.waits(LONG, until_ms=20 * MINUTE_MS) is None
    assert caller.live.said.count(CALLBACK_CHECK) == 2
    assert [(one.number, one.due_ms) for one in caller.promises.booked] == [("+441632960001", 0)]


async def test_a_hash_after_the_last_digit_does_not_silence_the_number_that_is_read_back() -> None:
    caller = Caller()
    caller.live.prompt_s = 0.01
    caller.presses(10_000, ["1", *NUMBER], "1")
    assert await caller.waits(LONG, until_ms=20 * MINUTE_MS) is None
    assert caller.is_booked


async def test_an_adviser_who_is_free_while_the_number_is_keyed_takes_the_call() -> None:
    caller = Caller()
    caller.live.wait_for_key = True
    caller.presses(10_000, ["1", "0", "1"])
    caller.clock.call_at(NOON_MS + 10_000, lambda: caller.live.offers.put_nowait(OFFER))
    assert await caller.waits(LONG, until_ms=20 * MINUTE_MS) == OFFER
    assert caller.promises.booked == []


@pytest.mark.parametrize(
    ("keys", "number"),
    [("1", None), ("21", 1), ("24", 4), ("251", 5), ("2552", 10)],
)
async def test_a_caller_chooses_when_to_be_rung_today(keys: str, number: int | None) -> None:
    caller = Caller(promises=StagedPromises(later=True))
    caller.presses(10_000, ["1", *NUMBER], f"1{keys}")
    assert await caller.waits(LONG, until_ms=20 * MINUTE_MS) is None
    [booking] = caller.promises.booked
    assert booking.enqueued_ms == NOON_MS, "the place is kept"
    chosen_ms = NOON_MS + (number or 0) * SLOT_MS
    assert booking.slot_ms == chosen_ms
    assert booking.due_ms == (0 if number is None else chosen_ms)


async def test_a_caller_is_offered_later_half_hours_while_this_one_is_full() -> None:
    caller = Caller(promises=StagedPromises(room=False, later=True))
    caller.presses(10_000, ["1", *NUMBER], "11")
    assert await caller.waits(LONG, until_ms=20 * MINUTE_MS) is None
    assert [one.due_ms for one in caller.promises.booked] == [NOON_MS + SLOT_MS]
    assert CALLBACK_WHEN not in caller.live.said
    assert CALLBACK_FULL not in caller.live.said


async def test_no_half_hour_is_offered_in_which_the_queue_is_closed_or_nobody_is_rung() -> None:
    closes_ms = NOON_MS + 2 * SLOT_MS
    early = Caller(promises=StagedPromises(later=True), closes_ms=closes_ms)
    until_one = RingingHours(from_hour=8, until_hour=13)
    quiet = Caller(promises=StagedPromises(later=True), hours=until_one)
    for caller in (early, quiet):
        caller.presses(10_000, ["1", *NUMBER], "1221")
        assert await caller.waits(LONG, until_ms=20 * MINUTE_MS) is None
        assert [one.due_ms for one in caller.promises.booked] == [NOON_MS + SLOT_MS]
        assert CALLBACK_LATER not in caller.live.said


async def test_a_caller_who_chooses_no_time_goes_on_waiting() -> None:
    for keys in ("*", "2*", "9"):
        caller = Caller(promises=StagedPromises(later=True))
        caller.presses(10_000, ["1", *NUMBER], f"1{keys}")
        assert await caller.waits(LONG, until_ms=2 * MINUTE_MS) == OFFER
        assert CALLBACK_STAYS in caller.live.said
        assert caller.promises.booked == []
