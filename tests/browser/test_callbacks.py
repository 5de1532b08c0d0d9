"""Callers who do not want to wait on the line are rung back in turn, or take that back."""

import asyncio

from playwright.async_api import expect

from tests.browser.conftest import Stage
from tests.browser.people import Adviser, Caller
from tests.browser.test_access import reflows

NUMBER = "01632960001"


async def books(caller: Caller) -> None:
    """Let a caller who waits accept the callback, key the number and find it right."""
    said = caller.page.locator("#said-words")
    await caller.chooses("1", "Call me back")
    await expect(said).to_contain_text("Key in the phone number")
    await caller.press(*NUMBER[:-1])
    await expect(caller.page.locator("#keyed")).to_contain_text("01632 960 00")
    await caller.press(NUMBER[-1])
    await expect(said).to_contain_text("We will ring 01632 960 001.")
    await caller.chooses("1", "The number is right")
    turn = caller.page.get_by_role("button", name="When it is my turn")
    await expect(turn.or_(said.filter(has_text="is booked"))).to_be_visible()
    if await turn.is_visible():  # there are later half hours of this day
        await turn.click()
    await expect(said).to_contain_text("is booked")
    await expect(caller.state).to_contain_text("call back is booked")
    await expect(caller.page.locator("#over-words")).to_contain_text("place is kept")


async def has_no_fault(person: Adviser | Caller) -> None:
    """See that nobody is kept out of the screen as it is."""
    await person.see_no_fault()
    assert await reflows(person.page)


async def test_of_two_who_book_callbacks_one_cancels_and_one_is_rung_back_before_who_came_later(
    stage: Stage,
) -> None:
    first, cancels = await stage.caller_calls(width=390, dark=True), await stage.caller_calls()
    last = await stage.caller_calls()
    for caller in (first, cancels, last):
        await caller.waits("3", "3")
    await expect(last.state).to_contain_text("3rd in the queue")
    await asyncio.gather(books(first), books(cancels))
    await has_no_fault(first)
    await first.page.close()

    await expect(last.state).to_contain_text("3rd in the queue")
    await cancels.page.get_by_role("button", name="Cancel the call back").click()
    await expect(cancels.page.locator("#over-words")).to_contain_text("is cancelled")
    await expect(cancels.page.get_by_role("button", name="Cancel the call back")).to_be_hidden()
    await expect(last.state).to_contain_text("2nd in the queue")

    ada = await stage.adviser_signs_in("ada", width=390, dark=True)
    await ada.gets_ready()
    await ada.is_rung()
    card = ada.page.get_by_role("region", name="Call back to make")
    await expect(card).to_contain_text("01632 960 001")
    await has_no_fault(ada)
    await last.is_in("waiting")
    await ada.button("Take it").click()
    await ada.is_("talking")
    await expect(ada.page.get_by_text("Ring the caller on your phone")).to_be_visible()
    await has_no_fault(ada)
    await ada.button("We spoke").click()
    await ada.is_("wrap_up")
    await expect(last.state).to_contain_text("next in the queue")
    await ada.finishes("Payment explained")
    await ada.answers()
    await last.is_in("talking")
