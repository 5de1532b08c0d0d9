"""Says whether callers and outside numbers heard each other, and stand so in the record.

outside_deaf       a talk with an outside number in which one end heard nobody for
                   `OUTSIDE_DEAF_AFTER_MS`: a lost node is within it, and a lost talk is not
"""

from collections.abc import Iterator, Mapping

from contactcentre.drills import history as h
from contactcentre.drills.history import Fact, History
from contactcentre.drills.spans import Span, Stalls, longest_without, spans_of, voices_of

OUTSIDE_DEAF_AFTER_MS = 5_000


def outside_deaf(history: History) -> Iterator[str]:
    """Yield each end that heard nobody for too long."""
    stalls = Stalls(history)
    numbers: dict[str, list[Fact]] = {}
    for fact in history.facts:
        if isinstance(fact, h.OutsideAnswered | h.OutsideVoiceHeard | h.OutsideOver):
            numbers.setdefault(fact.name, []).append(fact)
    for name, facts in numbers.items():
        span = Span(facts[0].at_ms, facts[-1].at_ms)
        deaf_ms = longest_without(span, spans_of(facts, _hears)) - stalls.within(span)
        if deaf_ms > OUTSIDE_DEAF_AFTER_MS:
            yield f"the outside number {name} heard nobody for {deaf_ms} ms"
    calls = history.by_call()
    for left in history.of(h.LeftOutside):
        own = calls.get(left.call, [])
        over_ms = next((one.at_ms for one in own if isinstance(one, h.CallerHungUp)), None)
        span = Span(left.at_ms, left.at_ms if over_ms is None else over_ms)
        deaf_ms = longest_without(span, voices_of(own)) - stalls.within(span)
        if deaf_ms > OUTSIDE_DEAF_AFTER_MS:
            yield f"the caller of {left.call} heard nobody outside for {deaf_ms} ms"


def wrongly_sent(history: History, sent: Mapping[str, int]) -> Iterator[str]:
    """Yield each call that the record does not have as sent outside as often as it was."""
    left = {fact.call for fact in history.of(h.LeftOutside)}
    for call in {*left, *(call for call, count in sent.items() if count)}:
        count = sent.get(call, 0)
        if count != (call in left):
            yield f"{call} was sent outside {count} times in the record"


def _hears(fact: Fact) -> bool | None:
    match fact:
        case h.OutsideVoiceHeard(on=on):
            return on
        case h.OutsideOver():
            return False
        case _:
            return None
