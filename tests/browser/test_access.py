"""Nobody is kept out: axe-core on every screen, the keyboard alone, small windows, dark mode."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.centre import Centre
from tests.browser.conftest import Stage
from tests.browser.people import Adviser, Person, person_context

WIDTHS = (390, 1_120)
LIGHTS = ("light", "dark")


async def reflows(page: Page) -> bool:
    """Say whether nothing has to be scrolled sideways."""
    width = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    return bool(await page.evaluate(width))


@pytest.mark.parametrize("path", ["", "cy", "call", "cy/call", "accessibility", "privacy"])
async def test_callers_pages_have_no_fault_in_any_width_or_light(
    centre: Centre, browser: Browser, path: str
) -> None:
    for width in (320, *WIDTHS):
        context = await person_context(browser, width=width, dark=width == 390)
        person = Person(await context.new_page())
        await person.page.goto(centre.caller_url + path)
        await expect(person.page.get_by_role("heading", level=1)).to_be_visible()
        await person.see_no_fault()
        assert await reflows(person.page), f"{path} is wider than {width}"
        await context.close()


@pytest.mark.parametrize("light", LIGHTS)
async def test_every_screen_of_a_call_has_no_fault(
    stage: Stage, tmp_path: Path, light: str
) -> None:
    dark = light == "dark"
    width = 390 if dark else 1_120
    caller = await stage.caller_calls(width=width, dark=dark)
    await caller.see_no_fault()
    await caller.waits("3", "3")
    await caller.see_no_fault()
    assert await reflows(caller.page)
    ada = await stage.adviser_signs_in("ada", width=390 if dark else 1_440, dark=dark)
    await ada.see_no_fault()
    await ada.gets_ready()
    await ada.is_rung()
    await ada.see_no_fault()
    await ada.answers()
    await caller.is_in("talking")
    await ada.see_no_fault()
    await caller.see_no_fault()
    assert await reflows(ada.page)
    await ada.page.screenshot(path=tmp_path / "desk.png")
    await ada.ends_the_call()
    await ada.see_no_fault()
    await expect(caller.page.locator("#over")).to_be_visible()
    await caller.see_no_fault()


@pytest.mark.parametrize("dark", [False, True])
async def test_the_board_has_no_fault(centre: Centre, browser: Browser, dark: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    context = await person_context(browser, width=1_280, dark=dark)
    sam = Person(await context.new_page())
    await sam.page.goto(centre.board_url)
    await sam.see_no_fault()
    await sam.page.get_by_label("User name").fill("sam")
    await sam.page.get_by_label("Password", exact=True).fill(centre.passwords["sam"])
    await sam.page.get_by_role("button", name="Sign in").click()
    await expect(sam.page.get_by_text("Live, updated")).to_be_visible()
    await sam.see_no_fault()


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something has the focus."""
    for _ in range(60):
        if await page.evaluate("(it) => document.activeElement.matches(it)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by Tab")


async def test_a_whole_call_needs_no_mouse(centre: Centre, stage: Stage, browser: Browser) -> None:
    context = await person_context(browser, width=1_120)
    caller = await context.new_page()
    await caller.goto(centre.caller_url)
    await tab_to(caller, "main a[href*='call']")
    await caller.keyboard.press("Enter")
    await expect(caller.locator("#start")).to_be_visible(timeout=15_000)
    await tab_to(caller, "#start")
    await caller.keyboard.press("Enter")
    up = caller.locator("#up")
    await expect(up).to_have_attribute("data-state", "in_menu", timeout=15_000)
    for _ in range(2):
        await tab_to(caller, "[data-key='3']")
        await caller.keyboard.press("Enter")
        await caller.wait_for_timeout(300)
    await expect(up).to_have_attribute("data-state", "waiting", timeout=15_000)
    ada = await stage.adviser_signs_in("ada")
    await tab_to(ada.page, "main button")
    await ada.page.keyboard.press("Enter")
    await ada.is_rung()
    await ada.page.keyboard.press("F2")
    await ada.is_("talking")
    await ada.page.keyboard.press("F4")
    await expect(up).to_have_attribute("data-state", "on_hold", timeout=15_000)
    await ada.holds(on=True)
    await ada.page.keyboard.press("F4")
    await expect(up).to_have_attribute("data-state", "talking", timeout=15_000)
    await ada.page.keyboard.press("Shift+F9")
    await ada.is_("wrap_up")
    await tab_to(ada.page, "[role=group][aria-label^='Outcomes'] button")
    await ada.page.keyboard.press("Space")
    await tab_to(ada.page, "aside .btn[data-look='primary']")
    await ada.page.keyboard.press("Enter")
    await ada.is_("ready")
    await context.close()


async def test_a_ring_takes_no_focus_from_what_is_being_typed(stage: Stage) -> None:
    ada: Adviser = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    await ada.page.get_by_role("button", name="English").focus()
    caller = await stage.caller_calls()
    await caller.press("3", "3")
    await ada.is_rung()
    focused = await ada.page.evaluate("document.activeElement.textContent")
    assert focused == "English"


async def test_a_wrong_password_is_told_calmly(centre: Centre, browser: Browser) -> None:
    context = await person_context(browser, width=1_120)
    person = Person(await context.new_page())
    await person.page.goto(centre.desk_url)
    await person.page.get_by_label("User name").fill("ada")
    await person.page.get_by_label("Password", exact=True).fill("not the one")
    await person.page.get_by_role("button", name="Sign in").click()
    await expect(person.page.get_by_role("alert")).to_contain_text("do not belong together")
    await person.see_no_fault()
    await context.close()
