"""The centre as its operator starts it, seen from a browser."""

from playwright.async_api import Browser, expect

from tests.browser.centre import Centre


async def test_callers_advisers_and_board_each_have_an_address(
    centre: Centre, browser: Browser
) -> None:
    page = await browser.new_page()
    for url in (centre.caller_url, centre.desk_url, centre.board_url):
        await page.goto(url)
        await expect(page.get_by_role("heading").first).to_be_visible()
