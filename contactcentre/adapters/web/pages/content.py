"""What the pages show of a line: its queues as they stand and its online services."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from contactcentre.adapters.web.pages.words import Words
from contactcentre.domain.hours import local, moment
from contactcentre.domain.ids import SoundName
from contactcentre.domain.ivr.doors import extra_support_is_open, how_stands
from contactcentre.domain.ivr.flow import DeflectStep, Line
from contactcentre.domain.ivr.opening_words import NOON, WEEK_DAYS
from contactcentre.domain.ivr.switches import LineSwitches
from contactcentre.domain.languages import Language
from contactcentre.ports.state import QueueStanding

MINUTE_MS = 60_000
LONGEST_TOLD_FROM_MINUTES = 3
"""A shorter wait is told as nothing to worry about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The queues at one moment that was lately."""

    now_ms: int
    """By the clock that the enqueue times are of."""
    queues: Sequence[QueueStanding]


class Centre(Protocol):
    """What the pages know of the centre; asking never waits and never fails."""

    def nodes(self) -> Sequence[str]:
        """Return the leg sockets of all nodes that may be alive."""

    def nodes_for_new_calls(self) -> Sequence[str]:
        """Return those that a new call had better go to."""

    def nodes_for_calls_kept(self) -> Sequence[str]:
        """Return those that a call which has lost its own may go to."""

    def nodes_ever(self) -> Sequence[str]:
        """Return those that a page which is open for long may come to need."""

    def sites(self) -> Mapping[str, str]:
        """Return the site of each of these nodes that has been seen."""

    def figures(self) -> Figures | None:
        """Return the queues; None while nobody can say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An online service, as a link."""

    href: str
    title: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Whether the line is open, in words."""

    is_open: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What callers want, and how many of them wait for it in any language."""

    title: str
    waiting_count: int


def services(line: Line, spoken: Mapping[SoundName, str], words: Words) -> Sequence[Service]:
    """Return the online services that the line's flow offers, in the order of the flow."""
    steps = (step for step in line.flow.steps.values() if isinstance(step, DeflectStep))
    addresses = {step.service: spoken[step.link] for step in steps}
    known = words.keys()
    return [
        Service(
            href=f"https://{address}",
            title=words.say(title) if (title := f"services.{name}.title") in known else address,
            hint=words.say(hint) if (hint := f"services.{name}.hint") in known else "",
        )
        for name, address in addresses.items()
    ]


def topics(line: Line, language: Language, figures: Figures) -> Sequence[Topic]:
    """Return how many wait for what, the languages of one topic taken together."""
    waiting: dict[str, int] = {}
    standing = {queue.queue: queue.waiting_count for queue in figures.queues}
    for definition in line.call_queues:
        title = definition.titles[language]
        waiting[title] = waiting.get(title, 0) + standing.get(definition.id, 0)
    return [Topic(title=title, waiting_count=count) for title, count in waiting.items()]


def waiting_words(figures: Figures, words: Words) -> str:
    """Return how many people wait, in words."""
    count = sum(queue.waiting_count for queue in figures.queues)
    form = {0: "zero", 1: "one"}.get(count, "other")
    return words.say(f"home.waiting.{form}", count=count)


def longest_words(figures: Figures, words: Words) -> str:
    """Return how long the one who has waited longest has waited, rounded up; "" if nobody waits."""
    waits = list(_waits_ms(figures))
    if not waits:
        return ""
    minutes = -(-max(waits) // MINUTE_MS)
    if minutes <= LONGEST_TOLD_FROM_MINUTES:
        return words.say("home.longest.short")
    return words.say("home.longest.other", minutes=minutes)


def opening(line: Line, switches: LineSwitches, words: Words, now_ms: int) -> Opening:
    """Return whether the line is open, and until when or from when on, in words."""
    stands, now = how_stands(line.flow, None, now_ms), local(moment(now_ms))
    changes = None if stands.changes_at is None else local(stands.changes_at)
    is_shut = switches.is_shut and line.flow.when_closed is not None
    if stands.is_open and not is_shut:
        return Opening(is_open=True, words=_open_words(words, now, changes))
    said = [words.say("home.closed")]
    if changes is not None and not stands.is_open:
        said.append(_opens_words(words, now, changes))
    if extra_support_is_open(line.flow, now_ms):
        said.append(words.say("home.closed_extra_support"))
    return Opening(is_open=False, words=" ".join(said))


def _open_words(words: Words, now: datetime, closes: datetime | None) -> str:
    if closes is None:
        return words.say("home.open.always")
    # what closes at midnight closes at the end of the day before
    last = closes - timedelta(minutes=1)
    time = _time_words(words, closes)
    if last.date() == now.date():
        return words.say("home.open.today", time=time)
    day = words.list("calendar.weekdays")[last.weekday()]
    return words.say("home.open.later", time=time, day=day)


def _opens_words(words: Words, now: datetime, opens: datetime) -> str:
    days_ahead, time = (opens.date() - now.date()).days, _time_words(words, opens)
    soon = {0: "home.opens.today", 1: "home.opens.tomorrow"}.get(days_ahead)
    if soon is not None:
        return words.say(soon, time=time)
    day = words.list("calendar.weekdays")[opens.weekday()]
    if days_ahead < WEEK_DAYS:
        return words.say("home.opens.weekday", day=day, time=time)
    month = words.list("calendar.months")[opens.month - 1]
    return words.say("home.opens.date", day=day, date=opens.day, month=month, time=time)


def _time_words(words: Words, at: datetime) -> str:
    """Return a time of day as a page shows it: 8am, 12:30pm, midnight."""
    if at.minute == 0 and at.hour in {0, NOON}:
        return words.say("calendar.midday" if at.hour else "calendar.midnight")
    hour = (at.hour - 1) % NOON + 1
    time = f"{hour}:{at.minute:02}" if at.minute else f"{hour}"
    return words.say("calendar.morning" if at.hour < NOON else "calendar.afternoon", time=time)


def _waits_ms(figures: Figures) -> Iterator[int]:
    for queue in figures.queues:
        if queue.waiting_count > 0 and queue.oldest_enqueued_ms is not None:
            yield figures.now_ms - queue.oldest_enqueued_ms
