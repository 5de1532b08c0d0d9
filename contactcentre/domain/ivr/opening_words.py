"""When a closed line opens next, as names of sounds: a day, and a time of that day.

Sounds are there for whole and half hours, so no line opens at another minute. A day within a week
is called by its name, a later one by its date.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from contactcentre.domain.hours import local
from contactcentre.domain.ids import SoundName

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
HALF_HOUR_MINUTES: Final = 30
NOON: Final = 12
WEEK_DAYS: Final = 7
LAST_DAY_OF_MONTH: Final = 31

OPENS_AGAIN = SoundName("opens_again")
"""Said in front of a day and a time."""
TODAY = SoundName("opens_today")
TOMORROW = SoundName("opens_tomorrow")
MIDDAY = SoundName("time_midday")
MIDNIGHT = SoundName("time_midnight")
DAYS: Mapping[int, SoundName] = MappingProxyType(
    {number: SoundName(f"day_{name}") for number, name in enumerate(WEEKDAYS)}
)
DATES: Mapping[int, SoundName] = MappingProxyType(
    {number: SoundName(f"date_{number}") for number in range(1, LAST_DAY_OF_MONTH + 1)}
)
MONTH_NAMES: Mapping[int, SoundName] = MappingProxyType(
    {number: SoundName(f"month_{name}") for number, name in enumerate(MONTHS, start=1)}
)
WHOLE_HOURS: Mapping[int, SoundName] = MappingProxyType(
    {hour: SoundName(f"time_{hour}") for hour in range(1, NOON)}
)
HALF_HOURS: Mapping[int, SoundName] = MappingProxyType(
    {hour: SoundName(f"time_half_past_{hour}") for hour in range(1, NOON + 1)}
)
PARTS_OF_DAY: Mapping[int, SoundName] = MappingProxyType(
    {
        0: SoundName("part_night"),
        1: SoundName("part_morning"),
        12: SoundName("part_afternoon"),
        18: SoundName("part_evening"),
        21: SoundName("part_night"),
    }
)
"""Each part of a day by the hour with which it begins."""

TIME_SOUNDS: frozenset[SoundName] = frozenset(
    {
        MIDDAY,
        MIDNIGHT,
        *WHOLE_HOURS.values(),
        *HALF_HOURS.values(),
        *PARTS_OF_DAY.values(),
    }
)
"""Every sound that may be asked for to tell a time of day."""
OPENING_SOUNDS: frozenset[SoundName] = TIME_SOUNDS | frozenset(
    {
        OPENS_AGAIN,
        TODAY,
        TOMORROW,
        *DAYS.values(),
        *DATES.values(),
        *MONTH_NAMES.values(),
    }
)
"""Every sound that may be asked for to tell an opening."""


def opening_words(now: datetime, opens: datetime) -> tuple[SoundName, ...]:
    """Return the sounds that tell at `now` when it opens."""
    opening = local(opens)
    return (OPENS_AGAIN, *_day(local(now), opening), *time_words(opening))


def _day(now: datetime, opening: datetime) -> tuple[SoundName, ...]:
    days_ahead = (opening.date() - now.date()).days
    match days_ahead:
        case 0:
            return (TODAY,)
        case 1:
            return (TOMORROW,)
        case _ if days_ahead < WEEK_DAYS:
            return (DAYS[opening.weekday()],)
        case _:
            return (DAYS[opening.weekday()], DATES[opening.day], MONTH_NAMES[opening.month])


def time_words(at: datetime) -> tuple[SoundName, ...]:
    """Return a time of day; one that lies within a clock change is told as the clock shows it."""
    is_half = at.minute >= HALF_HOUR_MINUTES
    if not is_half and at.hour in {0, NOON}:
        return (MIDDAY if at.hour else MIDNIGHT,)
    hour = (at.hour - 1) % NOON + 1
    begun = max(first for first in PARTS_OF_DAY if first <= at.hour)
    return (HALF_HOURS if is_half else WHOLE_HOURS)[hour], PARTS_OF_DAY[begun]
