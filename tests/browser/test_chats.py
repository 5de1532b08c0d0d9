"""Chats, from callers' browsers to the adviser's, beside one another."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.centre import Centre
from tests.browser.conftest import Stage
from tests.browser.people import Adviser, Person, person_context

MARKUP = "<img src=x onerror=alert(1)> is what I see"


class Writer(Person):
    """A caller who chats."""

    @classmethod
    async def comes(cls, browser: Browser, centre: Centre) -> "Writer":
        """Choose the chat on the home page and begin it."""
        context = await person_context(browser, width=480)
        writer = cls(await context.new_page())
        await writer.page.goto(centre.caller_url)
        await writer.page.get_by_role("link", name="Chat from this page").click()
        await writer.page.get_by_role("button", name="Start the chat").click()
        await writer.is_in("waiting")
        return writer

    async def is_in(self, state: str) -> None:
        """Wait until the page says that the chat is in a state."""
        await expect(self.page.locator("#up")).to_have_attribute("data-state", state)

    async def writes(self, words: str) -> None:
        """Write, and wait until it is sent."""
        await self.page.get_by_label("Your message").fill(words)
        await self.page.get_by_role("button", name="Send").click()
        await expect(text(self.page, words)).to_contain_text("Sent")


def text(page: Page, words: str) -> Locator:
    """Return a text of the chat that is shown."""
    return page.get_by_role("log").get_by_role("listitem").filter(has_text=words)


async def takes(adviser: Adviser, number: int) -> Locator:
    """Let the adviser take the chat of a tab, and return the tab."""
    tab = adviser.page.get_by_role("tab").nth(number)
    await tab.click()
    await adviser.page.get_by_role("button", name="Take the chat").click()
    await expect(adviser.page.get_by_label("Your message")).to_be_visible()
    return tab


async def answers(adviser: Adviser, words: str) -> None:
    """Let the adviser write in the chat in front, and wait until it is sent."""
    await adviser.page.get_by_label("Your message").fill(words)
    await adviser.page.keyboard.press("Enter")
    await expect(text(adviser.page, words)).to_contain_text("Sent")


async def rings_around(page: Page, label: str) -> int:
    """Return how many rings of focus there are around a field."""
    count = """field => {
        let rings = 0;
        for (let one = field; one !== null; one = one.parentElement)
            rings += getComputedStyle(one).outlineStyle !== "none";
        return rings;
    }"""
    return int(await page.get_by_label(label).evaluate(count))


@pytest.fixture
async def writers(centre: Centre, browser: Browser) -> AsyncIterator[list[Writer]]:
    """Give two callers who wait to chat."""
    async with AsyncExitStack() as stack:
        both = []
        for _ in range(2):
            writer = await Writer.comes(browser, centre)
            stack.push_async_callback(writer.page.context.close)
            both.append(writer)
        yield both


async def test_an_adviser_chats_with_two_callers_at_once(
    stage: Stage, writers: list[Writer]
) -> None:
    first, second = writers
    await first.writes(MARKUP)
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    await expect(ada.page.get_by_role("tab")).to_have_count(2)
    tabs = [await takes(ada, number) for number in range(2)]
    for writer in writers:
        await writer.is_in("talking")
    await expect(ada.page.get_by_role("heading", name="Busy with chats")).to_be_visible()
    await ada.page.get_by_label("Your message").press_sequentially(" ")
    assert await rings_around(ada.page, "Your message") == 1
    await answers(ada, "To the second tab")
    await tabs[0].click()
    await answers(ada, "To the first tab")
    mine = ada.page.get_by_role("log")
    in_front, behind = (
        (first, second) if await mine.get_by_text(MARKUP).count() else (second, first)
    )
    await expect(text(in_front.page, "To the first tab")).to_be_visible()
    await expect(text(behind.page, "To the second tab")).to_be_visible()

    await behind.page.get_by_label("Your message").press_sequentially("Are")
    await behind.writes("Are you still there?")
    await expect(tabs[1]).to_contain_text("1 unread")
    await ada.see_no_fault()
    await first.see_no_fault()

    await first.page.reload()
    await first.is_in("talking")
    await expect(text(first.page, MARKUP)).to_contain_text("Sent")
    await first.writes("Back again")
    await expect(text(first.page, "Back again")).to_have_count(1)

    await first.page.get_by_role("button", name="End the chat").click()
    await expect(first.page.locator("#over")).to_be_visible()
    await tabs[0 if in_front is first else 1].click()
    await ada.page.get_by_role("button", name="Close chat").click()
    await expect(ada.page.get_by_role("tab")).to_have_count(1)
    await ada.is_("ready")
    await ada.page.get_by_role("button", name="End chat").click()
    await expect(second.page.locator("#over")).to_be_visible()
    await ada.page.get_by_role("button", name="Close chat").click()
    await expect(ada.page.get_by_role("tab")).to_have_count(0)


async def test_an_adviser_who_signs_out_under_a_chat_hands_the_caller_back(
    stage: Stage, writers: list[Writer]
) -> None:
    writer, other = writers
    await other.page.get_by_role("button", name="End the chat").click()
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    await takes(ada, 0)
    await answers(ada, "I have a look")
    await ada.page.get_by_role("button", name="account and settings").click()
    await ada.page.get_by_role("menuitem", name="Sign out").click()
    asked = ada.page.get_by_role("alertdialog", name="Sign out with 1 chat open?")
    await expect(asked).to_be_visible()
    await ada.see_no_fault()
    await ada.page.get_by_role("button", name="Hand back and sign out").click()
    await expect(ada.page.get_by_label("User name")).to_be_visible()
    await writer.is_in("waiting")
    told = writer.page.get_by_role("heading", name="Another adviser will take over")
    await expect(told).to_be_visible()
    await writer.see_no_fault()
    await writer.page.get_by_role("button", name="End the chat").click()
