"""The desk process: real stores, real pages' sockets, and a node that the test plays."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from yarl import URL

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.web.access import FAILURES_PER_NAME_MAX, PLAIN_COOKIE
from contactcentre.adapters.web.claims import Signatures
from contactcentre.adapters.web.routes import Access
from contactcentre.apps.desk_api import ROUTES
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import NotAllowed, OutOfOrder, StaleToken, UnknownName
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, LineId, NodeId, OutcomeCode, RequestId
from contactcentre.domain.presence import CHOSEN_REASONS, AwayReason, Presence
from contactcentre.ports.records import Outcome
from contactcentre.ports.state import NodeReport
from contactcentre.wire import desk as said
from contactcentre.wire.closing import Closing
from contactcentre.wire.cluster import Ring
from tests.apps.desk_centre import (
    ADA,
    CLUSTER_KEY,
    GENERAL,
    PASSWORD,
    SIGNING_KEYS,
    SUE,
    Browser,
    DeskCentre,
    LivePage,
    PlayedNode,
    desk_centre,
)

FORGED = "forged" * 8
ANSWERED = OutcomeCode("answered")
WRONG = "wrong"
NODE = NodeReport(
    node=NodeId("node-1"),
    site="local",
    beat=1,
    internal_url="http://127.0.0.1:1",
    public_url="ws://127.0.0.1:1/leg",
    draining=False,
    legs_count=1,
    legs_max=10,
    calls=(),
)
RIGHT = said.SignIn(name="ada", password=PASSWORD)


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


# Coming in


async def test_whoever_signs_in_is_told_what_the_desk_must_know(centre: DeskCentre) -> None:
    async with centre.browser() as browser:
        me = await browser.sign_in(ADA)
        assert me == await browser.tell("GET", "/api/me", None, said.Me)
        assert (me.adviser, me.role, me.away_reasons) == ("ada", "adviser", [*CHOSEN_REASONS])
        assert [queue.queue for queue in me.queues] == list(ADA.queues)
        assert all(queue.titles and queue.outcomes for queue in me.queues)
        (cookie,) = browser.session.cookie_jar
        assert cookie.key == PLAIN_COOKIE
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"


async def test_a_wrong_password_and_a_name_nobody_has_are_told_alike(centre: DeskCentre) -> None:
    async with centre.browser() as browser:
        wrong = await browser.refused(
            "POST", "/api/sign-in", said.SignIn(name="ada", password=WRONG)
        )
        nobody = await browser.refused(
            "POST", "/api/sign-in", said.SignIn(name="nobody", password=WRONG)
        )
        assert wrong == nobody
        assert (wrong.status, wrong.code) == (401, "not-signed-in")
        assert (await browser.refused("GET", "/api/me")).code == "not-signed-in"


async def test_whoever_fails_too_often_has_to_wait_and_others_do_not(centre: DeskCentre) -> None:
    async with centre.browser() as browser:
        wrong = said.SignIn(name="ada", password=WRONG)
        for _ in range(FAILURES_PER_NAME_MAX):
            await browser.refused("POST", "/api/sign-in", wrong)
        assert (await browser.refused("POST", "/api/sign-in", RIGHT)).status == 429
        assert (await browser.sign_in(SUE)).adviser == "sue"


async def test_a_forged_session_opens_nothing(centre: DeskCentre) -> None:
    async with centre.browser() as browser:
        browser.session.cookie_jar.update_cookies({PLAIN_COOKIE: FORGED}, URL(centre.url))
        assert (await browser.refused("GET", "/api/me")).status == 401
        async with browser.live() as page:
            assert await page.end() == Closing.NOT_SIGNED_IN
            assert page.heard == []


async def test_a_page_of_somebody_else_may_do_nothing_in_our_name(centre: DeskCentre) -> None:
    async with centre.browser() as browser:
        await browser.sign_in(ADA)
        for origin in ("https://elsewhere.example", "null", ""):
            browser.origin = {"Origin": origin} if origin else {}
            pressed = said.SetPresence(state=Presence.READY)
            assert (await browser.refused("POST", "/api/presence", pressed)).code == "not-allowed"
            assert (await browser.refused("POST", "/api/sign-in", RIGHT)).code == "not-allowed"
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with browser.live():
                    pass
            assert refused.value.status == 403


async def test_every_route_asks_who_is_there(centre: DeskCentre) -> None:
    closed = [route for route in ROUTES.table if route.access is not Access.ANYONE]
    open_paths = {route.path for route in ROUTES.table if route.access is Access.ANYONE}
    assert open_paths == {"/api/sign-in", "/", "/board", "/assets/{name:.+}"}
    async with centre.browser() as browser:
        for route in closed:
            if route.access is Access.LIVE:
                async with browser.live() as page:
                    assert await page.end() == Closing.NOT_SIGNED_IN
            else:
                asked = (route.method, route.path.replace("{call}", "call-1"))
                assert (await browser.refused(*asked)).code == "not-signed-in", asked


async def test_what_cannot_be_understood_is_refused_without_repeating_it(
    centre: DeskCentre,
) -> None:
    async with (
        centre.browser() as browser,
        browser.session.post(
            centre.url + "/api/sign-in",
            json={"name": "ada", "password": {"secret": "hunter2"}},
            headers=browser.origin,
        ) as response,
    ):
        assert response.status == 400
        words = await response.text()
        assert "password" in words
        assert "hunter2" not in words


async def test_every_answer_tells_the_browser_what_it_may_load(centre: DeskCentre) -> None:
    async with centre.browser() as browser, browser.session.get(centre.url + "/api/me") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


# Being ready


async def test_a_press_of_ready_is_in_the_live_state_at_once(centre: DeskCentre) -> None:
    async with centre.browser() as browser:
        await browser.sign_in(ADA)
        async with browser.live() as page:
            assert (await page.hear(said.PresenceNow)).reason is AwayReason.SIGNED_IN
            assert await page.hear(said.HealthNow) == said.HealthNow(
                queue_reachable=True, records_reachable=True
            )
            await browser.press_ready()
            await centre.standing(Presence.READY, within_s=0.5)
            queues = await page.hear(said.QueuesNow)
            assert [queue.queue for queue in queues.queues] == list(ADA.queues)


async def test_nobody_chooses_a_reason_that_only_happens(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, _):
        for reason in (AwayReason.NO_ANSWER, None):
            pressed = said.SetPresence(state=Presence.AWAY, reason=reason)
            assert (await browser.refused("POST", "/api/presence", pressed)).status == 400
        lunch = said.SetPresence(state=Presence.AWAY, reason=AwayReason.LUNCH)
        now = await browser.tell("POST", "/api/presence", lunch, said.PresenceNow)
        assert now.reason is AwayReason.LUNCH


async def test_a_lost_page_takes_no_calls_and_finds_its_state_again(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, page):
        await page.socket.close()
        lost = await centre.standing(Presence.AWAY, within_s=1)
        assert lost.reason is AwayReason.LOST_CONNECTION
        async with browser.live() as again:
            assert (await again.hear(said.PresenceNow)).state is Presence.READY
            await centre.standing(Presence.READY)


async def test_a_second_tab_takes_over_from_the_first(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, page), browser.live() as other:
        assert (await other.hear(said.PresenceNow)).state is Presence.READY
        await page.hear(said.Replaced)
        assert await page.end() == Closing.REPLACED
        ring = await centre.node.ring()
        assert (await other.hear(said.RingNow)).token == ring.token


async def test_whoever_signs_out_is_gone_everywhere(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, page):
        session = next(iter(browser.session.cookie_jar)).value
        assert (await browser.ask("POST", "/api/sign-out"))[0] == 204
        assert await page.end() == Closing.NOT_SIGNED_IN
        await centre.standing(Presence.OFFLINE)
        browser.session.cookie_jar.update_cookies({PLAIN_COOKIE: session}, URL(centre.url))
        assert (await browser.refused("GET", "/api/me")).status == 401


async def test_a_desk_process_that_starts_again_sends_nobody_away(
    redis_url: str, database_url: str
) -> None:
    async with desk_centre(redis_url, database_url) as first, first.ready() as (browser, page):
        await first.standing(Presence.READY)
        ended, _ = await asyncio.gather(page.end(), first.stop())
        assert ended == Closing.STOPPING
        port = str(first.settings.desk_port)
        async with (
            desk_centre(redis_url, database_url, again=True, CC_DESK_PORT=port),
            browser.live() as again,
        ):
            assert (await again.hear(said.PresenceNow)).state is Presence.READY


# Ringing


async def test_a_ring_reaches_the_page_and_its_lapse_sends_the_adviser_away(
    centre: DeskCentre,
) -> None:
    async with centre.ready() as (browser, page):
        ring = await centre.node.ring(ring_ms=20_000)
        rings = await page.hear(said.RingNow)
        assert (rings.call, rings.ticket, rings.journey) == (ring.call, ring.ticket, ring.journey)
        assert 19_000 < rings.ring_ms <= 20_000
        await centre.standing(Presence.RINGING)
        await centre.node.over(ring, LapseReason.NO_ANSWER)
        assert (await page.hear(said.RingEnded)).lapse is LapseReason.NO_ANSWER
        assert (await page.hear(said.PresenceNow)).reason is AwayReason.NO_ANSWER
        await centre.standing(Presence.AWAY)
        await asyncio.sleep(1.2)  # a beat makes nobody ready
        assert (await centre.standing(Presence.AWAY)).reason is AwayReason.NO_ANSWER
        await browser.press_ready()
        assert (await centre.standing(Presence.READY)).token == ring.token


async def test_a_ring_is_refused_where_nobody_could_answer_it(centre: DeskCentre) -> None:
    with pytest.raises(UnknownName):
        await centre.node.ring()
    async with centre.browser() as browser:
        await browser.sign_in(ADA)
        with pytest.raises(UnknownName):
            await centre.node.ring()
        async with browser.live() as page:
            await page.hear(said.PresenceNow)
            with pytest.raises(OutOfOrder):
                await centre.node.ring()


async def test_an_older_token_is_refused(centre: DeskCentre) -> None:
    async with centre.ready() as (_, page):
        ring = await centre.node.ring(token=8)
        with pytest.raises(StaleToken):
            await centre.node.ring(call="call-2", token=7)
        await centre.node.over(ring, LapseReason.CALLER_LEFT)
        assert (await page.hear(said.RingEnded)).lapse is LapseReason.CALLER_LEFT
        with pytest.raises(StaleToken):
            await centre.node.ring(call="call-2", token=8)
        await centre.node.ring(call="call-2", token=9)
        assert (await page.hear(said.RingNow)).call == "call-2"


async def test_the_next_ring_may_overtake_the_end_of_the_last(centre: DeskCentre) -> None:
    async with centre.ready() as (_, page):
        await centre.node.ring(token=8)
        await page.hear(said.RingNow)
        await centre.node.ring(token=9)
        assert (await page.hear(said.RingEnded)).token == 8
        assert (await page.hear(said.RingNow)).token == 9


async def test_news_of_a_desk_that_is_not_here_is_refused(centre: DeskCentre) -> None:
    async with centre.ready() as (_, page):
        ring = await talks(centre.node, page)
        stranger = ring.model_copy(update={"adviser": AdviserId("nobody")})
        with pytest.raises(UnknownName):
            await centre.node.bridged(stranger)
        with pytest.raises(UnknownName):
            await centre.node.over(stranger)


async def test_nobody_rings_without_the_cluster_key(centre: DeskCentre) -> None:
    async with centre.ready(), aiohttp.ClientSession() as stranger:
        for key in ({}, {"X-Cluster-Key": CLUSTER_KEY[:-1] + "d"}):
            async with stranger.post(centre.internal_url + "/rings", headers=key) as answer:
                assert answer.status == 403
                assert NotAllowed.code in await answer.text()


async def test_a_page_that_is_loaded_again_in_mid_ring_rings_on(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, page):
        ring = await centre.node.ring()
        first = await page.hear(said.RingNow)
        await page.socket.close()
        await asyncio.sleep(0.1)
        async with browser.live() as again:
            assert (await again.hear(said.PresenceNow)).state is Presence.RINGING
            second = await again.hear(said.RingNow)
            assert (second.ticket, second.token) == (ring.ticket, ring.token)
            assert second.ring_ms < first.ring_ms


async def test_a_page_that_is_loaded_again_in_mid_talk_finds_its_call(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, page):
        ring = await talks(centre.node, page)
        await page.socket.close()
        async with browser.live() as again:
            talk = await again.hear(said.TalkNow)
            assert talk.ring is not None
            assert (talk.call, talk.ring.journey) == (ring.call, ring.journey)
        kid, _, secret = SIGNING_KEYS.partition(":")
        ticket = Signatures({kid: secret}, kid, MachineClock()).read_ticket(talk.ring.ticket)
        assert (ticket.call, ticket.adviser, ticket.token, ticket.node) == (
            ring.call,
            ring.adviser,
            ring.token,
            ring.node,
        )


async def test_the_end_of_a_talk_that_nobody_told_is_seen_in_the_live_state(
    centre: DeskCentre,
) -> None:
    state, call, epoch = centre.state, CallId("call-1"), LegEpoch(1, "a")
    async with centre.ready() as (_, page):
        await centre.standing(Presence.READY)
        await state.report_node(NODE)
        await state.join(
            call=call,
            line=LineId("tax"),
            queue=GENERAL,
            head_start_ms=0,
            enqueued_ms=None,
            epoch=epoch,
            node=NodeId("node-1"),
        )
        reservation = await state.match_adviser(ADA.id, request=RequestId("r1"))
        assert reservation is not None
        await state.take_up(call=call, adviser=ADA.id, token=reservation.token)
        ring = await centre.node.ring(token=reservation.token)
        await page.hear(said.RingNow)
        await state.answer(call=call, adviser=ADA.id, token=reservation.token)
        await centre.node.bridged(ring)
        await page.hear(said.TalkNow)
        await centre.standing(Presence.TALKING)
        await state.end(call=call, epoch=epoch)
        assert (await page.hear(said.WrapUpNow)).call == call


# After the talk


async def talks(node: PlayedNode, page: LivePage) -> Ring:
    """Let a page's adviser talk."""
    ring = await node.ring()
    await page.hear(said.RingNow)
    await node.bridged(ring)
    assert (await page.hear(said.TalkNow)).call == ring.call
    return ring


