"""At which level an adviser serves a queue, and from which waiting time on each level is asked.

A queue that says nothing of levels asks all its advisers at once and alike. One that does asks
level 1 at once, and widens to levels 2 and 3 from the waiting times on that it states; while
somebody of a lower level is ready, nobody of a higher one is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from contactcentre.domain.ids import QueueId

LEVEL_FIRST = 1
LEVEL_LAST = 3
AFTER_MAX_S = 3_600
"""A level that is asked later than this might as well not be there."""

LevelsAfter = tuple[int, ...]
"""From which waiting time on each level is asked, in milliseconds, the first level first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """When an adviser is asked for a queue's callers."""

    level: int
    after_ms: int
    """From which waiting time of the queue's head on."""


AT_ONCE = Asked(level=LEVEL_FIRST, after_ms=0)


def asked_later(
    levels: Mapping[QueueId, int], widening: Mapping[QueueId, LevelsAfter]
) -> Mapping[QueueId, Asked]:
    """Return when an adviser with these levels is asked, of each queue where it is not AT_ONCE.

    `widening` holds the queues that tell levels apart.
    """
    return {
        queue: Asked(level=level, after_ms=widening[queue][level - LEVEL_FIRST])
        for queue, level in levels.items()
        if level != LEVEL_FIRST and queue in widening
    }


def wrong_in(after_s: tuple[int, ...]) -> str | None:
    """Return what is wrong with the waiting times of a queue's levels, as a sentence, or None."""
    if len(after_s) != LEVEL_LAST:
        return f"there are {len(after_s)} times; write one for each level, as in [0, 20, 60]."
    if after_s[0] != 0:
        return f"level 1 is asked at once: write 0 first, not {after_s[0]}."
    if any(later < earlier for earlier, later in pairwise(after_s)):
        return "a level cannot be asked before the one above it; write times that do not fall."
    if after_s[-1] > AFTER_MAX_S:
        return f"nobody is to wait longer than {AFTER_MAX_S} s for a level; write a shorter time."
    return None
