"""When a caller is offered a callback, which numbers are rung, and what becomes of a promise."""

from datetime import datetime

import pytest

from contactcentre.domain.callback import (
    SLOT_MS,
    Attempt,
    CallbackNews,
    CallbackState,
    OfferRule,
    RingingHours,
    after,
    callback_of,
    is_callback,
    is_quiet,
    is_time_to_offer,
    national,
    news_of,
    slot_label,
    slot_of,
    slots_later_today,
    uk_number,
)
from contactcentre.domain.hours import ZONE
from contactcentre.domain.ids import CallId, PhoneNumber
from contactcentre.limits import CALLBACK_ATTEMPTS_MAX, CALLBACK_RETRY_MS

MINUTE_MS = 60_000
HOURS = RingingHours(from_hour=8, until_hour=20)
RULE = OfferRule(
    long_wait_ms=15 * MINUTE_MS, ceiling_ms=30 * MINUTE_MS, again_ms=5 * MINUTE_MS, hours=HOURS
)


@pytest.mark.parametrize(
    ("keyed", "number"),
    [
        ("01632960001", "+441632960001"),
        ("0163296000", "+44163296000"),
        ("02079460001", "+442079460001"),
        ("03069990001", "+443069990001"),
        ("07700900001", "+447700900001"),
        ("07624960001", "+447624960001"),
    ],
)
def test_landlines_and_mobiles_of_the_country_are_rung(keyed: str, number: str) -> None:
    assert uk_number(keyed) == number
    assert national(PhoneNumber(number)) == keyed


@pytest.mark.parametrize(
    "keyed",
    [
        "",
        "999",
        "1632960001",
        "016329600",
        "016329600011",
        "0207946000",
        "07000900001",
        "07600900001",
        "08081570001",
        "09098790001",
        "00441632960001",
        "0163296000x",
    ],
)
def test_costly_foreign_short_and_mistyped_numbers_are_not(keyed: str) -> None:
    assert uk_number(keyed) is None


@pytest.mark.parametrize(
    ("wait_ms", "waited_ms", "since_ms", "is_time"),
    [
        (15 * MINUTE_MS, 0, None, True),
        (15 * MINUTE_MS - 1, 0, None, False),
        (None, 0, None, False),
        (None, 30 * MINUTE_MS - 1, None, False),
        (None, 30 * MINUTE_MS, None, True),
        (2 * MINUTE_MS, 30 * MINUTE_MS, 5 * MINUTE_MS, True),
        (20 * MINUTE_MS, 40 * MINUTE_MS, 5 * MINUTE_MS - 1, False),
    ],
)
def test_a_callback_is_offered_for_a_long_wait_and_again_and_again_from_the_ceiling_on(
    *, wait_ms: int | None, waited_ms: int, since_ms: int | None, is_time: bool
) -> None:
    said = is_time_to_offer(RULE, wait_ms=wait_ms, waited_ms=waited_ms, since_offer_ms=since_ms)
    assert said is is_time


def test_a_caller_who_was_reached_has_been_kept_the_promise() -> None:
    assert after(Attempt.REACHED, attempts_count=1, at_ms=7).state is CallbackState.KEPT


def test_a_caller_who_does_not_answer_is_rung_again_later_but_not_for_ever() -> None:
    for count in range(1, CALLBACK_ATTEMPTS_MAX):
        again = after(Attempt.NO_ANSWER, attempts_count=count, at_ms=7)
        assert (again.state, again.due_ms) == (CallbackState.OPEN, 7 + CALLBACK_RETRY_MS)
    last = after(Attempt.NO_ANSWER, attempts_count=CALLBACK_ATTEMPTS_MAX, at_ms=7)
    assert last.state is CallbackState.BROKEN


@pytest.mark.parametrize("attempt", [Attempt.WRONG_NUMBER, Attempt.GIVEN_UP])
def test_a_wrong_number_is_not_rung_twice(attempt: Attempt) -> None:
    assert after(attempt, attempts_count=1, at_ms=7).state is CallbackState.BROKEN


@pytest.mark.parametrize(
    ("at_ms", "quiet"),
    [
        (1_790_060_399_000, True),  # 2026-09-22 07:59:59 in London, which is an hour ahead of UTC
        (1_790_060_400_000, False),
        (1_790_103_599_000, False),
        (1_790_103_600_000, True),  # 20:00:00
        (1_795_766_400_000, False),  # 2026-11-27 08:00:00, in winter
    ],
)
def test_nobody_is_rung_early_in_the_morning_or_at_night_by_the_clock_on_the_wall(
    *, at_ms: int, quiet: bool
) -> None:
    assert is_quiet(HOURS, at_ms) is quiet


def test_half_hours_follow_one_another_without_a_gap() -> None:
    assert slot_of(SLOT_MS - 1) == 0
    assert slot_of(SLOT_MS) == SLOT_MS
    assert slot_of(2 * SLOT_MS - 1) == SLOT_MS


def test_a_call_becomes_one_callback_at_most() -> None:
    assert callback_of(CallId("c1")) == callback_of(CallId("c1")) != callback_of(CallId("c2"))
    assert is_callback(callback_of(CallId("c1")))
    assert not is_callback(CallId("c1"))


@pytest.mark.parametrize(
    ("attempt", "count", "news"),
    [
        (Attempt.REACHED, 1, CallbackNews.KEPT),
        (Attempt.NO_ANSWER, CALLBACK_ATTEMPTS_MAX - 1, CallbackNews.NOT_REACHED),
        (Attempt.NO_ANSWER, CALLBACK_ATTEMPTS_MAX, CallbackNews.EXPIRED),
        (Attempt.WRONG_NUMBER, 1, CallbackNews.FAILED),
        (Attempt.GIVEN_UP, CALLBACK_ATTEMPTS_MAX, CallbackNews.FAILED),
    ],
)
def test_an_attempt_is_counted_by_what_it_has_come_to(
    attempt: Attempt, count: int, news: CallbackNews
) -> None:
    stands = after(attempt, attempts_count=count, at_ms=0)
    assert news_of(attempt, stands.state) is news


def at(text: str) -> int:
    """Return a moment by the clock in the United Kingdom."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1_000)


def test_half_hours_of_today_are_those_to_come_in_which_anybody_is_rung() -> None:
    assert slots_later_today(HOURS, at("2026-07-01 18:59")) == [
        at("2026-07-01 19:00"),
        at("2026-07-01 19:30"),
    ]
    assert slots_later_today(HOURS, at("2026-07-01 19:30")) == []
    early = slots_later_today(HOURS, at("2026-07-01 00:10"))
    assert (early[0], len(early)) == (at("2026-07-01 08:00"), 24)


@pytest.mark.parametrize(("day", "count"), [("2026-10-25", 49), ("2026-03-29", 45)])
def test_a_day_on_which_the_clocks_change_has_more_or_fewer_half_hours(
    day: str, count: int
) -> None:
    all_day = RingingHours(from_hour=0, until_hour=24)
    assert len(slots_later_today(all_day, at(f"{day} 00:00"))) == count


def test_a_half_hour_is_shown_by_the_clock_on_the_wall() -> None:
    assert slot_label(at("2026-07-01 09:30")) == "label_slot_0930"
