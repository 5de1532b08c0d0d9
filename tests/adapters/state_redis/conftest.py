"""A server of our own, so that a test may stop it, flush it and count what it was asked."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from contactcentre.adapters.embedded.valkey import start_valkey
from contactcentre.adapters.state_redis.state import RedisState
from tests.adapters.state_redis.centre import HASTY_MS, Centre, Server
from tests.adapters.state_redis.steps_of_losses import THOROUGH

settings.register_profile(THOROUGH)

NAMESPACES = count(1)
PATIENT_MS = 5_000
"""A busy machine that runs tests is no outage; tests of outages say how long they wait."""


@pytest.fixture(scope="session")
def server(stores_dir: Path) -> Iterator[Server]:
    """Give a server that no other test uses; a test that stops it lets it go on.

    Tests reach into it as none of our processes may: see test_rights.
    """
    valkey = asyncio.run(start_valkey(stores_dir / "state"))
    pid = valkey.program.process.pid
    yield Server(url=valkey.admin_url, pid=pid)
    os.kill(pid, signal.SIGCONT)
    asyncio.run(valkey.stop())


@pytest.fixture
async def state(server: Server) -> AsyncIterator[RedisState]:
    """Give live state with nothing in it, on which matching is open."""
    state = RedisState(server.url, namespace=f"test{next(NAMESPACES)}", timeout_ms=PATIENT_MS)
    await Centre(state).open()
    yield state
    await state.close()


@pytest.fixture
async def hasty(server: Server) -> AsyncIterator[RedisState]:
    """Give live state that takes a store for gone after HASTY_MS."""
    state = RedisState(server.url, namespace=f"test{next(NAMESPACES)}", timeout_ms=HASTY_MS)
    await Centre(state).open()
    yield state
    await state.close()


@pytest.fixture
def centre(state: RedisState) -> Centre:
    """Give people who use the state."""
    return Centre(state)
