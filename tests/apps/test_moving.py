"""Calls that move between nodes: real sound, a real Redis; the test plays the desk."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from contactcentre.adapters.embedded.valkey import Valkey
from contactcentre.adapters.spool_files.spool import FileSpool
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.peers import CLUSTER_KEY_HEADER
from contactcentre.bench.peer import Peer
from contactcentre.domain import sites
from contactcentre.domain.call import Call
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.events import CallEnded, CallEvent, LapseReason
from contactcentre.domain.ids import CallId, DeskId, NodeId
from contactcentre.domain.presence import Presence
from contactcentre.ports.state import CallReport, CallsReply
from contactcentre.wire.closing import Closing
from contactcentre.wire.cluster import AskRing, Ring, RingAgain
from tests.apps.small_centre import PAYING, SECRET, LegPage, SmallCentre, small_centre
from tests.staged_sentinel import StagedSentinel
from tests.stores import Emptying, do

CALLER_HZ, ADVISER_HZ = 440.0, 1_000.0


@pytest.fixture
async def centre(redis_url: str, tmp_path: Path) -> AsyncIterator[SmallCentre]:
    """Give a running centre of two nodes whose desks ring for four seconds."""
    more = {
        "CC_RING_MS": "4000",
        "CC_LEG_GRACE_MS": "5000",
        "CC_DRAIN_S": "8",
        "CC_WISH_MS": "2000",
    }
    async with small_centre(redis_url, tmp_path, nodes=2, **more) as one:
        yield one


async def wait_in_queue(centre: SmallCentre, call: str) -> LegPage:
    """Let a caller wait at the first node until it is known everywhere where."""
    page = await centre.wait_in_queue(call)
    await page.hear("place")
    return page


async def talk(centre: SmallCentre) -> tuple[Ring, LegPage, LegPage]:
    """Return a ring that was answered, the caller and the adviser who talk."""
    caller = await wait_in_queue(centre, "call-1")
    await centre.desk.report("ada", Presence.READY, PAYING)
    ring, adviser = await centre.answer_ring()
    await adviser.hear("bridged")
    await caller.hear("quality")
    return ring, caller, adviser


async def answers(centre: SmallCentre, **first: str) -> list[dict[str, Any]]:
    """Return all that the second node says to a first message until it closes the socket."""
    async with asyncio.timeout(5), centre.session.ws_connect(centre.leg_urls[1]) as socket:
        await socket.send_json(first)
        text = aiohttp.WSMsgType.TEXT
        return [message.json() async for message in socket if message.type is text]


async def moved(centre: SmallCentre) -> Ring:
    """Return the next word of a node that a talk has moved to it."""
    async with asyncio.timeout(5):
        return await centre.desk.moved.get()


async def test_a_new_call_that_two_nodes_have_let_in_is_with_the_one_asked_later(
    centre: SmallCentre,
) -> None:
    claim = centre.claim("call-1")  # the page never hears of the one that the first node gives it
    first = await centre.call_again(claim)
    await centre.call_again(claim, node=1, attempt=1)
    assert await first.hear_the_end() == Closing.REPLACED
    [stands] = await centre.state.look_calls([CallId("call-1")])
    assert stands.node == "node-2"


async def test_an_end_is_on_the_disk_before_the_live_state_hears_of_it(
    centre: SmallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    stood: list[str] = []
    on_disk = FileSpool.on_disk

    async def noted(spool: FileSpool) -> None:
        await on_disk(spool)
        [stands] = await centre.state.look_calls([CallId("call-1")])
        stood.append(stands.state)

    monkeypatch.setattr(FileSpool, "on_disk", noted)
    page = await wait_in_queue(centre, "call-1")
    await page.say("hang_up")
    await page.hear("over")
    assert stood == ["waiting"]
    [stands] = await centre.state.look_calls([CallId("call-1")])
    assert stands.state == "closed"


async def test_a_caller_in_the_menu_hears_the_same_step_again_elsewhere(
    centre: SmallCentre,
) -> None:
    page = await centre.call("call-1")
    await page.say("key", key="3")
    await page.hear("stage", state="in_menu")
    menu = await page.hear("stage", state="in_menu")
    back = await centre.call_again(page.claim, node=1)
    again = await back.hear("stage", state="in_menu")
    assert again["words"][-1] == menu["words"][-1]
    assert again["keys"] == menu["keys"]
    assert await page.hear_the_end() == Closing.REPLACED
    await back.say("key", key="3")
    await back.hear("stage", state="waiting")


async def test_a_waiting_caller_keeps_the_place_before_a_later_one(centre: SmallCentre) -> None:
    early = await wait_in_queue(centre, "early")
    await wait_in_queue(centre, "late")
    back = await centre.call_again(early.claim, node=1)
    await back.hear("place", place=1)
    await centre.desk.report("ada", Presence.READY, PAYING)
    ring, adviser = await centre.answer_ring()
    assert (ring.call, ring.node) == ("early", "node-2")
    await adviser.hear("bridged")
    back.peer.tone(CALLER_HZ)
    adviser.peer.tone(ADVISER_HZ)
    assert await adviser.peer.hears(CALLER_HZ)
    assert await back.peer.hears(ADVISER_HZ)


async def test_a_ring_ends_with_its_node_and_the_adviser_is_rung_again(
    centre: SmallCentre,
) -> None:
    caller = await wait_in_queue(centre, "call-1")
    await centre.desk.report("ada", Presence.READY, PAYING)
    first = await centre.ring()
    await caller.hear("stage", state="ringing")
    back = await centre.call_again(caller.claim, node=1)
    async with asyncio.timeout(5):
        over = await centre.desk.over.get()
    assert (over.token, over.lapse) == (first.token, LapseReason.NODE_LOST)
    second = await centre.ring()
    assert (second.call, second.adviser, second.node) == (first.call, "ada", "node-2")
    assert second.token > first.token
    await back.hear("stage", state="ringing")


async def test_a_talk_goes_on_at_the_other_node_under_the_same_reservation(
    centre: SmallCentre,
) -> None:
    ring, caller, adviser = await talk(centre)
    back = await centre.call_again(caller.claim, node=1)
    way = await moved(centre)
    assert (way.token, way.adviser, way.node) == (ring.token, "ada", "node-2")
    assert way.epoch > ring.epoch
    joined = await centre.attach(way)
    await joined.hear("bridged")
    back.peer.tone(CALLER_HZ)
    joined.peer.tone(ADVISER_HZ)
    assert await joined.peer.hears(CALLER_HZ)
    assert await back.peer.hears(ADVISER_HZ)
    assert await adviser.hear_the_end() == Closing.STOPPING
    await joined.say("hang_up")
    assert (await back.hear("over"))["ending"] == "handled"


async def test_a_talk_goes_on_that_the_live_state_takes_for_a_ring_since_it_was_away(
    centre: SmallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = await wait_in_queue(centre, "call-1")
    await centre.desk.report("ada", Presence.READY, PAYING)
    ring = await centre.ring()
    ada = await centre.attach(ring)
    at_once = RedisState.report_calls

    async def unheard(*_: object, **__: object) -> None:
        raise StateUnavailable("away")

    async def heard_of_others(
        state: RedisState, node: NodeId, calls: Sequence[CallReport]
    ) -> CallsReply:
        return await (unheard() if node == "node-1" else at_once(state, node, calls))  # type: ignore[return-value]

    monkeypatch.setattr(RedisState, "answer", unheard)
    monkeypatch.setattr(RedisState, "report_calls", heard_of_others)
    await ada.say("answer_call")
    await ada.hear("bridged")
    await caller.hear("quality")
    [stands] = await centre.state.look_calls([CallId("call-1")])
    assert stands.state == "ringing"
    await centre.call_again(caller.claim, node=1)
    way = await moved(centre)
    assert (way.token, way.adviser) == (ring.token, "ada")
    assert centre.desk.over.empty()
    await (await centre.attach(way)).hear("bridged")


async def test_what_the_older_node_says_of_a_talk_that_moved_carries_its_older_epoch(
    centre: SmallCentre,
) -> None:
    ring, caller, adviser = await talk(centre)
    await centre.call_again(caller.claim, node=1)
    await adviser.say("hang_up")
    async with asyncio.timeout(5):
        over = await centre.desk.over.get()
    assert over.epoch == ring.epoch < (await moved(centre)).epoch
    [stands] = await centre.state.look_calls([CallId("call-1")])
    assert stands.state == "talking"


async def test_a_caller_whom_the_adviser_does_not_follow_waits_for_that_one_and_then_for_any(
    centre: SmallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contactcentre.apps.call_way.REJOIN_MS", 500)
    _, caller, _ = await talk(centre)
    await wait_in_queue(centre, "late")
    back = await centre.call_again(caller.claim, node=1)
    await back.hear("stage", state="waiting")
    await centre.desk.report("bryn", Presence.READY, PAYING)
    assert (await centre.ring()).call == "late", "nobody behind is held up"
    await centre.desk.report("cat", Presence.READY, PAYING)
    ring = await centre.ring()
    assert (ring.call, ring.adviser) == ("call-1", "cat")


async def test_a_caller_who_gives_up_says_so_to_another_node(centre: SmallCentre) -> None:
    _, caller, _ = await talk(centre)
    async with centre.session.ws_connect(centre.leg_urls[1]) as socket:
        await socket.send_json({"kind": "leave", "claim": caller.claim, "secret": SECRET})
        said = [
            message.json() async for message in socket if message.type is aiohttp.WSMsgType.TEXT
        ]
    assert [one["ending"] for one in said if one["kind"] == "over"] == ["handled"]
    [stands] = await centre.state.look_calls([CallId("call-1")])
    assert (stands.state, stands.ending, stands.is_presumed) == ("closed", "handled", False)


async def test_of_two_tabs_with_one_claim_the_later_one_has_the_call(centre: SmallCentre) -> None:
    first = await wait_in_queue(centre, "call-1")
    second = await centre.call_again(first.claim)
    assert await first.hear_the_end() == Closing.REPLACED
    await second.hear("place", place=1)


async def test_two_tabs_at_once_make_no_two_calls(centre: SmallCentre) -> None:
    claim = centre.claim("call-1")
    async with Peer() as other, centre.session.ws_connect(centre.leg_url) as socket:
        offer = {"kind": "offer", "claim": claim, "secret": SECRET, "sdp": await other.offer()}
        await asyncio.gather(socket.send_json(offer), centre.call_again(claim))
    await asyncio.sleep(1.5)
    [stands] = await centre.state.look_calls([CallId("call-1")])
    assert stands.epoch.count == 2


@pytest.mark.parametrize("store", ["knows", "forgot"])
async def test_a_call_that_has_ended_is_not_taken_up_again(
    centre: SmallCentre, store: str, empty_redis: Emptying
) -> None:
    page = await wait_in_queue(centre, "call-1")
    await page.say("hang_up")
    await page.hear("over")
    if store == "forgot":  # the claim itself says that it has ended
        await empty_redis()
    said = await answers(centre, kind="offer", claim=page.claim, secret=SECRET, sdp="v=0")
    assert [one["code"] for one in said if one["kind"] == "refused"] == ["call-closed"]


async def test_a_desk_that_has_taken_an_adviser_up_is_spoken_to_from_then_on(
    centre: SmallCentre,
) -> None:
    ring, _, adviser = await talk(centre)
    await centre.state.report_desk(desk=DeskId("desk-2"), beat=1, internal_url=centre.desk.url)
    asked = AskRing(call=ring.call, adviser=ring.adviser, token=ring.token, desk=DeskId("desk-2"))
    again = await ask_again(centre, asked)
    assert again.talking
    assert (again.ring.queue, again.ring.token) == (ring.queue, ring.token)
    assert again.ring.journey == ring.journey
    await adviser.say("hang_up")
    async with asyncio.timeout(5):
        assert (await centre.desk.over.get()).lapse is None


async def test_a_node_that_drains_sends_its_callers_to_the_other_one(centre: SmallCentre) -> None:
    waiting = await wait_in_queue(centre, "call-1")
    await asyncio.sleep(1.5)
    centre.drain(0)
    assert await waiting.hear_the_end() == Closing.STOPPING
    back = await centre.call_again(waiting.claim, node=1)
    await back.hear("place", place=1)


@pytest.mark.parametrize("page_first", [True, False])
async def test_an_adviser_who_hangs_up_as_the_talk_moves_ends_it_at_one_node_alone(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, page_first: bool
) -> None:
    ends: list[CallEnded] = []
    write = FileSpool.write

    def noted(spool: FileSpool, event: CallEvent, call: Call) -> int:
        if isinstance(event, CallEnded):
            ends.append(event)
        return write(spool, event, call)

    monkeypatch.setattr(FileSpool, "write", noted)
    async with small_centre(redis_url, tmp_path, nodes=2, CC_DRAIN_S="3") as centre:
        _, caller, adviser = await talk(centre)
        centre.drain(0)
        assert await caller.hear_the_end() == Closing.STOPPING
        if not page_first:
            await adviser.say("hang_up")
            await asyncio.sleep(0.3)  # the page is on its way
        back = await centre.call_again(caller.claim, node=1)
        if page_first:
            await adviser.say("hang_up")
        joined = await centre.attach(await moved(centre))
        await joined.hear("bridged")
        await joined.say("hang_up")
        await back.hear("over")
    assert len(ends) == 1


async def test_a_caller_at_a_site_that_is_cut_off_is_sent_to_another_one_and_a_talk_stays(
    redis_url: str, valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sites, "EVACUATE_AFTER_MS", 1_000)
    signed_in, _, place = urlsplit(redis_url).netloc.rpartition("@")
    port = int(place.partition(":")[2])
    near, *far = [StagedSentinel(port, 1) for _ in range(3)]
    places = ",".join(f"127.0.0.1:{one.port}" for one in (near, *far))
    url = f"sentinel://{signed_in}@{places}/live"
    async with (
        near.serving(),
        far[0].serving(),
        far[1].serving(),
        small_centre(url, tmp_path, nodes=2) as centre,
    ):
        _, talking, _ = await talk(centre)
        waiting = await wait_in_queue(centre, "call-2")
        for one in far:
            one.is_silent = True
        await do(valkey.admin_url, "CLIENT", "PAUSE", "20000", "WRITE")
        assert await waiting.hear_the_end() == Closing.ELSEWHERE
        await talking.hear("quality")
        await do(valkey.admin_url, "CLIENT", "UNPAUSE")
        await report_twice(centre)
        back = await centre.call_again(waiting.claim, node=1)
        await back.hear("place", place=1)
        for page in (back, talking):  # nobody is left to be waited for at the end
            await page.say("hang_up")


async def report_twice(centre: SmallCentre) -> None:
    """Wait until every node is heard again: the first report may be one it has given up."""
    async with asyncio.timeout(10):
        for _ in range(2):
            before = {one.node: one.beat for one in await centre.state.nodes()}
            while any(one.beat == before[one.node] for one in await centre.state.nodes()):  # noqa: ASYNC110 - they report it
                await asyncio.sleep(0.05)


async def ask_again(centre: SmallCentre, asked: AskRing) -> RingAgain:
    """Ask the first node how a ring stands, as a desk does."""
    key = centre.settings.cluster_key.get_secret_value()
    async with centre.session.post(
        f"{centre.internal_urls[0]}/rings/again",
        data=asked.model_dump_json(),
        headers={CLUSTER_KEY_HEADER: key, "Content-Type": "application/json"},
    ) as response:
        assert response.status == 200, await response.text()
        return RingAgain.model_validate_json(await response.read())
