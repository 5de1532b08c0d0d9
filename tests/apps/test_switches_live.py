"""Switches that are turned while calls wait, on a real node with a real Redis."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contactcentre.domain.ids import CallId, LineId, QueueId, SoundName
from contactcentre.domain.ivr.flow import QueueName
from contactcentre.domain.ivr.switches import LineSwitches, Switches
from tests.apps.small_centre import PAYING, SmallCentre, small_centre

EFFECTIVE_S = 1.5
BUSY = SoundName("notice_very_busy")


@pytest.fixture
async def centre(redis_url: str, tmp_path: Path) -> AsyncIterator[SmallCentre]:
    """Give a running centre."""
    async with small_centre(redis_url, tmp_path) as one:
        yield one


async def test_switches_change_what_new_callers_meet_and_move_nobody_who_waits(
    centre: SmallCentre,
) -> None:
    early = await centre.wait_in_queue("early")
    before = await centre.state.place(call=CallId("early"), queue=QueueId(PAYING))
    switches = LineSwitches(notice=BUSY, diverts={QueueName("paying"): QueueName("general")})
    await centre.state.keep_switches(Switches(number=1, lines={LineId("tax"): switches}))
    await asyncio.sleep(EFFECTIVE_S)
    late = await centre.call("late")
    said = await late.hear("stage", state="in_menu")
    assert said["words"][0].startswith("Very many people are calling us")
    for key in "33":
        await late.say("key", key=key)
        await asyncio.sleep(0.05)
    await late.hear("stage", state="waiting")
    assert await centre.state.place(call=CallId("late"), queue=QueueId("tax.general.en"))
    assert await centre.state.place(call=CallId("early"), queue=QueueId(PAYING)) == before
    shut = LineSwitches(is_shut=True)
    await centre.state.keep_switches(Switches(number=2, lines={LineId("tax"): shut}))
    await asyncio.sleep(EFFECTIVE_S)
    too_late = await centre.call("too-late")
    said = await too_late.hear("stage", state="in_menu")
    assert said["words"][0] == "Our advisers are not here at the moment."
    await too_late.say("hang_up")
    assert (await too_late.hear("over"))["ending"] == "closed"
    assert await centre.state.place(call=CallId("early"), queue=QueueId(PAYING)) == before
    assert await centre.state.place(call=CallId("late"), queue=QueueId("tax.general.en"))
    await early.say("hang_up")
    assert (await early.hear("over"))["ending"] == "abandoned"
