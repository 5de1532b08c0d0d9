"""Several things at a time for one caller, of which nothing is left when they are over."""

import asyncio
from types import TracebackType


class Together(asyncio.TaskGroup):
    """A group of tasks that holds neither whoever waited for it nor the error that it ended with.

    What cancels a group of Python 3.11 remembers its own way through the group, and the group the
    task that was cancelled: a caller who hangs up would leave the whole wait to the collector.
    """

    async def __aexit__(
        self,
        et: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Wait for all of them."""
        ending = super().__aexit__(et, exc, tb)
        del exc, tb
        try:
            await ending
        except asyncio.CancelledError as cancelled:
            cancelled.__traceback__ = None
            raise
        finally:
            self._parent_task = None
