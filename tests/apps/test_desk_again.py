"""A desk process that does not know an adviser: started again, or come to from another one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from contactcentre.domain.ids import OutcomeCode
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.wire import desk as said
from contactcentre.wire.closing import Closing
from contactcentre.wire.cluster import Ring, RingAgain
from tests.apps.desk_centre import (
    ADA,
    PASSWORD,
    Browser,
    DeskCentre,
    LivePage,
    desk_centre,
    talks,
    wraps_up,
)
from tests.apps.desk_node import GENERAL, PlayedNode, reported

ANSWERED = OutcomeCode("answered")


@asynccontextmanager
async def restarted(
    first: DeskCentre, page: LivePage, stores: tuple[str, str], *, cut: bool = False
) -> AsyncIterator[DeskCentre]:
    """Stop a desk process and start it again at its place."""
    ended, _ = await asyncio.gather(page.end(), first.stop())
    assert ended == Closing.STOPPING
    port = str(first.settings.desk_port)
    async with desk_centre(*stores, again=True, cut=cut, CC_DESK_PORT=port) as again:
        yield again


async def node_has(node: PlayedNode, centre: DeskCentre, ring: Ring, state: str) -> None:
    """Let the live state know of a call that rings or is talked with at a node."""
    await node.report(centre.state, reported(ring, state, adviser=ADA.id))
    await centre.standing(Presence.RINGING if state == "ringing" else Presence.TALKING)


# Started again


async def test_nobody_is_rung_at_a_desk_process_that_was_told_to_stop(
    redis_url: str, database_url: str
) -> None:
    stores = (redis_url, database_url)
    async with desk_centre(*stores) as first, first.ready() as (browser, page):
        ended, _ = await asyncio.gather(page.end(), first.stop())
        assert ended == Closing.STOPPING
        lost = await first.standing(Presence.AWAY)
        assert lost.reason is AwayReason.LOST_CONNECTION
        port = str(first.settings.desk_port)
        async with (
            desk_centre(*stores, again=True, CC_DESK_PORT=port) as again,
            browser.live() as back,
        ):
            assert (await back.hear(said.PresenceNow)).state is Presence.READY
            await again.standing(Presence.READY)


async def test_a_ring_goes_on_after_the_desk_process_was_started_again(
    redis_url: str, database_url: str
) -> None:
    stores = (redis_url, database_url)
    async with (
        desk_centre(*stores) as first,
        first.ready() as (browser, page),
        first.node.asked_by_desks(),
    ):
        ring = await first.node.ring()
        first.node.holds = RingAgain(ring=first.node.told(ring_ms=9_000), talking=False)
        await node_has(first.node, first, ring, "ringing")
        async with restarted(first, page, stores) as again, browser.live() as back:
            assert (await back.hear(said.PresenceNow)).state is Presence.RINGING
            rings = await back.hear(said.RingNow)
            assert (rings.token, rings.queue) == (ring.token, GENERAL)
            assert 5_000 < rings.ring_ms <= 9_000
            (asked,) = first.node.asked
            assert (asked.call, asked.token, asked.desk) == (ring.call, ring.token, "desk-1")
            await again.node.bridged(ring)
            assert (await back.hear(said.TalkNow)).call == ring.call


async def test_a_talk_and_its_wrap_up_go_on_after_the_desk_process_was_started_again(
    redis_url: str, database_url: str
) -> None:
    stores = (redis_url, database_url)
    async with (
        desk_centre(*stores) as first,
        first.ready() as (browser, page),
        first.node.asked_by_desks(),
    ):
        ring = await talks(first.node, page)
        first.node.holds = RingAgain(ring=first.node.told(ring_ms=0), talking=True)
        await node_has(first.node, first, ring, "talking")
        await asyncio.sleep(1)
        async with restarted(first, page, stores) as again, browser.live() as back:
            talk = await back.hear(said.TalkNow)
            while talk.ring is None:
                talk = await back.hear(said.TalkNow)
            assert talk.talked_ms >= 1_000, "its time goes on"
            assert talk.ring.journey == ring.journey
            await again.node.over(ring)
            assert (await back.hear(said.WrapUpNow)).queue == GENERAL


async def test_a_node_that_cannot_be_asked_yet_is_asked_again(
    redis_url: str, database_url: str
) -> None:
    stores = (redis_url, database_url)
    async with (
        desk_centre(*stores) as first,
        first.ready() as (browser, page),
        first.node.asked_by_desks(),
    ):
        ring = await talks(first.node, page)
        await node_has(first.node, first, ring, "talking")
        async with restarted(first, page, stores), browser.live() as back:
            assert (await back.hear(said.TalkNow)).ring is None
            while len(first.node.asked) < 2:
                await first.node.report(first.state)
                await asyncio.sleep(0.2)
            first.node.holds = RingAgain(ring=first.node.told(ring_ms=0), talking=True)
            assert (await back.hear(said.TalkNow)).ring is not None


async def test_the_words_of_a_wrap_up_are_there_after_the_desk_process_was_started_again(
    redis_url: str, database_url: str
) -> None:
    stores = (redis_url, database_url)
    async with desk_centre(*stores) as first, first.ready() as (browser, page):
        wrap_up = await wraps_up(first.node, page)
        words = said.WriteOutcome(outcome=ANSWERED, notes="Half", version=2)
        path = f"/api/calls/{wrap_up.call}/outcome"
        await browser.tell("PUT", path, words, said.OutcomeWritten)
        await first.standing(Presence.WRAP_UP)
        async with restarted(first, page, stores), browser.live() as back:
            shown = await back.hear(said.WrapUpNow)
            while shown.version != 2:
                shown = await back.hear(said.WrapUpNow)
            assert (shown.call, shown.notes, shown.outcome) == (wrap_up.call, "Half", ANSWERED)
            assert 0 < shown.left_ms < wrap_up.left_ms
            finish = said.FinishWrapUp(call=wrap_up.call)
            now = await browser.tell("POST", "/api/wrap-up/finish", finish, said.PresenceNow)
            assert now.state is Presence.READY


# From another process


@asynccontextmanager
async def over_there(
    browser: Browser, stores: tuple[str, str]
) -> AsyncIterator[tuple[DeskCentre, LivePage]]:
    """Let a browser's page come to another desk process."""
    async with desk_centre(*stores, again=True, CC_NODE="desk-2") as second:
        browser.url = second.url
        browser.origin = {"Origin": second.url}
        async with browser.live() as page:
            yield second, page


