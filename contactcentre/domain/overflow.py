"""Whom a full queue passes on, and where to.

Two bounds are of the queue: how many callers may wait, and how many for each adviser at work. Once
more do, those who joined last are passed on, down to somewhat less than the bound: so a queue at
its bound does not pass every other caller on. The third is of the caller, who has waited for so
long.

Nobody is passed on to where it is no better: a queue takes callers only while somebody is at work
there, while it is not full itself, and while fewer wait there for each adviser; for the third bound
while nobody there has waited for so long. Extra support is never passed on. Whoever is keeps the
time of joining and the class, and so a fair place.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.events import OverflowWhy
from contactcentre.domain.ids import QueueId
from contactcentre.domain.ivr.flow import OverflowRule, QueueDefinition, queue_id

KEPT_TENTHS = 8
"""So much of its bound a full queue keeps; it is full until no more wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How full a queue is at one moment."""

    waiting_count: int
    oldest_ms: int
    """How long its first has waited; 0 where nobody waits."""
    at_work_count: int
    """Advisers who serve it and are ready, rung, in a talk or in wrap-up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter:
    """One caller who waits."""

    queue: QueueId
    service_class: ServiceClass
    place: int
    """1 is the head."""
    waited_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """Where a caller waits from now on, and why."""

    queue: QueueDefinition
    why: OverflowWhy


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """A queue that passes callers on now."""

    kept_count: int
    """Whoever stands behind so many is passed on."""
    why: OverflowWhy


class Overflowing:
    """The queues of all lines as one process sees them: which are full, and who goes on where."""

    def __init__(self, queues: Iterable[QueueDefinition]) -> None:
        self._queues = {queue.id: queue for queue in queues}
        self._loads: Mapping[QueueId, Load] = {}
        self._full: dict[QueueId, Full] = {}

    @property
    def watched(self) -> Sequence[QueueId]:
        """Return the queues whose load must be known: those with a rule, and where they lead."""
        ways = [(queue, *self._way(queue)) for queue in self._queues.values() if queue.overflow]
        return tuple(dict.fromkeys(queue.id for way in ways for queue in way))

    @property
    def full(self) -> Mapping[QueueId, Full]:
        """Return the queues that pass callers on now because of a bound of their own."""
        return self._full

    def see(self, loads: Mapping[QueueId, Load]) -> None:
        """Take how full the queues are; nothing is known while nobody can say: nobody goes on."""
        self._loads = loads
        for queue, load in loads.items():
            rule = self._queues[queue].overflow
            bound = None if rule is None else _tightest(rule, load)
            if bound is None:
                continue
            most, why = bound
            kept_count = kept_of(most)
            if load.waiting_count > (kept_count if queue in self._full else most):
                self._full[queue] = Full(kept_count=kept_count, why=why)
            else:
                self._full.pop(queue, None)

    def onward(
        self, waiter: Waiter, *, is_taking: Callable[[QueueDefinition], bool]
    ) -> Onward | None:
        """Return where a caller goes on waiting, or None: here.

        `is_taking` says whether a queue takes callers at all: it is open, and not diverted.
        """
        here = self._queues[waiter.queue]
        rule, load = here.overflow, self._loads.get(here.id)
        if rule is None or load is None or waiter.service_class is ServiceClass.P0:
            return None
        for why in self._reasons(rule, waiter):
            for there in self._way(here):
                if self._is_better(rule, why, load, there) and is_taking(there):
                    return Onward(queue=there, why=why)
        return None

    def leads_to(
        self, queue: QueueId, *, is_taking: Callable[[QueueDefinition], bool]
    ) -> QueueId | None:
        """Return where a queue passes callers on now, the last and the first of them looked at."""
        load = self._loads.get(queue)
        if load is None or not load.waiting_count:
            return None
        for place, waited_ms in ((load.waiting_count, 0), (1, load.oldest_ms)):
            waiter = Waiter(
                queue=queue,
                service_class=self._queues[queue].service_class,
                place=place,
                waited_ms=waited_ms,
            )
            onward = self.onward(waiter, is_taking=is_taking)
            if onward is not None:
                return onward.queue.id
        return None

    def _reasons(self, rule: OverflowRule, waiter: Waiter) -> Iterator[OverflowWhy]:
        if rule.waited_ms is not None and waiter.waited_ms >= rule.waited_ms:
            yield OverflowWhy.WAITED
        full = self._full.get(waiter.queue)
        if full is not None and waiter.place > full.kept_count:
            yield full.why

    def _way(self, begin: QueueDefinition) -> Iterator[QueueDefinition]:
        """Yield where a queue leads, the next one first, in the same language."""
        seen, here = {begin.id}, begin
        while here.overflow is not None:
            to = here.overflow.to
            there = self._queues.get(queue_id(to.line, to.queue, here.language))
            if there is None or there.id in seen:
                return
            seen.add(there.id)
            yield there
            here = there

    def _is_better(
        self, rule: OverflowRule, why: OverflowWhy, here: Load, there: QueueDefinition
    ) -> bool:
        load = self._loads.get(there.id)
        if load is None or not load.at_work_count or there.id in self._full:
            return False
        if why is OverflowWhy.WAITED:
            assert rule.waited_ms is not None, "there is such a bound"
            return load.oldest_ms < rule.waited_ms
        # with one more there, fewer for each adviser than here
        ours, theirs = here.waiting_count, load.waiting_count + 1
        return theirs * here.at_work_count < ours * load.at_work_count


def kept_of(most: int) -> int:
    """Return how many a full queue keeps that may hold `most`."""
    return max(min(most, 1), most * KEPT_TENTHS // 10)


def _tightest(rule: OverflowRule, load: Load) -> tuple[int, OverflowWhy] | None:
    """Return how many callers may wait in a queue, and by which bound; None: any number."""
    bounds = [
        (rule.waiting_max, OverflowWhy.WAITING),
        (
            None if rule.per_adviser_max is None else rule.per_adviser_max * load.at_work_count,
            OverflowWhy.PER_ADVISER,
        ),
    ]
    return min(((most, why) for most, why in bounds if most is not None), default=None)
