"""The people of a browser test: what a caller and an adviser see, hear and press."""

import asyncio
import math
import re
import time
from collections.abc import Callable
from contextlib import suppress

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect
from playwright.async_api import TimeoutError as NotInTime

from tests.browser.axe import violations
from tests.browser.centre import Centre

PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)
SETTLE_S = 0.25
CLICK_MAX_MS = 3_000
"""So long for a button that may be gone by then, on a machine that may be busy."""
TONE_WITHIN_S = 20.0
BESIDE_HZ = 30.0
"""How far the strongest frequency may be from the tone that is played."""
QUIET = 0.005
"""Root mean square of what counts as silence; full scale is 1."""

KEEP_TRACKS = """
const Native = window.RTCPeerConnection;
window.tracksHeard = [];
window.RTCPeerConnection = function (...args) {
  const connection = new Native(...args);
  connection.addEventListener("track", (event) => window.tracksHeard.push(event.track));
  return connection;
};
window.RTCPeerConnection.prototype = Native.prototype;
const own = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (own) navigator.mediaDevices.getUserMedia = (wanted) => own({
  ...wanted,
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
});
"""
"""Keeps what a page hears where a test can listen to it, and lets a steady tone count as speech."""

LISTEN = """async () => {
  const tracks = window.tracksHeard.filter((track) => track.readyState === "live");
  if (tracks.length === 0) return { hz: 0, level: 0 };
  window.listening ??= new AudioContext();
  await window.listening.resume();
  const source = window.listening.createMediaStreamSource(new MediaStream([tracks.at(-1)]));
  const analyser = new AnalyserNode(window.listening, { fftSize: 8192, smoothingTimeConstant: 0 });
  source.connect(analyser);
  await new Promise((done) => setTimeout(done, 400));
  const wave = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(wave);
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  source.disconnect();
  let strongest = 1;
  bins.forEach((power, at) => { if (at > 1 && power > bins[strongest]) strongest = at; });
  return {
    hz: strongest * window.listening.sampleRate / analyser.fftSize,
    level: Math.sqrt(wave.reduce((sum, one) => sum + one * one, 0) / wave.length),
  };
}"""

NODE_URL = "JSON.parse(sessionStorage.getItem('call')).url"
"""Where the caller's page has its leg."""


class Person:
    """Whoever sits before a page with a microphone."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.set_default_timeout(PATIENCE_MS)

    async def hears(self, tone_hz: float, *, within_s: float = TONE_WITHIN_S) -> None:
        """Wait until the strongest tone heard is this one."""
        heard = await self._listen_until(
            lambda hz, level: level > QUIET and math.isclose(hz, tone_hz, abs_tol=BESIDE_HZ),
            within_s=within_s,
        )
        assert heard is None, f"not {tone_hz} Hz but {heard}"

    async def hears_not(self, tone_hz: float, *, within_s: float = TONE_WITHIN_S) -> None:
        """Wait until that tone is not the strongest any more."""
        heard = await self._listen_until(
            lambda hz, level: level <= QUIET or not math.isclose(hz, tone_hz, abs_tol=BESIDE_HZ),
            within_s=within_s,
        )
        assert heard is None, f"still {heard}"

    async def _listen_until(
        self, enough: Callable[[float, float], bool], *, within_s: float
    ) -> dict[str, float] | None:
        """Return None once what is heard is enough, else what was heard last."""
        deadline = time.monotonic() + within_s
        while True:
            heard: dict[str, float] = await self.page.evaluate(LISTEN)
            if enough(heard["hz"], heard["level"]):
                return None
            if time.monotonic() > deadline:
                return heard
            await asyncio.sleep(SETTLE_S)

    async def see_no_fault(self) -> None:
        """Ask axe-core, and the page's own errors."""
        assert await violations(self.page) == []
        assert self.errors == []


