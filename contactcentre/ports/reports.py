"""Figures over the records, each with its formula."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from contactcentre.domain.ids import QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayCounts:
    """Calls that arrived since a moment, by what has become of them.

    Each call is counted once: offered is the sum of the endings and of what is in progress.
    """

    offered_count: int
    handled_count: int
    abandoned_count: int
    deflected_count: int
    callback_count: int
    left_in_menu_count: int
    closed_count: int
    system_lost_count: int
    in_progress_count: int
    answered_within_target_count: int
    """Bridged within the target of entering the queue; not part of the sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackCounts:
    """The callbacks of one queue."""

    queue: QueueId
    open_count: int
    """Promised, and neither kept nor broken yet."""
    kept_count: int
    """Since a moment, and so are the broken ones."""
    broken_count: int


class Reports(Protocol):
    """What the records add up to."""

    async def today(self, *, since_ms: int, target_ms: int) -> TodayCounts:
        """Count the calls that arrived since `since_ms`. Raises LedgerUnavailable."""

    async def callbacks(self, *, since_ms: int) -> Sequence[CallbackCounts]:
        """Count callbacks by queue, where there are any. Raises LedgerUnavailable."""
