"""What a scenario promises, proved over what its callers and advisers saw.

Each promise gives a sentence for whatever broke it, and one as well if nothing has happened that
could have broken it: a promise that was not put to the test is not kept.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from math import ceil, log2
from statistics import median
from types import MappingProxyType

from contactcentre.domain.ids import SoundName
from contactcentre.domain.ivr.switches import SwitchKind
from contactcentre.domain.storm import TRY_FIRST_MS
from contactcentre.drills import history as h
from contactcentre.drills.history import RingHeard
from contactcentre.drills.order import PRESENT_MS, Place, order_violations
from contactcentre.simulation.callback_promises import rung_back_in_turn
from contactcentre.simulation.seen import TALKING, WAITING, Seen
from contactcentre.simulation.stories import PromiseName, queue_of

LEVELS_AFTER_MS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"tax.paying.en": (0, 20_000, 60_000)}
)
"""The queues of the tax line that tell levels apart."""
HEAD_START_MS: Mapping[str, int] = MappingProxyType(
    {"P0": 86_400_000, "P1": 300_000, "P2": 0, "P3": -120_000, "P4": -600_000}
)
CLASSES: Mapping[str, str] = MappingProxyType(
    {"general": "P2", "sign-in": "P2", "paying": "P1", "extra-support": "P0"}
)
"""The classes of the tax line's queues, as its file says."""
CLOSE_MS = 1_500
"""What is told within this of one another may have happened in any order."""
SETTLED_MS = 300
SET_ASIDE_MS = 60_000
DESKS_MAX = 2
STORM = "break_desks"
CALM_WITHIN_MS = 75_000
"""The next try may be half a minute away, and then three must go well."""
HONEST = 0.5
"""A wait that is told misses the one that comes by no more than this part of it, typically."""
NOT_TOLD_MS = 30_000
"""A wait that misses by less than this is as good as right."""


def _ranks_kept(seen: Seen) -> Iterator[str]:
    moved = 0
    for call in seen.calls:
        times = {claim.enqueued_ms for claim in seen.claims(call)}
        moved += len(seen.claims(call)) > 1
        if len(times) > 1:
            yield f"{call} has waited since {sorted(times, key=str)}"
    if not moved:
        yield "nobody's call was touched after it had a place"


def _fair_heads(seen: Seen) -> Iterator[str]:
    """Yield each ring for a caller while a better one stood in another queue of the adviser."""
    compared = 0

    def in_front(ahead: Place, behind: Place, ring: RingHeard) -> bool:
        nonlocal compared
        if not _may_take(seen, ring, ahead):
            return False
        compared += ahead.queue != ring.queue
        return _score(seen, ahead) < _score(seen, behind)

    yield from order_violations(seen.history, is_excused=seen.is_excused, in_front=in_front)
    if not compared:
        yield "no adviser had the choice between the heads of two queues"


def _may_take(seen: Seen, ring: RingHeard, ahead: Place) -> bool:
    """Say whether the adviser who was rung might have been rung for somebody else."""
    level = seen.level(ring.adviser, ahead.queue, ring.at_ms)
    if level is None:
        return False
    after_ms = LEVELS_AFTER_MS.get(ahead.queue, (0, 0, 0))[level - 1]
    return seen.began_ms + ring.at_ms - ahead.enqueued_ms >= after_ms + PRESENT_MS


def _score(seen: Seen, place: Place) -> tuple[int, str]:
    """Return what orders callers of several classes: the class they came with counts."""
    name = str(seen.claims(place.call)[0].queue).split(".")[1]
    written = {str(queue): str(one) for queue, one in seen.story.setting.service_class.items()}
    service_class = written.get(name, CLASSES[name])
    return place.enqueued_ms - HEAD_START_MS[service_class], place.call


def _own_queues(seen: Seen) -> Iterator[str]:
    for ring in seen.rings:
        if not any(ring.queue in one for one in seen.story.rosters(ring.adviser, ring.at_ms)):
            yield f"{ring.adviser} was rung for {ring.queue} at {ring.at_ms}"
    for move in seen.story.moves:
        new = {queue_of(name) for name in move.queues}
        at_ms = round(move.at_s * 1_000)
        if not any(
            one.adviser == move.adviser and one.queue in new and one.at_ms > at_ms
            for one in seen.rings
        ):
            yield f"{move.adviser} was not rung for {', '.join(sorted(new))} after the move"


