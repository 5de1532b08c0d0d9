"""Stores that `up` keeps running, and stores that it waits for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from contactcentre.adapters.embedded.postgres import Postgres, start_postgres
from contactcentre.adapters.embedded.valkey import Valkey, start_valkey
from contactcentre.adapters.ledger_postgres.migrate import upgrade
from contactcentre.adapters.state_redis.blackboard import Blackboard
from contactcentre.apps import stores
from contactcentre.apps.stores import keep_store, wait_for_store
from contactcentre.domain.errors import Outage
from tests.chaos import BadWire

WITHIN_S = 20.0


class Terminal:
    """What somebody in front of it reads."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def until(self, words: str, *, count: int = 1) -> None:
        """Wait until something has been said so often."""
        async with asyncio.timeout(WITHIN_S):
            while sum(words in line for line in self.lines) < count:  # noqa: ASYNC110 - it is read
                await asyncio.sleep(0.02)


@asynccontextmanager
async def kept(name: str, store: Valkey | Postgres) -> AsyncIterator[Terminal]:
    """Keep a store running meanwhile."""
    said = Terminal()
    async with asyncio.TaskGroup() as group:
        keeping = group.create_task(keep_store(name, store, said.lines.append))
        try:
            yield said
        finally:
            keeping.cancel()
            await asyncio.wait({keeping})
            await store.stop()


async def test_a_live_state_that_is_killed_is_there_again_with_what_it_had(tmp_path: Path) -> None:
    valkey = await start_valkey(tmp_path)
    client = Blackboard(valkey.url)
    await client.client.ask("SET", "cc:kept", "yes")
    await asyncio.sleep(1.2)  # to disk every second
    async with kept("live state", valkey) as said:
        for count in (1, 2):
            valkey.program.process.kill()
            await said.until("is back after", count=count)
            assert await client.client.ask("GET", "cc:kept") == b"yes"
    await client.close()
    assert "The live state has ended (code -9): it starts again." in said.lines


async def test_a_record_that_is_killed_is_there_again(stores_dir: Path) -> None:
    postgres = await start_postgres(stores_dir / "kept")
    await upgrade(postgres.url)
    async with kept("record", postgres) as said:
        postgres.program.process.kill()
        await said.until("is back after")
        await upgrade(postgres.url)


async def test_a_store_that_cannot_start_is_tried_more_and_more_seldom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "BACK_OFF_FIRST_S", 0.1)
    valkey = await start_valkey(tmp_path)
    files = tmp_path / "appendonlydir"
    async with kept("live state", valkey) as said:
        files.rename(tmp_path / "elsewhere")
        files.touch()  # no folder: it can neither read nor write
        valkey.program.process.kill()
        await said.until("The live state does not start: valkey-server did not start", count=3)
        files.unlink()
        (tmp_path / "elsewhere").rename(files)
        await said.until("is back after")
    assert any("keeps ending" in line for line in said.lines)


async def test_a_store_that_is_away_is_waited_for_with_a_word_of_what_to_do(redis_url: str) -> None:
    wire = BadWire(redis_url)
    await wire.mend()
    await wire.cut()
    said = Terminal()
    client = Blackboard(wire.url)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(
            wait_for_store("live state", "CC_REDIS_URL", client.ping, said.lines.append)
        )
        await said.until("Waiting for the live state (CC_REDIS_URL). Redis: ConnectionError")
        assert not waiting.done()
        await wire.mend()
    await client.close()
    await wire.cut()
    assert len(said.lines) == 1
    assert (urlsplit(wire.url).password or "?") not in said.lines[0]


async def test_why_a_store_is_waited_for_is_said_again_when_it_is_another_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stores, "WAIT_S", 0.01)
    reasons = iter(["Nobody listens.", "Nobody listens.", "It is starting.", "It is starting."])
    said = Terminal()

    async def ask() -> None:
        if reason := next(reasons, None):
            raise Outage(reason)

    await wait_for_store("record", "CC_DATABASE_URL", ask, said.lines.append)
    assert said.lines == [
        f"Waiting for the record (CC_DATABASE_URL). {reason} "
        "Start it, or mend the setting; Ctrl-C stops."
        for reason in ("Nobody listens.", "It is starting.")
    ]
