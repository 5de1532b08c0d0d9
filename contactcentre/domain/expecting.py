"""How far the waits that callers were to expect were from those that came.

Each node measures it for its own calls, queue by queue, whether or not a wait was said: an estimate
that has become poor is not said any more, and is said again once it is better. A caller who goes
away tells nothing; a wait that has clearly outlasted what was expected counts before it is over.
"""

from collections import deque
from collections.abc import Callable
from statistics import median

from contactcentre.domain.ids import QueueId
from contactcentre.domain.queueing import error_ratio, is_overdue

ERRORS_MAX = 20
"""Of each queue, so many of the latest waits are judged by."""
ERRORS_MIN = 5
"""With fewer nothing is known of how good the estimates are."""


class WaitErrors:
    """The typical error of each queue's estimates; `told` hears of each error, as a ratio."""

    def __init__(self, told: Callable[[QueueId, float], None]) -> None:
        self._told = told
        self._ratios: dict[QueueId, deque[float]] = {}

    def learn(self, queue: QueueId, *, expected_ms: int, waited_ms: int) -> None:
        """Note a wait that is over, or that has outlasted what was expected."""
        ratio = error_ratio(expected_ms=expected_ms, waited_ms=waited_ms)
        self._ratios.setdefault(queue, deque(maxlen=ERRORS_MAX)).append(ratio)
        self._told(queue, ratio)

    def typical(self, queue: QueueId) -> float | None:
        """Return the median of the latest errors; None while they are too few."""
        ratios = self._ratios.get(queue, ())
        return median(ratios) if len(ratios) >= ERRORS_MIN else None


class Expectation:
    """What one caller was to expect of a queue, from the first estimate on, and what came of it."""

    def __init__(self, errors: WaitErrors) -> None:
        self._errors = errors
        self._of: tuple[QueueId, int, int] | None = None
        self._is_counted = False

    def see(self, queue: QueueId, *, wait_ms: int | None, at_ms: int) -> None:
        """Take the estimate of now: the first one counts, and it counts once it is overdue."""
        if self._of is None or self._of[0] != queue:
            self._of = None if wait_ms is None else (queue, wait_ms, at_ms)
            self._is_counted = False
            return
        _, expected_ms, since_ms = self._of
        if is_overdue(expected_ms=expected_ms, waited_ms=at_ms - since_ms):
            self._count(at_ms)

    def over(self, *, at_ms: int) -> None:
        """Note that the wait is over: an adviser is there."""
        if self._of is not None:
            self._count(at_ms)

    def _count(self, at_ms: int) -> None:
        assert self._of is not None, "what is counted was expected"
        if self._is_counted:
            return
        queue, expected_ms, since_ms = self._of
        self._is_counted = True
        self._errors.learn(queue, expected_ms=expected_ms, waited_ms=at_ms - since_ms)
