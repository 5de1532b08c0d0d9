"""A call that loses its socket, its node or its page goes on where there is one who has it."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from contactcentre.domain.call import CallState
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import ClaimChanged, Refused
from tests.adapters.web_pages.conftest import OpenPage, call, taken
from tests.adapters.web_pages.house import House
from tests.adapters.web_pages.paper_node import PaperNode
from tests.browser.axe import violations

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def waiting(page: Page, nodes: list[PaperNode], place: int = 3) -> PaperNode:
    """Call, and wait at a place; return the node that has the call."""
    node = await call(page, nodes)
    await node.stage(CallState.WAITING)
    await node.place(place, 240_000)
    await node.say(ClaimChanged(claim="the claim of one who waits"))
    await expect(page.locator("#state")).to_have_text("You are 3rd in the queue")
    return node


async def test_a_call_whose_node_made_a_mistake_comes_back_to_it_with_its_last_claim(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await waiting(page, nodes)
    assert node.socket is not None
    await node.socket.close(code=Closing.BROKEN)
    again = await taken(nodes)
    assert again is node
    assert [offer.claim for offer in node.offers][1:] == ["the claim of one who waits"]
    assert len({offer.secret for offer in node.offers}) == 1
    await node.stage(CallState.WAITING)
    await expect(page.locator("#lost")).to_be_hidden()
    await expect(page.locator("#state")).to_have_text("You are 3rd in the queue")


async def test_a_node_that_stops_hands_its_callers_to_another(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await waiting(page, nodes)
    assert node.socket is not None
    await node.socket.close(code=Closing.STOPPING)
    assert await taken(nodes) is not node


async def test_a_call_whose_node_is_gone_comes_back_on_another_within_a_second(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await call(page, nodes)
    await node.stage(CallState.TALKING)
    await expect(page.locator("#state")).to_have_text("You are talking to an adviser")
    await node.stop()
    async with asyncio.timeout(1):
        again = await taken(nodes)
    assert again is not node
    assert again.offers[0].secret == node.offers[0].secret
    await again.stage(CallState.WAITING)
    await expect(page.locator("#state")).to_have_text("You are in the queue")


async def test_a_page_knows_where_to_go_while_nobody_tells_it_which_nodes_there_are(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await waiting(page, nodes)
    await page.route("**/api/nodes", lambda route: asyncio.ensure_future(route.abort()))
    await node.stop()
    assert await taken(nodes) is not node


async def test_a_page_learns_of_new_nodes_while_the_call_is_up(
    open_page: OpenPage, nodes: list[PaperNode], house: House
) -> None:
    page = await open_page()
    await page.evaluate("document.getElementById('call').dataset.nodesEveryMs = 100")
    house.centre.urls = [nodes[0].url]
    node = await waiting(page, nodes)
    house.centre.urls = [each.url for each in nodes]
    async with page.expect_response("**/api/nodes", timeout=2_000):
        pass
    await page.route("**/api/nodes", lambda route: asyncio.ensure_future(route.abort()))
    await node.stop()
    assert await taken(nodes) is nodes[1]


COUNT_ASKED = """
const own = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
window.asked = 0;
window.tracks = [];
navigator.mediaDevices.getUserMedia = async (wanted) => {
  window.asked += 1;
  const given = await own(wanted);
  window.tracks.push(...given.getTracks());
  return given;
};
window.heard = [];
new MutationObserver((changes) => {
  for (const { target } of changes) {
    if (target.id === "polite") window.heard.push(target.textContent);
  }
}).observe(document, { subtree: true, childList: true });
"""


async def test_a_lost_line_is_told_once_and_place_clock_mute_and_focus_stay(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    await page.evaluate(COUNT_ASKED)
    node = await waiting(page, nodes)
    await page.locator("#mute").click()
    await expect(page.locator("#muted")).to_be_visible()
    for each in nodes:
        await each.stop()
    await expect(page.locator("#lost")).to_have_text(
        "We lost the line for a moment. You keep your place, and you do not need to do anything."
    )
    await expect(page.locator("#state")).to_have_text("You are 3rd in the queue")
    await expect(page.locator("#wait")).to_be_visible()
    await expect(page.locator("#muted")).to_be_visible()
    await expect(page.locator("#mute")).to_be_focused()
    shown = await page.locator("#elapsed").text_content()
    await expect(page.locator("#elapsed")).not_to_have_text(str(shown))
    await page.wait_for_timeout(1_000)  # it tries again and again meanwhile
    heard = await page.evaluate("window.heard")
    assert len([text for text in heard if "lost the line" in text]) == 1
    await node.start()
    again = await taken(nodes)
    await again.stage(CallState.WAITING)
    await expect(page.locator("#lost")).to_be_hidden()
    await expect(page.locator("#mute")).to_be_focused()
    assert await page.evaluate("window.asked") == 1
    assert await page.evaluate("window.tracks.map(({ enabled }) => enabled)") == [False]


async def test_a_caller_who_gives_up_while_the_line_is_lost_is_heard_by_another_node(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await waiting(page, nodes)
    for each in nodes:
        await each.stop()
    await expect(page.locator("#lost")).to_be_visible()
    await page.get_by_role("button", name="End the call").click()
    await expect(page.locator("#over")).to_contain_text("You have left the queue")
    other = next(each for each in nodes if each is not node)
    await other.start()
    async with asyncio.timeout(10):
        left = await other.left.get()
    assert left.claim == "the claim of one who waits"
    assert left.secret == node.offers[0].secret


async def test_a_caller_whose_node_has_heard_the_end_tells_no_other(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await waiting(page, nodes)
    await page.get_by_role("button", name="End the call").click()
    assert await node.heard.get() == {"kind": "hang_up"}
    await page.wait_for_timeout(2_500)
    assert all(each.left.empty() for each in nodes)


async def test_a_call_that_another_tab_has_taken_is_left_to_it_until_it_is_asked_back(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await waiting(page, nodes)
    assert node.socket is not None
    await node.socket.close(code=Closing.REPLACED)
    await expect(page.locator("#over")).to_contain_text("Your call goes on in another tab")
    await expect(page.locator("#over-heading")).to_be_focused()
    await expect(page.get_by_role("button", name="Call again")).to_be_hidden()
    assert await violations(page) == []
    await page.wait_for_timeout(500)
    assert len(node.offers) == 1, "it does not fight back"
    await page.get_by_role("button", name="Bring the call to this tab").click()
    again = await taken(nodes)
    assert again.offers[-1].claim == "the claim of one who waits"


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
    node = await waiting(page, nodes)
    await page.reload()
    await expect(page.locator("#found")).to_contain_text("You were in a call on this page")
    await page.get_by_role("button", name="Go back to my call").click()
    again = await taken(nodes)
    assert again is node
    assert again.offers[-1].claim == "the claim of one who waits"
    assert again.offers[-1].secret == again.offers[0].secret


async def test_a_page_that_is_loaded_again_goes_on_elsewhere_if_its_node_is_gone_meanwhile(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    node = await waiting(page, nodes)
    await page.reload()
    await node.stop()
    await page.get_by_role("button", name="Go back to my call").click()
    again = await taken(nodes)
    assert again is not node
    assert again.offers[-1].claim == "the claim of one who waits"


async def test_a_caller_who_leaves_a_call_behind_is_not_asked_again(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    node = await waiting(page, nodes)
    await page.reload()
    await page.get_by_role("button", name="Leave that call").click()
    await expect(page.locator("#over")).to_contain_text("You have left that call.")
    async with asyncio.timeout(5):
        assert (await node.left.get()).claim == "the claim of one who waits"
    await page.reload()
    await expect(page.get_by_role("button", name="Start the call")).to_be_visible()
