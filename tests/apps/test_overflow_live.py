"""A queue that overflows while callers wait, on a real node and router with a real Redis."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.domain.ids import CallId, QueueId
from contactcentre.domain.languages import Language
from contactcentre.domain.presence import Presence
from tests.apps.small_centre import PAYING, LegPage, SmallCentre, small_centre

GENERAL = "tax.general.en"
RULE = "overflow: {to: {queue: general}, waiting: 1}"
TOLD = (
    "To answer you sooner, another team will take your call. The time you have waited still counts."
)


def flows_with_overflow(folder: Path) -> Path:
    """Return a folder of flows in which the queue for paying may hold one caller."""
    flows, own = default_flows_dir(), folder / "flows"
    for part in ("lines", "prompts"):
        shutil.copytree(flows / part, own / part)
    shutil.copy(flows / "labels.yaml", own)
    (own / "audio").symlink_to(flows / "audio")
    flow = own / "lines/tax/flow.yaml"
    text, before = flow.read_text(encoding="utf-8"), "levels_after_s: [0, 20, 60]"
    assert text.count(before) == 1
    flow.write_text(text.replace(before, f"{RULE}\n    {before}"), encoding="utf-8")
    return own


@pytest.fixture
async def centre(redis_url: str, tmp_path: Path) -> AsyncIterator[SmallCentre]:
    """Give a running centre."""
    flows = flows_with_overflow(tmp_path)
    async with small_centre(redis_url, tmp_path, CC_FLOWS_DIR=str(flows)) as one:
        yield one


async def hear_words(page: LegPage, words: str) -> None:
    """Return once the caller has been told so."""
    while True:
        said = await page.hear("stage", state="waiting")
        if words in " ".join(said["words"]):
            return


async def report_for_ever(centre: SmallCentre) -> None:
    """Let somebody of the other team be at work: a desk that is silent has nobody there."""
    while True:
        await centre.desk.report("gail", Presence.WRAP_UP, GENERAL)
        await asyncio.sleep(1)


async def test_the_last_caller_of_a_full_queue_waits_for_another_team_and_keeps_the_time(
    centre: SmallCentre,
) -> None:
    early = await centre.wait_in_queue("early")
    beats = asyncio.create_task(early.hear("over", within_s=60))  # and beats meanwhile
    late = await centre.wait_in_queue("late")
    (joined,) = await centre.state.look_calls([CallId("late")])
    assert joined.queue == PAYING
    working = asyncio.create_task(report_for_ever(centre))
    async with asyncio.timeout(10):
        await hear_words(late, TOLD)
    working.cancel()
    (moved,) = await centre.state.look_calls([CallId("late")])
    assert (moved.queue, moved.enqueued_ms) == (GENERAL, joined.enqueued_ms)
    assert await centre.state.place(call=CallId("late"), queue=QueueId(PAYING)) is None
    first = await centre.state.place(call=CallId("early"), queue=QueueId(PAYING))
    assert first is not None, "whoever was there first stays"
    assert first.place == 1
    await centre.desk.report("gail", Presence.READY, GENERAL)
    ring, _ = await centre.answer_ring()
    assert (ring.call, ring.queue) == ("late", GENERAL)
    assert ring.journey[-1].words[Language.ENGLISH] == (
        "Passed on from “Paying tax” to “General tax questions”, as many waited; kept the time"
    )
    assert not beats.done()
    beats.cancel()
