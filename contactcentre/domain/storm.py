"""A storm: adviser after adviser is lost as a call rings. Then only one at a time is rung, to try.

Something that every ring breaks (a desk that restarts when it is told of a call, say) would take
one adviser after the other away, and with the last one the callers' hope. So once the desks of
several advisers have failed on being rung within a short time, and most rings of that time have
failed, the breaker opens: somebody is tried now and then, less and less often while that fails, and
nobody else before it is known how the last try has ended. It closes by itself: after several rings
in a row that went well, or a while without one that failed.
A single call that breaks desks is set aside by its node; a single desk that fails is one adviser.

Each router judges for itself, by its own clock, from how the last rings of the whole centre ended.
Callers keep their places meanwhile: nobody is matched that is not rung.
"""

from collections import deque
from dataclasses import dataclass

from contactcentre.domain.ids import AdviserId

FAILED_TENTHS_MIN = 5
"""Of the rings of the window at least so many tenths have failed, or it is no storm."""
TRY_FIRST_MS = 1_000
TRY_LAST_MS = 30_000
"""How long there is between two tries, at first and at most; a try that fails doubles it."""
CLOSES_AFTER_COUNT = 3
"""So many rings in a row that went well close the breaker."""
CLOSES_AFTER_MS = 120_000
"""So does such a time without a ring that failed: there may be nobody to be rung."""
RINGS_MAX = 1_000
"""By so many of the last rings it is judged."""

assert TRY_LAST_MS * CLOSES_AFTER_COUNT < CLOSES_AFTER_MS, "tries that fail keep it open"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """How a ring ended, and when this router heard of it."""

    adviser: AdviserId
    is_failed: bool
    at_ms: int


class StormBreaker:
    """One router's breaker."""

    def __init__(self, *, advisers_min: int, window_ms: int) -> None:
        """Begin closed; it opens from `advisers_min` advisers within `window_ms` on, 0: never."""
        self._advisers_min = advisers_min
        self._window_ms = window_ms
        self._rings: deque[_Ended] = deque(maxlen=RINGS_MAX)
        self._went_well_count = 0
        self._try_every_ms = TRY_FIRST_MS
        self._tried_at_ms = 0
        self._is_try_judged = True
        self._failed_at_ms = 0
        self._is_open = False

    def note(self, adviser: AdviserId, *, is_failed: bool, at_ms: int) -> None:
        """Take how a ring has ended: whether the adviser's desk failed on it."""
        if is_failed:
            self._failed_at_ms = at_ms
        if self._is_open:
            self._judge(is_failed=is_failed)
            return
        self._rings.append(_Ended(adviser=adviser, is_failed=is_failed, at_ms=at_ms))
        if is_failed and self._is_storm(at_ms):
            self._is_open, self._went_well_count = True, 0
            self._try_every_ms, self._tried_at_ms, self._is_try_judged = TRY_FIRST_MS, at_ms, True

    def is_open(self, *, at_ms: int) -> bool:
        """Say whether there is a storm."""
        if self._is_open and at_ms - self._failed_at_ms >= CLOSES_AFTER_MS:
            self._close()
        return self._is_open

    def allows(self, *, at_ms: int) -> bool:
        """Say whether somebody may be rung now."""
        every_ms = self._try_every_ms if self._is_try_judged else TRY_LAST_MS
        return not self.is_open(at_ms=at_ms) or at_ms - self._tried_at_ms >= every_ms

    def tried(self, *, at_ms: int) -> None:
        """Note that somebody is rung now."""
        self._tried_at_ms, self._is_try_judged = at_ms, False

    def _is_storm(self, at_ms: int) -> bool:
        while self._rings and at_ms - self._rings[0].at_ms > self._window_ms:
            self._rings.popleft()
        failed = [ring.adviser for ring in self._rings if ring.is_failed]
        return (
            0 < self._advisers_min <= len({*failed})
            and len(failed) * 10 >= len(self._rings) * FAILED_TENTHS_MIN
        )

    def _judge(self, *, is_failed: bool) -> None:
        if not is_failed:
            self._try_every_ms, self._is_try_judged = TRY_FIRST_MS, True
            self._went_well_count += 1
            if self._went_well_count >= CLOSES_AFTER_COUNT:
                self._close()
            return
        self._went_well_count = 0
        if not self._is_try_judged:  # what was under way when it opened is no try
            self._is_try_judged = True
            self._try_every_ms = min(2 * self._try_every_ms, TRY_LAST_MS)

    def _close(self) -> None:
        """Close; what led to the opening does not open it again."""
        self._is_open = False
        self._rings.clear()
