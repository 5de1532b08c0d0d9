"""The call page in a real browser, before nodes made of paper."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from contactcentre.adapters.web.claims import prove_page
from contactcentre.domain.call import CallState
from contactcentre.domain.events import Ending
from contactcentre.domain.languages import Language
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import ClaimChanged, Over, Quality, Refused
from tests.adapters.web_pages.house import House
from tests.adapters.web_pages.paper_node import NO_SOUND, PaperNode

AXE = Path(__file__).parents[3] / "agent_ui" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MENU = {"1": "Your tax reference", "3": "Paying", "0": "Extra support", "9": "Cymraeg"}

pytestmark = pytest.mark.asyncio(loop_scope="module")

OpenPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    chromium = os.environ.get("CC_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("There is no Chromium here; name one in CC_CHROMIUM.")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
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


async def test_a_caller_is_led_from_the_menu_through_the_queue_to_an_adviser(
    open_page: OpenPage, nodes: list[PaperNode], house: House
) -> None:
    page = await open_page()
    node = await call(page, nodes)
    offer = node.offers[0]
    prove_page(house.signatures.read_claim(offer.claim), offer.secret)
    state = page.locator("#state")

    await node.stage(CallState.IN_MENU, "Welcome.", "Press 1 for your reference.", keys=MENU)
    await expect(state).to_have_text("You are through to us")
    await expect(state).to_be_focused()
    await expect(page.locator("#said-words")).to_have_text("Welcome. Press 1 for your reference.")
    await page.get_by_role("button", name="3 Paying").click()
    assert await node.heard.get() == {"kind": "key", "key": "3"}

    await node.stage(CallState.WAITING)
    await node.place(3, 4 * 60_000)
    await expect(state).to_have_text("You are 3rd in the queue")
    await expect(page.locator("#wait")).to_have_text("You will probably wait about 5 minutes.")
    await expect(page.locator("#choices")).to_be_hidden()
    await expect(page).to_have_title(re.compile("^You are 3rd in the queue . Riverside Revenue$"))
    await node.place(1)
    await expect(state).to_have_text("You are next in the queue")
    await expect(page.locator("#wait")).to_be_hidden()

    await node.stage(CallState.RINGING)
    await node.stage(CallState.TALKING)
    await expect(state).to_have_text("You are talking to an adviser")
    await expect(page.get_by_role("alert")).to_have_text("You are talking to an adviser")

    await node.say(Over(ending=Ending.HANDLED, lapse=None, words="Goodbye."))
    await expect(page.locator("#over")).to_contain_text("Thank you for calling.")
    await expect(page.locator("#over-heading")).to_be_focused()
    await page.get_by_role("button", name="Call again").click()
    await expect(page.get_by_role("button", name="Start the call")).to_be_focused()


async def test_the_keypad_works_with_mouse_and_keyboard(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await call(page, nodes)
    await node.stage(CallState.IN_MENU, keys=MENU)
    for key in "123456789*0#":
        await page.locator(f'[data-key="{key}"]').click()
        assert await node.heard.get() == {"kind": "key", "key": key}
    await page.locator('[data-key="5"]').focus()
    await page.keyboard.press("7")
    assert await node.heard.get() == {"kind": "key", "key": "7"}
    await page.keyboard.press("Enter")
    assert await node.heard.get() == {"kind": "key", "key": "5"}
    await page.locator("#mute").focus()
    await page.keyboard.press("8")
    await page.locator("#end").click()
    assert await node.heard.get() == {"kind": "hang_up"}


async def test_a_caller_who_presses_9_reads_the_page_in_the_other_language(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await call(page, nodes)
    await node.stage(CallState.IN_MENU, keys=MENU)
    await page.get_by_role("button", name="9 Cymraeg").click()
    await node.stage(CallState.IN_MENU, "Croeso.", language=Language.WELSH)
    await expect(page.locator("html")).to_have_attribute("lang", "cy")
    await expect(page.get_by_role("button", name="alwad i ben")).to_be_visible()
    await expect(page.locator("#state")).to_have_text("Rydych wedi cyrraedd y llinell")
    await expect(page.locator("#said-words")).to_have_attribute("lang", "cy")
    await node.stage(CallState.WAITING, language=Language.WELSH)
    await node.place(4, 60_000)
    await expect(page.locator("#state")).to_have_text("Rydych yn rhif 4 yn y ciw")


async def test_changing_the_language_of_the_page_does_not_end_the_call(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await call(page, nodes)
    await node.stage(CallState.WAITING)
    await page.get_by_role("link", name="Cymraeg").click()
    await expect(page.locator("#state")).to_have_text("Rydych yn y ciw")
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("#state")).to_have_text("You are in the queue")
    assert len(node.offers) == 1


async def test_a_call_whose_socket_breaks_comes_back_with_its_last_claim(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await call(page, nodes)
    await node.stage(CallState.WAITING)
    await node.say(ClaimChanged(claim="the second claim"))
    await expect(page.locator("#state")).to_have_text("You are in the queue")
    assert node.socket is not None
    await node.socket.close(code=Closing.STOPPING)
    again = await taken(nodes)
    assert again is node
    assert [offer.claim for offer in node.offers][1:] == ["the second claim"]
    assert len({offer.secret for offer in node.offers}) == 1
    await node.stage(CallState.WAITING)
    await expect(page.locator("#state")).to_have_text("You are in the queue")


async def test_a_call_whose_node_is_gone_comes_back_on_another(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await call(page, nodes)
    await node.stage(CallState.TALKING)
    await expect(page.locator("#state")).to_have_text("You are talking to an adviser")
    await node.stop()
    again = await taken(nodes)
    assert again is not node
    assert again.offers[0].secret == node.offers[0].secret
    await again.stage(CallState.WAITING)
    await expect(page.locator("#state")).to_have_text("You are in the queue")


async def test_while_nobody_answers_the_page_says_so_calmly_and_the_caller_may_end_it(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await call(page, nodes)
    await node.stage(CallState.WAITING)
    await expect(page.locator("#state")).to_have_text("You are in the queue")
    for each in nodes:
        await each.stop()
    await expect(page.locator("#state")).to_contain_text("We are trying to bring you back")
    await expect(page.get_by_role("alert")).to_contain_text("you do not need to do anything")
    await page.get_by_role("button", name="End the call").click()
    await expect(page.locator("#over")).to_contain_text("You have left the queue")


async def test_a_full_node_sends_the_caller_to_the_next(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    nodes[0].refuse = nodes[1].refuse = Refused(code="node-full", words="")
    page = await open_page()
    await page.get_by_role("button", name="Start the call").click()
    await expect(page.locator("#state")).to_have_text(
        "All our lines are busy. We keep trying, and you do not need to do anything."
    )
    nodes[0].refuse = nodes[1].refuse = None
    node = await taken(nodes)
    await node.stage(CallState.IN_MENU)
    await expect(page.locator("#state")).to_have_text("You are through to us")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("call-closed", "That call has already ended."),
        ("bad-claim", "We could not bring you back to your call."),
        ("something-new", "Something on our side stopped the call"),
    ],
)
async def test_a_refusal_is_told_plainly_and_the_caller_may_call_again(
    open_page: OpenPage, nodes: list[PaperNode], code: str, words: str
) -> None:
    for node in nodes:
        node.refuse = Refused(code=code, words="")
    page = await open_page()
    await page.get_by_role("button", name="Start the call").click()
    await expect(page.locator("#over")).to_contain_text(words)
    await expect(page.get_by_role("button", name="Call again")).to_be_visible()


async def test_a_page_that_is_loaded_again_goes_back_to_its_call(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    node = await call(page, nodes)
    await node.stage(CallState.WAITING)
    await expect(page.locator("#state")).to_have_text("You are in the queue")
    await page.reload()
    await expect(page.locator("#found")).to_contain_text("You were in a call on this page")
    await page.get_by_role("button", name="Go back to my call").click()
    again = await taken(nodes)
    assert again.offers[-1] == node.offers[0]


async def test_a_caller_who_leaves_a_call_behind_is_not_asked_again(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await call(page, nodes)
    await page.reload()
    await page.get_by_role("button", name="Leave that call").click()
    await expect(page.locator("#over")).to_contain_text("You have left that call.")
    await page.reload()
    await expect(page.get_by_role("button", name="Start the call")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotAllowedError", "Your browser does not allow this page to use the microphone."),
        ("NotFoundError", "We found no microphone."),
        ("NotReadableError", "Another program is using your microphone."),
        ("TypeError", "Your microphone could not be started."),
    ],
)
async def test_each_failure_of_the_microphone_has_its_own_advice(
    open_page: OpenPage, name: str, words: str
) -> None:
    page = await open_page()
    await page.evaluate(
        "name => { navigator.mediaDevices.getUserMedia = () =>"
        " Promise.reject(Object.assign(new Error(), { name })); }",
        name,
    )
    await page.get_by_role("button", name="Start the call").click()
    await expect(page.locator("#problem")).to_contain_text(words)
    await expect(page.locator("#problem")).to_be_focused()
    await expect(page.get_by_role("button", name="Start the call")).to_be_visible()


async def test_mute_is_seen_said_and_done(open_page: OpenPage, nodes: list[PaperNode]) -> None:
    page = await open_page()
    node = await call(page, nodes)
    await node.stage(CallState.TALKING)
    mute = page.get_by_role("button", name="Mute my microphone")
    await mute.click()
    await expect(mute).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#muted")).to_be_visible()
    await expect(page.get_by_role("status")).to_have_text("You are muted. Nobody can hear you.")
    await mute.click()
    await expect(page.locator("#muted")).to_be_hidden()


async def test_a_poor_line_is_told_with_what_to_do(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await call(page, nodes)
    await node.stage(CallState.TALKING)
    await page.evaluate(STATS_THAT_COUNT)
    for _ in range(3):
        await node.say(Quality(loss_ratio=0.2, jitter_ms=5, delay_ms=40, level_dbov=-20))
    await expect(page.locator("#line")).to_have_text("Poor")
    await expect(page.locator("#advice")).to_contain_text("Move closer to your Wi-Fi")


STATS_THAT_COUNT = """
RTCPeerConnection.prototype.getStats = async () => new Map([["in", {
  type: "inbound-rtp", packetsLost: 0, packetsReceived: performance.now(), jitter: 0.001,
}]]);
"""


async def test_a_browser_s_own_offer_is_complete_and_small(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page(sound=True)
    await page.get_by_role("button", name="Start the call").click()
    offer = (await taken(nodes)).offers[0]
    assert "m=audio" in offer.sdp
    assert "m=video" not in offer.sdp
    assert "PCMU/8000" in offer.sdp
    assert "a=candidate:" in offer.sdp


async def test_no_page_scrolls_sideways_on_the_smallest_screen(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page("/cy/call", viewport={"width": 320, "height": 640})
    await page.get_by_role("button", name="Dechrau").click()
    node = await taken(nodes)
    await node.stage(CallState.IN_MENU, "Croeso.", language=Language.WELSH, keys=MENU)
    await expect(page.locator("#choices")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 320


async def test_whatever_can_be_pressed_in_a_call_is_large(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await call(page, nodes)
    await node.stage(CallState.IN_MENU, keys=MENU)
    await expect(page.locator("#choices")).to_be_visible()
    for target in await page.locator("main button:visible, main input:visible").all():
        box = await target.bounding_box()
        assert box is not None
        assert box["height"] >= 48


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", list(CallState))
async def test_no_rule_of_accessibility_is_broken_in_any_state(
    open_page: OpenPage, nodes: list[PaperNode], state: CallState, scheme: str
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not here; run npm ci in agent_ui.")
    page = await open_page(color_scheme=scheme)
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    assert await violations(page) == []
    node = await call(page, nodes)
    await node.stage(state, "Words.", keys=MENU)
    await node.place(3, 60_000)
    await page.locator("#mute").click()
    await expect(page.locator("#muted")).to_be_visible()
    assert await violations(page) == []
    await page.locator("#end").click()
    await expect(page.locator("#over")).to_be_visible()
    assert await violations(page) == []


async def violations(page: Page) -> list[str]:
    """Return the rules of axe-core that the page breaks as it stands."""
    found = await page.evaluate(
        "tags => axe.run(document, { runOnly: { type: 'tag', values: tags } })"
        ".then(({ violations }) => violations.map("
        "({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))",
        RULES,
    )
    return [str(each) for each in found]
