"""How well a node keeps time with its sound, and what it tells of that."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contactcentre.limits import TICK_MS

LAGS_KEPT = 3_000
"""A minute of ticks is what the lateness is taken from."""
_BUSY_TICKS = 50


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
    is_batched: bool
    """Whether one call of the system reads or writes all sockets."""
    dropped_count: int
    """Packets, no sound of any leg, that ticks had no time for, since the start."""
    mishap_count: int
    """Packets, legs and tapes passed over by a mistake of ours since the start."""


class Timekeeping:
    """How late ticks have been, and how long they took."""

    def __init__(self) -> None:
        self._lags_ms = np.zeros(LAGS_KEPT, np.float32)
        self._lags = 0
        self.busy_ratio = 0.0
        self.skipped_count = 0

    def note_lag(self, lag_ms: float, skipped: int) -> None:
        """Keep one tick's lateness, and one of each tick that is left out."""
        self.skipped_count += skipped
        for _ in range(min(skipped + 1, LAGS_KEPT)):
            self._lags_ms[self._lags % LAGS_KEPT] = lag_ms
            self._lags += 1

    def note_busy(self, took_ms: float) -> None:
        """Keep how long a tick took, as far as the last second tells of it."""
        self.busy_ratio += (took_ms / TICK_MS - self.busy_ratio) / _BUSY_TICKS

    @property
    def late_ratio(self) -> float:
        """Return how many of the last minute's ticks were late by a whole tick."""
        lags = self._last_minute()
        return float((lags >= TICK_MS).mean()) if len(lags) else 0.0

    @property
    def lag_p99_ms(self) -> float:
        """Return how late the latest hundredth of them was."""
        lags = self._last_minute()
        return float(np.percentile(lags, 99)) if len(lags) else 0.0

    def _last_minute(self) -> NDArray[np.float32]:
        return self._lags_ms[: min(self._lags, LAGS_KEPT)]
