"""After the talk at the desk, and what goes on there while a store is away."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from contactcentre.domain.ids import CallId, OutcomeCode
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.ports.records import Outcome
from contactcentre.wire import desk as said
from tests.apps.desk_centre import ADA, Browser, DeskCentre, desk_centre, talks, wraps_up
from tests.apps.desk_node import GENERAL

ANSWERED = OutcomeCode("answered")
WRONG = "wrong"


@pytest.fixture
async def centre(redis_url: str, database_url: str) -> AsyncIterator[DeskCentre]:
    """Give a centre with short wrap-ups."""
    async with desk_centre(redis_url, database_url, CC_WRAP_UP_MS="1000") as centre:
        yield centre


@pytest.fixture
async def slow_centre(redis_url: str, database_url: str) -> AsyncIterator[DeskCentre]:
    """Give a centre with wrap-ups of the usual length."""
    async with desk_centre(redis_url, database_url) as centre:
        yield centre


def words(version: int, notes: str = "Rang about a bill.") -> said.WriteOutcome:
    return said.WriteOutcome(outcome=ANSWERED, notes=notes, version=version)


async def write(browser: Browser, asked: said.WriteOutcome) -> said.OutcomeWritten:
    return await browser.tell("PUT", "/api/calls/call-1/outcome", asked, said.OutcomeWritten)


async def test_wrap_up_ends_by_itself_once_there_is_an_outcome(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, page):
        wrap_up = await wraps_up(centre.node, page)
        assert (wrap_up.queue, wrap_up.version) == (GENERAL, 0)
        assert 0 < wrap_up.left_ms <= 1_000
        await centre.standing(Presence.WRAP_UP)
        await asyncio.sleep(2.2)  # two beats after its time is up
        assert (await centre.standing(Presence.WRAP_UP)).call == wrap_up.call
        await write(browser, words(1))
        await centre.standing(Presence.READY)


async def test_an_adviser_may_take_more_time_and_finish_early(slow_centre: DeskCentre) -> None:
    async with slow_centre.ready() as (browser, page):
        wrap_up = await wraps_up(slow_centre.node, page)
        more = await browser.tell("POST", "/api/wrap-up/more-time", None, said.WrapUpNow)
        assert more.left_ms > wrap_up.left_ms + 50_000
        assert (await page.hear(said.WrapUpNow)).left_ms > wrap_up.left_ms
        finish = said.FinishWrapUp(call=wrap_up.call, then=Presence.AWAY, reason=AwayReason.BREAK)
        now = await browser.tell("POST", "/api/wrap-up/finish", finish, said.PresenceNow)
        assert (now.state, now.reason) == (Presence.AWAY, AwayReason.BREAK)
        again = await browser.refused("POST", "/api/wrap-up/finish", finish)
        assert again.code == "out-of-order"


async def test_the_words_that_are_saved_are_shown_to_a_new_page(slow_centre: DeskCentre) -> None:
    async with slow_centre.ready() as (browser, page):
        ring = await talks(slow_centre.node, page)
        assert (await write(browser, words(3))).version == 3
        late = await write(browser, words(2, "older words"))
        assert late.version == 3, "the page is told that a later version stands"
        await slow_centre.node.over(ring)
        await page.hear(said.WrapUpNow)
        await page.socket.close()
        async with browser.live() as again:
            shown = await again.hear(said.WrapUpNow)
            assert (shown.version, shown.notes) == (3, "Rang about a bill.")
            assert shown.outcome == ANSWERED
        kept = await slow_centre.outcomes.read(call=ring.call, adviser=ADA.id)
        assert kept is not None
        assert kept.notes == "Rang about a bill."


async def test_the_words_of_a_talk_that_broke_are_there_when_the_caller_is_back(
    centre: DeskCentre,
) -> None:
    before = Outcome(call=CallId("call-1"), adviser=ADA.id, outcome=None, notes="Half", version=4)
    await centre.outcomes.write(before, at_ms=1)
    async with centre.ready() as (_, page):
        ring = await talks(centre.node, page)
        await asyncio.sleep(0.3)
        await centre.node.over(ring)
        shown = await page.hear(said.WrapUpNow)
        assert (shown.notes, shown.version) == ("Half", 4)


async def test_an_outcome_that_nobody_offers_is_refused(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, _):
        unknown = said.WriteOutcome(outcome=OutcomeCode("made_up"), notes="", version=1)
        refused = await browser.refused("PUT", "/api/calls/call-1/outcome", unknown)
        assert refused.code == "unknown-name"
        nowhere = await browser.refused("PUT", "/api/calls/a%20b/outcome", words(1))
        assert nowhere.code == "unknown-name"


# Stores that are away


async def test_a_signed_in_adviser_works_on_while_the_records_are_away(
    slow_centre: DeskCentre,
) -> None:
    async with slow_centre.ready() as (browser, page):
        await slow_centre.postgres.cut()
        assert (await browser.ask("GET", "/api/me"))[0] == 200
        wrap_up = await wraps_up(slow_centre.node, page)
        refused = await browser.refused("PUT", "/api/calls/call-1/outcome", words(1))
        assert (refused.status, refused.code) == (503, "ledger-unavailable")
        async with slow_centre.browser() as other:
            nobody = await other.refused(
                "POST", "/api/sign-in", said.SignIn(name="sue", password=WRONG)
            )
            assert nobody.code == "ledger-unavailable"
        health = await page.hear(said.HealthNow, within_s=8)
        assert health == said.HealthNow(queue_reachable=True, records_reachable=False)
        await slow_centre.postgres.mend()
        assert (await write(browser, words(1))).version == 1
        finish = said.FinishWrapUp(call=wrap_up.call)
        now = await browser.tell("POST", "/api/wrap-up/finish", finish, said.PresenceNow)
        assert now.state is Presence.READY


async def test_a_press_while_the_queues_are_away_is_told_when_they_are_back(
    centre: DeskCentre,
) -> None:
    async with centre.browser() as browser:
        await browser.sign_in(ADA)
        async with browser.live() as page:
            await page.hear(said.HealthNow)
            await centre.standing(Presence.AWAY)
            await centre.redis.cut()
            assert not (await page.hear(said.HealthNow, within_s=5)).queue_reachable
            assert (await browser.press_ready()).state is Presence.READY
            await centre.redis.mend()
            await centre.standing(Presence.READY, within_s=5)
            assert (await page.hear(said.HealthNow, within_s=5)).queue_reachable
