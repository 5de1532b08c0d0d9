"""Whether reservations were linearizable, as far as callers and advisers could see.

Each adviser and each call is a slot that holds at most one reservation at a time, and later ones
have higher tokens. What people saw is put down as operations on these slots:

take     an adviser is reserved for a call. It was heard of with the ring; it cannot have been
         before the caller came, nor before the desk last began to call the adviser away or
         wrapping up: what it says again to a page that comes back is old news.
answer   the adviser has the call: from the press (or, on another leg, from when it was up) until
         the caller's voice was heard, or the desk said that a callback is taken. The slot holds
         that very reservation at one moment between.
drop     the reservation is given up. A ring may be at any time, unseen. A talk is not before one
         end hung up, lost its leg or was told that it is over; two sockets tell of one moment at
         two times. Who talks and is rung for somebody else has not been told so.

A `Bridged` alone is no answer: on a leg that the caller has left nobody is heard.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from contactcentre.drills import history as h
from contactcentre.drills.history import AdviserFact, CallerFact, History
from contactcentre.drills.linearizable import Operation, Unexplained, first_unexplained
from contactcentre.drills.spans import FREE, TALKS

TOLD_LATE_MS = 1_000
"""As `TALKS_OVERLAP_MS` of drills.checker."""
READY = "ready"


class Slot(NamedTuple):
    """What one adviser, or one call, is reserved for."""

    token: int = 0
    """The highest that it has had."""
    other: str = ""
    """The call of an adviser, or the adviser of a call."""
    is_held: bool = False


class Action(NamedTuple):
    """Something that happens to a slot."""

    kind: str
    """take, answer or drop."""
    token: int
    other: str


def follow(slot: Slot, action: Action) -> Slot | None:
    """Return the slot after an action; None where that cannot be."""
    if action.kind == "take":
        is_free = not slot.is_held and action.token > slot.token
        return Slot(action.token, action.other, is_held=True) if is_free else None
    if slot != Slot(action.token, action.other, is_held=True):
        return None
    return slot if action.kind == "answer" else slot._replace(is_held=False)


@dataclass(slots=True, kw_only=True)
class Reservation:
    """What was seen of one reservation."""

    adviser: str
    call: str
    token: int
    taken: tuple[int, int]
    """Between which two moments it was made."""
    asked_ms: int
    """When the adviser rang, then answered, then had a new leg: whichever was last."""
    answers: list[tuple[int, int]] = field(default_factory=list)
    """Between which two moments, each time, the adviser had the call."""
    is_bridged: bool = False
    over_ms: int | None = None
    """When a talk may have been over, as its adviser first knew."""
    is_rung_over: bool = False
    """The adviser was rung for another call; what ends by that had not ended before."""

    def see(self, fact: h.AdviserCallFact) -> None:
        """Take note of what the adviser saw of it next."""
        match fact:
            case h.AnswerPressed() | h.AdviserLegUp():
                self.asked_ms = fact.at_ms
                self.is_bridged = False
            case h.Bridged():
                self.is_bridged = True
            case h.CallbackTaken():
                self.answers.append((self.asked_ms, fact.at_ms))
            case h.CallerVoiceHeard(on=True) if self.is_bridged:
                self.answers.append((self.asked_ms, fact.at_ms))
            case h.AdviserLegLost(heard_ms=heard_ms):
                self.may_be_over(heard_ms)
            case h.AdviserHungUp() | h.AdviserLegOver() | h.RingOver() | h.CallerHanded():
                self.may_be_over(fact.at_ms)
            case _:
                pass

    def may_be_over(self, at_ms: int) -> None:
        """Take note of when the talk, if it is one, may be over."""
        if self.answers and self.over_ms is None and not self.is_rung_over:
            self.over_ms = at_ms


def not_linearizable(history: History) -> Iterator[str]:
    """Yield a sentence for each slot whose reservations no order of steps explains."""
    calls = history.by_call()
    seen = [
        one
        for adviser, facts in history.by_adviser().items()
        for one in _reservations(adviser, facts, calls)
    ]
    slots: dict[str, list[Operation[Action]]] = {}
    for one in seen:
        over_ms = _over_ms(one, calls.get(one.call, ()))
        for name, other in (
            (f"adviser {one.adviser}", one.call),
            (f"call {one.call}", one.adviser),
        ):
            slots.setdefault(name, []).extend(_operations(one, other, over_ms))
    for name, operations in slots.items():
        unexplained = first_unexplained(operations, Slot(), follow)
        if unexplained is not None:
            yield f"{name}: {_words(unexplained)}"
    yield from _falling(seen)


def _falling(seen: Sequence[Reservation]) -> Iterator[str]:
    """Yield each reservation that was made after one with a higher token had been heard of.

    The tokens say in which order all were made, so that there is one order alone to be looked at.
    """
    first_heard: Reservation | None = None
    last_token = 0
    for one in sorted(seen, key=lambda one: one.token, reverse=True):
        if one.token == last_token:
            yield f"token {one.token} is of more than one reservation"
        last_token = one.token
        if first_heard is not None and first_heard.taken[1] < one.taken[0]:
            yield (
                f"token {one.token} of {one.call} for {one.adviser} was given after "
                f"{one.taken[0]}, and token {first_heard.token} was heard at {first_heard.taken[1]}"
            )
        if first_heard is None or one.taken[1] < first_heard.taken[1]:
            first_heard = one


def _reservations(
    adviser: str, facts: Sequence[AdviserFact], calls: Mapping[str, Sequence[CallerFact]]
) -> Iterable[Reservation]:
    """Return every reservation that an adviser heard of."""
    known: dict[tuple[str, int], Reservation] = {}
    busy_ms, was_heard = 0, ""
    for fact in facts:
        match fact:
            case h.PresenceHeard(state=state) if state in FREE:
                if state not in {READY, was_heard}:
                    busy_ms = fact.at_ms
                was_heard = state
                for one in known.values():
                    one.may_be_over(fact.at_ms)
            case h.RingHeard(call=call, token=token) if (call, token) not in known:
                for one in known.values():
                    one.is_rung_over = True
                came_ms = next((seen.at_ms for seen in calls.get(call, ())), 0)
                known[call, token] = Reservation(
                    adviser=adviser,
                    call=call,
                    token=token,
                    taken=(min(max(busy_ms, came_ms), fact.at_ms), fact.at_ms),
                    asked_ms=fact.at_ms,
                )
            case h.AdviserCallFact() if (fact.call, fact.token) in known:
                known[fact.call, fact.token].see(fact)
            case _:
                pass
    return known.values()


def _over_ms(one: Reservation, caller: Sequence[CallerFact]) -> int | None:
    """Return from when on a reservation may have been given up; None if it cannot have been."""
    if not one.answers:
        return one.taken[0]
    answered_ms, _ = one.answers[0]
    known = (one.over_ms, _talk_over_ms([fact for fact in caller if fact.at_ms >= answered_ms]))
    told = [at_ms for at_ms in known if at_ms is not None]
    return max(one.taken[0], min(told) - TOLD_LATE_MS) if told else None


def _talk_over_ms(facts: Sequence[CallerFact]) -> int | None:
    """Return when a talk may have been over, as its caller first knew."""
    has_talked = False
    for fact in facts:
        match fact:
            case h.StageHeard(state=state) if state in TALKS:
                has_talked = True
            case h.StageHeard() if has_talked:
                return fact.at_ms
            case h.CallerHungUp() | h.CallerLegLost() | h.CallerGone():
                return fact.at_ms
            case _:
                pass
    return None


def _operations(one: Reservation, other: str, over_ms: int | None) -> Iterator[Operation[Action]]:
    """Yield what happened to a slot by a reservation."""
    spans: list[tuple[str, int, int | None]] = [("take", *one.taken)]
    spans += [("answer", *answer) for answer in one.answers]
    if over_ms is not None:
        spans.append(("drop", over_ms, None))
    for kind, began_ms, ended_ms in spans:
        action = Action(kind, one.token, other)
        yield Operation(action=action, began_ms=began_ms, ended_ms=ended_ms)


def _words(unexplained: Unexplained[Slot, Action]) -> str:
    """Return in words what cannot have happened."""
    done, states = unexplained.operation, unexplained.states
    kind, token, other = done.action
    what = f"{kind} of {other} by token {token} between {done.began_ms} and {done.ended_ms}"
    if not states:
        return f"{what}: too much at once to be judged"
    slots = (f"{'held' if slot.is_held else 'free after'} {slot.token}" for slot in set(states))
    return f"{what} cannot be: it was {' or '.join(sorted(slots))}"
