"""When a line is open, on ordinary days and on those on which the clocks change."""

import itertools
from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from contactcentre.domain.hours import (
    DAY_MINUTES,
    ZONE,
    Hours,
    SingleDay,
    Span,
    Standing,
    moment,
    standing,
)
from contactcentre.domain.ids import SoundName

HOLIDAY = SoundName("closed_bank_holiday")
EARLY = SoundName("closed_early")
CHRISTMAS = date(2026, 12, 25)


def span(text: str) -> Span:
    opens, closes = (int(time[:2]) * 60 + int(time[3:]) for time in text.split("-"))
    return Span(opens=opens, closes=closes if closes > opens else closes + DAY_MINUTES)


def hours(*weekly: str, days: Mapping[date, SingleDay] | None = None) -> Hours:
    """Return hours of Monday, Tuesday and so on; days without a word are closed."""
    spans = [tuple(span(one) for one in day.split()) for day in weekly]
    return Hours(
        weekly=tuple(spans + [()] * (7 - len(spans))),
        single_days=days or {},
        is_bank_holiday=lambda day: day == CHRISTMAS,
        holiday_reason=HOLIDAY,
    )


def london(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE, fold=fold)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


WORKDAYS = hours(*["08:00-18:00"] * 5)
NIGHTS = hours(*["22:00-06:00"] * 7)


@pytest.mark.parametrize(
    ("at", "is_open", "changes_at"),
    [
        ("2026-11-26 07:59:59", False, "2026-11-26 08:00"),
        ("2026-11-26 08:00", True, "2026-11-26 18:00"),
        ("2026-11-26 17:59:59", True, "2026-11-26 18:00"),
        ("2026-11-26 18:00", False, "2026-11-27 08:00"),
        ("2026-11-27 18:00", False, "2026-11-30 08:00"),
        ("2026-11-29 12:00", False, "2026-11-30 08:00"),
    ],
)
def test_a_line_is_open_from_its_first_minute_to_its_last(
    at: str, *, is_open: bool, changes_at: str
) -> None:
    assert standing(WORKDAYS, london(at)) == Standing(
        is_open=is_open, changes_at=london(changes_at)
    )


def test_a_line_is_open_over_midnight_and_closes_in_the_morning() -> None:
    line = hours("", "", "", "", "22:00-02:00")  # Friday night
    assert standing(line, london("2026-11-28 01:59")) == Standing(
        is_open=True, changes_at=london("2026-11-28 02:00")
    )
    assert standing(line, london("2026-11-28 02:00")).changes_at == london("2026-12-04 22:00")


def test_a_break_at_midday_is_told_as_closed_until_after_it() -> None:
    line = hours("08:00-12:00 13:30-18:00")
    assert standing(line, london("2026-11-30 12:15")).changes_at == london("2026-11-30 13:30")
    assert standing(line, london("2026-11-30 11:00")).changes_at == london("2026-11-30 12:00")


def test_hours_that_meet_are_one_opening() -> None:
    line = hours("08:00-12:00 12:00-18:00", "00:00-06:00")
    assert standing(line, london("2026-11-30 09:00")).changes_at == london("2026-11-30 18:00")
    through = hours("20:00-24:00", "00:00-06:00")
    assert standing(through, london("2026-11-30 21:00")).changes_at == london("2026-12-01 06:00")


def test_a_line_that_never_closes_is_open_without_an_end() -> None:
    line = hours(*["00:00-24:00"] * 7)
    assert standing(line, london("2026-11-30 21:00")) == Standing(is_open=True, changes_at=None)


def test_a_line_that_opens_no_more_is_closed_without_a_next_opening() -> None:
    line = hours(days={date(2026, 11, 30): SingleDay(spans=(span("08:00-09:00"),))})
    assert standing(line, london("2026-11-30 10:00")) == Standing(is_open=False, changes_at=None)


def test_a_bank_holiday_is_closed_and_says_so_that_day_alone() -> None:
    assert standing(WORKDAYS, london("2026-12-25 10:00")) == Standing(
        is_open=False, changes_at=london("2026-12-28 08:00"), reason=HOLIDAY
    )
    assert standing(WORKDAYS, london("2026-12-24 20:00")).reason is None


