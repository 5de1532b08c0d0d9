"""When a node has no room for further calls, by what it has measured and not by what was set.

It says so to whoever brings new calls, by reporting that it is full; it refuses none for it: where
every node is strained, a call with late sound is better than none.
"""

LATE_RATIO_MAX = 0.01
"""Of the last minute's ticks: more than that begun late is heard by those who are there."""
BUSY_RATIO_MAX = 0.7
"""Of the time: in ticks, what browsers and phones send included. The rest is for all else."""


def is_strained(*, late_ratio: float, busy_ratio: float) -> bool:
    """Say whether a node that keeps time so should be brought no further calls."""
    return late_ratio > LATE_RATIO_MAX or busy_ratio > BUSY_RATIO_MAX


def room_told(*, legs_count: int, legs_max: int, strained: bool) -> int:
    """Return how many legs a node says that it may carry; a strained one no more than it does."""
    return max(1, min(legs_count, legs_max)) if strained else legs_max


def takes_calls(*, draining: bool, legs_count: int, legs_max: int) -> bool:
    """Say whether a node that tells this of itself is one for a new call."""
    return not draining and legs_count < legs_max
