"""Which nodes a new call goes to: by the room they have, and by how well they keep time.

A node that keeps time badly is strained. It says so, and is brought a call only where every other
one is strained or full: a call with late sound is better than none. What is full or drains takes
none. Callers in browsers, from trunks and from Twilio are all sent by what stands here.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

LATE_RATIO_MAX = 0.01
"""Of the last minute's ticks: more than that begun late is heard by those who are there."""
BUSY_RATIO_MAX = 0.7
"""Of the time: in ticks, what browsers and phones send included. The rest is for all else."""
LEGS_PER_CALL = 2
"""A call is taken in only if its adviser will find room as well."""


class LoadTold(Protocol):
    """What a node tells of how much it carries."""

    @property
    def draining(self) -> bool:
        """Say whether it sends its callers elsewhere."""

    @property
    def strained(self) -> bool:
        """Say whether it keeps time badly."""

    @property
    def legs_count(self) -> int:
        """Return how many legs it has."""

    @property
    def legs_max(self) -> int:
        """Return how many it may have."""


Node = TypeVar("Node", bound=LoadTold)


def is_strained(*, late_ratio: float, busy_ratio: float) -> bool:
    """Say whether a node that keeps time so should be brought no further calls."""
    return late_ratio > LATE_RATIO_MAX or busy_ratio > BUSY_RATIO_MAX


def has_room(*, legs_count: int, legs_max: int) -> bool:
    """Say whether there is room for one more call and its adviser."""
    return legs_count + LEGS_PER_CALL <= legs_max


def for_new_calls(nodes: Iterable[Node]) -> Sequence[Node]:
    """Return those nodes that a new call goes to; none if every one is full or drains."""
    roomy = [
        node
        for node in nodes
        if not node.draining and has_room(legs_count=node.legs_count, legs_max=node.legs_max)
    ]
    return [node for node in roomy if not node.strained] or roomy
