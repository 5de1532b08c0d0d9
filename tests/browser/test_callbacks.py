"""Callers who do not want to wait on the line are rung back in turn, or take that back."""

import asyncio

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import ADVISER_HZ, Stage
from tests.browser.desk_phone import PHONE_HZ, DeskPhone
from tests.browser.people import Adviser, Caller
from tests.browser.test_access import reflows

NUMBER = "01632960100"


async def books(caller: Caller) -> None:
    """Let a caller who waits accept the callback, key the number and find it right."""
    said = caller.page.locator("#said-words")
    await caller.chooses("1", "Call me back")
    await expect(said).to_contain_text("Key in the phone number")
    await caller.press(*NUMBER[:-1])
    await expect(caller.page.locator("#keyed")).to_contain_text("01632 960 10")
    await caller.press(NUMBER[-1])
    await expect(said).to_contain_text("We will ring 01632 960 100.")
    await caller.chooses("1", "The number is right")
    turn = caller.page.get_by_role("button", name="When it is my turn")
    await expect(turn.or_(said.filter(has_text="is booked"))).to_be_visible()
    if await turn.is_visible():  # there are later half hours of this day
        await turn.click()
    await expect(said).to_contain_text("is booked")
    await expect(caller.state).to_contain_text("call back is booked")
    await expect(caller.page.locator("#over-words")).to_contain_text("place is kept")


def card_of(adviser: Adviser) -> Locator:
    """Return the card of the call that an adviser is at."""
    return adviser.page.get_by_role("region", name="Current call")


async def has_no_fault(person: Adviser | Caller) -> None:
    """See that nobody is kept out of the screen as it is."""
    await person.see_no_fault()
    assert await reflows(person.page)


async def calls_the_caller(ada: Adviser, phone: DeskPhone) -> None:
    """Let an adviser have the number rung: in vain, and then to a talk and its end."""
    call = ada.button("Call 01632 960 100")
    await expect(call).to_be_visible()
    await has_no_fault(ada)
    await call.click()  # there is no phone yet
    await expect(card_of(ada)).to_contain_text("Calling 01632 960 100")
    await has_no_fault(ada)
    await ada.button("Stop calling").click()
    await expect(card_of(ada)).to_contain_text("You stopped calling.")
    await has_no_fault(ada)
    async with phone.is_there():
        await asyncio.sleep(1)  # to begin to listen
        await ada.page.keyboard.press("F2")
        await ada.hears(PHONE_HZ)
        await has_no_fault(ada)
        await ada.button("Hold").click()
        await ada.holds(on=True)
        await ada.button("Hold").click()
        await ada.holds(on=False)
        await ada.ends_the_call()
        await ada.is_("wrap_up")
        await has_no_fault(ada)
    assert phone.heard_hz()[-1] == pytest.approx(ADVISER_HZ, abs=20)


async def test_of_two_who_book_callbacks_one_cancels_and_one_is_called_before_who_came_later(
    stage: Stage, phone: DeskPhone
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
    await expect(card).to_contain_text("01632 960 100")
    await has_no_fault(ada)
    await last.is_in("waiting")
    await ada.button("Take it").click()
    await ada.is_("talking")
    await calls_the_caller(ada, phone)
    await expect(last.state).to_contain_text("next in the queue")
    await ada.finishes("Payment explained")
    await ada.answers()
    await last.is_in("talking")
