"""A talk whose node is lost, as its adviser's desk has it: moved, over, or nowhere to be found."""

from collections.abc import AsyncIterator

import pytest

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.web.claims import Signatures
from contactcentre.domain.errors import StaleEpoch, StaleToken, UnknownName
from contactcentre.domain.events import Ending, LapseReason
from contactcentre.domain.ids import AdviserId
from contactcentre.domain.presence import Presence
from contactcentre.wire import desk as said
from contactcentre.wire.cluster import RingAgain
from tests.apps.desk_centre import (
    ADA,
    SIGNING_KEYS,
    DeskCentre,
    LivePage,
    desk_centre,
    talks,
)
from tests.apps.desk_node import GENERAL, SECOND, PlayedNode, reported
from tests.stores import Emptying

GRACE_MS = 5_000


@pytest.fixture
async def centre(redis_url: str, database_url: str) -> AsyncIterator[DeskCentre]:
    """Give a centre in which a lost caller has five seconds to come back."""
    async with desk_centre(redis_url, database_url, CC_ORPHAN_GRACE_MS=str(GRACE_MS)) as centre:
        yield centre


@pytest.fixture
async def other(centre: DeskCentre) -> AsyncIterator[PlayedNode]:
    """Give another node, which desks can ask."""
    other = centre.another_node("node-2")
    async with other.asked_by_desks():
        yield other


def signed() -> Signatures:
    kid, _, secret = SIGNING_KEYS.partition(":")
    return Signatures({kid: secret}, kid, MachineClock())


async def still_talks(page: LivePage, *, for_s: float) -> None:
    """Make sure that nothing ends the talk meanwhile."""
    heard = len(page.heard)
    with pytest.raises(TimeoutError):
        await page.hear(said.WrapUpNow, within_s=for_s)
    assert not [one for one in page.heard[heard:] if isinstance(one, said.PresenceNow)]


# A talk that goes on at another node


async def test_the_page_is_sent_to_the_node_where_its_talk_goes_on(
    centre: DeskCentre, other: PlayedNode
) -> None:
    async with centre.ready() as (_, page):
        ring = await talks(centre.node, page)
        await other.moved(ring)
        there = await page.hear(said.TalkNow)
        assert there.ring is not None
        assert (there.call, there.token) == (ring.call, ring.token)
        assert there.ring.node_url == other.leg_url
        assert signed().read_ticket(there.ring.ticket).node == other.name
        words = [step.words for step in there.ring.journey]
        assert [*words[0].values(), *words[-1].values()] == ["Chose English", "Came back"]
        assert there.ring.waited_ms == ring.waited_ms
        assert (await centre.standing(Presence.TALKING)).token == ring.token


async def test_a_node_that_was_lost_ends_no_talk_when_it_wakes_up(
    centre: DeskCentre, other: PlayedNode
) -> None:
    async with centre.ready() as (_, page):
        ring = await talks(centre.node, page)
        there = await other.moved(ring)
        await page.hear(said.TalkNow)
        for late in (centre.node.over(ring), centre.node.bridged(ring), other.over(ring)):
            with pytest.raises(StaleEpoch):
                await late
        await other.over(there)
        assert (await page.hear(said.WrapUpNow)).queue == GENERAL


async def test_a_talk_that_was_ended_here_is_not_taken_up_elsewhere(
    centre: DeskCentre, other: PlayedNode
) -> None:
    async with centre.ready() as (browser, page):
        ring = await talks(centre.node, page)
        path = f"/api/calls/{ring.call}/end"
        ended = await browser.tell("POST", path, None, said.PresenceNow)
        assert ended.state is Presence.WRAP_UP
        assert (await page.hear(said.WrapUpNow)).call == ring.call
        with pytest.raises(StaleToken):
            await other.moved(ring)
        await centre.standing(Presence.WRAP_UP)
        assert (await browser.refused("POST", path)).code == "out-of-order"


async def test_nobody_ends_a_talk_that_is_not_theirs(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, page):
        await talks(centre.node, page)
        refused = await browser.refused("POST", "/api/calls/call-2/end")
        assert refused.code == "out-of-order"
        stranger = centre.node.told(adviser="nobody")
        with pytest.raises(UnknownName):
            await centre.node.moved(stranger)


async def test_a_page_that_lost_its_leg_is_given_a_fresh_ticket(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, page):
        assert (await browser.refused("GET", "/api/talk")).code == "out-of-order"
        ring = await talks(centre.node, page)
        talk = await browser.tell("GET", "/api/talk", None, said.TalkNow)
        assert talk.ring is not None
        ticket = signed().read_ticket(talk.ring.ticket)
        assert (ticket.call, ticket.token, ticket.adviser) == (ring.call, ring.token, ADA.id)


