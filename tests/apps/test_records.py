"""From a node's disk through Redis into PostgreSQL, with each of them broken on the way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.spool_files.spool import FileSpool
from contactcentre.adapters.state_redis.blackboard import Blackboard
from contactcentre.adapters.state_redis.events import RedisEventStream
from contactcentre.apps import records
from contactcentre.apps.process import Process
from contactcentre.domain.call import arrive
from contactcentre.domain.ids import CallId, NodeId
from contactcentre.journey import records as journey
from contactcentre.settings import Settings, read_settings
from tests.apps.desk_centre import CLUSTER_KEY, SIGNING_KEYS, Wire
from tests.domain.happenings import ARRIVED
from tests.stores import Emptying

NODE = NodeId("north-1")
WITHIN_S = 20.0


class RecordingNode:
    """A node that writes the arrivals of calls down and sends them on their way."""

    def __init__(self, spool: FileSpool, blackboard: Blackboard) -> None:
        self.spool = spool
        self.blackboard = blackboard
        self.mark = 0
        self.written_count = 0

    def write(self, count: int) -> None:
        """Write so many more calls down."""
        for number in range(self.written_count, self.written_count + count):
            event = replace(ARRIVED, call=CallId(f"c{number}"), node=NODE)
            self.spool.write(event, arrive(event))
        self.written_count += count

    async def hear_mark(self) -> None:
        """Ask for the mark again and again, as a node does with every beat."""
        while True:
            mark = await self.blackboard.client.ask("GET", self.blackboard.keys.durable(NODE))
            self.mark = int(mark or 0)
            await asyncio.sleep(0.05)

    async def until_empty(self) -> None:
        """Wait until all that was written is durable."""
        async with asyncio.timeout(WITHIN_S):
            while self.spool.pending_count:  # noqa: ASYNC110 - the mark comes by asking
                await asyncio.sleep(0.02)


@asynccontextmanager
async def recording_node(folder: Path, redis_url: str) -> AsyncIterator[RecordingNode]:
    """Run a node's side of the record."""
    blackboard = Blackboard(redis_url)
    async with (
        FileSpool(folder, node=NODE, now_ms=1) as spool,
        asyncio.TaskGroup() as group,
    ):
        node = RecordingNode(spool, blackboard)
        stream = RedisEventStream(blackboard)
        tasks = [
            group.create_task(spool.keep_writing()),
            group.create_task(journey.ship(spool, stream, lambda: node.mark, MachineClock())),
            group.create_task(node.hear_mark()),
        ]
        yield node
        for task in tasks:
            task.cancel()
    await blackboard.close()


@asynccontextmanager
async def records_process(settings: Settings) -> AsyncIterator[Process]:
    """Run a records process, and let it drain."""
    async with asyncio.TaskGroup() as group:
        process = Process("records", settings, group)
        served = group.create_task(records.serve(settings, process))
        yield process
        process.draining.set()
        await asyncio.wait({served}, timeout=5)
        assert served.done()
        await process.close()