def _levels_widen(seen: Seen) -> Iterator[str]:
    levels_asked: set[int] = set()
    for ring in seen.rings:
        level = seen.level(ring.adviser, ring.queue, ring.at_ms)
        enqueued_ms = seen.enqueued_ms(ring.call)
        if ring.queue not in LEVELS_AFTER_MS or level is None or enqueued_ms is None:
            continue
        levels_asked.add(level)
        waited_ms = ring.at_ms - enqueued_ms
        if waited_ms < LEVELS_AFTER_MS[ring.queue][level - 1]:
            yield f"{ring.adviser} of level {level} was rung after {waited_ms} ms"
        if seen.is_calm(ring.at_ms):
            for better in _others_ready(seen, ring):
                its = seen.level(better, ring.queue, ring.at_ms)
                if its is not None and its < level:
                    yield f"{ring.adviser} was rung while {better} of level {its} was ready"
    yield from (f"nobody of level {one} was asked" for one in {1, 2, 3} - levels_asked)


def _others_ready(seen: Seen, ring: RingHeard) -> Iterator[str]:
    """Yield who else was ready for a while before and after a ring, and was not rung earlier."""
    for other in seen.advisers:
        since_ms = seen.ready_since(other, ring.at_ms + SETTLED_MS)
        if other == ring.adviser or since_ms is None or since_ms > ring.at_ms - CLOSE_MS:
            continue
        own = [one for one in seen.rings if one.adviser == other]
        later = [one for one in own if one.at_ms >= ring.at_ms - CLOSE_MS]
        tried = any(one.call == ring.call and one.at_ms < ring.at_ms for one in own)
        if not tried and (not later or later[0].token > ring.token):
            yield other


def _equals(seen: Seen, ring: RingHeard) -> Iterator[str]:
    """Yield who else might have been rung alike."""
    level = seen.level(ring.adviser, ring.queue, ring.at_ms)
    for other in _others_ready(seen, ring):
        if level is not None and seen.level(other, ring.queue, ring.at_ms) == level:
            yield other


def _longest_ready_first(seen: Seen) -> Iterator[str]:
    compared = 0
    for ring in seen.rings:
        since_ms = seen.ready_since(ring.adviser, ring.at_ms - 1)
        if since_ms is None or not seen.is_calm(ring.at_ms):
            continue
        for other in _equals(seen, ring):
            compared += 1
            other_ms = seen.ready_since(other, ring.at_ms)
            if other_ms is not None and other_ms < since_ms - CLOSE_MS:
                yield f"{ring.adviser} was rung at {ring.at_ms}; {other} was ready for longer"
    if not compared:
        yield "no two advisers were ready at once"


def _least_occupied_first(seen: Seen) -> Iterator[str]:
    told_apart = 0
    for ring in seen.rings:
        own_ms = seen.busy_ms(ring.adviser, ring.at_ms)
        if not seen.is_calm(ring.at_ms):
            continue
        for other in _equals(seen, ring):
            other_ms = seen.busy_ms(other, ring.at_ms)
            if own_ms > other_ms + 2 * CLOSE_MS + HOUR_PART_MS:
                yield f"{ring.adviser} was rung after {own_ms} ms of work; {other} had {other_ms}"
            was_ready_ms = seen.ready_since(other, ring.at_ms) or 0
            is_new = (seen.ready_since(ring.adviser, ring.at_ms - 1) or 0) > was_ready_ms + CLOSE_MS
            told_apart += is_new and own_ms < other_ms
    if not told_apart:
        yield "nobody who was ready for less time and had worked less was ever preferred"


HOUR_PART_MS = 3_600
"""A thousandth of an hour: what tells two advisers apart."""


def _same_adviser_again(seen: Seen) -> Iterator[str]:
    wish_ms = round(seen.story.setting.wish_s * 1_000)
    again = 0
    for call, adviser, broke_ms in _broken_talks(seen):
        ring = next((one for one in seen.rings_of(call) if one.at_ms > broke_ms), None)
        if ring is None:
            continue
        again += ring.adviser == adviser
        early = ring.at_ms < broke_ms + wish_ms - CLOSE_MS
        if ring.adviser != adviser and early:
            yield f"{call} went to {ring.adviser} {ring.at_ms - broke_ms} ms after its talk broke"
    if not again:
        yield "nobody had the same adviser again"


def _broken_talks(seen: Seen) -> Iterator[tuple[str, str, int]]:
    """Yield each call that waited again after a talk, with its adviser and when that was."""
    bridged = list(seen.history.of(h.Bridged))
    for call, facts in seen.calls.items():
        stages = [fact for fact in facts if isinstance(fact, h.StageHeard)]
        for before, after in pairwise(stages):
            if (before.state, after.state) == (TALKING, WAITING):
                talks = [one for one in bridged if one.call == call and one.at_ms < after.at_ms]
                if talks:
                    yield call, talks[-1].adviser, after.at_ms


