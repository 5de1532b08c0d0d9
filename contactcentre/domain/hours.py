"""When a line or a queue is open: weekly hours, bank holidays and single days, by the wall clock.

Hours are written by the clock on the wall and kept by instants, so they are right on the two days
on which the clocks change: what opens in the hour that is missing opens when the clocks jump, what
closes in the hour that comes twice closes the second time. Nothing here reads a clock: the moment
that is asked about comes in.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from contactcentre.domain.ids import SoundName

ZONE: Final = ZoneInfo("Europe/London")
DAY_MINUTES: Final = 24 * 60
DAYS_AHEAD_MAX: Final = 400
"""So far ahead is looked for the next opening."""
OPEN_THROUGH: Final = timedelta(days=8)
"""What is open for so long without a break is open all the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Open from one time of day to another, in minutes after midnight."""

    opens: int
    closes: int
    """More than a day's minutes if it is open over midnight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleDay:
    """One date with hours of its own; without any it is closed."""

    spans: tuple[Span, ...]
    reason: SoundName | None = None
    """Said to whoever calls while it is closed on that day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The opening hours of a line, or of one of its queues."""

    weekly: tuple[tuple[Span, ...], ...]
    """For each weekday, Monday first."""
    single_days: Mapping[date, SingleDay]
    """These go before bank holidays, and those before the week."""
    is_bank_holiday: Callable[[date], bool]
    holiday_reason: SoundName | None = None
    """Said to whoever calls on a bank holiday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether it is open at one moment, and until when that stays so."""

    is_open: bool
    changes_at: datetime | None
    """When it closes if it is open, when it opens next if it is closed; None: not to be seen."""
    reason: SoundName | None = None
    """Why it is closed on this day, if there is a reason to say."""


def standing(hours: Hours, at: datetime) -> Standing:
    """Return how hours stand at a moment."""
    today = local(at).date()
    closes = _open_until(hours, at)
    if closes is None:
        return Standing(
            is_open=False, changes_at=_opens_next(hours, at), reason=_reason(hours, today)
        )
    while closes - at < OPEN_THROUGH:
        further = _open_until(hours, closes)
        if further is None:
            return Standing(is_open=True, changes_at=closes)
        closes = further
    return Standing(is_open=True, changes_at=None)


def local(at: datetime) -> datetime:
    """Return a moment by the clock on the wall."""
    return at.astimezone(ZONE)


def moment(at_ms: int) -> datetime:
    """Return the moment of a time in milliseconds since 1970."""
    return datetime.fromtimestamp(at_ms / 1_000, UTC)


def spans_on(hours: Hours, day: date) -> tuple[Span, ...]:
    """Return the hours of one date."""
    if (single := hours.single_days.get(day)) is not None:
        return single.spans
    if hours.is_bank_holiday(day):
        return ()
    return hours.weekly[day.weekday()]


def _reason(hours: Hours, day: date) -> SoundName | None:
    if (single := hours.single_days.get(day)) is not None:
        return single.reason
    return hours.holiday_reason if hours.is_bank_holiday(day) else None


def _open_until(hours: Hours, at: datetime) -> datetime | None:
    """Return when the hours that a moment is in end; None if it is in none."""
    today = local(at).date()
    ends = (
        closes
        for day in (today - timedelta(days=1), today)
        for opens, closes in _instants(hours, day)
        if opens <= at < closes
    )
    return max(ends, default=None)


def _opens_next(hours: Hours, at: datetime) -> datetime | None:
    today = local(at).date()
    for ahead in range(DAYS_AHEAD_MAX):
        day = today + timedelta(days=ahead)
        if openings := [opens for opens, _ in _instants(hours, day) if opens > at]:
            return min(openings)
    return None


def _instants(hours: Hours, day: date) -> Iterator[tuple[datetime, datetime]]:
    for span in spans_on(hours, day):
        yield _instant(day, span.opens, last=False), _instant(day, span.closes, last=True)


def _instant(day: date, minutes: int, *, last: bool) -> datetime:
    """Return the moment at which the clock on the wall shows a time, the `last` such moment."""
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - by the wall
    shown = wall.replace(tzinfo=ZONE, fold=last)
    at = shown.astimezone(UTC)
    if local(at).replace(tzinfo=None) == wall:
        return at
    # the clocks jump over this time: it is as late as they jump
    before, after = (wall.replace(tzinfo=ZONE, fold=fold).utcoffset() for fold in (0, 1))
    assert before is not None, "the zone has an offset at all times"
    assert after is not None, "the zone has an offset at all times"
    earlier, later = (wall - after).replace(tzinfo=UTC), (wall - before).replace(tzinfo=UTC)
    minute = timedelta(minutes=1)
    while earlier < later and local(earlier).utcoffset() == before:
        earlier += minute
    return earlier