def test_a_single_day_goes_before_the_week_and_before_a_bank_holiday() -> None:
    days = {
        date(2026, 12, 24): SingleDay(spans=(span("08:00-13:00"),), reason=EARLY),
        CHRISTMAS: SingleDay(spans=(span("10:00-12:00"),)),
        date(2026, 12, 28): SingleDay(spans=()),
    }
    line = hours(*["08:00-18:00"] * 5, days=days)
    assert standing(line, london("2026-12-24 13:00")) == Standing(
        is_open=False, changes_at=london("2026-12-25 10:00"), reason=EARLY
    )
    assert standing(line, london("2026-12-25 10:30")).is_open
    assert standing(line, london("2026-12-25 12:00")).changes_at == london("2026-12-29 08:00")


def test_a_night_in_spring_is_an_hour_shorter_and_one_in_autumn_an_hour_longer() -> None:
    for at, closes, shorter_h in (
        ("2026-03-28 22:00", "2026-03-29 05:00", 7),
        ("2026-10-24 22:00", "2026-10-25 06:00", 9),
    ):
        stands = standing(NIGHTS, london(at))
        assert stands == Standing(is_open=True, changes_at=utc(closes))
        assert (utc(closes) - london(at).astimezone(UTC)).total_seconds() == shorter_h * 3_600


def test_ordinary_hours_keep_to_the_wall_on_both_days_of_change() -> None:
    every_day = hours(*["08:00-18:00"] * 7)
    assert standing(every_day, utc("2026-03-29 06:59")).changes_at == utc("2026-03-29 07:00")
    assert standing(every_day, utc("2026-03-28 18:00")).changes_at == utc("2026-03-29 07:00")
    assert standing(every_day, utc("2026-10-25 07:59")).changes_at == utc("2026-10-25 08:00")
    assert standing(every_day, utc("2026-10-24 18:00")).changes_at == utc("2026-10-25 08:00")


def test_what_opens_in_the_missing_hour_opens_when_the_clock_jumps_over_it() -> None:
    line = hours(*["01:30-05:00"] * 7)
    assert standing(line, utc("2026-03-29 00:59")) == Standing(
        is_open=False, changes_at=utc("2026-03-29 01:00")
    )
    assert standing(line, utc("2026-03-29 01:00")) == Standing(
        is_open=True, changes_at=utc("2026-03-29 04:00")
    )


def test_what_closes_in_the_missing_hour_closes_when_the_clock_jumps_over_it() -> None:
    line = hours(*["22:00-01:30"] * 7)
    assert standing(line, utc("2026-03-29 00:59")).is_open
    assert not standing(line, utc("2026-03-29 01:00")).is_open


def test_what_closes_in_the_repeated_hour_closes_the_second_time_and_stays_closed() -> None:
    line = hours(*["22:00-01:30"] * 7)
    for at in ("2026-10-25 00:29", "2026-10-25 00:31", "2026-10-25 01:29"):
        assert standing(line, utc(at)) == Standing(is_open=True, changes_at=utc("2026-10-25 01:30"))
    assert standing(line, utc("2026-10-25 01:30")).changes_at == utc("2026-10-25 22:00")


def test_what_opens_in_the_repeated_hour_opens_the_first_time_and_stays_open() -> None:
    line = hours(*["01:30-05:00"] * 7)
    assert not standing(line, utc("2026-10-25 00:29")).is_open
    for at in ("2026-10-25 00:30", "2026-10-25 01:15", "2026-10-25 04:59"):
        assert standing(line, utc(at)) == Standing(is_open=True, changes_at=utc("2026-10-25 05:00"))


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-11-26"])
def test_a_line_is_never_open_and_closed_by_turns_within_a_day_of_one_opening(day: str) -> None:
    begin = utc(f"{day} 00:00")
    for text in ("00:30-05:00", "01:00-02:00", "01:30-09:00", "00:00-01:30"):
        line = hours(*[text] * 7)
        stands = [
            standing(line, moment(int(begin.timestamp() * 1_000) + minute * 60_000)).is_open
            for minute in range(0, 23 * 60, 10)
        ]
        changes = sum(one != other for one, other in itertools.pairwise(stands))
        assert changes <= 2, text
