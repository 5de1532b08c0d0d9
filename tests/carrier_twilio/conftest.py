"""One centre and one carrier for all tests of a file: each test has callers of its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from contactcentre.adapters.embedded.valkey import Valkey
from tests.carrier_twilio.centre import TelephoneCentre, telephone_centre
from tests.stores import empty


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(
    valkey: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[TelephoneCentre]:
    """Give a running centre of two nodes and its carrier."""
    await empty(valkey.admin_url)
    folder = tmp_path_factory.mktemp("centre")
    async with telephone_centre(valkey.url, folder, nodes=2, CC_LEG_GRACE_MS="20000") as one:
        yield one
