"""An entrance for telephones, not open yet."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.adapters.sip.entrance import Entrance


@pytest.fixture
async def entrance() -> AsyncIterator[Entrance]:
    """Return an entrance that is not open yet."""
    async with AsyncExitStack() as leaving:
        one = Entrance(leaving)
        yield one
        for task in one.tasks:
            task.cancel()
