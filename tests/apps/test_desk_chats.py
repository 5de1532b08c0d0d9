"""An adviser's chats beside calls: real stores, a real page's socket; the test plays the node."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TypeVar

import pytest

from contactcentre.adapters.ledger_postgres.accounts import PostgresAccounts
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, OutcomeCode, QueueId
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.wire import desk as said
from tests.apps.desk_centre import ADA, SUE, Browser, DeskCentre, LivePage, desk_centre
from tests.apps.desk_node import GENERAL

CHATS = QueueId("tax.chat.en")
FIRST, SECOND = AdviserId("ada/c1"), AdviserId("ada/c2")

Told = TypeVar("Told", said.PresenceNow, said.RingNow, said.TalkNow, said.WrapUpNow)


@pytest.fixture
async def centre(redis_url: str, database_url: str) -> AsyncIterator[DeskCentre]:
    """Give a centre in which Ada takes calls and two chats, and no call beside both."""
    async with desk_centre(redis_url, database_url) as centre, PostgresPool(database_url) as pool:
        ada = replace(ADA, queues=(*ADA.queues, CHATS))
        await PostgresAccounts(pool).put(ada, password=None)
        yield centre


async def hears(page: LivePage, seat: AdviserId, kind: type[Told]) -> Told:
    """Return the next message of a kind about one of the chats."""
    while True:
        now = await page.hear(said.ChatNow)
        if now.seat == seat and isinstance(now.said, kind):
            return now.said


async def asked(centre: DeskCentre, *, calls: int, chats: int) -> None:
    """Wait until so many seats are asked for calls, and so many for chats."""
    async with asyncio.timeout(10):
        while True:
            queues = (await centre.state.overview([GENERAL, CHATS])).queues
            if [queue.ready_count for queue in queues] == [calls, chats]:
                return
            await asyncio.sleep(0.02)


async def chats(centre: DeskCentre, page: LivePage, seat: AdviserId, token: int) -> said.TalkNow:
    """Let Ada chat at a seat."""
    ring = await centre.node.ring(call=f"chat-{token}", token=token, adviser=seat)
    assert (await hears(page, seat, said.RingNow)).call == ring.call
    await centre.node.bridged(ring)
    return await hears(page, seat, said.TalkNow)


async def test_whoever_is_ready_is_asked_for_a_call_and_two_chats(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, _):
        await asked(centre, calls=1, chats=2)
        me = await browser.tell("GET", "/api/me", None, said.Me)
        assert (me.chats_max, me.chats_beside_call_max) == (2, 1)
        away = said.SetPresence(state=Presence.AWAY, reason=AwayReason.BREAK)
        await browser.tell("POST", "/api/presence", away, said.PresenceNow)
        await asked(centre, calls=0, chats=0)


async def test_a_call_comes_beside_one_chat_and_not_beside_two(centre: DeskCentre) -> None:
    async with centre.ready() as (_, page):
        await chats(centre, page, FIRST, 5)
        await asked(centre, calls=1, chats=1)
        await chats(centre, page, SECOND, 6)
        await asked(centre, calls=0, chats=0)


async def test_no_chat_is_offered_to_whoever_is_on_a_call(centre: DeskCentre) -> None:
    async with centre.ready() as (_, page):
        await asked(centre, calls=1, chats=2)
        ring = await centre.node.ring(token=5)
        await page.hear(said.RingNow)
        await asked(centre, calls=0, chats=0)
        await centre.node.over(ring, LapseReason.CALLER_LEFT)
        await asked(centre, calls=1, chats=2)


async def test_an_ended_chat_stays_until_it_is_put_away_and_then_makes_room(
    centre: DeskCentre,
) -> None:
    async with centre.ready() as (browser, page):
        ring = await centre.node.ring(call="chat-5", token=5, adviser=FIRST)
        await centre.node.bridged(ring)
        await centre.node.over(ring)
        await hears(page, FIRST, said.WrapUpNow)
        await asked(centre, calls=1, chats=1)
        words = said.WriteOutcome(outcome=OutcomeCode("answered"), notes="", version=1)
        outcomes = (await browser.tell("GET", "/api/me", None, said.Me)).queues[0].outcomes
        words = words.model_copy(update={"outcome": outcomes[0].code})
        await browser.tell("PUT", "/api/calls/chat-5/outcome", words, said.OutcomeWritten)
        done = said.FinishWrapUp(call=ring.call)
        await browser.tell("POST", "/api/wrap-up/finish", done, said.PresenceNow)
        await asked(centre, calls=1, chats=2)
        written = await centre.outcomes.read(call=ring.call, adviser=ADA.id)
        assert written is not None
        assert written.outcome == outcomes[0].code


async def test_a_place_whose_chat_was_not_taken_gets_none_until_ready_is_pressed(
    centre: DeskCentre,
) -> None:
    async with centre.ready() as (browser, page):
        ring = await centre.node.ring(token=5, adviser=FIRST)
        await centre.node.over(ring, LapseReason.NO_ANSWER)
        while (await hears(page, FIRST, said.PresenceNow)).reason is not AwayReason.NO_ANSWER:
            pass
        await asked(centre, calls=1, chats=1)
        await browser.press_ready()
        await asked(centre, calls=1, chats=2)


async def test_a_page_that_is_loaded_again_is_told_of_its_chats_and_the_way_to_them(
    centre: DeskCentre,
) -> None:
    async with centre.ready() as (browser, page):
        before = await chats(centre, page, FIRST, 5)
        async with browser.live() as again:
            told = await hears(again, FIRST, said.TalkNow)
            assert (told.call, told.token) == (before.call, before.token)
        path = f"/api/talk?call={before.call}"
        way = await browser.tell("GET", path, None, said.TalkNow)
        assert way.ring is not None
        assert way.ring.call == before.call


async def test_nobody_signs_out_under_a_chat_or_a_call_and_the_reason_says_what_to_do(
    centre: DeskCentre,
) -> None:
    async with centre.ready() as (browser, page):
        await chats(centre, page, FIRST, 5)
        refused = await browser.refused("POST", "/api/sign-out")
        assert (refused.status, refused.code) == (409, "out-of-order")
        assert refused.detail == "A chat is open. End it or hand it back, then sign out."
        second = await centre.node.ring(call="chat-6", token=6, adviser=SECOND)
        refused = await browser.refused("POST", "/api/sign-out")
        assert "2 chats are open" in refused.detail
        call = await centre.node.ring(token=7)
        refused = await browser.refused("POST", "/api/sign-out")
        assert refused.detail == "A caller is with you. End the call, then sign out."
        await centre.node.over(call, LapseReason.CALLER_LEFT)
        await centre.node.over(second, LapseReason.CALLER_LEFT)
        await browser.tell("POST", "/api/calls/chat-5/end", None, said.PresenceNow)
        assert (await browser.ask("POST", "/api/sign-out"))[0] == 204


async def test_a_chat_whose_node_cannot_be_told_is_ended_at_the_desk(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, page):
        chat = await chats(centre, page, SECOND, 5)
        await browser.tell("POST", f"/api/calls/{chat.call}/end", None, said.PresenceNow)
        assert (await hears(page, SECOND, said.WrapUpNow)).call == chat.call


async def test_the_board_counts_people_and_not_their_seats(centre: DeskCentre) -> None:
    async with centre.ready() as (_, page), centre.browser() as browser:
        await chats(centre, page, FIRST, 5)
        await browser.sign_in(SUE)
        await asyncio.sleep(1.1)  # the board shows what was seen within the last second
        assert await counted(browser) == len({ADA.id, SUE.id})


async def counted(browser: Browser) -> int:
    """Return how many advisers the board shows."""
    board = await browser.tell("GET", "/api/board", None, said.Board)
    return sum(board.advisers.values())
