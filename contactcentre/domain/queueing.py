"""What a waiting caller is told, and when.

The place is exact. The wait is said only when it is known honestly: from how often this queue's
calls have lately been taken. It is rounded up to what people say; while too few calls have been
taken, nothing is said of time at all.
"""

SAID_EVERY_MS = 60_000
"""Never music for longer than this without a voice."""
SHOWN_EVERY_MS = 3_000
"""How often the page learns the place."""
WAIT_MAX_MS = 4 * 3_600_000
"""Longer than this is no estimate but a guess."""


def honest_wait_ms(*, place: int, served_every_ms: int | None) -> int | None:
    """Return how long whoever stands at `place` may wait; None where we do not know.

    `served_every_ms` is the mean time between the last calls taken from the queue.
    """
    assert place >= 1, "places count from 1"
    if served_every_ms is None:
        return None
    wait_ms = place * served_every_ms
    return wait_ms if wait_ms <= WAIT_MAX_MS else None


def next_announcement_ms(*, last_said_at_ms: int, now_ms: int) -> int:
    """Return how long until the place is said again, 0 if it is time."""
    return max(0, last_said_at_ms + SAID_EVERY_MS - now_ms)
