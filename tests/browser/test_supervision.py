"""A supervisor listens to a talk, whispers and joins in, in real browsers."""

from playwright.async_api import Browser, expect

from tests.browser.centre import Centre
from tests.browser.conftest import ADVISER_HZ, CALLER_HZ, Launch, Stage
from tests.browser.people import Adviser, person_context

SUPERVISOR_HZ = 1_700


class Supervisor(Adviser):
    """A supervisor at the board."""

    @classmethod
    async def watches(
        cls, browser: Browser, centre: Centre, *, width: int = 1_440, dark: bool = True
    ) -> "Supervisor":
        """Open the board and sign in."""
        context = await person_context(browser, width=width, dark=dark)
        sam = cls(await context.new_page())
        await sam.page.goto(centre.board_url)
        await sam.page.get_by_label("User name").fill("sam")
        await sam.page.get_by_label("Password", exact=True).fill(centre.passwords["sam"])
        await sam.page.get_by_role("button", name="Sign in").click()
        await expect(sam.page.get_by_role("heading", name="Talks")).to_be_visible()
        return sam

    async def listens_to(self, adviser: str) -> None:
        """Listen to an adviser's talk."""
        await self.page.get_by_role("heading", name="Talks").click()
        await self.page.get_by_role("button", name=f"Listen to {adviser}").click()
        await self.is_there("Only listen")

    async def turns(self, how: str) -> None:
        """Be there in another way."""
        await self.button(how).click()
        await self.is_there(how)

    async def is_there(self, how: str) -> None:
        """Wait until it is written down that the supervisor is there in that way."""
        await expect(self.button(how)).to_have_attribute("aria-pressed", "true")


async def test_a_supervisor_listens_unheard_whispers_to_the_adviser_and_joins_in(
    stage: Stage, launch: Launch, centre: Centre
) -> None:
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    caller = await stage.caller_calls()
    await caller.press("3", "3")
    await ada.answers()
    await ada.hears(CALLER_HZ)
    sam = await Supervisor.watches(await launch(SUPERVISOR_HZ), centre)
    await sam.listens_to("ada")
    await expect(ada.page.get_by_text("A supervisor listens to this call")).to_be_visible()
    await ada.button("Mute").click()
    await sam.hears(CALLER_HZ)
    await ada.button("Mute").click()
    await ada.button("Hold").click()
    await ada.holds(on=True)
    await sam.hears(ADVISER_HZ)
    await ada.hears_not(SUPERVISOR_HZ)
    await sam.turns("Whisper")
    await ada.hears(SUPERVISOR_HZ)
    await caller.hears_not(SUPERVISOR_HZ)
    await sam.see_no_fault()
    await ada.button("Hold").click()
    await ada.holds(on=False)
    await ada.button("Mute").click()
    await sam.turns("Join in")
    await caller.hears(SUPERVISOR_HZ)
    await sam.page.context.close()
    await caller.hears_not(SUPERVISOR_HZ)
    await expect(ada.page.get_by_text("A supervisor")).to_have_count(0)
    await ada.button("Mute").click()
    await caller.hears(ADVISER_HZ)
    assert ada.errors == caller.errors == sam.errors == []
