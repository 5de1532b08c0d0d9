"""A caller whom an adviser hands to a queue, on a real node and router with a real Redis."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contactcentre.domain.ids import AdviserId, CallId, QueueId
from contactcentre.domain.languages import Language
from contactcentre.domain.presence import Presence
from tests.apps.small_centre import PAYING, LegPage, SmallCentre, small_centre

CALLER_HZ, ADVISER_HZ = 440.0, 1_000.0
GENERAL = "tax.general.en"
TOLD = "You are being passed to another adviser. The time you have waited still counts."


@pytest.fixture
async def centre(redis_url: str, tmp_path: Path) -> AsyncIterator[SmallCentre]:
    """Give a running centre."""
    async with small_centre(redis_url, tmp_path) as one:
        yield one


async def talk(centre: SmallCentre, call: str) -> tuple[LegPage, LegPage]:
    """Return caller and adviser who talk."""
    caller = await centre.wait_in_queue(call)
    await centre.desk.report("ada", Presence.READY, PAYING)
    _, adviser = await centre.answer_ring()
    await adviser.hear("bridged")
    await caller.hear("stage", state="talking")
    return caller, adviser


async def standing(centre: SmallCentre, adviser: str) -> Presence:
    """Return how an adviser stands in the live state."""
    overview = await centre.state.overview([QueueId(PAYING)])
    return next(one.state for name, one in overview.advisers if name == AdviserId(adviser))


async def test_a_caller_who_is_handed_on_is_told_so_and_talks_with_somebody_of_that_queue(
    centre: SmallCentre,
) -> None:
    caller, ada = await talk(centre, "early")
    (before,) = await centre.state.look_calls([CallId("early")])
    await ada.say("transfer", queue=GENERAL)
    over = await ada.hear("over")
    assert (over["ending"], over["lapse"]) == (None, None)
    async with asyncio.timeout(5):
        assert (await centre.desk.over.get()).lapse is None
    said = await caller.hear("stage", state="waiting", words=[TOLD])
    assert said["language"] == "en-GB"
    (waits,) = await centre.state.look_calls([CallId("early")])
    assert (waits.queue, waits.enqueued_ms) == (GENERAL, before.enqueued_ms)
    assert await standing(centre, "ada") is Presence.WRAP_UP
    await centre.desk.report("bryn", Presence.READY, GENERAL)
    ring, bryn = await centre.answer_ring()
    assert ring.journey[-1].words[Language.ENGLISH] == (
        "Transferred by an adviser from “Paying tax” to “General tax questions”; kept the time"
    )
    await bryn.hear("bridged")
    caller.peer.tone(CALLER_HZ)
    bryn.peer.tone(ADVISER_HZ)
    assert await bryn.peer.hears(CALLER_HZ)
    assert await caller.peer.hears(ADVISER_HZ)


async def test_a_caller_cannot_be_handed_to_where_nobody_answers_calls(
    centre: SmallCentre,
) -> None:
    caller, ada = await talk(centre, "early")
    await ada.say("transfer", queue="tax.chat.en")
    assert (await ada.hear("not_done"))["code"] == "unknown-name"
    ada.peer.tone(ADVISER_HZ)
    assert await caller.peer.hears(ADVISER_HZ)
