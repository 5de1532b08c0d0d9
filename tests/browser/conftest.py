"""A whole centre as its operator starts it, and browsers whose microphone plays a tone."""

import asyncio
import os
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.centre import Centre, running_centre
from tests.browser.chromium import chromium, node
from tests.browser.desk_phone import DeskPhone
from tests.browser.people import Adviser, Caller

RING_MS = 8_000
"""Shorter than in real life, so that a ring nobody answers is over soon."""
CALLBACKS_AT_ONCE = {
    "CC_CALLBACK_CEILING_MS": "0",
    "CC_CALLBACK_FROM_HOUR": "0",
    "CC_CALLBACK_UNTIL_HOUR": "24",
}
"""Whoever waits is offered a callback with the first word of the place, at any hour."""
CALLER_HZ = 440
ADVISER_HZ = 1_000
SAMPLES_PER_S = 48_000
FLAGS = [
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-gpu",
    "--disable-quic",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]

Launch = Callable[..., Awaitable[Browser]]


@pytest.fixture(scope="session")
def phone(tmp_path_factory: pytest.TempPathFactory) -> DeskPhone:
    """Return a phone in the telephone network that is not there yet."""
    return DeskPhone.in_folder(tmp_path_factory.mktemp("phone"))


@pytest.fixture(scope="session")
def centre(phone: DeskPhone) -> Iterator[Centre]:
    """Start the centre, once for all browser tests that break nothing in it."""
    environ = {"CC_RING_MS": str(RING_MS), **CALLBACKS_AT_ONCE, **phone.settings()}
    with running_centre(environ) as started:
        yield started


@pytest.fixture
async def launch(tmp_path: Path) -> AsyncIterator[Launch]:
    """Give a way to start browsers, each with a microphone that plays a tone of its own."""
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(node())
    found = chromium()
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())

        async def started(tone_hz: int = CALLER_HZ) -> Browser:
            tone = tmp_path / f"{tone_hz}.wav"
            _write_tone(tone, tone_hz)
            own = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = await playwright.chromium.launch(
                executable_path=found.path,
                env={**os.environ, **found.environ},
                args=[*FLAGS, *own, f"--use-file-for-fake-audio-capture={tone}"],
            )
            stack.push_async_callback(browser.close)
            return browser

        yield started


@pytest.fixture
async def browser(launch: Launch) -> Browser:
    """Give a browser."""
    return await launch()


def _write_tone(path: Path, tone_hz: int) -> None:
    """Write a second of a tone, which the browser plays over and over."""
    times = np.arange(SAMPLES_PER_S) / SAMPLES_PER_S
    samples = (np.sin(2 * np.pi * tone_hz * times) * 12_000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLES_PER_S)
        file.writeframes(samples.tobytes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A centre, and people who come to it; each is let go at the end of the test."""

    caller_calls: Callable[..., Awaitable[Caller]]
    adviser_signs_in: Callable[..., Awaitable[Adviser]]


@pytest.fixture
async def stage(centre: Centre, launch: Launch) -> AsyncIterator[Stage]:
    """Give callers who hum one tone and advisers who hum another."""
    callers_browser, advisers_browser = await launch(CALLER_HZ), await launch(ADVISER_HZ)
    async with AsyncExitStack() as people:

        async def caller_calls(**how: Any) -> Caller:
            caller = await Caller.calls(callers_browser, centre, **how)
            people.push_async_callback(caller.leaves)
            return caller

        async def adviser_signs_in(name: str, **how: Any) -> Adviser:
            adviser = await Adviser.signs_in(advisers_browser, centre, name, **how)
            people.push_async_callback(adviser.leaves)
            return adviser

        yield Stage(caller_calls=caller_calls, adviser_signs_in=adviser_signs_in)


async def hear_each_other(caller: Caller, adviser: Adviser) -> None:
    """Wait until both ends of a talk hear the other's tone."""
    await asyncio.gather(adviser.hears(CALLER_HZ), caller.hears(ADVISER_HZ))


async def talk(stage: Stage, name: str = "ada") -> tuple[Caller, Adviser]:
    """Return a caller and an adviser who hear each other."""
    ada = await stage.adviser_signs_in(name)
    await ada.gets_ready()
    caller = await stage.caller_calls()
    await caller.press("3", "3")
    await ada.answers()
    await caller.is_in("talking")
    await hear_each_other(caller, ada)
    return caller, ada
