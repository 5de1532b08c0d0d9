"""What a node and its callers do while the live state is empty, hung or new: nobody notices."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from contactcentre.adapters.embedded.valkey import Valkey, start_valkey
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.peers import CLUSTER_KEY_HEADER
from contactcentre.domain.ids import AdviserId, CallId, NodeId, QueueId, Token
from contactcentre.domain.presence import Presence
from contactcentre.ports.state import CallReport, CallsReply
from contactcentre.wire.cluster import OfferCall
from tests.apps.small_centre import DESK, PAYING, SmallCentre, small_centre
from tests.stores import empty


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Valkey]:
    """Give a store that a test may break."""
    store = await start_valkey(tmp_path / "valkey")
    yield store
    os.kill(store.program.process.pid, signal.SIGCONT)
    await store.stop()


@pytest.fixture
async def centre(store: Valkey, tmp_path: Path) -> AsyncIterator[SmallCentre]:
    """Give a centre with a store of its own."""
    async with small_centre(store.url, tmp_path, CC_RING_MS="2000") as one:
        one.store_pid = store.program.process.pid
        yield one


async def offer(centre: SmallCentre, call: str, token: int) -> tuple[int, str]:
    """Post an offer as a router does; return the status and the words of the answer."""
    key = centre.settings.cluster_key.get_secret_value()
    said = OfferCall(
        call=CallId(call), adviser=AdviserId("ada"), desk=DESK, token=Token(token)
    ).model_dump_json()
    async with centre.session.post(
        f"{centre.internal_urls[0]}/offers",
        data=said,
        headers={CLUSTER_KEY_HEADER: key, "Content-Type": "application/json"},
    ) as response:
        return response.status, await response.text()


async def test_an_emptied_store_knows_every_caller_again_within_two_beats(
    centre: SmallCentre, store: Valkey
) -> None:
    callers = [await centre.wait_in_queue(call) for call in ("early", "late")]
    await asyncio.sleep(1.2)
    await empty(store.admin_url)
    await asyncio.sleep(2.2)
    for place, call in enumerate(("early", "late"), 1):
        stands = await centre.state.place(call=CallId(call), queue=QueueId(PAYING))
        assert stands is not None
        assert stands.place == place
    await centre.desk.report("ada", Presence.READY, PAYING)
    assert (await centre.ring(within_s=4)).call == "early"
    await callers[0].hear("stage", state="ringing")


async def test_a_caller_is_taken_in_and_queued_while_the_store_hangs(centre: SmallCentre) -> None:
    os.kill(centre.store_pid, signal.SIGSTOP)
    page = await centre.wait_in_queue("call-1")
    assert page.peer.received_count > 0
    os.kill(centre.store_pid, signal.SIGCONT)
    await centre.desk.report("ada", Presence.READY, PAYING)
    assert (await centre.ring(within_s=5)).call == "call-1"


async def test_an_offer_from_the_past_rings_nobody_also_while_the_store_cannot_say_so(
    centre: SmallCentre,
) -> None:
    page = await centre.wait_in_queue("call-1")
    await centre.desk.report("ada", Presence.READY, PAYING)
    ring = await centre.ring()
    await page.hear("stage", state="ringing")
    await page.hear("stage", state="waiting", within_s=5)
    os.kill(centre.store_pid, signal.SIGSTOP)
    for token in (ring.token, ring.token - 1):
        status, words = await offer(centre, "call-1", token)
        assert (status, "stale-token" in words) == (409, True)
    assert centre.desk.rings.empty()


async def test_a_call_that_two_desks_in_a_row_have_failed_on_is_set_aside_with_its_place(
    centre: SmallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contactcentre.apps.sight.SET_ASIDE_MS", 6_000)
    await centre.wait_in_queue("poison")
    for adviser in ("ada", "bryn"):
        await centre.desk.report(adviser, Presence.READY, PAYING)
        assert (await centre.ring()).call == "poison"  # the desk takes it and is never heard again
    await asyncio.sleep(2.5)
    later = await centre.wait_in_queue("later")
    await centre.desk.report("carys", Presence.READY, PAYING)
    ring, carys = await centre.answer_ring()
    assert ring.call == "later"
    await later.hear("stage", state="talking")
    await carys.say("hang_up")
    async with asyncio.timeout(10):
        while centre.desk.rings.empty():
            await centre.desk.report("dewi", Presence.READY, PAYING)
            await asyncio.sleep(0.5)
    assert (await centre.ring()).call == "poison"


async def test_a_call_on_whose_ring_two_desk_processes_died_is_set_aside_with_its_place(
    centre: SmallCentre,
) -> None:
    poison = await centre.wait_in_queue("poison")
    centre.desk.dies = True
    for told_count, adviser in enumerate(("ada", "bryn"), 1):
        await centre.desk.report(adviser, Presence.READY, PAYING)
        async with asyncio.timeout(5):
            while centre.desk.told_count < told_count:  # noqa: ASYNC110 - the desk says so
                await asyncio.sleep(0.02)
        await poison.hear("stage", state="waiting")
    centre.desk.dies = False
    await centre.wait_in_queue("later")
    await centre.desk.report("carys", Presence.READY, PAYING)
    assert (await centre.ring()).call == "later"
    await centre.desk.report("dewi", Presence.READY, PAYING)
    await asyncio.sleep(1.2)
    assert centre.desk.rings.empty(), "it is set aside"


async def test_a_report_that_is_slower_than_the_end_of_its_call_cuts_nobody_off(
    centre: SmallCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await centre.wait_in_queue("call-1")
    await centre.desk.report("ada", Presence.READY, PAYING)
    _, ada = await centre.answer_ring()
    await page.hear("stage", state="talking")
    at_once = RedisState.report_calls

    async def slowly(state: RedisState, node: NodeId, calls: Sequence[CallReport]) -> CallsReply:
        while calls and (await state.look_calls([CallId("call-1")]))[0].state != "closed":  # noqa: ASYNC110 - the store says so
            await asyncio.sleep(0.02)
        return await at_once(state, node, calls)

    monkeypatch.setattr(RedisState, "report_calls", slowly)
    await asyncio.sleep(1.2)
    await ada.say("hang_up")
    assert (await page.hear("over"))["ending"] == "handled"
