"""Mistakes about one packet or one leg, which are to cost nobody else their sound."""

from types import TracebackType

import structlog

log = structlog.get_logger()


class Mishaps:
    """Used as a context in which nothing that is raised goes any further: it is counted."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> None:
        """Begin what may fail."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Count a mistake, and tell of the first, the second, the fourth, and so on."""
        if not isinstance(error, Exception):
            return False
        self.count += 1
        if self.count & (self.count - 1) == 0:
            log.error("a packet or a leg was passed over", count=self.count, exc_info=error)
        return True
