"""Everyone can use the pages: small screens, large fingers, screen readers."""

import pytest
from playwright.async_api import Page, expect

from contactcentre.domain.call import CallState
from contactcentre.domain.languages import Language
from tests.adapters.web_pages.conftest import MENU, OpenPage, call, taken
from tests.adapters.web_pages.house import House
from tests.adapters.web_pages.paper_node import PaperNode
from tests.browser.axe import violations

TABS_MAX = 20
FOCUSED = """
(({ id, dataset }) => id || (dataset.key ? `key ${dataset.key}` : `choice ${dataset.choice}`))(
  document.activeElement)
"""

pytestmark = pytest.mark.asyncio(loop_scope="module")


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
@pytest.mark.parametrize(
    "path", ["/", "/cy", "/cy/chat", "/accessibility", "/cy/privacy", "/cy/nothing"]
)
async def test_no_page_breaks_a_rule_of_accessibility(
    open_page: OpenPage, house: House, path: str, scheme: str
) -> None:
    house.with_waiting(paying=(7, 12), paying_cy=(1, 2))
    page = await open_page(path, color_scheme=scheme)
    assert await violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_call_page_breaks_no_rule_of_accessibility_in_any_state(
    open_page: OpenPage, nodes: list[PaperNode], scheme: str
) -> None:
    page = await open_page(color_scheme=scheme)
    assert await violations(page) == []
    node = await call(page, nodes)
    await page.locator("#mute").click()
    await expect(page.locator("#muted")).to_be_visible()
    for state in CallState:
        await node.stage(state, "Words.", keys=MENU)
        await node.place(3, 60_000)
        await expect(page.locator(f'#up[data-state="{state}"]')).to_be_visible()
        assert await violations(page) == []
    for each in nodes:
        await each.stop()
    await expect(page.locator("#lost")).to_contain_text("We lost the line for a moment.")
    assert await violations(page) == []
    await page.locator("#end").click()
    await expect(page.locator("#over")).to_be_visible()
    assert await violations(page) == []


async def test_a_whole_call_is_made_with_the_keyboard_alone(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    for _ in range(TABS_MAX):
        await page.keyboard.press("Tab")
        if await focused(page) == "start":
            break
    await page.keyboard.press("Enter")
    node = await taken(nodes)
    await node.stage(CallState.IN_MENU, keys=MENU)
    await expect(page.locator("#choices")).to_be_visible()
    assert await focused(page) == "state"
    reached = [await tab(page) for _ in range(2 + len(MENU) + len("123456789*0#"))]
    assert reached[:2] == ["mute", "end"]
    assert reached[-1] == "key #"
    await page.keyboard.press("5")
    assert await node.heard.get() == {"kind": "key", "key": "5"}
    while await focused(page) != "end":
        await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    assert await node.heard.get() == {"kind": "hang_up"}
    await expect(page.locator("#over-heading")).to_be_focused()


async def test_focus_is_kept_when_the_choices_change_under_the_finger(
    open_page: OpenPage, nodes: list[PaperNode]
) -> None:
    page = await open_page()
    node = await call(page, nodes)
    await node.stage(CallState.IN_MENU, keys=MENU)
    await page.locator('[data-choice="0"]').focus()
    await node.stage(CallState.IN_MENU, keys={"1": "User ID", "0": "Extra support"})
    await expect(page.locator('[data-choice="1"]')).to_contain_text("User ID")
    await expect(page.locator('[data-choice="0"]')).to_be_focused()
    await node.stage(CallState.WAITING)
    await expect(page.locator("#choices")).to_be_hidden()
    await expect(page.locator("#state")).to_be_focused()


async def tab(page: Page) -> str:
    """Go on to the next thing that can be pressed and return its name."""
    await page.keyboard.press("Tab")
    return await focused(page)


async def focused(page: Page) -> str:
    """Return the name of what has the focus."""
    return str(await page.evaluate(FOCUSED))
