"""The whole call, from a caller's browser to an adviser's, in a centre as a newcomer starts it."""

import asyncio

from playwright.async_api import expect

from tests.browser.conftest import ADVISER_HZ, CALLER_HZ, Stage
from tests.browser.people import Adviser

RECORDED_WITHIN_S = 12
"""From the end of a call to its count on the board."""


async def test_a_caller_waits_is_answered_and_both_hear_each_other(stage: Stage) -> None:
    caller = await stage.caller_calls()
    await caller.waits("3", "3")
    await expect(caller.state).to_contain_text("next in the queue")
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    await ada.answers()
    await caller.is_in("talking")
    await ada.hears(CALLER_HZ)
    await caller.hears(ADVISER_HZ)
    await ada.page.get_by_role("textbox", name="Notes").fill("Will pay by the end of the month.")
    await ada.ends_the_call()
    await expect(caller.page.locator("#over")).to_be_visible()
    await expect(ada.page.get_by_text("Saved ")).to_be_visible()
    await ada.finishes("Payment explained")
    assert caller.errors == ada.errors == []


async def test_a_caller_is_served_in_welsh_from_the_first_word_to_the_last(stage: Stage) -> None:
    caller = await stage.caller_calls(welsh=True)
    assert await caller.page.locator("html").get_attribute("lang") == "cy"
    await caller.waits("4")
    carys = await stage.adviser_signs_in("carys")
    await carys.page.get_by_role("button", name="Cymraeg").click()
    await carys.page.locator("main button[data-look='primary']").click()
    await carys.is_rung()
    await carys.page.keyboard.press("F2")
    await carys.is_("talking")
    await caller.is_in("talking")
    await carys.hears(CALLER_HZ)
    await caller.hears(ADVISER_HZ)
    await carys.page.keyboard.press("Shift+F9")
    await carys.is_("wrap_up")


async def test_a_caller_who_presses_9_goes_on_in_welsh(stage: Stage) -> None:
    caller = await stage.caller_calls()
    await caller.press("9")
    await expect(caller.page.locator("#said-words")).to_contain_text("Croeso")
    await expect(caller.page.locator("html")).to_have_attribute("lang", "cy")


async def test_three_callers_and_two_advisers_are_served_in_order(stage: Stage) -> None:
    callers = []
    for _ in range(3):
        caller = await stage.caller_calls()
        await caller.waits("3", "3")
        callers.append(caller)
    await expect(callers[2].state).to_contain_text("3rd in the queue")
    ada, bryn = await stage.adviser_signs_in("ada"), await stage.adviser_signs_in("bryn")
    await ada.gets_ready()
    await ada.answers()
    await callers[0].is_in("talking")
    await bryn.gets_ready()
    await bryn.answers()
    await callers[1].is_in("talking")
    await callers[2].is_in("waiting")
    await expect(callers[2].state).to_contain_text("next in the queue")
    await ada.ends_the_call()
    await ada.finishes()
    await ada.answers()
    await callers[2].is_in("talking")
    for adviser in (ada, bryn):
        await adviser.hears(CALLER_HZ)
    for caller in callers[1:]:
        await caller.hears(ADVISER_HZ)


async def test_a_caller_may_hang_up_in_the_menu(stage: Stage) -> None:
    caller = await stage.caller_calls()
    await caller.hangs_up()
    await expect(caller.page.get_by_role("button", name="Call again")).to_be_visible()


async def test_a_caller_who_hangs_up_in_the_queue_has_the_place_again_by_calling_again(
    stage: Stage,
) -> None:
    first, second = await stage.caller_calls(), await stage.caller_calls()
    await first.waits("3", "3")
    await second.waits("3", "3")
    await expect(second.state).to_contain_text("2nd in the queue")
    await first.hangs_up()
    await expect(second.state).to_contain_text("next in the queue")
    await first.calls_again()
    await expect(first.page.locator("#place-kept")).to_contain_text("is kept")
    await first.waits("3", "3")
    await expect(first.state).to_contain_text("next in the queue")
    await expect(second.state).to_contain_text("2nd in the queue")


async def test_a_caller_who_hangs_up_while_it_rings_leaves_the_adviser_ready(stage: Stage) -> None:
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    caller = await stage.caller_calls()
    await caller.press("3", "3")
    await ada.is_rung()
    await caller.hangs_up()
    await ada.is_("ready")


async def test_a_caller_who_hangs_up_while_talking_sends_the_adviser_to_wrap_up(
    stage: Stage,
) -> None:
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    caller = await stage.caller_calls()
    await caller.press("3", "3")
    await ada.answers()
    await caller.is_in("talking")
    await caller.hangs_up()
    await ada.is_("wrap_up")


async def test_a_declined_caller_keeps_the_place_and_the_adviser_is_away(stage: Stage) -> None:
    early, late = await stage.caller_calls(), await stage.caller_calls()
    await early.waits("3", "3")
    await late.waits("3", "3")
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    await ada.is_rung()
    await early.is_in("ringing")
    await ada.declines()
    await ada.is_("away")
    await early.is_in("waiting")
    await expect(early.state).to_contain_text("next in the queue")
    await asyncio.sleep(3)
    await ada.is_("away")
    await ada.gets_ready()
    await ada.answers()
    await early.is_in("talking")
    await late.is_in("waiting")


async def test_an_adviser_who_does_not_answer_is_away_until_ready_is_pressed(stage: Stage) -> None:
    caller = await stage.caller_calls()
    await caller.waits("3", "3")
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    await ada.is_("ringing")
    await ada.is_("away")
    await expect(ada.page.get_by_text("The caller kept the place in the queue.")).to_be_visible()
    await caller.is_in("waiting")
    await ada.gets_ready()
    await ada.answers()
    await caller.is_in("talking")


async def test_hold_mute_and_keypad_do_what_they_say(stage: Stage) -> None:
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    caller = await stage.caller_calls()
    await caller.press("3", "3")
    await ada.answers()
    await ada.hears(CALLER_HZ)
    await caller.hears(ADVISER_HZ)
    await ada.button("Hold").click()
    await caller.is_in("on_hold")
    await ada.holds(on=True)
    await ada.hears_not(CALLER_HZ)
    await caller.hears_not(ADVISER_HZ)
    await ada.button("Hold").click()
    await caller.is_in("talking")
    await caller.hears(ADVISER_HZ)
    await ada.button("Mute").click()
    await caller.hears_not(ADVISER_HZ)
    await ada.button("Mute").click()
    await caller.hears(ADVISER_HZ)


async def today(supervisor: Adviser) -> dict[str, int]:
    """Return what the board says of today."""
    board = await supervisor.page.evaluate("fetch('/api/board').then((said) => said.json())")
    return dict(board["today"])


async def test_a_call_is_counted_once_when_it_has_ended(stage: Stage) -> None:
    sam = await stage.adviser_signs_in("sam")
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    await asyncio.sleep(RECORDED_WITHIN_S)  # what earlier calls left on its way has arrived
    before = await today(sam)
    caller = await stage.caller_calls()
    await caller.press("3", "3")
    await ada.answers()
    await caller.is_in("talking")
    await caller.hangs_up()
    await ada.is_("wrap_up")
    await asyncio.sleep(RECORDED_WITHIN_S)
    after = await today(sam)
    assert after["offered_count"] == before["offered_count"] + 1
    assert after["handled_count"] == before["handled_count"] + 1
    assert after["system_lost_count"] == 0
    assert after["in_progress_count"] == before["in_progress_count"]
