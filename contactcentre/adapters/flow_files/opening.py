"""Opening hours as they are written in a line's file."""

from datetime import date

from contactcentre.adapters.flow_files.bank_holidays import bank_holidays, never
from contactcentre.adapters.flow_files.models import WrittenHours
from contactcentre.adapters.flow_files.strict_yaml import Document, Where
from contactcentre.domain.hours import DAY_MINUTES, Hours, SingleDay, Span
from contactcentre.domain.ids import SoundName
from contactcentre.domain.ivr.opening_words import WEEKDAYS


def read_hours(document: Document, where: Where, written: WrittenHours | None) -> Hours | None:
    """Return hours that stand in a file. Raises BrokenFlow."""
    if written is None:
        return None
    holidays = written.bank_holidays
    return Hours(
        weekly=tuple(_spans(getattr(written.weekly, name)) for name in WEEKDAYS),
        single_days={
            _date(document, (*where, "days", day), day): SingleDay(
                spans=_spans(single.hours), reason=_sound(single.reason)
            )
            for day, single in written.days.items()
        },
        is_bank_holiday=never if holidays is None else bank_holidays(holidays.nation),
        holiday_reason=None if holidays is None else _sound(holidays.reason),
    )


def _date(document: Document, where: Where, written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError as wrong:
        raise document.broken(
            where, f"`{written}` is no day of the calendar; write another."
        ) from wrong


def _spans(written: tuple[str, ...]) -> tuple[Span, ...]:
    return tuple(_span(*span.split("-")) for span in written)


def _span(opens: str, closes: str) -> Span:
    """Return a span; what closes no later than it opens is open over midnight."""
    first, last = _minutes(opens), _minutes(closes)
    return Span(opens=first, closes=last if last > first else last + DAY_MINUTES)


def _minutes(time: str) -> int:
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)


def _sound(name: str | None) -> SoundName | None:
    return None if name is None else SoundName(name)
