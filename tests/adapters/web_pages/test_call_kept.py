"""A call that loses its socket, its node or its page goes on where there is one who has it."""

import asyncio

import pytest
from playwright.async_api import expect

from contactcentre.domain.call import CallState
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import ClaimChanged, Refused
from tests.adapters.web_pages.conftest import OpenPage, call, taken
from tests.adapters.web_pages.paper_node import PaperNode

pytestmark = pytest.mark.asyncio(loop_scope="module")


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
