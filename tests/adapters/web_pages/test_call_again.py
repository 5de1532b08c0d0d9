"""A caller who leaves the queue and calls again, at the page: the place from before is kept."""

import pytest
from playwright.async_api import Page, expect

from contactcentre.adapters.web.claims import page_digest
from contactcentre.domain.call import CallState
from contactcentre.domain.redialling import KeptPlace
from contactcentre.limits import CLAIM_LIFE_S
from contactcentre.wire.claims import CallMemory
from contactcentre.wire.legs import ClaimChanged
from tests.adapters.web_pages.conftest import MENU, OpenPage, call, taken
from tests.adapters.web_pages.house import NOW_MS, House, PaperPlaces
from tests.adapters.web_pages.paper_node import PaperNode
from tests.adapters.web_pages.test_redial import QUEUED_MS, WAITED, left_call
from tests.browser.axe import violations

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEFT = "You have left the queue. We keep your place for 10 minutes if you would like to call again."


async def wait_in_queue(page: Page, node: PaperNode, house: House) -> None:
    """Let a call wait, with the claim that a node gives to one that does."""
    offer = node.offers[-1]
    assert page_digest(offer.secret) == house.signatures.read_claim(offer.claim).page
    memory = CallMemory(call=left_call(*WAITED), position=None, kept_ms=None, desk=None, failed=[])
    given = house.signatures.read_claim(offer.claim).model_copy(
        update={"memory": house.signatures.seal(memory), "exp": NOW_MS // 1_000 + CLAIM_LIFE_S}
    )
    await node.say(ClaimChanged(claim=house.signatures.sign_claim(given)))
    await node.stage(CallState.WAITING)
    await node.place(3, 240_000)
    await expect(page.locator("#state")).to_have_text("You are 3rd in the queue")


def kept(node: PaperNode, house: House) -> KeptPlace | None:
    """Return the place that a page has come to a node with."""
    return house.signatures.read_claim(node.offers[-1].claim).kept


async def test_whoever_leaves_the_queue_is_told_that_the_place_is_kept_and_has_it_again(
    open_page: OpenPage, house: House, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await call(page, nodes)
    first = house.signatures.read_claim(node.offers[-1].claim).call
    await wait_in_queue(page, node, house)
    await page.get_by_role("button", name="End the call").click()
    await expect(page.locator("#over-words")).to_have_text(LEFT)
    assert await violations(page) == []

    await page.reload()
    await expect(page.locator("#ready-kept")).to_be_visible()
    assert await violations(page) == []
    node = await call(page, nodes)
    assert kept(node, house) == KeptPlace(earlier=first, enqueued_ms=QUEUED_MS)
    await node.stage(CallState.IN_MENU, "How can we help?", keys=MENU)
    await expect(page.locator("#place-kept")).to_have_text("Your place from before is kept.")
    await expect(page.locator("#polite")).to_have_text(
        "You are through to us. Your place from before is kept."
    )
    assert await violations(page) == []

    await page.get_by_role("button", name="End the call").click()
    await page.get_by_role("button", name="Call again").click()
    node = await taken(nodes)
    again = kept(node, house)
    assert again is not None
    assert again.enqueued_ms == QUEUED_MS
    await node.stage(CallState.TALKING)
    await expect(page.locator("#place-kept")).to_be_hidden()
    await page.get_by_role("button", name="End the call").click()
    await page.get_by_role("button", name="Call again").click()
    await expect(page.locator("#ready-kept")).to_be_hidden()


async def test_a_caller_whose_place_has_gone_reads_so_before_joining_the_queue(
    open_page: OpenPage, house: House, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await call(page, nodes)
    await wait_in_queue(page, node, house)
    await page.get_by_role("button", name="End the call").click()
    house.clock.ms += 3_600_000
    await page.get_by_role("button", name="Call again").click()
    node = await taken(nodes)
    assert kept(node, house) is None
    await node.stage(CallState.IN_MENU, keys=MENU)
    await expect(page.locator("#place-kept")).to_contain_text("Your place from before has gone")


async def test_a_call_that_was_left_is_told_of_before_the_next_one_is_begun(
    open_page: OpenPage, house: House, nodes: list[PaperNode]
) -> None:
    told: list[bool] = []
    assert isinstance(house.places, PaperPlaces)
    house.places.asked = lambda: told.append(any(not each.left.empty() for each in nodes))
    page = await open_page()
    node = await call(page, nodes)
    await wait_in_queue(page, node, house)
    for each in nodes:
        await each.stop()
    await expect(page.locator("#lost")).to_be_visible()
    await page.get_by_role("button", name="End the call").click()
    await page.get_by_role("button", name="Call again").click()
    await next(each for each in nodes if each is not node).start()
    again = await taken(nodes)
    assert kept(again, house) is not None
    assert told == [True], "a call that lives has its place itself"
