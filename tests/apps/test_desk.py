"""Coming in at the desk, and being ready: real stores and real pages' sockets."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from yarl import URL

from contactcentre.adapters.web.access import FAILURES_PER_NAME_MAX, PLAIN_COOKIE
from contactcentre.adapters.web.ice import turn_password
from contactcentre.adapters.web.routes import Access
from contactcentre.apps.desk_api import ROUTES
from contactcentre.domain.presence import CHOSEN_REASONS, AwayReason, Presence
from contactcentre.wire import desk as said
from contactcentre.wire.closing import Closing
from tests.apps.desk_centre import (
    ADA,
    PASSWORD,
    RELAY_URL,
    SUE,
    TURN_SECRET,
    DeskCentre,
    desk_centre,
)
from tests.apps.desk_node import GENERAL

FORGED = "forged" * 8
WRONG = "wrong"
RIGHT = said.SignIn(name="ada", password=PASSWORD)


@pytest.fixture
async def centre(redis_url: str, database_url: str) -> AsyncIterator[DeskCentre]:
    """Give a centre with short wrap-ups."""
    async with desk_centre(redis_url, database_url, CC_WRAP_UP_MS="1000") as centre:
        yield centre


# Coming in


async def test_whoever_signs_in_is_told_what_the_desk_must_know(centre: DeskCentre) -> None:
    async with centre.browser() as browser:
        me = await browser.sign_in(ADA)
        again = await browser.tell("GET", "/api/me", None, said.Me)
        (relay,) = me.ice_servers
        assert (relay.urls, relay.credential) == (
            RELAY_URL,
            turn_password(TURN_SECRET, relay.username),
        )
        assert again.ice_servers != me.ice_servers, "a password of its own, good from now on"
        assert me == again.model_copy(update={"ice_servers": me.ice_servers})
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
        await centre.state.report_node(centre.node.standing())
        async with asyncio.timeout(10):
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
