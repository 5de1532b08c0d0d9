"""When it opens next, in sounds."""

from datetime import datetime

import pytest

from contactcentre.domain.hours import ZONE
from contactcentre.domain.ivr.opening_words import OPENING_SOUNDS, opening_words


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "opens", "said"),
    [
        ("2026-11-26 07:00", "2026-11-26 08:00", "opens_today time_8 part_morning"),
        ("2026-11-26 23:50", "2026-11-27 08:30", "opens_tomorrow time_half_past_8 part_morning"),
        ("2026-11-27 18:00", "2026-11-30 13:00", "day_monday time_1 part_afternoon"),
        ("2026-11-26 20:00", "2026-12-02 12:00", "day_wednesday time_midday"),
        ("2026-11-26 20:00", "2026-11-28 00:00", "day_saturday time_midnight"),
        ("2026-11-26 20:00", "2026-11-28 00:30", "day_saturday time_half_past_12 part_night"),
        ("2026-11-26 20:00", "2026-11-28 12:30", "day_saturday time_half_past_12 part_afternoon"),
        ("2026-11-26 09:00", "2026-11-26 18:30", "opens_today time_half_past_6 part_evening"),
        ("2026-11-26 09:00", "2026-11-26 21:00", "opens_today time_9 part_night"),
        ("2026-12-24 13:00", "2027-01-04 11:00", ("day_monday date_4 month_january time_11"
         " part_morning")),
        ("2026-03-28 23:00", "2026-03-29 08:00", "opens_tomorrow time_8 part_morning"),
    ],
)  # fmt: skip
def test_an_opening_is_told_as_people_say_it(now: str, opens: str, said: str) -> None:
    assert opening_words(at(now), at(opens)) == ("opens_again", *said.split())


def test_every_time_that_may_be_told_has_a_sound() -> None:
    now = at("2026-12-01 00:00")
    for day in range(1, 31):
        for half_hour in range(48):
            opens = at(f"2026-12-{day:02} {half_hour // 2:02}:{half_hour % 2 * 30:02}")
            assert OPENING_SOUNDS.issuperset(opening_words(now, opens))
