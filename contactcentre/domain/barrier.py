"""How long matching waits after the live state has changed under it: until every node has reported.

Matched before that, a caller whose node has not reported yet would be overtaken by one who came
later. Time comes in; whoever asks looks again and again.
"""

from collections.abc import Mapping

from contactcentre.domain.ids import NodeId
from contactcentre.limits import BARRIER_MS, REPORT_SPREAD_MS

REPORT_SPAN_MS = 250
"""A node's report takes no longer; a beat so soon after a change may end one begun before it."""
assert REPORT_SPREAD_MS < REPORT_SPAN_MS, "also where a node has to say it in several parts"


class Barrier:
    """What a router waits for before it opens matching on one store."""

    def __init__(self, *, store: str, awaited: frozenset[NodeId], at_ms: int) -> None:
        self.store = store
        self.awaited = awaited
        """The nodes that must report; nobody if it is not known who is alive."""
        self.since_ms = at_ms
        self._full_time_from_ms: int | None = at_ms
        self._first: Mapping[NodeId, int] = {}
        self._reported: set[NodeId] = set()

    def see(self, beats: Mapping[NodeId, int], *, at_ms: int) -> None:
        """Take the beats that stand in the store now."""
        if self._full_time_from_ms is None:
            self._full_time_from_ms = at_ms
        if at_ms - self.since_ms <= REPORT_SPAN_MS:
            self._first = dict(beats)
        self._reported |= {node for node, beat in beats.items() if beat != self._first.get(node)}

    def miss(self) -> None:
        """Give the nodes their full time from the next look on: nobody could reach the store."""
        self._full_time_from_ms = None

    def is_emptied(self, beats: Mapping[NodeId, int]) -> bool:
        """Say whether beats that stood here are gone: the store was emptied once more."""
        return not (self._reported | self._first.keys()) <= beats.keys()

    def is_over(self, *, at_ms: int) -> bool:
        """Say whether matching may be opened."""
        if self.awaited and self.awaited <= self._reported:
            return True
        return self._full_time_from_ms is not None and at_ms - self._full_time_from_ms >= BARRIER_MS

    def again(self, *, store: str, at_ms: int) -> "Barrier":
        """Return the barrier of the store that came after this one."""
        known = self.awaited | self._reported if self.awaited else frozenset[NodeId]()
        return Barrier(store=store, awaited=frozenset(known), at_ms=at_ms)