def _moved_together(seen: Seen) -> Iterator[str]:
    moved = 0
    for turn in seen.story.turns:
        if turn.turn is not SwitchKind.DIVERT_ALL or turn.subject is None or turn.value is None:
            continue
        at_ms = round(turn.at_s * 1_000)
        for call in seen.calls:
            if seen.queue_at(call, at_ms) != queue_of(turn.subject) or _is_over(seen, call, at_ms):
                continue
            moved += 1
            after = [one for one in seen.rings_of(call) if one.at_ms > at_ms + 3 * CLOSE_MS]
            if after and after[0].queue != queue_of(turn.value):
                yield f"{call} was rung from {after[0].queue} after the diversion"
            elif after and seen.queue_at(call, after[0].at_ms) != queue_of(turn.value):
                yield f"{call} was moved, and its page was not told"
    if not moved:
        yield "nobody waited when the queue was diverted"


def _is_over(seen: Seen, call: str, at_ms: int) -> bool:
    ends = (h.CallerGone, h.CallerHungUp)
    return any(isinstance(fact, ends) and fact.at_ms <= at_ms for fact in seen.calls[call]) or any(
        one.at_ms <= at_ms for one in seen.rings_of(call)
    )


def _place_is_kept(seen: Seen) -> Iterator[str]:
    again = 0
    for some in seen.story.callers:
        if some.calls_again_after_s is None:
            continue
        calls = seen.of(some.who)
        first, later = calls[: some.count], calls[some.count :]
        times = sorted(time for call in first if (time := seen.enqueued_ms(call)) is not None)
        for call in later:
            again += 1
            if (time := seen.enqueued_ms(call)) not in times:
                yield f"{call} waits since {time} after calling again; those who left: {times}"
    if not again:
        yield "nobody called again"


def _set_aside(seen: Seen) -> Iterator[str]:
    """Yield where a call that breaks desks was offered on, or others suffered from it."""
    dead = {fact.what.split()[1] for fact in seen.history.of(h.Broke) if "poison" in fact.what}
    for who in sorted(dead):
        for call in seen.of(who):
            tries = [token for _, one, token in seen.reserved if one == call]
            times = [at_ms for at_ms, one, _ in seen.reserved if one == call]
            if len(tries) <= DESKS_MAX:
                yield f"{call} was offered {len(tries)} times, which puts nothing to the test"
            gaps = [after - before for before, after in pairwise(times)]
            if len(gaps) >= DESKS_MAX and gaps[DESKS_MAX - 1] < SET_ASIDE_MS - CLOSE_MS:
                yield f"{call} was offered again {gaps[DESKS_MAX - 1]} ms after two desks had died"
            if seen.bridged_ms(call) is None:
                yield f"{call} was never served"
    if not dead:
        yield "no call broke any desk"


def _storm_passes(seen: Seen) -> Iterator[str]:
    """Yield where advisers were rung one after the other in a storm, or it did not end."""
    broke_ms = next((one.at_ms for one in seen.history.of(h.Broke) if STORM in one.what), None)
    if broke_ms is None or not seen.storms:
        yield "no storm was told of"
        return
    mended_ms = next(one.at_ms for one in seen.history.of(h.Healed) if one.at_ms > broke_ms)
    blows_ms = seen.storms[0]
    if not broke_ms < blows_ms < mended_ms:
        yield f"a storm was told of at {blows_ms}; desks broke from {broke_ms} to {mended_ms}"
    tries = [at_ms for at_ms, _, _ in seen.reserved if blows_ms < at_ms < mended_ms]
    if len(tries) < 2:  # noqa: PLR2004 - a gap needs two
        yield "nobody was tried in the storm"
    tries_max = 2 + ceil(log2((mended_ms - blows_ms) / TRY_FIRST_MS))
    if len(tries) > tries_max:
        yield f"{len(tries)} advisers were tried in the storm; no more than {tries_max} should be"
    for before, after in pairwise(tries):
        if after - before < TRY_FIRST_MS - SETTLED_MS:
            yield f"advisers were tried at {before} and {after}, in a storm"
    if seen.storms[-1] > mended_ms + CALM_WITHIN_MS:
        yield f"the storm was told of at {seen.storms[-1]}; it was over at {mended_ms}"


