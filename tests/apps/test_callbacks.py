"""Callbacks from their promise to the adviser's word, with keepers and stores that come and go."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus

import pytest

from contactcentre.adapters.ledger_postgres.callbacks import PostgresPromises
from contactcentre.adapters.telemetry.metrics import REGISTRY
from contactcentre.apps.keeper import Gauges
from contactcentre.domain.callback import Attempt, TakeUp, callback_of
from contactcentre.domain.ids import CallId
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.wire import desk as said
from tests.adapters.ledger_postgres.test_ledger import CAME_MS
from tests.apps.desk_centre import ADA, Browser, LivePage
from tests.apps.kept_callbacks import PAYING, KeptCentre, kept_centre, say
from tests.journey.stage import StagedClock
from tests.journey.test_calling_back import CALLBACK
from tests.stores import Emptying


@pytest.fixture
async def centre(redis_url: str, database_url: str) -> AsyncIterator[KeptCentre]:
    """Give a desk process and a router, and no keeper yet."""
    async with kept_centre(redis_url, database_url, ring_ms=10_000) as centre:
        yield centre


def counted(what: str, **labels: str) -> float:
    """Return a number of the callbacks in their queue."""
    name = f"contactcentre_queueing_callbacks_{what}"
    return REGISTRY.get_sample_value(name, {"queue": PAYING, **labels}) or 0


async def shown(count: int) -> None:
    """Wait until so many callbacks are shown to stand."""
    async with asyncio.timeout(10):
        while counted("standing") != count:  # noqa: ASYNC110 - shown with every look
            await asyncio.sleep(0.02)


async def takes(browser: Browser, page: LivePage, call: str) -> said.TalkNow:
    """Let the adviser take the callback that rings, and return what the page is told."""
    ring = await page.hear(said.RingNow, within_s=5)
    assert ring.call == callback_of(CallId(call))
    await say(browser, call, TakeUp.TAKE)
    return await page.hear(said.TalkNow)


async def test_an_adviser_is_offered_a_callback_like_a_call_and_reaches_the_caller(
    centre: KeptCentre,
) -> None:
    kept = counted("total", news="kept")
    await centre.keeper("north")
    await centre.promise("c1")
    async with centre.ready() as (browser, page):
        ring = await page.hear(said.RingNow, within_s=5)
        assert ring.callback is not None
        assert (ring.callback.number, ring.callback.attempts_count) == ("01632960000", 0)
        assert ring.queue == "tax.paying.en"
        too_early = said.DoCallback(word=Attempt.REACHED)
        path = f"/api/callbacks/{ring.call}"
        assert (await browser.refused("POST", path, too_early)).code == "out-of-order"
        await say(browser, "c1", TakeUp.TAKE)
        talk = await page.hear(said.TalkNow)
        assert talk.ring is not None
        assert talk.ring.callback == ring.callback.model_copy(
            update={"booked_ms": talk.ring.callback.booked_ms if talk.ring.callback else 0}
        )
        await centre.desk.standing(Presence.TALKING)
        await say(browser, "c1", Attempt.REACHED)
        assert (await page.hear(said.WrapUpNow)).call == ring.call
        await centre.stand(("kept", 1))
        await centre.desk.standing(Presence.WRAP_UP)
        assert counted("total", news="kept") == kept + 1
        assert await say(browser, "c1", Attempt.NO_ANSWER), "it is in the record, by the first word"
        assert await centre.rows() == [("kept", 1)]


async def test_who_does_not_take_a_callback_is_away_and_who_is_not_reached_is_tried_again_later(
    centre: KeptCentre,
) -> None:
    await centre.keeper("north")
    await centre.promise("c1", "c2")
    await centre.waiting("c1", "c2")
    async with centre.ready() as (browser, page):
        assert (await page.hear(said.RingNow)).call == callback_of(CallId("c1"))
        await say(browser, "c1", TakeUp.DECLINE)
        assert (await centre.desk.standing(Presence.AWAY)).reason is AwayReason.DECLINED
        await centre.waiting("c1", "c2")
        await browser.press_ready()
        await takes(browser, page, "c1")
        await say(browser, "c1", Attempt.NO_ANSWER)
        await page.hear(said.WrapUpNow)
        await centre.stand(("open", 1), ("open", 0))
        await centre.waiting("c2")


async def test_a_callback_that_the_caller_cancels_rings_no_longer(centre: KeptCentre) -> None:
    await centre.keeper("north")
    await centre.promise("c1", "c2")
    await centre.waiting("c1", "c2")
    await shown(2)
    async with centre.ready() as (_, page):
        assert (await page.hear(said.RingNow)).call == callback_of(CallId("c1"))
        for call in ("c2", "c1"):
            await PostgresPromises(centre.pool).cancel(CallId(call), at_ms=CAME_MS)
        await page.hear(said.RingEnded)
        await centre.desk.standing(Presence.READY)
        await centre.waiting()
        await shown(0)
    assert await centre.rows() == [("cancelled", 0), ("cancelled", 0)]


async def test_callbacks_keep_their_order_when_redis_is_emptied_and_when_a_keeper_stops(
    centre: KeptCentre, empty_redis: Emptying
) -> None:
    north = await centre.keeper("north")
    await centre.keeper("south")
    await centre.promise("c1", "c2", "c3")
    await centre.waiting("c1", "c2", "c3")
    await empty_redis()
    await centre.waiting("c1", "c2", "c3", within_s=3)
    async with centre.ready() as (browser, page):
        await takes(browser, page, "c1")
        await empty_redis()
        await centre.desk.standing(Presence.TALKING)
        await centre.waiting("c2", "c3", within_s=3)
        await say(browser, "c1", Attempt.REACHED)
        await page.hear(said.WrapUpNow)
        await centre.stand(("kept", 1), ("open", 0), ("open", 0))
    await north.stop()
    await centre.waiting("c2", "c3", within_s=2.5)


async def test_a_keeper_that_is_killed_loses_neither_a_place_nor_who_is_at_it(
    centre: KeptCentre,
) -> None:
    north = await centre.keeper("north")
    await centre.promise("c1", "c2")
    await centre.waiting("c1", "c2")
    async with centre.ready() as (browser, page):
        await takes(browser, page, "c1")
        await centre.keeper("south")
        await north.kill()
        there = await page.hear(said.TalkNow, within_s=9)
        assert there.ring is not None
        assert there.ring.callback is not None, "the other keeper goes on"
        await centre.waiting("c2")
        await say(browser, "c1", Attempt.REACHED)
        await page.hear(said.WrapUpNow)
        await centre.stand(("kept", 1), ("open", 0))
        await browser.press_ready()
        await takes(browser, page, "c2")


async def test_an_adviser_whose_callback_no_keeper_has_any_more_is_free_with_the_word_of_its_end(
    centre: KeptCentre,
) -> None:
    north = await centre.keeper("north")
    await centre.promise("c1")
    async with centre.ready() as (browser, page):
        await takes(browser, page, "c1")
        await centre.keeper("south")
        await north.kill()
        await PostgresPromises(centre.pool).cancel(CallId("c1"), at_ms=CAME_MS)
        async with asyncio.timeout(5):
            while not await says_reached(browser, "c1"):  # noqa: ASYNC110 - south has to be seen
                await asyncio.sleep(0.1)
        assert (await page.hear(said.WrapUpNow)).call == callback_of(CallId("c1"))
        await centre.desk.standing(Presence.WRAP_UP)
    assert await centre.rows() == [("cancelled", 0)]
    assert await centre.attempts() == ["reached"]


async def test_a_caller_who_was_reached_is_not_rung_again_though_the_desk_has_forgotten_it(
    centre: KeptCentre,
) -> None:
    await centre.keeper("north")
    await centre.promise("c1", "c2")
    await centre.waiting("c1", "c2")
    async with centre.desk.browser() as browser:
        await browser.sign_in(ADA)
        async with browser.live():
            rang = centre.ticket("c1", 17)
            assert await say(browser, "c1", Attempt.REACHED, ticket=rang)
            await centre.waiting("c2")
            path = f"/api/callbacks/{callback_of(CallId('c2'))}"
            for word, ticket, why in (
                (TakeUp.TAKE, centre.ticket("c2", 18), "out-of-order"),
                (Attempt.REACHED, None, "out-of-order"),
                (Attempt.REACHED, rang, "bad-claim"),
                (Attempt.REACHED, centre.ticket("c2", 18, adviser="bryn"), "bad-claim"),
                (Attempt.REACHED, "forged", "bad-claim"),
            ):
                asked = said.DoCallback(word=word, ticket=ticket)
                assert (await browser.refused("POST", path, asked)).code == why
            nobody = said.DoCallback(word=Attempt.REACHED, ticket=centre.ticket("nobody", 18))
            path = f"/api/callbacks/{callback_of(CallId('nobody'))}"
            assert (await browser.refused("POST", path, nobody)).code == "unknown-name"
    assert await centre.rows() == [("kept", 1), ("open", 0)]


async def says_reached(browser: Browser, call: str) -> bool:
    """Say that the caller was reached; say whether that is written down, or False in an outage."""
    path = f"/api/callbacks/{callback_of(CallId(call))}"
    status, answer = await browser.ask("POST", path, said.DoCallback(word=Attempt.REACHED))
    return status == HTTPStatus.OK and said.CallbackHeard.model_validate_json(answer).written


def test_a_keeper_shows_how_many_stand_and_how_long_the_oldest_has_waited() -> None:
    gauges = Gauges(StagedClock(at_ms=CALLBACK.enqueued_ms + 90_000))
    later = replace(CALLBACK, enqueued_ms=CALLBACK.enqueued_ms + 30_000)
    gauges.show([later, CALLBACK])
    assert (counted("standing"), counted("oldest_wait_seconds")) == (2, 90)
    gauges.show([])
    assert (counted("standing"), counted("oldest_wait_seconds")) == (0, 0)