async def is_at(centre: DeskCentre, desk: str, state: Presence) -> None:
    """Make sure that an adviser stays at a desk process, and in a state, for some beats."""
    for _ in range(30):
        standing = await centre.standing(state, within_s=1.5)
        assert standing.desk == desk
        await asyncio.sleep(0.1)


async def test_a_page_may_come_over_from_a_desk_process_that_lives(
    redis_url: str, database_url: str
) -> None:
    stores = (redis_url, database_url)
    async with (
        desk_centre(*stores) as first,
        first.ready() as (browser, page),
        first.node.asked_by_desks(),
    ):
        ring = await talks(first.node, page)
        first.node.holds = RingAgain(ring=first.node.told(ring_ms=0), talking=True)
        await node_has(first.node, first, ring, "talking")
        await page.socket.close()
        async with over_there(browser, stores) as (second, there):
            talk = await there.hear(said.TalkNow)
            while talk.ring is None:
                talk = await there.hear(said.TalkNow)
            assert [asked.desk for asked in first.node.asked] == ["desk-2"]
            async with there.listening():
                await asyncio.sleep(1.5)
                await is_at(second, "desk-2", Presence.TALKING)
            await second.node.over(ring)
            assert (await there.hear(said.WrapUpNow)).queue == GENERAL
            async with there.listening():
                await asyncio.sleep(0.5)
                await is_at(second, "desk-2", Presence.WRAP_UP)