async def test_a_move_of_which_the_desk_was_not_told_is_found_in_the_live_state(
    centre: DeskCentre, other: PlayedNode
) -> None:
    async with centre.ready() as (_, page):
        ring = await talks(centre.node, page)
        await centre.node.report(centre.state, reported(ring, "talking", adviser=ADA.id))
        await still_talks(page, for_s=1.5)
        assert centre.node.asked == [], "nothing was to be asked"
        there = other.told(ring_ms=0, epoch=SECOND)
        other.holds = RingAgain(ring=there, talking=True)
        call = reported(ring, "talking", epoch=SECOND, adviser=ADA.id)
        await other.report(centre.state, call)
        found = await page.hear(said.TalkNow)
        assert found.ring is not None
        assert found.ring.node_url == other.leg_url
        assert [asked.desk for asked in other.asked] == [centre.settings.node]
        with pytest.raises(StaleEpoch):
            await centre.node.over(ring)


# A call that is over, and a call that nobody knows


async def test_a_talk_that_is_closed_in_the_live_state_frees_the_adviser(
    centre: DeskCentre,
) -> None:
    async with centre.ready() as (_, page):
        ring = await talks(centre.node, page)
        await centre.node.report(centre.state, reported(ring, "talking", adviser=ADA.id))
        await centre.state.end(call=ring.call, epoch=SECOND, ending=Ending.SYSTEM_LOST)
        assert (await page.hear(said.WrapUpNow)).call == ring.call


async def test_a_ring_that_is_closed_in_the_live_state_leaves_the_adviser_ready(
    centre: DeskCentre,
) -> None:
    async with centre.ready() as (_, page):
        ring = await centre.node.ring()
        await page.hear(said.RingNow)
        await centre.state.end(call=ring.call, epoch=SECOND, ending=Ending.ABANDONED)
        ended = await page.hear(said.RingEnded)
        assert ended.lapse is LapseReason.NODE_LOST
        await centre.standing(Presence.READY)


async def test_a_call_that_is_with_somebody_else_by_now_frees_the_adviser(
    centre: DeskCentre,
) -> None:
    async with centre.ready() as (_, page):
        ring = await talks(centre.node, page)
        later = ring.model_copy(update={"token": ring.token + 1})
        bob = AdviserId("bob")
        await centre.node.report(centre.state, reported(later, "talking", adviser=bob))
        assert (await page.hear(said.WrapUpNow)).call == ring.call


async def test_a_call_that_waits_again_frees_the_adviser_who_was_not_told(
    centre: DeskCentre,
) -> None:
    async with centre.ready() as (_, page):
        ring = await talks(centre.node, page)
        await centre.node.report(centre.state, reported(ring, "waiting"))
        assert (await page.hear(said.WrapUpNow, within_s=7)).call == ring.call


async def test_an_emptied_store_frees_nobody_while_the_node_lives(
    centre: DeskCentre, empty_redis: Emptying
) -> None:
    async with centre.ready() as (_, page):
        ring = await talks(centre.node, page)
        for _ in range(GRACE_MS // 1_000 + 2):
            await empty_redis()
            await centre.node.report(centre.state)
            await still_talks(page, for_s=1.0)
        await centre.standing(Presence.TALKING)
        await centre.node.over(ring)
        await page.hear(said.WrapUpNow)


async def test_a_talk_outlives_its_node_for_as_long_as_the_caller_may_come_back(
    centre: DeskCentre,
) -> None:
    async with centre.ready() as (_, page):
        ring = await talks(centre.node, page)
        await still_talks(page, for_s=GRACE_MS / 1_000 - 2)
        assert (await page.hear(said.WrapUpNow, within_s=6)).call == ring.call


async def test_nobody_is_freed_because_the_store_is_away(centre: DeskCentre) -> None:
    async with centre.ready() as (_, page):
        await talks(centre.node, page)
        await centre.redis.cut()
        await still_talks(page, for_s=GRACE_MS / 1_000 + 3)
        await centre.redis.mend()
        await centre.standing(Presence.TALKING, within_s=5)


async def test_a_desk_that_knows_only_the_move_of_a_talk_takes_it_up(centre: DeskCentre) -> None:
    async with centre.ready() as (_, page):
        await centre.node.moved(centre.node.told())
        assert (await page.hear(said.TalkNow)).ring is not None
