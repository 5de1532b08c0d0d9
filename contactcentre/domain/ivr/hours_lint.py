"""What no opening hours may be: overlapping, never open, or from a time that has no sound.

What is found is told with the day as people write it; the week is looked at as a ring.
"""

import itertools
from collections.abc import Iterator
from datetime import timedelta

from contactcentre.domain.hours import DAY_MINUTES, Hours, Span
from contactcentre.domain.ids import SoundName
from contactcentre.domain.ivr.findings import Finding, Rule
from contactcentre.domain.ivr.flow import ClosedStep, Flow
from contactcentre.domain.ivr.opening_words import HALF_HOUR_MINUTES, WEEKDAYS


def lint_hours(flow: Flow) -> Iterator[Finding]:
    """Yield all that is wrong with the hours of a line and its queues."""
    of_whom = [*_hours_of(flow)]
    step = None if flow.when_closed is None else flow.steps[flow.when_closed]
    if (of_whom or step is not None) and not isinstance(step, ClosedStep):
        yield Finding(
            rule=Rule.NO_CLOSED_STEP,
            step=flow.when_closed,
            sentence="whoever calls outside the hours would be left in silence; let `when_closed`"
            " name a step with `do: closed`.",
        )
    for whose, hours in of_whom:
        yield from _overlaps(whose, hours)
        yield from _unsaid(whose, hours)
        if not any((*hours.weekly, *(single.spans for single in hours.single_days.values()))):
            yield _finding(
                Rule.NEVER_OPEN,
                f"{whose} is never open; give it hours on at least one day, or take it out.",
            )


def reasons(flow: Flow) -> frozenset[SoundName]:
    """Return every sound that says why it is closed on a day."""
    said = (
        reason
        for _, hours in _hours_of(flow)
        for reason in (
            hours.holiday_reason,
            *(single.reason for single in hours.single_days.values()),
        )
    )
    return frozenset(reason for reason in said if reason is not None)


def _hours_of(flow: Flow) -> Iterator[tuple[str, Hours]]:
    """Yield whose hours there are, and the hours."""
    if flow.hours is not None:
        yield "the line", flow.hours
    for (name, language), queue in flow.queues.items():
        if queue.hours is not None and language is flow.languages[0]:
            yield f"the queue `{name}`", queue.hours


def _days(hours: Hours) -> Iterator[tuple[str, tuple[Span, ...], str, tuple[Span, ...]]]:
    """Yield each day that has hours of its own and the day after it, by name."""
    for number, spans in enumerate(hours.weekly):
        following = (number + 1) % len(WEEKDAYS)
        yield WEEKDAYS[number].title(), spans, WEEKDAYS[following].title(), hours.weekly[following]
    for day, single in sorted(hours.single_days.items()):
        after = day + timedelta(days=1)
        alike = hours.single_days.get(after)
        spans = hours.weekly[after.weekday()] if alike is None else alike.spans
        yield str(day), single.spans, str(after), spans
        before = day - timedelta(days=1)
        if before not in hours.single_days:
            yield str(before), hours.weekly[before.weekday()], str(day), single.spans


def _overlaps(whose: str, hours: Hours) -> Iterator[Finding]:
    for day, spans, after, spans_after in _days(hours):
        ordered = sorted(spans, key=lambda span: span.opens)
        for one, other in itertools.pairwise(ordered):
            if one.closes > other.opens:
                yield _overlap(f"{whose} on {day}: {_said(one)} and {_said(other)}")
        for one in spans:
            for other in spans_after:
                if one.closes > other.opens + DAY_MINUTES:
                    yield _overlap(f"{whose}: {_said(one)} on {day} and {_said(other)} on {after}")


def _unsaid(whose: str, hours: Hours) -> Iterator[Finding]:
    single = {str(day): one.spans for day, one in sorted(hours.single_days.items())}
    weekly = {name.title(): spans for name, spans in zip(WEEKDAYS, hours.weekly, strict=True)}
    for day, spans in {**weekly, **single}.items():
        for span in spans:
            if span.opens % HALF_HOUR_MINUTES:
                yield _finding(
                    Rule.UNSAID_OPENING,
                    f"{whose} opens at {_time(span.opens)} on {day}; openings are said aloud, and"
                    " there are sounds for whole and half hours only.",
                )


def _overlap(what: str) -> Finding:
    return _finding(Rule.OVERLAPPING_HOURS, f"{what} overlap; make them one.")


def _said(span: Span) -> str:
    return f"{_time(span.opens)}-{_time(span.closes)}"


def _time(minutes: int) -> str:
    """Return a time of day as people write it; the end of a day is 24:00."""
    within = minutes if minutes <= DAY_MINUTES else minutes - DAY_MINUTES
    return f"{within // 60:02}:{within % 60:02}"


def _finding(rule: Rule, sentence: str) -> Finding:
    return Finding(rule=rule, step=None, sentence=sentence)
