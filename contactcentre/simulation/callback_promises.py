"""What a scenario promises of callbacks, proved as `simulation.promises` proves the rest."""

from collections.abc import Iterator

from contactcentre.domain.callback import SLOT_MS, callback_of, slot_of
from contactcentre.domain.ids import CallId
from contactcentre.drills import history as h
from contactcentre.limits import KEEPER_LOST_AFTER_MS
from contactcentre.simulation.seen import Seen

KEEPER_BACK_MS = KEEPER_LOST_AFTER_MS + 6_000
"""So long after the loss of a keeper its callbacks stand in their queues again."""
STANDS_WITHIN_MS = 5_000
"""From word that it is booked until a callback stands in its queue."""


def rung_back_in_turn(seen: Seen) -> Iterator[str]:
    """Yield each caller who was rung before somebody in front who was to be rung back by then."""
    compared = 0
    for fact in seen.history.of(h.CallbackHeard):
        own_ms, queue = seen.enqueued_ms(fact.call), seen.queue_at(fact.call, fact.at_ms)
        ring = next(iter(seen.rings_of(callback_of(CallId(fact.call)))), None)
        if ring is None or own_ms is None:
            yield f"{fact.call} was not rung back"
            continue
        from_ms = _rung_from_ms(seen, fact)
        if ring.at_ms < from_ms:
            yield f"{fact.call} was rung back at {ring.at_ms}, before {from_ms}"
        for other in seen.rings:
            other_ms = seen.enqueued_ms(other.call)
            is_behind = other.queue == queue and other_ms is not None and other_ms > own_ms
            if not is_behind or other.at_ms < from_ms + STANDS_WITHIN_MS:
                continue
            compared += 1
            if other.token < ring.token and _is_kept_well(seen, other.at_ms):
                yield f"{other.call} was rung before {fact.call}, who was to be rung back"
    if not compared:
        yield "nobody waited behind a callback"


def _is_kept_well(seen: Seen, at_ms: int) -> bool:
    """Say whether nothing was broken, and every keeper had been there for long enough."""
    lost = (one.at_ms for one in seen.history.of(h.Broke) if "record" in one.what)
    return seen.is_calm(at_ms) and not any(0 <= at_ms - one < KEEPER_BACK_MS for one in lost)


def _rung_from_ms(seen: Seen, booked: h.CallbackHeard) -> int:
    """Return from when on somebody is to be rung back who has booked that."""
    who = seen.who[booked.call]
    is_later = any(some.who == who and some.rung_back == "later" for some in seen.story.callers)
    if not is_later:
        return booked.at_ms
    return slot_of(seen.began_ms + booked.at_ms) + SLOT_MS - seen.began_ms