async def wraps_up(node: PlayedNode, page: LivePage) -> said.WrapUpNow:
    """Let a page's adviser come to the end of a talk."""
    await node.over(await talks(node, page))
    return await page.hear(said.WrapUpNow)


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


# The board


async def test_only_supervisors_see_the_board(centre: DeskCentre) -> None:
    async with centre.ready() as (browser, _), centre.browser() as supervisor:
        assert (await browser.refused("GET", "/api/board")).code == "not-allowed"
        await supervisor.sign_in(SUE)
        await centre.standing(Presence.READY)
        await asyncio.sleep(1.1)
        board = await supervisor.tell("GET", "/api/board", None, said.Board)
        assert board.advisers[Presence.READY] == 1
        assert Presence.OFFLINE not in board.advisers
        (general,) = [queue for queue in board.queues if queue.queue == GENERAL]
        assert (general.ready_count, general.waiting_count, general.longest_ms) == (1, 0, None)
        assert general.title == "Cwestiynau treth cyffredinol (English)"
        assert board.today is not None
        assert board.today.offered_count == 0
        assert board.nodes == []
        await centre.state.report_node(NODE)
        async with asyncio.timeout(3):
            while not board.nodes:
                await asyncio.sleep(0.2)
                board = await supervisor.tell("GET", "/api/board", None, said.Board)
        (node,) = board.nodes
        assert (node.node, node.state, node.legs_count) == ("node-1", "serving", 1)


async def test_the_board_shows_nothing_rather_than_old_figures(centre: DeskCentre) -> None:
    async with centre.browser() as supervisor:
        await supervisor.sign_in(SUE)
        await centre.redis.cut()
        await asyncio.sleep(2)  # two beats, one of them with a step in Redis that is given up
        assert (await supervisor.refused("GET", "/api/board")).code == "state-unavailable"
