"""Who has been silent for too long, by the clock of whoever listens: no two clocks are compared."""

from collections.abc import Mapping

from contactcentre.domain.ids import NodeId


class Silences:
    """Since when each of some processes has been seen to say the same, or nothing."""

    def __init__(self, *, lost_after_ms: int, late_after_ms: int) -> None:
        """Begin; whoever has not looked for `late_after_ms` has missed what was said meanwhile."""
        self._lost_after_ms = lost_after_ms
        self._late_after_ms = late_after_ms
        self._since: dict[tuple[NodeId, int | None], int] = {}
        self._looked_at_ms = 0

    def forget(self) -> None:
        """Let every clock start over: nobody can say who beats."""
        self._since.clear()

    def lost(self, beats: Mapping[NodeId, int | None], *, at_ms: int) -> list[NodeId]:
        """Return whose beat (None: there is none) has been the same for too long.

        `at_ms` is by a monotonic clock.
        """
        before = self._since if at_ms - self._looked_at_ms <= self._late_after_ms else {}
        self._looked_at_ms = at_ms
        self._since = {one: before.get(one, at_ms) for one in beats.items()}
        return [
            node
            for (node, _), since_ms in self._since.items()
            if at_ms - since_ms >= self._lost_after_ms
        ]
