"""Whether what was seen of an object can be explained by steps that happen one at a time.

Each operation took effect at one moment between its beginning and its end, as far as whoever asked
can know. A history is linearizable if there are such moments for which the object's rule allows
every step. They are looked for from one end of an operation to the next (Wing and Gong, with the
memory of Lowe): only what is open at once is ever tried in another order, and no state is tried
twice. An operation that has no end may have happened at any time since it began, or not at all.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

CONFIGURATIONS_MAX = 10_000
"""An object at which so much happens at once is not judged."""

State = TypeVar("State", bound=Hashable)
Action = TypeVar("Action")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[Action]):
    """Something that was done to an object, at one moment between two."""

    action: Action
    began_ms: int
    ended_ms: int | None
    """None: it may happen later, or never."""


@dataclass(frozen=True, slots=True)
class Unexplained(Generic[State, Action]):
    """An operation that was at its end and cannot have happened."""

    operation: Operation[Action]
    states: Sequence[State]
    """How the object may have stood before; none where there was too much to try."""


Step = Callable[[State, Action], State | None]
"""Returns the state after an action; None where the object's rule does not allow it."""


def first_unexplained(
    operations: Sequence[Operation[Action]], initial: State, step: Step[State, Action]
) -> Unexplained[State, Action] | None:
    """Return the first operation that no order of steps explains; None if all are explained.

    Two that meet in one millisecond are taken to have been open at once.
    """
    search = _Search(operations, initial, step)
    moments = [
        (at_ms, is_end, number)
        for number, one in enumerate(operations)
        for is_end, at_ms in enumerate((one.began_ms, one.ended_ms))
        if at_ms is not None
    ]
    for _, is_end, number in sorted(moments):
        if not is_end:
            search.open.append(number)
        elif (states := search.ends(number)) is not None:
            return Unexplained(operations[number], states)
    return None


class _Search(Generic[State, Action]):
    """All ways in which what is open may have happened so far."""

    def __init__(
        self, operations: Sequence[Operation[Action]], initial: State, step: Step[State, Action]
    ) -> None:
        self.open: list[int] = []
        """What has begun and has not ended."""
        self._operations = operations
        self._step = step
        self._ways: set[tuple[State, frozenset[int]]] = {(initial, frozenset())}
        """A state, with what of the open has happened."""

    def ends(self, number: int) -> Sequence[State] | None:
        """Let an operation end, so that it has happened; return the states before if it cannot."""
        ways = self._continued()
        if len(ways) > CONFIGURATIONS_MAX:
            return []
        kept = {(state, done) for state, done in ways if number in done}
        if not kept:
            return [state for state, _ in self._ways]
        in_all_ways = frozenset.intersection(*(done for _, done in kept))
        never_ends = {one for one in in_all_ways if self._operations[one].ended_ms is None}
        over = never_ends | {number}
        self.open = [one for one in self.open if one not in over]
        self._ways = {(state, done - over) for state, done in kept}
        return None

    def _continued(self) -> set[tuple[State, frozenset[int]]]:
        """Return every way with any of the open steps taken besides, in any order."""
        found = set(self._ways)
        fresh = list(found)
        while fresh and len(found) <= CONFIGURATIONS_MAX:
            state, done = fresh.pop()
            for number in self.open:
                if number in done:
                    continue
                after = self._step(state, self._operations[number].action)
                if after is not None and (way := (after, done | {number})) not in found:
                    found.add(way)
                    fresh.append(way)
        return found
