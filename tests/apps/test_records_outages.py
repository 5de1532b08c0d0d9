"""A PostgreSQL that is killed, hung, read-only, full or away: every call is in the record once."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import asyncpg
import pytest

from contactcentre.adapters.embedded.postgres import start_postgres
from contactcentre.adapters.ledger_postgres.migrate import upgrade
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.call import arrive, follow
from contactcentre.domain.events import CallEnded, Ending, HungUpBy
from contactcentre.domain.ids import CallId, Token
from contactcentre.journey import reconciling
from contactcentre.journey import records as journey
from contactcentre.ports.state import CallReport
from tests.adapters.ledger_postgres.conftest import FragileServer
from tests.apps.test_records import (
    NODE,
    RecordingNode,
    counted,
    recording_node,
    records_process,
    settings_of,
)
from tests.chaos import BadWire, bad_wire
from tests.domain.happenings import ARRIVED

AWAY_S = 2.5
DISK_MB = 96
GRACE_MS = 5_000


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait as long as in earnest."""
    monkeypatch.setattr(journey, "STALLED_AFTER_MS", 300)
    monkeypatch.setattr(journey, "RETRY_MAX_MS", 500)
    monkeypatch.setattr(reconciling, "LOOK_EVERY_MS", 200)
    monkeypatch.setattr(reconciling, "LOOK_JITTER_MS", 0)


@asynccontextmanager
async def own_server(folder: Path) -> AsyncIterator[FragileServer]:
    """Run a PostgreSQL that may be broken."""
    server = FragileServer(folder / "postgres", await start_postgres(folder / "postgres"))
    try:
        yield server
    finally:
        await server.stop()


@pytest.fixture
async def server() -> AsyncIterator[FragileServer]:
    """Give a PostgreSQL of the test's own."""
    folder = Path(mkdtemp(prefix="contactcentre-outages-"))
    folder.chmod(0o755)
    async with own_server(folder) as server:
        yield server
    shutil.rmtree(folder)


@asynccontextmanager
async def busy_node(redis_url: str, url: str, folder: Path) -> AsyncIterator[RecordingNode]:
    """Run a node that writes calls down all the time, and records; all must arrive in the end."""
    async with (
        recording_node(folder, redis_url) as node,
        records_process(settings_of(redis_url, url)),
    ):
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(_write_on(node))
            await asyncio.sleep(0.5)
            yield node
            await asyncio.sleep(0.5)
            writing.cancel()
        await node.until_empty()


async def _write_on(node: RecordingNode) -> None:
    while True:
        node.write(5)
        await asyncio.sleep(0.02)


async def all_are_there(node: RecordingNode, url: str) -> None:
    assert node.written_count > 100
    assert await counted(url) == (node.written_count, node.written_count)


async def test_a_record_that_is_killed_and_started_again_misses_nothing(
    redis_url: str, server: FragileServer, tmp_path: Path
) -> None:
    async with busy_node(redis_url, server.url, tmp_path) as node:
        for _ in range(2):
            server.kill()
            await asyncio.sleep(0.5)
            await server.start_again()
            await asyncio.sleep(1)
    await all_are_there(node, server.url)


async def test_a_record_that_hangs_for_a_while_misses_nothing(
    redis_url: str, server: FragileServer, tmp_path: Path
) -> None:
    async with busy_node(redis_url, server.url, tmp_path) as node:
        server.signal(signal.SIGSTOP)
        await asyncio.sleep(AWAY_S)
        server.signal(signal.SIGCONT)
    await all_are_there(node, server.url)


async def test_a_record_that_only_lets_itself_be_read_misses_nothing(
    redis_url: str, server: FragileServer, tmp_path: Path
) -> None:
    async with busy_node(redis_url, server.url, tmp_path) as node:
        await _set_read_only(server.url, value="on")
        before = await counted(server.url)
        await asyncio.sleep(AWAY_S)
        assert await counted(server.url) == before
        await _set_read_only(server.url, value="off")
    await all_are_there(node, server.url)


