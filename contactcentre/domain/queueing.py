"""What a waiting caller is told, and when.

The place is exact. The wait is said only when it is known honestly: from how often this queue's
calls have lately been taken. It is rounded up to what people say; while too few calls have been
taken, or the waits that were expected lately were far from those that came, nothing is said of time
at all.
"""

SAID_EVERY_MS = 60_000
"""Never music for longer than this without a voice."""
SHOWN_EVERY_MS = 3_000
"""How often the page learns the place."""
MOVED_WITHIN_MS = 1_000
"""Whoever is to wait elsewhere from now on goes there so soon; not all in the same moment."""
assert SHOWN_EVERY_MS % MOVED_WITHIN_MS == 0, "the place is shown at its own pace all the same"
WAIT_MAX_MS = 4 * 3_600_000
"""Longer than this is no estimate but a guess."""
CLOSE_ENOUGH_MS = 60_000
"""Waits are said in minutes: whoever is served within a minute of what was said was told right."""
POOR_ERROR = 0.5
"""Estimates that are typically wrong by more than half of what they say are better not said."""


def expected_wait_ms(*, place: int, served_every_ms: int | None) -> int | None:
    """Return how long whoever stands at `place` may wait; None where we do not know.

    `served_every_ms` is the mean time between the last calls taken from the queue.
    """
    assert place >= 1, "places count from 1"
    if served_every_ms is None:
        return None
    wait_ms = place * served_every_ms
    return wait_ms if wait_ms <= WAIT_MAX_MS else None


def honest_wait_ms(expected_ms: int | None, *, typical_error: float | None) -> int | None:
    """Return what may be said of an expected wait: nothing while estimates are known to be poor."""
    if typical_error is not None and typical_error > POOR_ERROR:
        return None
    return expected_ms


def error_ratio(*, expected_ms: int, waited_ms: int) -> float:
    """Return by how much a wait missed what was expected, as a part of what was expected."""
    missed_ms = abs(waited_ms - expected_ms)
    return 0.0 if missed_ms <= CLOSE_ENOUGH_MS else missed_ms / max(expected_ms, CLOSE_ENOUGH_MS)


def is_overdue(*, expected_ms: int, waited_ms: int) -> bool:
    """Say whether a wait that goes on has shown already that its estimate was poor."""
    late = waited_ms > expected_ms
    return late and error_ratio(expected_ms=expected_ms, waited_ms=waited_ms) > POOR_ERROR


def next_announcement_ms(*, last_said_at_ms: int, now_ms: int) -> int:
    """Return how long until the place is said again, 0 if it is time."""
    return max(0, last_said_at_ms + SAID_EVERY_MS - now_ms)
