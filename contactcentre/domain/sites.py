"""When a site sends its callers to another one: it has been cut off from the live state for long.

Cut off is a site whose word is not taken and that sees no majority of those who watch over the live
state: the majority may go on elsewhere. Where a majority is seen and no word is taken, nobody can
write anywhere, and everybody stays where they are. Time comes in.
"""

from contactcentre.limits import EVACUATE_AFTER_MS


class SiteStanding:
    """How a site stands to the live state, as one of its nodes sees it."""

    def __init__(self) -> None:
        self._cut_off_since_ms: int | None = None

    def see(self, *, is_heard: bool, sees_majority: bool, at_ms: int) -> None:
        """Take note of whether the live state has taken this node's word just now."""
        if is_heard or sees_majority:
            self._cut_off_since_ms = None
        elif self._cut_off_since_ms is None:
            self._cut_off_since_ms = at_ms

    def is_left(self, *, at_ms: int) -> bool:
        """Say whether callers had better be elsewhere."""
        since_ms = self._cut_off_since_ms
        return since_ms is not None and at_ms - since_ms >= EVACUATE_AFTER_MS