async def _set_read_only(url: str, *, value: str) -> None:
    """Let every session, also one that is there already, write or not."""
    connection = await asyncpg.connect(
        url, server_settings={"default_transaction_read_only": "off"}
    )
    await connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()
    await asyncio.sleep(0.3)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a small disk")
async def test_a_record_whose_disk_is_full_misses_nothing(redis_url: str, tmp_path: Path) -> None:
    disk = Path(mkdtemp(prefix="contactcentre-disk-"))
    _run("mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "tmpfs", str(disk))
    try:
        async with own_server(disk) as server:
            await upgrade(server.url)
            async with busy_node(redis_url, server.url, tmp_path) as node:
                _fill(disk / "filler")
                await asyncio.sleep(AWAY_S)
                assert node.spool.pending_count > 0, "the disk was not full"
                (disk / "filler").unlink()
            await all_are_there(node, server.url)
    finally:
        _run("umount", "--lazy", str(disk))
        disk.rmdir()


def _fill(file: Path) -> None:
    """Write until there is no room."""
    try:
        with file.open("wb", buffering=0) as out:
            for _ in range(DISK_MB * 1_024):
                out.write(bytes(1_024))
    except OSError:
        return


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


async def test_what_was_committed_without_an_answer_is_no_double(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    async with bad_wire(database_url) as wire:
        async with busy_node(redis_url, wire.url, tmp_path) as node:
            for _ in range(3):
                wire.fall_mute()
                await asyncio.sleep(1)
                wire.speak_again()
                await asyncio.sleep(0.5)
        await all_are_there(node, database_url)


async def test_without_either_store_records_waits_and_begins_when_they_are_there(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    state, ledger = BadWire(redis_url), BadWire(database_url)
    for wire in (state, ledger):
        await wire.mend()
        await wire.cut()
    async with (
        recording_node(tmp_path, redis_url) as node,
        records_process(settings_of(state.url, ledger.url)) as process,
    ):
        node.write(20)
        await asyncio.sleep(1)
        assert process.is_open
        assert await counted(database_url) == (0, 0)
        await state.mend()
        await asyncio.sleep(0.5)
        await ledger.mend()
        await node.until_empty()
    for wire in (state, ledger):
        await wire.cut()
    assert await counted(database_url) == (20, 20)


async def test_the_record_of_a_call_that_nobody_holds_is_closed_until_its_end_is_heard(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    state = RedisState(redis_url)
    await state.open_matching((await state.generation()).store)
    held = arrive(ARRIVED)
    settings = settings_of(redis_url, database_url).model_copy(update={"orphan_grace_ms": GRACE_MS})
    async with recording_node(tmp_path, redis_url) as node, records_process(settings):
        node.write(2)  # c0, whom the node reports, and c1, whom nobody knows
        await state.report_calls(
            NODE,
            [
                CallReport(
                    call=CallId("c0"), queue=None, head_start_ms=0, enqueued_ms=None,
                    epoch=held.epoch, state="in_menu", adviser=None, token=Token(0),
                )
            ],
        )  # fmt: skip
        await node.until_empty()
        await asyncio.sleep(GRACE_MS / 2_000)
        assert await _rows(database_url) == {"c0": (None, False), "c1": (None, False)}
        await asyncio.sleep(GRACE_MS / 2_000 + 1.5)
        assert await _rows(database_url) == {"c0": (None, False), "c1": ("system_lost", True)}
        _end(node, "c1")
        await node.until_empty()
        assert await _rows(database_url) == {"c0": (None, False), "c1": ("abandoned", False)}
    await state.close()


def _end(node: RecordingNode, call: str) -> None:
    """Let a call's node say how it has ended, much later."""
    came = arrive(replace(ARRIVED, call=CallId(call), node=NODE))
    event = CallEnded(
        call=came.id, at_ms=ARRIVED.at_ms + 1, ending=Ending.ABANDONED, by=HungUpBy.CALLER
    )
    node.spool.write(event, follow(came, event))


async def _rows(url: str) -> dict[str, tuple[str | None, bool]]:
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetch("SELECT id, ending, provisional FROM calls")
    finally:
        await connection.close()
    return {row["id"]: (row["ending"], row["provisional"]) for row in found}
