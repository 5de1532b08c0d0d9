"""A record at two sites that loses either of them: every call is in it once."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from contactcentre.adapters.embedded.standby import PostgresPair, start_pair
from contactcentre.adapters.ledger_postgres.migrate import upgrade
from contactcentre.journey import records as journey
from tests.apps.test_records import WITHIN_S, RecordingNode, counted
from tests.apps.test_records_outages import all_are_there, busy_node

AWAY_S = 1.0


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait as long as in earnest."""
    monkeypatch.setattr(journey, "STALLED_AFTER_MS", 300)
    monkeypatch.setattr(journey, "RETRY_MAX_MS", 500)


@pytest.fixture
async def pair() -> AsyncIterator[PostgresPair]:
    """Give a primary and a standby without which it confirms nothing."""
    folder = Path(mkdtemp(prefix="contactcentre-sites-"))
    folder.chmod(0o755)
    pair = await start_pair(folder)
    await upgrade(pair.url)
    yield pair
    await pair.stop()
    shutil.rmtree(folder)


async def until_caught_up(node: RecordingNode) -> None:
    """Wait until all is durable that has been written by now; others go on writing."""
    written_count = node.written_count
    async with asyncio.timeout(WITHIN_S):
        while node.written_count - node.spool.pending_count < written_count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_record_whose_standby_is_away_waits_and_then_has_every_call_once(
    redis_url: str, pair: PostgresPair, tmp_path: Path
) -> None:
    async with busy_node(redis_url, pair.url, tmp_path) as node:
        pair.standby.hang()
        await asyncio.sleep(AWAY_S)
        written_count, pending_count = node.written_count, node.spool.pending_count
        before = await counted(pair.primary.url)
        assert pending_count >= written_count - before[1], "what waits is on the disk"
        await asyncio.sleep(AWAY_S)
        assert await counted(pair.primary.url) == before, "nobody is shown what only one site has"
        assert node.spool.pending_count > pending_count
        pair.standby.go_on()
        await until_caught_up(node)
        pair.primary.kill()  # what has been confirmed is at the standby
        confirmed_count = node.written_count - node.spool.pending_count
        await pair.promote()
        assert (await counted(pair.primary.url))[0] >= confirmed_count
    await all_are_there(node, pair.primary.url)


async def test_a_record_whose_primary_is_lost_goes_on_at_the_other_site(
    redis_url: str, pair: PostgresPair, tmp_path: Path
) -> None:
    async with busy_node(redis_url, pair.url, tmp_path) as node:
        pair.primary.hang()
        await asyncio.sleep(AWAY_S)
        await pair.promote()
        await until_caught_up(node)
        pair.standby.go_on()  # it takes itself for the primary
        await asyncio.sleep(AWAY_S)
    await all_are_there(node, pair.primary.url)
