"""Whether every callback that was promised was kept, over what people saw and what is durable.

lost        a caller who was told of a callback that was not durable yet, or that was never rung and
            that the caller had not taken back; whose promise counts as kept, broken, cancelled or
            void though nobody said or did what would make it so
duplicated  a caller who is rung again by an adviser who has taken the callback after another one
            had said that the caller was reached, unless that died with the keeper that held it
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from contactcentre.domain.callback import Attempt, CallbackState
from contactcentre.drills import history as h
from contactcentre.drills.history import History
from contactcentre.limits import CALLBACK_ATTEMPTS_MAX
from contactcentre.simulation.callbacks import Promise

TOLD_LATE_MS = 1_000
"""Two sockets tell of one moment at two times."""
ENDS_KEEPERS = ("kill records", "hang records")
"""Words of faults by which a keeper dies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFindings:
    """What was broken, each with its sentences; and how many were told that it is booked."""

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    out_of_place: list[str] = field(default_factory=list)
    booked_count: int = 0


def check_callbacks(history: History, promises: Collection[Promise]) -> CallbackFindings:
    """Return everything that was broken."""
    heard: dict[str, int] = {}
    for fact in history.of(h.CallbackHeard):
        heard.setdefault(fact.call, fact.at_ms)
    by_call = {str(one.booking.call): one for one in promises}
    return CallbackFindings(
        lost=[
            *_not_durable(heard, by_call),
            *(
                sentence
                for one in promises
                for sentence in _not_kept(one, history, heard.get(one.booking.call))
            ),
        ],
        duplicated=[sentence for one in promises for sentence in _rung_again(one, history)],
        out_of_place=list(_out_of_place(history, promises)),
        booked_count=len(heard),
    )


def _not_durable(heard: Mapping[str, int], by_call: Mapping[str, Promise]) -> Iterator[str]:
    for call, at_ms in heard.items():
        promise = by_call.get(call)
        if promise is None or promise.written_ms > at_ms:
            yield f"{call} was told at {at_ms} of a callback that was not durable"


def _not_kept(promise: Promise, history: History, heard_ms: int | None) -> Iterator[str]:
    """Yield how a promise stands that nothing explains which people saw."""
    call = promise.booking.call
    said = Counter(one.attempt for one in _said(history, promise))
    match promise.state:
        case CallbackState.OPEN:
            is_over = any(one.call == call for one in history.of(h.CallerGone))
            served = any(one.call == call for one in history.of(h.Bridged))
            if is_over and not served:
                yield f"{call} was never rung back, after {said.total()} attempts"
        case CallbackState.KEPT if not said[Attempt.REACHED]:
            yield f"{call} counts as rung back, and no adviser has reached anybody"
        case CallbackState.BROKEN:
            enough = said[Attempt.NO_ANSWER] >= CALLBACK_ATTEMPTS_MAX
            if not (enough or said[Attempt.WRONG_NUMBER] or said[Attempt.GIVEN_UP]):
                yield f"{call} was given up after {said.total()} attempts"
        case CallbackState.CANCELLED:
            if not any(one.call == call for one in history.of(h.CallbackCancelled)):
                yield f"{call} counts as cancelled, and its caller has not done so"
        case CallbackState.VOID:
            since_ms = promise.written_ms - TOLD_LATE_MS if heard_ms is None else heard_ms
            talks = [one.at_ms for one in history.of(h.Bridged) if one.call == call]
            if not any(at_ms >= since_ms for at_ms in talks):
                yield f"{call} counts as served, and has talked with nobody since it was promised"
        case _:
            pass


def _rung_again(promise: Promise, history: History) -> Iterator[str]:
    """Yield each time that a caller was rung who had been reached."""
    said = [one for one in _said(history, promise) if one.attempt == Attempt.REACHED]
    taken = [one for one in history.of(h.CallbackTaken) if one.call == promise.id]
    deaths = [
        fact.at_ms
        for fact in history.of(h.Broke)
        if any(words in fact.what for words in ENDS_KEEPERS)
    ]
    for reached in said:
        is_durable = reached.token in promise.attempts
        if not is_durable and any(at_ms >= reached.at_ms - TOLD_LATE_MS for at_ms in deaths):
            continue  # what was said died with the keeper that held it
        for one in taken:
            if one.token != reached.token and one.at_ms > reached.at_ms + TOLD_LATE_MS:
                yield (
                    f"{promise.id} was rung by {one.adviser} ({one.at_ms}) after {reached.adviser} "
                    f"had reached the caller ({reached.at_ms})"
                )


def _out_of_place(history: History, promises: Collection[Promise]) -> Iterator[str]:
    """Yield each promise that does not count from when its caller joined the queue."""
    claims: dict[str, set[int | None]] = {}
    for fact in history.of(h.ClaimSeen):
        if fact.queue is not None:
            claims.setdefault(fact.call, set()).add(fact.enqueued_ms)
    for one in promises:
        call, times = one.booking.call, claims.get(one.booking.call, set())
        if one.booking.enqueued_ms not in times:
            yield f"the callback of {call} waits since {one.booking.enqueued_ms}, not {times}"


def _said(history: History, promise: Promise) -> Sequence[h.AttemptSaid]:
    return [one for one in history.of(h.AttemptSaid) if one.call == promise.id]
