"""The paths between simulated processes: how long they take, and what is lost on them.

An end of a path goes by some names, such as its site and its own. A cut, a delay or a loss is put
between two names, in one direction; it holds for every pair of ends that go by them.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial

from contactcentre.simulation.loop import Simulation

Names = tuple[str, ...]
"""What an end of a path goes by, its own name last."""
Pair = tuple[str, str]

NEAR_S = 0.000_3
FAR_S = 0.004
"""One way within a site and from one to another, at least."""
LATE_S = (0.5, 8.0)
"""When a message that hung on a broken path arrives after all."""
LATE_SHARE = 0.3
"""How many of the messages that hang on a broken path arrive after all once it is whole."""
AGAIN_S, AGAIN_MAX_S = 0.2, 2.0
"""After how long a connection sends again what was lost: longer each time, up to a bound."""


@dataclass(slots=True)
class Troubles:
    """What is wrong between some pairs of names."""

    cut: dict[Pair, int] = field(default_factory=dict)
    slow_s: dict[Pair, float] = field(default_factory=dict)
    loss: dict[Pair, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Say whether anything is wrong."""
        return bool(self.cut or self.slow_s or self.loss)


class Network:
    """Every path of a run. Ends whose first names are alike are near to one another."""

    def __init__(self, simulation: Simulation) -> None:
        self._loop = simulation.loop
        self._context = copy_context()
        """What is on its way belongs to nobody, whatever becomes of who has sent it."""
        self._dice = simulation.dice("network")
        self._troubles = Troubles()
        self.lost_count = 0
        self.late_count = 0

    def cut(self, source: str, target: str) -> None:
        """Let nothing pass from one to the other; the way back stays as it is."""
        pair = source, target
        self._troubles.cut[pair] = self._troubles.cut.get(pair, 0) + 1

    def join(self, source: str, target: str) -> None:
        """Take one cut away; messages pass again once there is none."""
        pair = source, target
        self._troubles.cut[pair] = self._troubles.cut.get(pair, 0) - 1
        if self._troubles.cut[pair] <= 0:
            del self._troubles.cut[pair]

    def slow(self, source: str, target: str, by_s: float) -> None:
        """Let every message take longer; 0 for as long as ever."""
        self._troubles.slow_s[source, target] = by_s
        if not by_s:
            del self._troubles.slow_s[source, target]

    def lose(self, source: str, target: str, share: float) -> None:
        """Lose a share of the messages; 0 for none."""
        self._troubles.loss[source, target] = share
        if not share:
            del self._troubles.loss[source, target]

    @contextmanager
    def apart(self, some: Iterable[str], others: Iterable[str]) -> Iterator[None]:
        """Cut every path between some and others, both ways, for a while."""
        pairs = [(one, other) for one in some for other in others]
        for one, other in pairs:
            self.cut(one, other)
            self.cut(other, one)
        yield
        for one, other in pairs:
            self.join(one, other)
            self.join(other, one)

    def heal(self) -> None:
        """Let every path be as it was at the beginning."""
        self._troubles = Troubles()

    def is_cut(self, source: Names, target: Names) -> bool:
        """Say whether nothing passes from one to the other."""
        cut = self._troubles.cut
        return bool(cut) and any((one, other) in cut for one in source for other in target)

    def is_clear(self, source: Names, target: Names) -> bool:
        """Say whether nothing at all is wrong on the way from one to the other."""
        troubles = self._troubles
        pairs = [(one, other) for one in source for other in target]
        return not any(
            pair in troubles.cut or pair in troubles.slow_s or pair in troubles.loss
            for pair in pairs
        )

    def trip_s(self, source: Names, target: Names) -> float | None:
        """Return how long one message takes from here on, None if it is lost."""
        dice = self._dice
        shortest_s = NEAR_S if source[0] == target[0] else FAR_S
        trip_s = shortest_s * (1 + dice.random())
        if not self._troubles:
            return trip_s
        for one in source:
            for other in target:
                trip_s += self._troubles.slow_s.get((one, other), 0.0)
                if dice.random() < self._troubles.loss.get((one, other), 0.0):
                    self.lost_count += 1
                    return None
        if not self.is_cut(source, target):
            return trip_s
        if dice.random() < LATE_SHARE:
            return trip_s + dice.uniform(*LATE_S)
        self.lost_count += 1
        return None

    def send(self, source: Names, target: Names, arrive: Callable[[], object]) -> None:
        """Let a message arrive, or be lost: where the path is cut as it would arrive, too."""
        trip_s = self.trip_s(source, target)
        if trip_s is not None:
            self._loop.call_later(
                trip_s, self._arrive, source, target, arrive, trip_s, context=self._context
            )

    def bring(
        self,
        source: Names,
        target: Names,
        arrive: Callable[[], object],
        *,
        again_s: float = AGAIN_S,
    ) -> None:
        """Let a message arrive on a connection that stays: it is sent until it is through."""
        trip_s = None if self.is_cut(source, target) else self.trip_s(source, target)
        if trip_s is not None:
            self._loop.call_later(trip_s, arrive, context=self._context)
            return
        again = partial(self.bring, source, target, arrive, again_s=min(2 * again_s, AGAIN_MAX_S))
        self._loop.call_later(again_s, again, context=self._context)

    def _arrive(
        self, source: Names, target: Names, arrive: Callable[[], object], trip_s: float
    ) -> None:
        if self.is_cut(source, target):
            self.lost_count += 1
            return
        if trip_s >= LATE_S[0]:
            self.late_count += 1
        arrive()
