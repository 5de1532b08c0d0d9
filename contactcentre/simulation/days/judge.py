"""Whether callers were served in order and nobody twice, by what the day has seen.

The store gives each reservation a token, which is the time of it. A reservation is out of order if
at that time a call of the same queue with a better rank was known to wait: its node had heard from
the store that it does, and nobody had reserved it, it had not left, and no fault hid it.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import chain, count
from math import inf

from contactcentre.domain.ids import AdviserId, CallId, QueueId
from contactcentre.simulation.loop import BEGAN_MS

ANSWER_LOST_S = 0.5
"""Who was reserved in the last moment before a loss may be so without anybody's having heard."""
UNSETTLED_S = 5.0
"""So long after a loss the reservations of a router that is gone may still stand."""


@dataclass(slots=True)
class Stand:
    """A span of time in which a call is known to wait, with its rank."""

    from_s: float
    until_s: float
    score: int
    call: CallId


class Judge:
    """Notes who stands where, and who talks with whom."""

    def __init__(self) -> None:
        self.duplicated_count = 0
        """Talks that began while one of the two already talked with somebody else."""
        self._stands: dict[QueueId, list[Stand]] = defaultdict(list)
        self._of_call: dict[CallId, list[Stand]] = defaultdict(list)
        self._queues: dict[CallId, QueueId] = {}
        self._talks: dict[CallId, AdviserId] = {}
        self._busy: dict[AdviserId, CallId] = {}

    # Waiting

    def stands(self, call: CallId, queue: QueueId, score: int, *, at_s: float) -> None:
        """Note that a call is known to wait from now on."""
        spans = self._of_call[call]
        if spans and spans[-1].until_s == inf:
            return
        stand = Stand(at_s, inf, score, call)
        spans.append(stand)
        self._stands[queue].append(stand)
        self._queues[call] = queue

    def goes(self, call: CallId, *, at_s: float) -> None:
        """Note that a call waits no more, or is not known to."""
        spans = self._of_call.get(call)
        if spans and spans[-1].until_s == inf:
            spans[-1].until_s = at_s

    # Talking

    def talks(self, call: CallId, adviser: AdviserId) -> None:
        """Note that two talk with each other."""
        if call in self._talks or adviser in self._busy:
            self.duplicated_count += 1
        self._talks[call], self._busy[adviser] = adviser, call

    def ends(self, call: CallId) -> None:
        """Note that a call is over."""
        adviser = self._talks.pop(call, None)
        if adviser is not None and self._busy.get(adviser) == call:
            del self._busy[adviser]

    # At the end

    def out_of_order(self, reservations: Sequence[tuple[int, str, int]]) -> Sequence[str]:
        """Return a sentence for each reservation that passed somebody over."""
        moments: dict[QueueId, list[tuple[float, CallId]]] = defaultdict(list)
        for _, name, token in sorted(reservations, key=lambda one: one[2]):
            call = CallId(name)
            at_s = token / 1e6 - BEGAN_MS / 1e3
            queue = self._queues.get(call)
            if queue is not None:  # else it was over before its node had heard that it waits
                self._reserved(call, at_s)
                insort(moments[queue], (at_s, call))
        return [*chain.from_iterable(self._passed(queue, moments[queue]) for queue in moments)]

    def _reserved(self, call: CallId, at_s: float) -> None:
        """Let a call stand until it was reserved; its node heard of that a moment later."""
        for stand in self._of_call[call]:
            if stand.until_s > at_s:
                stand.until_s = at_s
                return

    def _passed(self, queue: QueueId, moments: Sequence[tuple[float, CallId]]) -> Sequence[str]:
        """Go through a queue's reservations in time, with the best who stand at each."""
        coming = sorted(self._stands[queue], key=lambda one: one.from_s)
        scores = self._scores(queue)
        number, tie = 0, count()
        heads: list[tuple[int, CallId, int, Stand]] = []
        found: list[str] = []
        for at_s, call in moments:
            while number < len(coming) and coming[number].from_s < at_s:
                one = coming[number]
                heappush(heads, (one.score, one.call, next(tie), one))
                number += 1
            while heads and heads[0][3].until_s <= at_s:
                heappop(heads)
            if heads and heads[0][:2] < (scores[call], call):
                found.append(f"{call} was reserved before {heads[0][1]} in {queue} at {at_s:.3f} s")
        return found

    def _scores(self, queue: QueueId) -> Mapping[CallId, int]:
        return {stand.call: stand.score for stand in self._stands[queue]}
