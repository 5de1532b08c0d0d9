"""Whether somebody was rung through to an adviser before somebody who stood in front of them.

Caller b was rung out of order if, when b rang at time t, a caller a

- stood in the same queue (each queue has one class) with a lower (enqueued_ms, call id), as a's own
  claim said; whoever has been passed on to another queue stands there from that claim on, and whom
  an adviser has handed there has the class of the first queue still;
- was present and eligible: a's page said that a waits, and a heard the platform on one leg, from
  `PRESENT_MS` before t on. After any loss it takes so long until a is reported;
- went on waiting for the slack after t, and a's next ring, if it came later, was reserved later
  than b's. Tokens rise with each reservation, so that two rings which overtake each other on their
  ways to two desks are not taken for an inversion;
- stood there already when b's page said that b rings, if it said so before the desk rang: who joins
  while a ring is on its way to a desk that is hard to reach was passed by nobody;
- had not been rung in vain at this very adviser, who would not be offered a again;
- was at a node that the others could reach: a site that is cut off has its callers to itself until
  they have gone to another one;
- was not waiting for one adviser alone, as whose talk broke does for a while.

The slack is short in peace (`SLACK_MS`: a stage that is told a little late). While a process is
lost, or Redis hangs or is switched, a may stand reserved, unseen, for an adviser whom no ring can
reach, until the reservation goes back: there it is `SLACK_BROKEN_MS`. An emptied store holds no
such reservation, and records have no part in it. An inversion of seconds is always found.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, takewhile, zip_longest

from contactcentre.drills import history as h
from contactcentre.drills.history import CallerFact, History, RingHeard
from contactcentre.drills.spans import FOR_EVER_MS, WAITING, Span, waits_of
from contactcentre.limits import WISH_MS

PRESENT_MS = 2_500
SLACK_MS = 300
SLACK_BROKEN_MS = 2_500
HOLDS_NOTHING = ("flush redis", "kill redis", "records", "postgres")
"""Words of faults that leave nobody reserved unseen."""
WISHED_MS = WISH_MS + 1_500
"""A wish lapses by the clock of a router that has seen it within a second, and is told of then."""
TALKING, RINGING = "talking", "ringing"
UNREST_MS = 3_000
"""So long after everything is ready again things may still be settling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a caller stands, and when the caller stood there and heard it."""

    call: str
    queue: str
    began_ms: int
    enqueued_ms: int
    waits: Sequence[Span]
    came_to: str = ""
    """The queue whose class the caller has, where that is another one."""

    @property
    def rank(self) -> tuple[int, str]:
        """Return what orders the callers of one queue."""
        return self.enqueued_ms, self.call

    @property
    def of_class(self) -> str:
        """Return the queue whose class the caller has."""
        return self.came_to or self.queue


Excused = Callable[[str, RingHeard], bool]
"""Says of a call whether it could not be offered when another one was."""
InFront = Callable[[Place, Place, RingHeard], bool]
"""Says of a first caller whether they stand in front of a second one who is rung for."""


def in_one_queue(ahead: Place, behind: Place, _: RingHeard) -> bool:
    """Say whether one caller stands in front of another in the same queue."""
    is_one = (ahead.queue, ahead.of_class) == (behind.queue, behind.of_class)
    return is_one and ahead.rank < behind.rank


def order_violations(
    history: History,
    *,
    is_excused: Excused = lambda _call, _ring: False,
    in_front: InFront = in_one_queue,
    callbacks: Sequence[Place] = (),
) -> Iterator[str]:
    """Yield one sentence for each ring that went to somebody who stood behind.

    `is_excused` is for whoever knows more than was seen of who could be offered; `in_front` for
    another order than that of one queue; `callbacks` are where those stood whom nobody saw wait.
    """
    calls = history.by_call()
    cuts = list(_cuts(history))
    handed: dict[str, int] = {}
    for one in history.of(h.CallerHanded):
        handed.setdefault(one.call, one.at_ms)
    places = {
        call: list(_places(call, facts, cuts, handed.get(call, FOR_EVER_MS)))
        for call, facts in calls.items()
    }
    places |= {place.call: [place] for place in callbacks}
    rings = sorted(history.of(RingHeard), key=lambda ring: ring.at_ms)
    unrest = list(unrest_of(history))
    for ring in rings:
        stood = [one for one in places.get(ring.call, ()) if one.began_ms <= ring.at_ms]
        if not stood:
            continue
        behind = stood[-1]
        matched_ms = _matched_ms(ring, calls.get(ring.call, ()))
        slack = (
            SLACK_BROKEN_MS
            if any(one.covers(ring.at_ms, ring.at_ms) for one in unrest)
            else SLACK_MS
        )
        for ahead in chain.from_iterable(places.values()):
            if (
                ahead.began_ms <= matched_ms
                and in_front(ahead, behind, ring)
                and _was_passed_over(ahead, ring, rings, slack)
                and not is_excused(ahead.call, ring)
            ):
                early_ms = behind.enqueued_ms - ahead.enqueued_ms
                yield (
                    f"{ring.call} rang at {ring.adviser} ({ring.at_ms}) before {ahead.call}, "
                    f"who stood {early_ms} ms in front"
                )
                break


def _matched_ms(ring: RingHeard, facts: Sequence[CallerFact]) -> int:
    """Return when somebody was matched at the latest: the caller may hear it before the desk."""
    stages = [fact for fact in facts if isinstance(fact, h.StageHeard) and fact.at_ms <= ring.at_ms]
    rang = [*takewhile(lambda fact: fact.state == RINGING, reversed(stages))]
    return rang[-1].at_ms if rang else ring.at_ms


def _was_passed_over(
    ahead: Place, ring: RingHeard, rings: Sequence[RingHeard], slack_ms: int
) -> bool:
    """Say whether somebody who stood in front was there to be rung, and was not."""
    since_ms, until_ms = ring.at_ms - PRESENT_MS, ring.at_ms + slack_ms
    if not any(wait.covers(since_ms, until_ms) for wait in ahead.waits):
        return False
    own = [one for one in rings if one.call == ahead.call]
    if any(one.adviser == ring.adviser and one.at_ms < ring.at_ms for one in own):
        return False
    later = [one for one in own if one.at_ms >= since_ms]
    return not later or later[0].token > ring.token


def _places(
    call: str, facts: Sequence[CallerFact], cuts: Sequence[tuple[Span, str]], handed_ms: int
) -> Iterator[Place]:
    """Yield where a caller stood, one queue after the other; handed on first at `handed_ms`."""
    claims = [fact for fact in facts if isinstance(fact, h.ClaimSeen) and fact.queue is not None]
    if not claims:
        return
    moved = [after for before, after in pairwise(claims) if before.queue != after.queue]
    waits = list(_within_reach(_waits_for_anybody(facts), facts, cuts))
    for claim, ended in zip_longest((claims[0], *moved), moved):
        assert claim.queue is not None, "only such claims were taken"
        assert claim.enqueued_ms is not None, "who has a queue has a time"
        stood = Span(claim.at_ms, FOR_EVER_MS if ended is None else ended.at_ms)
        before = [one for one in claims if one.at_ms < handed_ms]
        yield Place(
            call=call,
            queue=claim.queue,
            began_ms=claim.at_ms,
            enqueued_ms=claim.enqueued_ms,
            waits=[
                Span(max(wait.began_ms, stood.began_ms), min(wait.ended_ms, stood.ended_ms))
                for wait in waits
                if wait.overlap_ms(stood) > 0
            ],
            came_to=(before[-1].queue or "") if before and claim.at_ms >= handed_ms else "",
        )


def _within_reach(
    waits: Iterable[Span], facts: Sequence[CallerFact], cuts: Sequence[tuple[Span, str]]
) -> Iterator[Span]:
    """Yield the parts of waits in which the caller was at a node that the others could reach."""
    claims = [fact for fact in facts if isinstance(fact, h.ClaimSeen)]
    ends = [*(claim.at_ms for claim in claims[1:]), FOR_EVER_MS]
    away = [
        Span(max(claim.at_ms, cut.began_ms), min(end_ms, cut.ended_ms))
        for claim, end_ms in zip(claims, ends, strict=True)
        for cut, host in cuts
        if host in claim.node
    ]
    for wait in waits:
        began_ms = wait.began_ms
        for one in away:
            if one.overlap_ms(Span(began_ms, wait.ended_ms)) > 0:
                if one.began_ms > began_ms:
                    yield Span(began_ms, one.began_ms)
                began_ms = one.ended_ms
        if began_ms < wait.ended_ms:
            yield Span(began_ms, wait.ended_ms)


def _cuts(history: History) -> Iterator[tuple[Span, str]]:
    """Yield when which address was out of reach for the others."""
    healed = [fact.at_ms for fact in history.of(h.Healed)]
    for broke in history.of(h.Broke):
        if broke.host:
            ended_ms = next((at_ms for at_ms in healed if at_ms > broke.at_ms), FOR_EVER_MS)
            yield Span(broke.at_ms, ended_ms), broke.host


def _waits_for_anybody(facts: Sequence[CallerFact]) -> Iterator[Span]:
    """Yield when a caller waited and heard it, but for a while after a talk that broke."""
    stages = [fact for fact in facts if isinstance(fact, h.StageHeard)]
    broke = [
        after.at_ms
        for before, after in pairwise(stages)
        if (before.state, after.state) == (TALKING, WAITING)
    ]
    for wait in waits_of(facts):
        lapsed_ms = max((at_ms + WISHED_MS for at_ms in broke if at_ms <= wait.began_ms), default=0)
        if wait.ended_ms > lapsed_ms:
            yield Span(max(wait.began_ms, lapsed_ms), wait.ended_ms)


def unrest_of(history: History) -> Iterator[Span]:
    """Yield when something was broken, up to when everything had settled again."""
    healed = sorted(fact.at_ms for fact in history.of(h.Healed))
    for broke in history.of(h.Broke):
        if any(words in broke.what for words in HOLDS_NOTHING):
            continue
        after = bisect_right(healed, broke.at_ms - 1)
        ended_ms = healed[after] + UNREST_MS if after < len(healed) else FOR_EVER_MS
        yield Span(broke.at_ms, ended_ms)


def places_of(calls: Mapping[str, Sequence[CallerFact]]) -> Mapping[str, Sequence[Span]]:
    """Return when each caller waited and heard it."""
    return {call: list(waits_of(facts)) for call, facts in calls.items()}
