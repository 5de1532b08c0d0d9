"""When something of somebody else's is left alone for a while, as it has failed again and again."""


class Breaker:
    """Closed while all goes well; open for a while after failures in a row, then tried once."""

    def __init__(self, *, failures_max: int, open_ms: int) -> None:
        self._failures_max = failures_max
        self._open_ms = open_ms
        self._failures_count = 0
        self._tried_at_ms = 0

    def may_try(self, *, at_ms: int) -> bool:
        """Say whether it may be asked now; whoever is told so tells what came of it."""
        if self._failures_count < self._failures_max:
            return True
        if at_ms - self._tried_at_ms < self._open_ms:
            return False
        self._tried_at_ms = at_ms
        return True

    def succeeded(self) -> None:
        """Note that it did what it was asked."""
        self._failures_count = 0

    def failed(self, *, at_ms: int) -> None:
        """Note that it did not."""
        self._failures_count += 1
        self._tried_at_ms = at_ms