async def test_a_page_at_another_process_takes_over_from_the_one_before(
    redis_url: str, database_url: str
) -> None:
    stores = (redis_url, database_url)
    async with desk_centre(*stores) as first, first.ready() as (browser, page):
        await asyncio.sleep(3.1)  # it is not new any longer
        async with over_there(browser, stores) as (second, there):
            assert (await there.hear(said.PresenceNow)).state is Presence.READY
            await page.hear(said.Replaced)
            assert await page.end() == Closing.REPLACED
            async with there.listening():
                await is_at(second, "desk-2", Presence.READY)


async def test_a_page_that_was_lost_elsewhere_finds_that_it_was_ready(
    redis_url: str, database_url: str
) -> None:
    stores = (redis_url, database_url)
    async with desk_centre(*stores) as first, first.ready() as (browser, page):
        await page.socket.close()
        lost = await first.standing(Presence.AWAY)
        assert lost.reason is AwayReason.LOST_CONNECTION
        async with over_there(browser, stores) as (_, there):
            assert (await there.hear(said.PresenceNow)).state is Presence.READY


async def test_a_ring_of_which_only_another_desk_process_was_told_is_asked_for(
    redis_url: str, database_url: str
) -> None:
    async with (
        desk_centre(redis_url, database_url) as centre,
        centre.ready() as (_, page),
        centre.node.asked_by_desks(),
    ):
        ring = centre.node.told(token=9)
        centre.node.holds = RingAgain(ring=ring, talking=False)
        await centre.node.report(centre.state, reported(ring, "ringing", adviser=ADA.id))
        assert (await page.hear(said.RingNow)).token == 9
        await centre.standing(Presence.RINGING)


# While the stores are away


async def test_a_desk_process_that_starts_without_its_stores_serves_when_they_come(
    redis_url: str, database_url: str
) -> None:
    async with desk_centre(redis_url, database_url, cut=True) as centre, centre.browser() as ada:
        refused = await ada.refused(
            "POST", "/api/sign-in", said.SignIn(name="ada", password=PASSWORD)
        )
        assert (refused.status, refused.code) == (503, "ledger-unavailable")
        await centre.postgres.mend()
        await ada.sign_in(ADA)
        async with ada.live() as page:
            assert not (await page.hear(said.HealthNow)).queue_reachable
            assert (await ada.press_ready()).state is Presence.READY
            await centre.redis.mend()
            health = await page.hear(said.HealthNow, within_s=8)
            while not (health.queue_reachable and health.records_reachable):
                health = await page.hear(said.HealthNow, within_s=8)
            await centre.standing(Presence.READY, within_s=5)


async def test_what_could_not_be_read_at_the_start_is_taken_up_when_the_store_is_back(
    redis_url: str, database_url: str
) -> None:
    stores = (redis_url, database_url)
    async with (
        desk_centre(*stores) as first,
        first.ready() as (browser, page),
        restarted(first, page, stores, cut=True) as again,
    ):
        await again.postgres.mend()
        async with browser.live() as back:
            now = await back.hear(said.PresenceNow)
            assert (now.state, now.reason) == (Presence.AWAY, AwayReason.SIGNED_IN)
            await again.redis.mend()
            assert (await back.hear(said.PresenceNow, within_s=6)).state is Presence.READY
            assert (await again.standing(Presence.READY)).state is Presence.READY


async def test_a_page_is_loaded_again_while_the_records_are_away(
    redis_url: str, database_url: str
) -> None:
    async with (
        desk_centre(redis_url, database_url) as centre,
        centre.ready() as (browser, page),
    ):
        await talks(centre.node, page)
        await centre.postgres.cut()
        await page.socket.close()
        await browser.tell("GET", "/api/me", None, said.Me)
        async with browser.live() as again:
            assert (await again.hear(said.TalkNow)).ring is not None
