"""Who promotes the standby of a drill's record does it when a site is lost, and never otherwise."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import mkdtemp

import pytest

from contactcentre.adapters.embedded.server import LOOPBACK, ServerProgram, free_port
from contactcentre.adapters.embedded.standby import PostgresPair, ask, start_pair
from contactcentre.drills.promoter import Watch, is_primary_elsewhere, keep
from tests.staged_sentinel import StagedSentinel

ELSEWHERE = "127.0.0.2"
WITHIN_S = 20.0
STEP_S = 0.05
AWAY_MS = 500


@pytest.fixture
async def sentinels() -> AsyncIterator[Sequence[StagedSentinel]]:
    """Give three that call the primary's site the one of the primary."""
    async with AsyncExitStack() as stack:
        staged = [StagedSentinel(primary=6_379, config_epoch=1) for _ in range(3)]
        for one in staged:
            await stack.enter_async_context(one.serving())
        yield staged


def watch_of(sentinels: Sequence[StagedSentinel], *, port: int, standby_url: str = "") -> Watch:
    places = ",".join(f"{LOOPBACK}:{one.port}" for one in sentinels)
    return Watch(
        primary_host=LOOPBACK,
        primary_port=port,
        standby_url=standby_url,
        sentinels_url=f"sentinel://{places}/contactcentre",
        away_ms=AWAY_MS,
    )


def call_another(sentinels: Sequence[StagedSentinel], count: int) -> None:
    """Let some of them call a server elsewhere the primary, by a later vote."""
    for one in sentinels[:count]:
        one.primary_host, one.config_epoch = ELSEWHERE, 2


async def test_a_later_vote_of_the_sentinels_says_that_the_primary_is_elsewhere(
    sentinels: Sequence[StagedSentinel],
) -> None:
    watch = watch_of(sentinels, port=free_port())
    assert not await is_primary_elsewhere(watch)
    call_another(sentinels, 1)
    assert await is_primary_elsewhere(watch)


@pytest.mark.parametrize(("silent_count", "is_elsewhere"), [(1, True), (2, False), (3, False)])
async def test_a_site_that_hears_few_of_the_others_takes_no_other_one_for_lost(
    sentinels: Sequence[StagedSentinel], silent_count: int, *, is_elsewhere: bool
) -> None:
    call_another(sentinels, 3)
    for one in sentinels[:silent_count]:
        one.is_silent = True
    assert await is_primary_elsewhere(watch_of(sentinels, port=free_port())) == is_elsewhere


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_standby_is_told_nothing_while_its_primary_takes_connections(
    sentinels: Sequence[StagedSentinel], *, is_there: bool
) -> None:
    told: list[str] = []

    def come(who: str, writer: asyncio.StreamWriter) -> None:
        told.append(who)
        writer.close()

    call_another(sentinels, 3)
    async with (
        await asyncio.start_server(lambda _, out: come("primary", out), LOOPBACK) as primary,
        await asyncio.start_server(lambda _, out: come("standby", out), LOOPBACK) as standby,
    ):
        port, other = (one.sockets[0].getsockname()[1] for one in (primary, standby))
        watch = watch_of(
            sentinels,
            port=port if is_there else free_port(),
            standby_url=f"postgresql://{LOOPBACK}:{other}/none",
        )
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4 * AWAY_MS / 1_000):
                await keep(watch)
    assert set(told) == {"primary" if is_there else "standby"}


@pytest.fixture
async def pair() -> AsyncIterator[PostgresPair]:
    """Give a primary and a standby without which it confirms nothing."""
    folder = Path(mkdtemp(prefix="contactcentre-promoted-"))
    folder.chmod(0o755)
    pair = await start_pair(folder)
    yield pair
    await pair.stop()
    shutil.rmtree(folder)


async def test_the_standby_of_a_lost_site_takes_writes_by_itself(
    sentinels: Sequence[StagedSentinel], pair: PostgresPair, tmp_path: Path
) -> None:
    file = tmp_path / "promoter.json"
    watch_of(sentinels, port=pair.primary.port, standby_url=pair.standby.url).write(file)
    assert not file.stat().st_mode & 0o077, "it has passwords"
    promoter = ServerProgram(
        [sys.executable, "-m", "contactcentre.drills.promoter", file],
        folder=Path(),
        log=tmp_path / "promoter.log",
        stop=signal.SIGTERM,
    )
    await ask(pair.primary, "CREATE TABLE confirmed AS SELECT 1 AS one")
    pair.primary.kill()
    await asyncio.sleep(AWAY_MS / 1_000)
    assert await ask(pair.standby, "SELECT pg_is_in_recovery()"), "the others hear it yet"
    call_another(sentinels, 3)
    async with asyncio.timeout(WITHIN_S):
        while await ask(pair.standby, "SELECT pg_is_in_recovery()"):  # noqa: ASYNC110
            await asyncio.sleep(STEP_S)
        assert await promoter.ended() == os.EX_OK, "it promotes once"
    pair.change_places()
    assert await ask(pair.primary, "INSERT INTO confirmed VALUES (2) RETURNING one") == 2
    await pair.rejoin()
    assert await ask(pair.standby, "SELECT count(*) FROM confirmed") == 2
