"""The public process over a real Redis that comes and goes."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.embedded.valkey import start_valkey
from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.claims import Signatures, page_digest
from contactcentre.apps import public
from contactcentre.apps.process import Process
from contactcentre.domain.ids import NodeId
from contactcentre.ports.state import NodeReport
from contactcentre.settings import Settings, read_settings
from contactcentre.wire.pages import GivenClaim, LivingNodes
from tests.apps.small_centre import SIGNING_KEY

WITHIN_S = 10.0
AWAY_S = 1.5
"""Long enough for the pages to have looked and found nobody."""
STATIC_URL = "ws://static.example/leg"
NODE_URL = "ws://127.0.0.1:8101/leg"


def settings_for(redis_url: str, **more: str) -> Settings:
    """Return settings of a public process."""
    return read_settings(
        {
            "CC_REDIS_URL": redis_url,
            "CC_CLUSTER_KEY": "a key of this test's own",
            "CC_SIGNING_KEYS": SIGNING_KEY,
            "CC_PUBLIC_PORT": str(free_port()),
            "CC_INTERNAL_PORT": str(free_port()),
            "CC_NODES_STATIC": f"static={STATIC_URL}",
        }
        | more
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[ClientSession]:
    """Run a public process, and give a browser's way to it."""
    async with (
        asyncio.TaskGroup() as group,
        ClientSession(f"http://127.0.0.1:{settings.public_port}") as browser,
    ):
        process = Process("public", settings, group)
        served = group.create_task(public.serve(settings, process), name="public")
        await until(lambda: answers(browser))
        yield browser
        process.draining.set()
        await served
        await process.close()


async def until(asked: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(WITHIN_S):
        while not await asked():  # noqa: ASYNC110 - another process says so, not an event
            await asyncio.sleep(0.05)


async def answers(browser: ClientSession) -> bool:
    try:
        async with browser.get("/") as response:
            return response.status == 200
    except OSError:
        return False


async def nodes(browser: ClientSession) -> list[str]:
    async with browser.get("/api/nodes") as response:
        return LivingNodes.model_validate_json(await response.read()).nodes


async def claim(browser: ClientSession) -> GivenClaim:
    body: Mapping[str, str] = {"line": "tax", "language": "en-GB", "page": page_digest("page")}
    async with browser.post("/api/claims", json=body) as response:
        assert response.status == 200
        return GivenClaim.model_validate_json(await response.read())


async def report(redis_url: str, *, beat: int) -> None:
    """Let a node beat."""
    state = RedisState(redis_url, timeout_ms=2_000)
    await state.report_node(
        NodeReport(
            node=NodeId("n1"),
            site="local",
            beat=beat,
            internal_url="http://127.0.0.1:1",
            public_url=NODE_URL,
            draining=False,
            legs_count=0,
            legs_max=10,
        )
    )
    await state.close()


async def test_a_page_learns_of_a_node_soon_after_its_first_beat(redis_url: str) -> None:
    async with running(settings_for(redis_url)) as browser:
        assert await nodes(browser) == [STATIC_URL]
        await report(redis_url, beat=1)

        async def known() -> bool:
            return await nodes(browser) == [NODE_URL]

        await until(known)
        given = await claim(browser)
        assert given.nodes == [NODE_URL]
        signatures = Signatures({"k1": "s" * 32}, "k1", MachineClock())
        assert signatures.read_claim(given.claim).call == given.call


async def test_callers_read_whose_helpline_it_is(redis_url: str) -> None:
    settings = settings_for(redis_url, CC_ORGANISATION="Anytown council")
    async with running(settings) as browser, browser.get("/") as response:
        assert "Anytown council" in await response.text()


async def test_without_redis_pages_and_claims_are_given_with_the_nodes_of_the_settings() -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    async with running(settings_for(nowhere)) as browser:
        for path in ("/", "/cy", "/call", "/accessibility", "/privacy"):
            async with browser.get(path) as response:
                assert response.status == 200
        assert (await claim(browser)).nodes == [STATIC_URL]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
async def test_while_redis_is_away_the_pages_go_on_with_what_they_saw(
    stores_dir: Path, how: signal.Signals
) -> None:
    valkey = await start_valkey(stores_dir / f"valkey-for-pages-{how}")
    async with running(settings_for(valkey.url)) as browser:
        await report(valkey.url, beat=1)

        async def known() -> bool:
            return await nodes(browser) == [NODE_URL]

        await until(known)
        valkey.program.process.send_signal(how)
        await asyncio.sleep(AWAY_S)
        assert (await claim(browser)).nodes == [NODE_URL]
        async with browser.get("/") as response:
            assert response.status == 200
    valkey.program.process.send_signal(signal.SIGKILL)
    await valkey.stop()
