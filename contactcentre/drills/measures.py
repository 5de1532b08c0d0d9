"""How long things took, from what was heard: silences, resumes, queues that fill again, matches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contactcentre.drills import history as h
from contactcentre.drills.history import Fact, History
from contactcentre.drills.order import places_of
from contactcentre.drills.spans import FOR_EVER_MS, Span, Stalls, spans_of

HEARD_GAP_MS = 200
"""Whoever hears nothing for longer has noticed."""
STEP_MS = 50
SEEN_WITHIN_MS = 30_000
"""What has not come about by then has not come about."""
TAKEN_MS = 200
"""A count is told a little after it was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What was measured; None where there was nothing to measure."""

    resume_ms: Sequence[int]
    """From the fault, for each caller who lost the sound, until it was back."""
    gap_ms: int
    """The longest silence that any caller heard."""
    gaps_count: int
    """How many callers' silences were longer than `HEARD_GAP_MS`."""
    back_ms: int | None
    """From a store's answer until every waiting caller was counted again; the slowest."""
    match_ms: int | None
    """From a store's answer, with an adviser and a caller there, until the next ring."""
    pause_ms: int | None
    """The same from the fault on."""
    moved_count: int = 0
    """How often another node has taken up a call."""


class Seen:
    """A history, made ready to be measured again and again."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.gaps = list(_gaps(history))
        self.waits = places_of(history.by_call())
        self.ready = list(_ready(history))
        self.rings = sorted(ring.at_ms for ring in history.of(h.RingHeard))
        self.moves = list(_moves(history))

    def waiting(self, since_ms: int, until_ms: int) -> int:
        """Return how many waited all the time."""
        return sum(
            any(one.covers(since_ms, until_ms) for one in spans) for spans in self.waits.values()
        )


def measure(seen: Seen, *, since_ms: int = 0, until_ms: int = FOR_EVER_MS) -> Measures:
    """Return what a history says of the time that things took, for faults within some time."""

    def within(at_ms: int) -> bool:
        return since_ms <= at_ms < until_ms

    gaps = [(span, length) for span, length in seen.gaps if within(span.ended_ms)]
    answered = [fact.at_ms for fact in seen.history.of(h.Answered) if within(fact.at_ms)]
    broken = [fact for fact in seen.history.of(h.Broke) if within(fact.at_ms)]
    state_lost = [fact.at_ms for fact in broken if "redis" in fact.what]
    return Measures(
        resume_ms=sorted(_resumes([fact.at_ms for fact in broken], gaps)),
        gap_ms=max((length for _, length in gaps), default=0),
        gaps_count=sum(length > HEARD_GAP_MS for _, length in gaps),
        back_ms=_slowest(_back_ms(seen, at_ms) for at_ms in answered),
        match_ms=_slowest(_match_ms(seen, at_ms) for at_ms in answered),
        pause_ms=_slowest(_match_ms(seen, at_ms) for at_ms in state_lost),
        moved_count=sum(within(at_ms) for at_ms in seen.moves),
    )


def percentile(sorted_ms: Sequence[int], share: float) -> int | None:
    """Return the value that so great a share does not exceed; None of nothing."""
    if not sorted_ms:
        return None
    return sorted_ms[min(len(sorted_ms) - 1, int(share * len(sorted_ms)))]


def _gaps(history: History) -> Iterator[tuple[Span, int]]:
    """Yield each silence and its length, without the time in which the drill itself was deaf."""
    stalls = Stalls(history)
    for fact in history.of(h.SoundGap):
        span = Span(fact.began_ms, fact.at_ms)
        yield span, fact.at_ms - fact.began_ms - stalls.within(span)


def _moves(history: History) -> Iterator[int]:
    """Yield when a call was at another node than before, as its caller could tell."""
    nodes: dict[str, str] = {}
    for claim in history.of(h.ClaimSeen):
        if claim.node and nodes.setdefault(claim.call, claim.node) != claim.node:
            nodes[claim.call] = claim.node
            yield claim.at_ms


def _resumes(broken: Sequence[int], gaps: Sequence[tuple[Span, int]]) -> Iterator[int]:
    for span, length in gaps:
        before = [at_ms for at_ms in broken if at_ms <= span.ended_ms]
        if before and length > HEARD_GAP_MS:
            yield span.ended_ms - max(before[-1], span.began_ms)


def _slowest(each: Iterator[int | None]) -> int | None:
    return max((one for one in each if one is not None), default=None)


def _back_ms(seen: Seen, answered_ms: int) -> int | None:
    """Return when every caller who waited all the time was counted again.

    Desks tell a count only when it has changed: as long as the last one still holds, and no lower
    one comes, nobody was seen missing.
    """
    if seen.waiting(answered_ms, answered_ms) == 0:
        return None
    all_there = False
    for fact in seen.history.of(h.QueuesHeard):
        within_ms = max(answered_ms, fact.at_ms + TAKEN_MS)
        is_whole = sum(fact.waiting.values()) >= seen.waiting(answered_ms, within_ms)
        if fact.at_ms <= answered_ms:
            all_there = is_whole
        elif is_whole:
            return 0 if all_there else fact.at_ms - answered_ms
        else:
            all_there = False
    return 0 if all_there else SEEN_WITHIN_MS


def _match_ms(seen: Seen, since_ms: int) -> int | None:
    """Return how long a caller and a ready adviser were both there until somebody was rung."""
    ring_ms = next((at_ms for at_ms in seen.rings if at_ms >= since_ms), None)
    until_ms = since_ms + SEEN_WITHIN_MS if ring_ms is None else ring_ms
    for at_ms in range(since_ms, until_ms, STEP_MS):
        is_there = any(one.covers(at_ms, at_ms) for one in seen.ready)
        if is_there and seen.waiting(at_ms, at_ms):
            return until_ms - at_ms
    return None if ring_ms is None else 0


def _ready(history: History) -> Iterator[Span]:
    """Yield when an adviser stood ready, as the desk said."""

    def is_ready(fact: Fact) -> bool | None:
        match fact:
            case h.PresenceHeard(state=state):
                return state == "ready"
            case h.DeskLost():
                return False
            case _:
                return None

    for facts in history.by_adviser().values():
        yield from spans_of(facts, is_ready)
