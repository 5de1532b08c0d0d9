"""What a node tells of its sound's load."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLoad:
    """How much sound a node carries, and how well it keeps time, over the last minute."""

    legs_count: int
    legs_max: int
    late_ratio: float
    """Of ticks: begun a whole tick late, or left out."""
    lag_p99_ms: float
    busy_ratio: float
    """Of the time: spent in ticks."""
    skipped_count: int
    """Ticks left out since the start."""
