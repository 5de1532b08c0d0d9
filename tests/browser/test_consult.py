"""An adviser asks another one about a caller, and leaves the caller there, in real browsers."""

from playwright.async_api import expect

from tests.browser.centre import Centre
from tests.browser.conftest import ADVISER_HZ, CALLER_HZ, Launch, Stage
from tests.browser.people import Adviser

ASKED_HZ = 1_700


async def test_an_adviser_speaks_to_another_first_then_all_talk_and_the_other_goes_on(
    stage: Stage, launch: Launch, centre: Centre
) -> None:
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    caller = await stage.caller_calls()
    await caller.press("3", "3")
    await ada.answers()
    await caller.hears(ADVISER_HZ)
    bryn = await Adviser.signs_in(await launch(ASKED_HZ), centre, "bryn")
    await bryn.gets_ready()
    await ada.button("Transfer").click()
    await ada.page.get_by_role("radio", name="bryn").click()
    await ada.see_no_fault()
    await ada.button("Speak to them first").click()
    await caller.is_in("on_hold")
    await bryn.is_rung()
    await expect(bryn.page.get_by_text("ada asks about a caller")).to_be_visible()
    await bryn.button("Answer").click()
    await ada.hears(ASKED_HZ)
    await bryn.hears(ADVISER_HZ)
    await caller.hears_not(ADVISER_HZ)
    await ada.see_no_fault()
    await ada.button("Back to the caller").click()
    await caller.hears(ADVISER_HZ)
    await ada.hears(CALLER_HZ)
    await ada.button("All together").click()
    await ada.button("Mute").click()
    await caller.hears(ASKED_HZ)
    await ada.button("Leave the caller to bryn").click()
    await ada.is_("wrap_up")
    await bryn.hears(CALLER_HZ)
    await caller.hears(ASKED_HZ)
    await expect(bryn.button("Hold")).to_be_visible()
    await bryn.see_no_fault()
    await bryn.ends_the_call()
    await expect(caller.page.locator("#over")).to_be_visible()
    assert ada.errors == bryn.errors == caller.errors == []
    await bryn.leaves()
