"""When Python's collector looks for what has been left in rings: seldom, and while nobody calls.

While it looks, no sound goes out. Calls that are over leave next to nothing to it, so it can rest;
what comes together all the same is bounded, on a node that is never without a call as well.
"""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

NEW_OBJECTS = 10_000
"""So many more objects than at the last look have it look at the new ones, for 10 ms or so."""
LOOKS_AT_NEW = 50
"""So many such looks make one at what has come through them, and that is as long as calls are many.
"""
LOOKS_AT_OLDER = 10
QUIET_EVERY_S = 30.0


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Have the collector run seldom."""
    before = gc.get_threshold()
    gc.set_threshold(NEW_OBJECTS, LOOKS_AT_NEW, LOOKS_AT_OLDER)
    try:
        yield
    finally:
        gc.set_threshold(*before)


async def keep_collecting(is_quiet: Callable[[], bool]) -> None:
    """Collect all there is now and then, while it is quiet."""
    while True:
        await asyncio.sleep(QUIET_EVERY_S)
        if is_quiet():
            gc.collect()
