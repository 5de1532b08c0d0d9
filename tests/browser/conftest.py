"""A whole centre as its operator starts it, and browsers whose microphone plays a tone."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.centre import Centre
from tests.browser.chromium import chromium, node
from tests.browser.people import Adviser, Caller
from tests.stores import forget_stores

READY_WITHIN_S = 150.0
STOPPED_WITHIN_S = 60.0
RING_MS = 8_000
"""Shorter than in real life, so that a ring nobody answers is over soon."""
PORTS = range(20_000 + os.getpid() % 200 * 40, 30_000, 40)
"""Not where another run on this machine looks first."""
PORTS_USED = (0, 1, 21, 22)
"""The ports that the centre uses, counted from its first one."""
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
def centre() -> Iterator[Centre]:
    """Start the centre, once for all browser tests, by the command that a newcomer types."""
    folder = Path(mkdtemp(prefix="contactcentre-browser-"))
    folder.chmod(0o755)
    port = next(port for port in PORTS if _is_free(port))
    said = folder / "said"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "contactcentre", "up", "--port", str(port), "--data", folder],
            env=os.environ | {"CC_RING_MS": str(RING_MS), "CC_DRAIN_S": "1"},
            stdout=out,
            stderr=out,
        )
    try:
        _wait_until_ready(process, said)
        yield Centre(
            caller_url=f"http://127.0.0.1:{port}/",
            desk_url=f"http://127.0.0.1:{port + 1}/",
            board_url=f"http://127.0.0.1:{port + 1}/board",
            passwords=json.loads((folder / "demo-accounts.json").read_text()),
            data=folder,
        )
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOPPED_WITHIN_S)
        forget_stores(folder)
        shutil.rmtree(folder)


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


def _wait_until_ready(process: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while "Ctrl-C stops everything" not in said.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the centre did not start:\n{said.read_text()}")
        time.sleep(0.1)


def _is_free(first: int) -> bool:
    """Say whether all ports that a centre would use from here on are free."""
    for offset in PORTS_USED:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", first + offset)) == 0:
                return False
    return True


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