class Caller(Person):
    """A caller on the caller's page."""

    @classmethod
    async def calls(
        cls,
        browser: Browser,
        centre: Centre,
        *,
        welsh: bool = False,
        width: int = 1_120,
        dark: bool = False,
    ) -> "Caller":
        """Open the page, read it, and start the call."""
        context = await person_context(browser, width=width, dark=dark)
        caller = cls(await context.new_page())
        await caller.page.goto(centre.caller_url + ("cy" if welsh else ""))
        await caller.page.locator("main a[href*='call']").first.click()
        await caller.page.locator("#start").click()
        await caller.is_in("in_menu")
        return caller

    async def node_url(self) -> str:
        """Return where the page's leg is: at the node that has the call."""
        url: str = await self.page.evaluate(NODE_URL)
        return url

    @property
    def state(self) -> Locator:
        """Return the heading that says where the call is."""
        return self.page.locator("#state")

    async def is_in(self, state: str) -> None:
        """Wait until the page says that the call is in a state."""
        await expect(self.page.locator("#up")).to_have_attribute("data-state", state)

    async def press(self, *keys: str) -> None:
        """Press keys of the keypad, one at a time."""
        for key in keys:
            await self.page.locator(f'#keypad [data-key="{key}"]').click()
            await asyncio.sleep(SETTLE_S)

    async def waits(self, *keys: str) -> None:
        """Press keys that lead into a queue, and wait there."""
        await self.press(*keys)
        await self.is_in("waiting")

    def choice(self, key: str) -> Locator:
        """Return the button that stands for a key which does something now."""
        return self.page.locator(f'#choices-list [data-choice="{key}"]')

    async def chooses(self, key: str, label: str) -> None:
        """Press a choice once it is offered."""
        await expect(self.choice(key)).to_contain_text(label)
        await self.choice(key).click()

    async def leaves(self) -> None:
        """Hang up if there is a call, and close the page."""
        if not self.page.is_closed() and await self.page.locator("#end").is_visible():
            with suppress(NotInTime):  # the adviser may end it at the same time
                await self.page.locator("#end").click(timeout=CLICK_MAX_MS)
            await expect(self.page.locator("#over")).to_be_visible()
        await self.page.context.close()

    async def hangs_up(self) -> None:
        """End the call."""
        await self.page.locator("#end").click()
        await expect(self.page.locator("#over")).to_be_visible()

    async def calls_again(self) -> None:
        """Call again at once."""
        await self.page.get_by_role("button", name="Call again").click()
        await self.is_in("in_menu")


class Adviser(Person):
    """An adviser at the desk."""

    @classmethod
    async def signs_in(
        cls, browser: Browser, centre: Centre, name: str, *, width: int = 1_440, dark: bool = False
    ) -> "Adviser":
        """Open the desk and sign in."""
        context = await person_context(browser, width=width, dark=dark)
        adviser = cls(await context.new_page())
        await adviser.page.goto(centre.desk_url)
        await adviser.page.get_by_label("User name").fill(name)
        await adviser.page.get_by_label("Password", exact=True).fill(centre.passwords[name])
        await adviser.page.get_by_role("button", name="Sign in").click()
        await expect(adviser.presence).to_be_visible()
        return adviser

    async def node_url(self) -> str:
        """Return where the leg of the talk is, as the desk knows it: at the node that has it."""
        talk = await self.page.evaluate("fetch('/api/talk').then((response) => response.json())")
        url: str = talk["ring"]["node_url"]
        return url

    @property
    def presence(self) -> Locator:
        """Return the control that says how the adviser stands."""
        return self.page.get_by_test_id("presence")

    async def is_(self, state: str) -> None:
        """Wait until the desk says that the adviser is in a state."""
        await expect(self.presence).to_have_attribute("data-state", state)

    async def gets_ready(self) -> None:
        """Press Ready, unless the desk has come back from a moment ago as it was."""
        state = await self.presence.get_attribute("data-state")
        if state == "wrap_up":  # who signs in again within a beat goes on with it
            await self.finishes()
        if state in {"ready", "wrap_up"}:
            return
        await self.page.get_by_role("button", name="Ready", exact=True).click()
        await expect(self.presence).not_to_have_attribute("data-state", "away")

    async def is_rung(self) -> None:
        """Wait until a call rings and can be answered, in whatever language."""
        await self.is_("ringing")
        await expect(self.page.locator("[data-look='answer']")).to_be_enabled()

    async def answers(self) -> None:
        """Answer the call that rings."""
        await self.is_rung()
        await self.button("Answer").click()
        await self.is_("talking")

    async def holds(self, *, on: bool) -> None:
        """Wait until the desk itself shows a hold: its button goes by that."""
        await expect(self.button("Hold")).to_have_attribute("aria-pressed", str(on).lower())

    async def declines(self) -> None:
        """Say that the call can't be taken."""
        await self.page.get_by_role("button", name=re.compile("take it")).click()

    async def ends_the_call(self) -> None:
        """End the call."""
        await self.button("End call").click()
        await self.is_("wrap_up")

    async def leaves(self) -> None:
        """End what is going on, sign out and close the page."""
        if await self.button("End call").is_visible():
            with suppress(NotInTime):  # the caller may end it at the same time
                await self.button("End call").click(timeout=CLICK_MAX_MS)
            await self.is_("wrap_up")
        await self.page.evaluate("fetch('/api/sign-out', { method: 'POST' })")
        await self.page.context.close()

    async def finishes(self, outcome: str = "Question answered") -> None:
        """Choose an outcome and finish; the next call may ring at once."""
        await self.page.get_by_role("button", name=outcome).click()
        await self.button("Finish, then Ready").click()
        await expect(self.presence).not_to_have_attribute("data-state", "wrap_up")

    def button(self, name: str) -> Locator:
        """Return a button by how its name begins."""
        return self.page.get_by_role("button", name=re.compile(f"^{re.escape(name)}"))


async def person_context(browser: Browser, *, width: int, dark: bool = False) -> BrowserContext:
    """Return a browser of a person's own, in which what is heard can be listened to."""
    context = await browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    await context.grant_permissions(["microphone"])
    await context.add_init_script(KEEP_TRACKS)
    return context