def settings_of(redis_url: str, database_url: str, *, node: str = "records-1") -> Settings:
    """Return the settings of a records process."""
    return read_settings(
        {
            "CC_NODE": node,
            "CC_REDIS_URL": redis_url,
            "CC_DATABASE_URL": database_url,
            "CC_CLUSTER_KEY": CLUSTER_KEY,
            "CC_SIGNING_KEYS": SIGNING_KEYS,
            "CC_INTERNAL_PORT": str(free_port()),
            "CC_DATABASE_TIMEOUT_MS": "500",
        }
    )


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a node take a mark that does not move for lost sooner than in earnest."""
    monkeypatch.setattr(journey, "STALLED_AFTER_MS", 300)


async def counted(database_url: str) -> tuple[int, int]:
    """Return how many calls and how many events the record has."""
    connection = await asyncpg.connect(database_url)
    try:
        calls = await connection.fetchval("SELECT count(*) FROM calls")
        events = await connection.fetchval("SELECT count(*) FROM events")
    finally:
        await connection.close()
    return calls, events


async def test_what_a_node_writes_down_is_in_the_record_once(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    async with (
        records_process(settings_of(redis_url, database_url)),
        recording_node(tmp_path, redis_url) as node,
    ):
        node.write(1_200)
        await node.until_empty()
    assert await counted(database_url) == (1_200, 1_200)


async def test_two_records_processes_write_no_call_twice(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    async with (
        records_process(settings_of(redis_url, database_url)),
        records_process(settings_of(redis_url, database_url, node="records-2")),
        recording_node(tmp_path, redis_url) as node,
    ):
        for _ in range(10):
            node.write(100)
            await asyncio.sleep(0.05)
        await node.until_empty()
    assert await counted(database_url) == (1_000, 1_000)


async def test_nothing_is_lost_with_the_stream(
    redis_url: str, empty_redis: Emptying, database_url: str, tmp_path: Path
) -> None:
    async with recording_node(tmp_path, redis_url) as node:
        node.write(300)
        await asyncio.sleep(0.5)
        await empty_redis()
        node.write(300)
        async with records_process(settings_of(redis_url, database_url)):
            await asyncio.sleep(0.3)
            await empty_redis()
            node.write(300)
            await node.until_empty()
    assert await counted(database_url) == (900, 900)


async def test_nothing_is_lost_while_the_record_is_away(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    wire = Wire(database_url)
    await wire.mend()
    async with (
        records_process(settings_of(redis_url, wire.url)),
        recording_node(tmp_path, redis_url) as node,
    ):
        node.write(100)
        await node.until_empty()
        await wire.cut()
        node.write(500)
        await asyncio.sleep(1)
        assert node.spool.pending_count == 500
        await wire.mend()
        await node.until_empty()
        await wire.cut()
    assert await counted(database_url) == (600, 600)


async def test_nothing_is_lost_with_a_records_process_or_a_node_that_stops(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    for round_number in range(3):
        async with (
            recording_node(tmp_path, redis_url) as node,
            records_process(settings_of(redis_url, database_url, node=f"r{round_number}")),
        ):
            node.written_count = 200 * round_number
            node.write(200)
            await node.spool.on_disk()
            await asyncio.sleep(0.05)
    async with (
        recording_node(tmp_path, redis_url) as node,
        records_process(settings_of(redis_url, database_url)),
    ):
        await node.until_empty()
    assert await counted(database_url) == (600, 600)


async def test_an_entry_that_is_no_event_holds_up_no_other(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    async with recording_node(tmp_path, redis_url) as node:
        events = node.blackboard.keys.events
        await node.blackboard.client.ask("XADD", events, "*", "event", '{"v": 9, "kind": "X"}')
        node.write(10)
        async with records_process(settings_of(redis_url, database_url)):
            await node.until_empty()
    assert await counted(database_url) == (10, 10)


async def test_a_records_process_is_ready_while_both_stores_answer(
    redis_url: str, database_url: str
) -> None:
    wire = Wire(database_url)
    await wire.mend()
    settings = settings_of(redis_url, wire.url)
    async with records_process(settings):
        ready = _asker(settings)
        await _until(ready, is_so=True)
        await wire.cut()
        await _until(ready, is_so=False)
        await wire.mend()
        await _until(ready, is_so=True)
        await wire.cut()


def _asker(settings: Settings) -> Callable[[], Awaitable[bool]]:
    """Return what asks a process whether it is ready."""

    async def ask() -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", settings.internal_port)
        except OSError:
            return False
        writer.write(b"GET /readyz HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return b" 200 " in answer.splitlines()[0]

    return ask


async def _until(ask: Callable[[], Awaitable[bool]], *, is_so: bool) -> None:
    async with asyncio.timeout(WITHIN_S):
        while await ask() is not is_so:  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(0.05)
