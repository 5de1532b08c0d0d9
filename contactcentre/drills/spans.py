"""When what was so: spans of time made from the facts of a history."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from contactcentre.drills import history as h
from contactcentre.drills.history import AdviserFact, CallerFact, Fact, History

FOR_EVER_MS = 2**62
ABSENT_AFTER_MS = 1_000
WAITING = "waiting"
TALKS = frozenset({"talking", "on_hold"})
FREE = frozenset({"ready", "away", "offline", "wrap_up"})
"""An adviser whom the desk calls so has to do with no caller any more."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From when to when."""

    began_ms: int
    ended_ms: int

    def overlap_ms(self, other: "Span") -> int:
        """Return for how long both were so at once."""
        return min(self.ended_ms, other.ended_ms) - max(self.began_ms, other.began_ms)

    def covers(self, began_ms: int, ended_ms: int) -> bool:
        """Say whether it was so all the time from one moment to another."""
        return self.began_ms <= began_ms and self.ended_ms >= ended_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One adviser's part in one call: a ring or a talk that the adviser could hear."""

    kind: str
    """ring or talk."""
    adviser: str
    call: str
    token: int
    span: Span


def parts_of(  # noqa: C901 - one case a fact
    adviser: str, facts: Sequence[AdviserFact]
) -> Iterator[Part]:
    """Yield every ring and talk of an adviser, each for as long as its leg was there.

    What a page only shows, while it has no leg, is not counted: nobody can be heard by it.
    """
    open_parts: dict[tuple[str, int], tuple[str, int]] = {}

    def end(at_ms: int, token: int | None = None, kind: str | None = None) -> Iterator[Part]:
        for key in list(open_parts):
            if token in (None, key[1]) and kind in (None, key[0]):
                call, began_ms = open_parts.pop(key)
                span = Span(began_ms, at_ms)
                yield Part(kind=key[0], adviser=adviser, call=call, token=key[1], span=span)

    last_ms = 0
    for fact in facts:
        last_ms = fact.at_ms
        match fact:
            case h.AdviserLegUp():
                if ("talk", fact.token) not in open_parts:
                    open_parts.setdefault(("ring", fact.token), (fact.call, fact.at_ms))
            case h.Bridged() | h.CallbackTaken():
                yield from end(fact.at_ms, fact.token, "ring")
                if open_parts.get(("talk", fact.token), (fact.call, 0))[0] != fact.call:
                    yield from end(fact.at_ms, fact.token)  # it was about this caller; now it is
                open_parts.setdefault(("talk", fact.token), (fact.call, fact.at_ms))
            case h.AdviserLegLost():
                yield from end(fact.heard_ms, fact.token)
            case h.RingOver() | h.AdviserLegOver():
                yield from end(fact.at_ms, fact.token)
            case h.PresenceHeard(state=state) if state in FREE:
                yield from end(fact.at_ms)
            case _:
                pass
    yield from end(last_ms)


def waits_of(  # noqa: C901, PLR0912 - one case a fact
    facts: Iterable[CallerFact],
) -> Iterator[Span]:
    """Yield when a caller waited in a queue, on one leg, and heard it.

    A short pause on the same leg is no absence: the caller's node has gone on reporting the call.
    Whose leg was lost is there again with the first claim of the next one.
    """
    since_ms: int | None = None
    has_place = is_gone = False
    for fact in facts:
        match fact:
            case h.ClaimSeen(enqueued_ms=enqueued_ms):
                has_place = has_place or enqueued_ms is not None
                if is_gone:
                    since_ms, is_gone = fact.at_ms, False
            case h.StageHeard(state=state):
                is_gone = False
                if since_ms is not None and state != WAITING:
                    yield Span(since_ms, fact.at_ms)
                since_ms = fact.at_ms if state == WAITING and has_place else None
            case h.CallerLegLost() if since_ms is not None:
                yield Span(since_ms, fact.at_ms)
                since_ms, is_gone = None, True
            case h.SoundGap(began_ms=began_ms) if fact.at_ms - began_ms > ABSENT_AFTER_MS:
                if since_ms is not None:
                    if began_ms > since_ms:
                        yield Span(since_ms, began_ms)
                    since_ms = fact.at_ms
            case h.CallerHungUp() | h.CallerGone():
                if since_ms is not None:
                    yield Span(since_ms, fact.at_ms)
                since_ms, is_gone = None, False
            case _:
                pass
    if since_ms is not None:
        yield Span(since_ms, FOR_EVER_MS)


def spans_of(facts: Iterable[Fact], is_so: Callable[[Fact], bool | None]) -> Iterator[Span]:
    """Yield when something was so; a fact says that it is so, that it is not, or nothing (None)."""
    since_ms: int | None = None
    for fact in facts:
        said = is_so(fact)
        if said and since_ms is None:
            since_ms = fact.at_ms
        elif said is False and since_ms is not None:
            yield Span(since_ms, fact.at_ms)
            since_ms = None
    if since_ms is not None:
        yield Span(since_ms, FOR_EVER_MS)


def voices_of(facts: Iterable[Fact]) -> Iterator[Span]:
    """Yield when one end of a talk heard the other, from the facts of that end."""

    def hears(fact: Fact) -> bool | None:
        match fact:
            case h.VoiceHeard(on=on) | h.CallerVoiceHeard(on=on):
                return on
            case h.CallerLegLost() | h.AdviserLegLost() | h.CallerGone() | h.AdviserLegOver():
                return False
            case _:
                return None

    return spans_of(facts, hears)


def holds_of(facts: Iterable[AdviserFact]) -> Iterator[Span]:
    """Yield when an adviser had the caller on hold: neither hears the other then."""

    def holds(fact: Fact) -> bool | None:
        match fact:
            case h.Held(on=on):
                return on
            case h.AdviserLegLost() | h.AdviserLegOver():
                return False
            case _:
                return None

    return spans_of(facts, holds)


def longest_without(span: Span, spans: Iterable[Span]) -> int:
    """Return how long within a span none of the others was, at the longest."""
    at_ms, longest = span.began_ms, 0
    for one in sorted(spans):
        if one.ended_ms > at_ms and one.began_ms < span.ended_ms:
            longest = max(longest, one.began_ms - at_ms)
            at_ms = one.ended_ms
    return max(longest, span.ended_ms - at_ms)


class Stalls:
    """When the drill itself stood still and could hear nothing."""

    def __init__(self, history: History) -> None:
        self._spans = [Span(fact.began_ms, fact.at_ms) for fact in history.of(h.StoodStill)]
        self._ends = [span.ended_ms for span in self._spans]

    def within(self, span: Span) -> int:
        """Return for how long of a span it stood still; one stall ends before the next."""
        stood_ms = 0
        for at in range(bisect_left(self._ends, span.began_ms), len(self._spans)):
            one = self._spans[at]
            if one.began_ms >= span.ended_ms:
                break
            stood_ms += max(0, one.overlap_ms(span))
        return stood_ms