def _honest_waits(seen: Seen) -> Iterator[str]:
    errors: list[float] = []
    for call, facts in seen.calls.items():
        told = [fact for fact in facts if isinstance(fact, h.PlaceHeard)]
        for before, after in pairwise(told):
            if after.place > before.place:
                yield f"{call} was told place {before.place}, and then {after.place}"
        rings = seen.rings_of(call)
        for one in told:
            if one.wait_ms is not None and rings and rings[0].at_ms > one.at_ms:
                waited_ms = rings[0].at_ms - one.at_ms
                missed_ms = abs(waited_ms - one.wait_ms)
                errors.append(0.0 if missed_ms < NOT_TOLD_MS else missed_ms / max(waited_ms, 1))
    if not errors:
        yield "nobody was told a wait"
    elif median(errors) > HONEST:
        yield f"the waits that were told miss by {median(errors):.0%}, typically"


def _rings_again(seen: Seen) -> Iterator[str]:
    answered = {fact.token for fact in seen.history.of(h.Bridged)}
    vain = [ring for ring in seen.rings if ring.token not in answered]
    for ring in vain:
        left = any(isinstance(fact, h.CallerHungUp) for fact in seen.calls[ring.call])
        if not left and not any(one.token > ring.token for one in seen.rings_of(ring.call)):
            yield f"{ring.call} was not rung for again after {ring.adviser} ({ring.at_ms})"
    if not vain:
        yield "every ring was answered"


PROMISES: Mapping[PromiseName, Callable[[Seen], Iterator[str]]] = MappingProxyType(
    {
        PromiseName.RANKS_KEPT: _ranks_kept,
        PromiseName.FAIR_HEADS: _fair_heads,
        PromiseName.OWN_QUEUES: _own_queues,
        PromiseName.LEVELS_WIDEN: _levels_widen,
        PromiseName.LONGEST_READY_FIRST: _longest_ready_first,
        PromiseName.LEAST_OCCUPIED_FIRST: _least_occupied_first,
        PromiseName.SAME_ADVISER_AGAIN: _same_adviser_again,
        PromiseName.MOVED_TOGETHER: _moved_together,
        PromiseName.PLACE_IS_KEPT: _place_is_kept,
        PromiseName.SET_ASIDE: _set_aside,
        PromiseName.STORM_PASSES: _storm_passes,
        PromiseName.HONEST_WAITS: _honest_waits,
        PromiseName.RINGS_AGAIN: _rings_again,
        PromiseName.RUNG_BACK_IN_TURN: rung_back_in_turn,
    }
)
assert PROMISES.keys() == set(PromiseName), "every promise is checked"


def broken_promises(seen: Seen, words: Mapping[SoundName, str]) -> Iterator[str]:
    """Yield a sentence for everything that a story says and that did not come so."""
    for name in seen.story.promises:
        yield from (f"{name}: {sentence}" for sentence in PROMISES[name](seen))
    yield from _found(seen, words)


def _found(seen: Seen, words: Mapping[SoundName, str]) -> Iterator[str]:
    """Yield where somebody did not find, or hear, what the story says."""
    for some in seen.story.callers:
        calls = seen.of(some.who)
        if len(calls) < some.count:
            yield f"{some.who}: only {len(calls)} of {some.count} had a call"
        for call in calls:
            facts = seen.calls[call]
            heard = " ".join(fact.words for fact in facts if isinstance(fact, h.WordsHeard))
            if some.hears is not None and words[some.hears] not in heard:
                yield f"{some.who} {call} did not hear {some.hears}"
            if some.never_hears is not None and words[some.never_hears] in heard:
                yield f"{some.who} {call} heard {some.never_hears}"
        served = [call for call in calls if seen.bridged_ms(call) is not None]
        booked = [call for call in calls if _has_callback(seen, call)]
        closed = [call for call in calls if _was_closed(seen, call)]
        match some.finds:
            case "service" if len(served) < some.count:
                yield f"{some.who}: {len(served)} of {some.count} were served"
            case "callback" if len(booked) < some.count:
                yield f"{some.who}: {len(booked)} of {some.count} were promised a callback"
            case "closed" if len(closed) < some.count:
                yield f"{some.who}: {len(closed)} of {some.count} were told that it is closed"
            case "nobody" if served:
                yield f"{some.who}: {len(served)} were served who had left"
            case _:
                pass


def _has_callback(seen: Seen, call: str) -> bool:
    return any(isinstance(fact, h.CallbackHeard) for fact in seen.calls[call])


def _was_closed(seen: Seen, call: str) -> bool:
    gone = [fact for fact in seen.calls[call] if isinstance(fact, h.CallerGone)]
    return bool(gone) and gone[-1].said == "closed"
