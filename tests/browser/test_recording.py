"""A recorded talk between two browsers: paused, broken by the loss of a node, and taken out."""

import asyncio
import os
import re
import subprocess
import sys
import wave
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import numpy as np
import pytest
from playwright.async_api import expect

from contactcentre.adapters.media_aiortc.g711 import Samples
from contactcentre.bench.peer import strongest_tone
from tests.browser.centre import Centre, running_centre
from tests.browser.conftest import ADVISER_HZ, CALLER_HZ, Stage, hear_each_other, talk
from tests.browser.faults import child_of, kill, node_of, whole
from tests.recorded_flows import recorded_flows

NODES = 2
S = 8_000
TALK_S, PAUSE_S = 2.0, 2.0
RECORDED_WITHIN_S = 30
KEYS = f"2026:{'r' * 32}"
PAYMENT_KEY = "p" * 32


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Give a folder for flows and recordings."""
    with TemporaryDirectory(prefix="contactcentre-recorded-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def centre(folder: Path) -> Iterator[Centre]:
    """Start a centre of this module's own, whose tax line is recorded."""
    environ = {
        "CC_FLOWS_DIR": str(recorded_flows(folder / "flows", announced_by="call_recorded")),
        "CC_RECORDINGS": str(folder / "recordings"),
        "CC_RECORDING_KEYS": KEYS,
        "CC_PAYMENT_KEY": PAYMENT_KEY,
    }
    with running_centre(environ, nodes=NODES) as started:
        yield started


async def test_a_talk_is_recorded_paused_and_goes_on_at_another_node(
    centre: Centre, folder: Path, stage: Stage
) -> None:
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    caller = await stage.caller_calls()
    await caller.press("3", "3")
    await ada.answers()
    await expect(caller.page.locator("#said-words")).to_contain_text("This call is recorded")
    await expect(ada.page.get_by_text("Recording.", exact=True)).to_be_visible()
    await hear_each_other(caller, ada)
    await ada.see_no_fault()
    await ada.button("Pause recording").click()
    await expect(ada.page.get_by_text("Recording paused.")).to_be_visible()
    await expect(ada.page.get_by_text(re.compile(r"by itself in 4:5\d"))).to_be_visible()
    await asyncio.sleep(PAUSE_S)
    await ada.button("Resume recording").click()
    await expect(ada.page.get_by_text("Recording.", exact=True)).to_be_visible()
    await asyncio.sleep(TALK_S)
    (held_by,) = (folder / "recordings").glob("*/*/*.open")
    kill(child_of(centre, held_by.relative_to(folder / "recordings").parts[0]))
    await expect(ada.page.get_by_text("Recording.", exact=True)).not_to_be_visible()
    await hear_each_other(caller, ada)
    await expect(ada.page.get_by_text("Recording.", exact=True)).to_be_visible()
    await asyncio.sleep(TALK_S)
    await ada.ends_the_call()
    await whole(centre, nodes=NODES)
    first, second = await taken_out(centre, folder)
    silent = spans_of_silence(first)
    assert len(silent) == 1, "the pause, and nothing else"
    begins, ends = silent[0]
    assert (ends - begins) / S > PAUSE_S - 0.2
    for part in (first[begins - S : begins], first[ends : ends + S], second[-2 * S : -S]):
        assert abs(strongest_tone(part[:, 0])[0] - CALLER_HZ) < 20, "the caller on the left"
        assert abs(strongest_tone(part[:, 1])[0] - ADVISER_HZ) < 20, "the adviser on the right"


async def test_a_payment_page_keeps_a_card_number_out_also_when_the_node_is_lost(
    centre: Centre, stage: Stage
) -> None:
    caller, ada = await talk(stage)
    await expect(ada.page.get_by_text("Recording.", exact=True)).to_be_visible()
    assert (await payment_step(centre, on=True))["recorded"] == "paused"
    await expect(ada.page.get_by_text("Recording paused.")).to_be_visible()
    kill(await node_of(caller, centre))
    await expect(ada.page.get_by_text("You and the caller are back together.")).to_be_visible()
    await hear_each_other(caller, ada)
    await expect(ada.page.get_by_text("Recording paused.")).to_be_visible()
    assert (await payment_step(centre, on=False))["recorded"] == "on"
    await expect(ada.page.get_by_text("Recording.", exact=True)).to_be_visible()
    await ada.ends_the_call()
    await whole(centre, nodes=NODES)


async def payment_step(centre: Centre, *, on: bool) -> dict[str, Any]:
    """Ask as a payment page does for ada's talk."""
    headers = {"Authorization": f"Bearer {PAYMENT_KEY}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(
            centre.desk_url + "api/payment-steps", json={"adviser": "ada", "on": on}
        ) as response,
    ):
        assert response.status == HTTPStatus.OK, await response.text()
        stands: dict[str, Any] = await response.json()
        return stands


async def taken_out(centre: Centre, folder: Path) -> list[Samples]:
    """Return both parts of the one call's recording, once they are in the record."""
    async with asyncio.timeout(RECORDED_WITHIN_S):
        while len(listed := (await recordings(centre, folder, "list")).splitlines()) < 2:  # noqa: ASYNC110 - asked of a command
            await asyncio.sleep(0.5)
    assert "cut off by a loss" in listed[1], "the latest first"
    call = listed[0].split("\t")[0]
    out = str(folder / "out")
    written = await recordings(centre, folder, "export", call, "--to", out, "--why", "a test")
    return [_sound(Path(path)) for path in written.split()]


async def recordings(centre: Centre, folder: Path, *arguments: str) -> str:
    """Run the command as an operator does."""
    command = [sys.executable, "-m", "contactcentre", "recordings", *arguments]
    ours = {"CC_RECORDINGS": str(folder / "recordings"), "CC_RECORDING_KEYS": KEYS}
    done = await asyncio.to_thread(
        subprocess.run,
        [*command, "--data", str(centre.data)],
        env=os.environ | ours,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def spans_of_silence(sound: Samples) -> list[tuple[int, int]]:
    """Return from where to where, of what is longer than half a second, nobody says anything."""
    loud = np.flatnonzero((np.abs(sound) > 200).any(axis=1))
    gaps = np.flatnonzero(np.diff(loud) > S // 2)
    return [(int(loud[gap]), int(loud[gap + 1])) for gap in gaps]


def _sound(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
