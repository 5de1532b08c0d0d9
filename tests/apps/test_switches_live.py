"""Switches that are turned while calls wait, on a real node with a real Redis."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from contactcentre.domain.ids import CallId, LineId, QueueId, SoundName
from contactcentre.domain.ivr.flow import QueueName
from contactcentre.domain.ivr.switches import LineSwitches, Switches
from contactcentre.ports.state import Place
from tests.apps.small_centre import PAYING, SmallCentre, small_centre

EFFECTIVE_S = 1.5
GENERAL = QueueId("tax.general.en")
BUSY = SoundName("notice_very_busy")


@pytest.fixture
async def centre(redis_url: str, tmp_path: Path) -> AsyncIterator[SmallCentre]:
    """Give a running centre."""
    async with small_centre(redis_url, tmp_path) as one:
        yield one


async def place_of(centre: SmallCentre, call: str, queue: QueueId) -> Place:
    """Return a call's place in a queue, once it is there."""
    async with asyncio.timeout(10):
        while True:
            place = await centre.state.place(call=CallId(call), queue=queue)
            if place is not None:
                return place
            await asyncio.sleep(0.05)


async def test_switches_change_what_new_callers_meet_and_move_who_waits_only_when_asked_to(
    centre: SmallCentre,
) -> None:
    early = await centre.wait_in_queue("early")
    early_over = asyncio.create_task(early.hear("over", within_s=60))  # and beats meanwhile
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
    assert (await place_of(centre, "late", GENERAL)).place == 1
    assert await centre.state.place(call=CallId("early"), queue=QueueId(PAYING)) == before
    emptied = replace(switches, emptied=frozenset({QueueName("paying")}))
    await centre.state.keep_switches(Switches(number=2, lines={LineId("tax"): emptied}))
    assert (await place_of(centre, "early", GENERAL)).place == 1
    assert (await place_of(centre, "late", GENERAL)).place == 2
    shut = LineSwitches(is_shut=True)
    await centre.state.keep_switches(Switches(number=3, lines={LineId("tax"): shut}))
    await asyncio.sleep(EFFECTIVE_S)
    too_late = await centre.call("too-late")
    said = await too_late.hear("stage", state="in_menu")
    assert said["words"][0] == "Our advisers are not here at the moment."
    await too_late.say("hang_up")
    assert (await too_late.hear("over"))["ending"] == "closed"
    assert (await place_of(centre, "early", GENERAL)).place == 1
    await early.say("hang_up")
    assert (await early_over)["ending"] == "abandoned"
