"""A supervisor switches on the board, and callers meet it."""

from playwright.async_api import Browser, Page, expect

from tests.browser.centre import Centre
from tests.browser.conftest import Stage
from tests.browser.people import Person, person_context
from tests.browser.test_access import reflows


async def board_of_sam(centre: Centre, browser: Browser) -> Person:
    """Sign a supervisor in at the board, and open the switches."""
    context = await person_context(browser, width=1_440)
    sam = Person(await context.new_page())
    await sam.page.goto(centre.board_url)
    await sam.page.get_by_label("User name").fill("sam")
    await sam.page.get_by_label("Password", exact=True).fill(centre.passwords["sam"])
    await sam.page.get_by_role("button", name="Sign in").click()
    await sam.page.get_by_role("heading", name="Switches").click()
    return sam


async def agree(page: Page, why: str) -> None:
    await page.get_by_label("Why?").fill(why)
    await page.get_by_role("button", name="Switch now").click()
    await expect(page.get_by_label("Why?")).to_have_count(0)


async def test_a_line_is_closed_while_a_caller_waits_who_is_kept(
    centre: Centre, stage: Stage, browser: Browser
) -> None:
    waits = await stage.caller_calls()
    await waits.waits("3", "3")
    sam = await board_of_sam(centre, browser)
    notice = sam.page.get_by_label("Said before the menu")
    await notice.select_option("notice_very_busy")
    await agree(sam.page, "a letter went out")
    await sam.page.get_by_role("button", name="Close now").click()
    await sam.see_no_fault()
    await sam.page.set_viewport_size({"width": 390, "height": 800})
    assert await reflows(sam.page)
    await agree(sam.page, "fire alarm")
    await expect(sam.page.get_by_text("fire alarm")).to_be_visible()
    await sam.page.wait_for_timeout(1_200)
    late = await stage.caller_calls()
    said = late.page.locator("#said-words")
    await expect(said).to_contain_text("Very many people are calling us")
    await expect(said).to_contain_text("Our advisers are not here at the moment")
    await waits.is_in("waiting")
    await sam.page.get_by_role("button", name="Open as planned").click()
    await agree(sam.page, "all clear")
    await notice.select_option("")
    await agree(sam.page, "all clear")
    await expect(sam.page.get_by_text("All as planned")).to_be_visible()
