"""Whether calls were served in order, judged by what the load has seen and by nothing else.

A call is served out of order if another of its queue had the lower score, was known to wait before
this one can have been matched, and was matched later or never. The load knows of each call from
when it waited at the latest, and of each match from when it can have happened at the earliest, so
that nothing is called out of order that may have crossed.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from contactcentre.domain.ids import CallId, QueueId, Token

Rank = tuple[int, CallId]
"""The score and, of equal ones, the id: the lowest is served first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One call's wait as the load saw it; the times are of one monotonic clock."""

    call: CallId
    queue: QueueId
    score: int
    waits_from_s: float
    """When the store had said that it waits."""
    matched_from_s: float
    """Before this it cannot have been matched; no matter for a call that still waits."""
    token: Token | None
    """By which it was matched; None if it still waits."""

    @property
    def rank(self) -> Rank:
        """Return what orders it."""
        return self.score, self.call


def count_out_of_order(waits: Sequence[Wait]) -> int:
    """Return how many calls were served ahead of one that should have gone before them."""
    by_queue: dict[QueueId, list[Wait]] = defaultdict(list)
    for wait in waits:
        by_queue[wait.queue].append(wait)
    return sum(map(_count_in_queue, by_queue.values()))


def _count_in_queue(waits: Sequence[Wait]) -> int:
    """Go back through the matches of a queue and keep the best of those that were left behind."""
    times = sorted(wait.waits_from_s for wait in waits)
    behind = _BestUntil(len(times))
    for wait in waits:
        if wait.token is None:
            behind.add(bisect_left(times, wait.waits_from_s), wait.rank)
    served = [(wait.token, wait) for wait in waits if wait.token is not None]
    count = 0
    for _, wait in sorted(served, key=lambda one: one[0], reverse=True):
        best = behind.best(bisect_right(times, wait.matched_from_s))
        count += best is not None and best < wait.rank
        behind.add(bisect_left(times, wait.waits_from_s), wait.rank)
    return count


class _BestUntil:
    """The lowest rank among all that stand at or before a position (a Fenwick tree)."""

    def __init__(self, size: int) -> None:
        self._best: list[Rank | None] = [None] * (size + 1)

    def add(self, position: int, rank: Rank) -> None:
        """Put a rank at a position, counted from 0."""
        at = position + 1
        while at < len(self._best):
            known = self._best[at]
            if known is None or rank < known:
                self._best[at] = rank
            at += at & -at

    def best(self, count: int) -> Rank | None:
        """Return the lowest rank at the first `count` positions."""
        found: Rank | None = None
        while count > 0:
            known = self._best[count]
            if known is not None and (found is None or known < found):
                found = known
            count -= count & -count
        return found
