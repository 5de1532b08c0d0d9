"""The call page in a real browser: what a caller sees and can do."""

import re

import pytest
from playwright.async_api import expect

from contactcentre.adapters.web.claims import prove_page
from contactcentre.domain.call import CallState
from contactcentre.domain.events import Ending
from contactcentre.domain.languages import Language
from contactcentre.wire.legs import Over, Quality
from tests.adapters.web_pages.conftest import MENU, OpenPage, call, taken
from tests.adapters.web_pages.house import House
from tests.adapters.web_pages.paper_node import PaperNode

pytestmark = pytest.mark.asyncio(loop_scope="module")


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
    poor = Quality(
        loss_ratio=0.2, jitter_ms=5, delay_ms=40, level_dbov=-20, round_trip_ms=None, mos=2.2
    )
    for _ in range(3):
        await node.say(poor)
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
