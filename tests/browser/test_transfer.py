"""A caller is handed on from one adviser's desk to a queue, in real browsers."""

from playwright.async_api import expect

from tests.browser.conftest import ADVISER_HZ, CALLER_HZ, Stage
from tests.browser.people import Adviser


async def hand_on(adviser: Adviser, sought: str) -> None:
    """Hand the caller to the one queue of that name, by keys alone."""
    await adviser.page.keyboard.press("F8")
    dialog = adviser.page.get_by_role("dialog", name="Transfer the caller")
    await expect(dialog.get_by_role("searchbox")).to_be_focused()
    await adviser.page.keyboard.type(sought)
    await expect(dialog.get_by_role("radio")).to_have_count(1)
    await adviser.page.keyboard.press("ArrowDown")
    await adviser.page.keyboard.press("Space")
    await adviser.see_no_fault()
    await adviser.page.keyboard.press("Tab")
    await adviser.page.keyboard.press("Tab")
    await adviser.page.keyboard.press("Enter")


async def test_a_caller_is_handed_to_a_queue_and_heard_by_an_adviser_there(stage: Stage) -> None:
    ada, bryn = await stage.adviser_signs_in("ada"), await stage.adviser_signs_in("bryn")
    await ada.gets_ready()
    caller = await stage.caller_calls()
    await caller.press("3", "3")
    await ada.answers()
    await caller.hears(ADVISER_HZ)
    await hand_on(ada, "general english")
    await caller.is_in("waiting")
    await expect(caller.page.locator("#said-words")).to_contain_text("passed to another adviser")
    await ada.is_("wrap_up")
    await bryn.gets_ready()
    await bryn.answers()
    await expect(bryn.page.locator(".path")).to_contain_text("Transferred by an adviser")
    await caller.is_in("talking")
    await caller.hears(ADVISER_HZ)
    await bryn.hears(CALLER_HZ)
    assert caller.errors == ada.errors == bryn.errors == []
