"""Pages in a real browser, before nodes made of paper."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.adapters.web_pages.house import House
from tests.adapters.web_pages.paper_node import NO_SOUND, PaperNode
from tests.browser.chromium import chromium
from tests.browser.chromium import node as playwright_node

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
MENU = {"1": "Your tax reference", "3": "Paying", "0": "Extra support", "9": "Cymraeg"}

OpenPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(playwright_node())
    found = chromium()
    own = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=found.path, env={**os.environ, **found.environ}, args=[*FLAGS, *own]
        )
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="module")
async def nodes() -> AsyncIterator[list[PaperNode]]:
    started = [PaperNode(), PaperNode()]
    for node in started:
        await node.start()
    yield started
    for node in started:
        await node.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def house(nodes: list[PaperNode]) -> House:
    house = House()
    house.centre.urls = [node.url for node in nodes]
    return house


@pytest_asyncio.fixture(loop_scope="module")
async def open_page(browser: Browser, house: House) -> AsyncIterator[OpenPage]:
    mistakes: list[str] = []
    contexts: list[BrowserContext] = []
    server = TestServer(house.site().application())
    await server.start_server()

    async def opened(path: str = "/call", *, sound: bool = False, **wanted: object) -> Page:
        contexts.append(await browser.new_context(**wanted))  # type: ignore[arg-type]
        page = await contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on("console", lambda said: mistakes.append(said.text) if _refused(said.text) else None)
        if not sound:
            await page.add_init_script(NO_SOUND)
        await page.goto(str(server.make_url(path)))
        return page

    yield opened
    for context in contexts:
        await context.close()
    await server.close()
    assert not mistakes


def _refused(text: str) -> bool:
    """Say whether the browser kept the page from something that the page should not try."""
    return "Content Security Policy" in text


async def call(page: Page, nodes: list[PaperNode]) -> PaperNode:
    """Start a call and return the node that took it."""
    await page.get_by_role("button", name="Start the call").click()
    return await taken(nodes)


async def taken(nodes: list[PaperNode]) -> PaperNode:
    """Return the node that takes the next offer."""
    async with asyncio.timeout(10):
        tasks = [asyncio.create_task(node.offered.wait()) for node in nodes]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
    node = next(node for node in nodes if node.offered.is_set())
    node.offered.clear()
    return node
