"""Where callers on telephones stood: they are shown no claim, so the record says it.

What they hear says when they waited; the record, as an auditor reads it, in which queue and by what
time. Both must agree that there was a wait.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from contactcentre.drills import history as h
from contactcentre.drills.history import Fact, History
from contactcentre.drills.spans import WAITING

WEB, SIP = "web", "sip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """Where the record says that a call stands."""

    call: str
    queue: str
    enqueued_ms: int


def put_places(history: History, queued: Sequence[Queued]) -> Iterator[str]:
    """Add to a history the places of those who were shown none; yield what does not fit."""
    phones = {fact.call for fact in history.of(h.CallerCame) if fact.leg != WEB}
    places = _first_places(queued)
    yield from _moved(queued, phones)
    facts: list[Fact] = []
    nodes: dict[str, str] = {}
    missing = {call for call in phones if call in places}
    for fact in history.facts:
        call = getattr(fact, "call", "")
        if isinstance(fact, h.ClaimSeen):
            nodes[call] = fact.node
        if call in missing and _shows_a_place(fact):
            missing.discard(call)
            place = places[call]
            facts.append(
                h.ClaimSeen(
                    at_ms=fact.at_ms,
                    call=call,
                    queue=place.queue,
                    enqueued_ms=place.enqueued_ms,
                    node=nodes.get(call, ""),
                )
            )
        facts.append(fact)
    history.facts[:] = facts
    for fact in history.of(h.StageHeard):
        if fact.call in phones and fact.state == WAITING and fact.call not in places:
            yield f"{fact.call} heard that it waits, and stands nowhere in the record"


def _first_places(queued: Iterable[Queued]) -> Mapping[str, Queued]:
    places: dict[str, Queued] = {}
    for one in queued:
        places.setdefault(one.call, one)
    return places


def _shows_a_place(fact: Fact) -> bool:
    """Say whether a caller must have a place by now, if there ever was one."""
    return isinstance(fact, h.RingHeard | h.CallerHungUp | h.CallerGone) or (
        isinstance(fact, h.StageHeard) and fact.state == WAITING
    )


def _moved(queued: Sequence[Queued], phones: Iterable[str]) -> Iterator[str]:
    """Yield whoever was put into one queue at two times: a place is given once."""
    times: dict[tuple[str, str], set[int]] = {}
    for one in queued:
        times.setdefault((one.call, one.queue), set()).add(one.enqueued_ms)
    for (call, queue), each in times.items():
        if len(each) > 1 and call in phones:
            yield f"{call} was put into {queue} at {len(each)} times"
