"""What the loss of a site is measured by: new callers who are answered, and others who are back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from contactcentre.drills import history as h
from contactcentre.drills.history import History, now_ms
from contactcentre.drills.legs import Legs
from contactcentre.drills.measures import Measures, Seen, percentile
from contactcentre.drills.spans import Span, Stalls

ANSWER_MAX_MS = 4_000
TWILIO_ANSWER_MAX_MS = 8_000
"""Twilio hears nothing from a lost site for up to four seconds before it asks the other one."""
BACK_MAX_MS = 15_000
NEVER_MS = 60_000
"""Who has not heard the platform at all has waited for it so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMeasures:
    """What was measured besides."""

    answer_ms: Sequence[int]
    """For each who dialled after the fault, from the dial until the caller heard the platform."""
    queued_back_ms: Sequence[int]
    """For each who waited at the lost site, how long it was until another site had the call."""


def measure_site(seen: Seen) -> SiteMeasures:
    """Return how soon new callers were answered, and how soon those who waited were back."""
    history = seen.history
    broke = next(history.of(h.Broke))
    over = next((fact.at_ms for fact in history.of(h.AllOver)), now_ms())
    calls = history.by_call()
    waited = [
        call
        for call, spans in seen.waits.items()
        if any(one.covers(broke.at_ms, broke.at_ms) for one in spans)
    ]
    return SiteMeasures(
        answer_ms=sorted(_answers(history, broke.at_ms, over)),
        queued_back_ms=sorted(
            back for call in waited if (back := _back_ms(calls[call], broke)) is not None
        ),
    )


def _answers(history: History, since_ms: int, until_ms: int) -> Iterator[int]:
    stalls = Stalls(history)
    heard: dict[str, int] = {}
    for sound in history.of(h.SoundCame):
        heard.setdefault(sound.call, sound.at_ms)
    for came in history.of(h.CallerCame):
        if since_ms <= came.dialled_ms < until_ms:
            at_ms = heard.get(came.call, came.dialled_ms + NEVER_MS)
            yield at_ms - came.dialled_ms - stalls.within(Span(came.dialled_ms, at_ms))


def _back_ms(facts: Sequence[h.CallerFact], broke: h.Broke) -> int | None:
    """Return when a caller whose node was lost had another; None if there was nothing to lose."""
    if not broke.host:
        return None
    claims = [fact for fact in facts if isinstance(fact, h.ClaimSeen)]
    before = [claim.node for claim in claims if claim.at_ms <= broke.at_ms]
    if broke.host not in "".join(before[-1:]):
        return None
    for fact in facts:
        if fact.at_ms <= broke.at_ms:
            continue
        if isinstance(fact, h.CallerHungUp):
            return None
        if isinstance(fact, h.ClaimSeen) and broke.host not in fact.node:
            return fact.at_ms - broke.at_ms
    return NEVER_MS


def shown(of_site: SiteMeasures) -> dict[str, Any]:
    """Return what was measured besides, as it is printed."""
    answers, backs = of_site.answer_ms, of_site.queued_back_ms
    return {
        "new_calls": len(answers),
        "answer_ms": {"p50": percentile(answers, 0.5), "max": max(answers, default=None)},
        "queued_back": len(backs),
        "queued_back_ms": {"p50": percentile(backs, 0.5), "max": max(backs, default=None)},
    }


def broken_bounds(measures: Measures, of_site: SiteMeasures, legs: Legs) -> Iterator[str]:
    """Yield a sentence for each bound that was exceeded."""
    has_twilio = legs in {Legs.TWILIO, Legs.MIXED}
    answer_max_ms = TWILIO_ANSWER_MAX_MS if has_twilio else ANSWER_MAX_MS
    for words, taken_ms, most_ms in (
        ("a new call was answered", max(of_site.answer_ms, default=0), answer_max_ms),
        ("a caller who waited was back", max(of_site.queued_back_ms, default=0), BACK_MAX_MS),
        ("a caller was back", max(measures.resume_ms, default=0), BACK_MAX_MS),
        ("the next ring came", measures.pause_ms or 0, BACK_MAX_MS),
    ):
        if taken_ms > most_ms:
            yield f"{words} only after {taken_ms} ms (at most {most_ms})"
    if not of_site.answer_ms:
        yield "nobody new got through to a claim"


def late_record(back_ms: int | None, *, must_change: bool) -> Iterator[str]:
    """Yield a sentence where the record's other server took writes too late, or never."""
    if back_ms is None:
        if must_change:
            yield "the record's standby was not made the primary"
    elif back_ms > BACK_MAX_MS:
        yield f"the record took writes again only after {back_ms} ms (at most {BACK_MAX_MS})"
