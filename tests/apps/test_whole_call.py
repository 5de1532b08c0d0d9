"""Whole calls on one node: real sound, a real Redis, a real router; the test plays the desk."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from contactcentre.bench.peer import Peer
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import CallId, QueueId
from contactcentre.domain.presence import Presence
from tests.apps.small_centre import PAYING, SECRET, LegPage, SmallCentre, small_centre

CALLER_HZ, ADVISER_HZ = 440.0, 1_000.0


@pytest.fixture
async def centre(redis_url: str, tmp_path: Path) -> AsyncIterator[SmallCentre]:
    """Give a running centre whose desks ring for two seconds."""
    async with small_centre(redis_url, tmp_path, CC_RING_MS="2000", CC_LEG_GRACE_MS="5000") as one:
        yield one


async def talk(centre: SmallCentre, call: str = "call-1") -> tuple[LegPage, LegPage]:
    """Return caller and adviser who talk."""
    caller = await centre.wait_in_queue(call)
    await centre.desk.report("ada", Presence.READY, PAYING)
    _, adviser = await centre.answer_ring()
    await adviser.hear("bridged")
    await caller.hear("stage", state="talking")
    return caller, adviser


async def over(centre: SmallCentre) -> LapseReason | None:
    """Return how the desk was told that its part is over."""
    async with asyncio.timeout(5):
        return (await centre.desk.over.get()).lapse


async def test_a_caller_and_an_adviser_hear_each_other(centre: SmallCentre) -> None:
    caller, adviser = await talk(centre)
    caller.peer.tone(CALLER_HZ)
    adviser.peer.tone(ADVISER_HZ)
    assert await adviser.peer.hears(CALLER_HZ)
    assert await caller.peer.hears(ADVISER_HZ)
    await adviser.say("hang_up")
    said = await caller.hear("over")
    assert said["ending"] == "handled"
    assert said["words"]
    assert await over(centre) is None


async def test_three_callers_and_two_advisers_are_served_in_order(centre: SmallCentre) -> None:
    callers = [await centre.wait_in_queue(f"call-{number}") for number in (1, 2, 3)]
    await centre.desk.report("ada", Presence.READY, PAYING)
    await centre.desk.report("bryn", Presence.READY, PAYING)
    rung = sorted([await centre.answer_ring() for _ in range(2)], key=lambda one: one[0].token)
    assert [ring.call for ring, _ in rung] == ["call-1", "call-2"]
    ring, first = rung[0]
    await first.hear("bridged")
    await first.say("hang_up")
    await first.hear("over")
    await centre.desk.report(ring.adviser, Presence.READY, PAYING, token=ring.token)
    ring, _ = await centre.answer_ring()
    assert ring.call == "call-3"
    await callers[2].hear("stage", state="talking")


async def test_a_declined_caller_keeps_the_place_before_a_later_one(centre: SmallCentre) -> None:
    await centre.wait_in_queue("early")
    await centre.desk.report("ada", Presence.READY, PAYING)
    ring = await centre.ring()
    adas = await centre.attach(ring)
    await centre.wait_in_queue("late")
    await adas.say("decline")
    assert await over(centre) is LapseReason.DECLINED
    await centre.desk.report("bryn", Presence.READY, PAYING)
    assert (await centre.ring()).call == "early"


async def test_an_unanswered_ring_ends_and_the_caller_is_offered_again(
    centre: SmallCentre,
) -> None:
    await centre.wait_in_queue("call-1")
    await centre.desk.report("ada", Presence.READY, PAYING)
    first = await centre.ring()
    assert await over(centre) is LapseReason.NO_ANSWER
    await centre.desk.report("bryn", Presence.READY, PAYING)
    second = await centre.ring()
    assert second.call == first.call
    assert second.token > first.token
    assert second.adviser == "bryn"


async def test_a_caller_who_hangs_up_in_the_menu_is_let_go(centre: SmallCentre) -> None:
    caller = await centre.call("call-1")
    await caller.hear("stage", state="in_menu")
    await caller.say("hang_up")
    assert (await caller.hear("over"))["ending"] == "left_in_menu"


async def test_a_caller_who_hangs_up_while_waiting_leaves_the_queue(centre: SmallCentre) -> None:
    caller = await centre.wait_in_queue("call-1")
    await caller.say("hang_up")
    assert (await caller.hear("over"))["ending"] == "abandoned"
    assert await centre.state.place(call=CallId("call-1"), queue=QueueId(PAYING)) is None


async def test_a_caller_who_hangs_up_while_it_rings_frees_the_adviser(centre: SmallCentre) -> None:
    caller = await centre.wait_in_queue("call-1")
    await centre.desk.report("ada", Presence.READY, PAYING)
    ring = await centre.ring()
    await caller.say("hang_up")
    assert await over(centre) is LapseReason.CALLER_LEFT
    standing = await centre.desk.report("ada", Presence.READY, PAYING, token=ring.token)
    assert standing.state is Presence.READY
    await centre.wait_in_queue("call-2")
    assert (await centre.ring()).call == "call-2"


async def test_a_caller_who_hangs_up_while_talking_sends_the_adviser_to_wrap_up(
    centre: SmallCentre,
) -> None:
    caller, adviser = await talk(centre)
    await caller.say("hang_up")
    assert (await adviser.hear("over"))["ending"] == "handled"
    assert await over(centre) is None


async def test_a_caller_whose_page_is_gone_is_counted_as_gone_after_a_grace(
    centre: SmallCentre,
) -> None:
    caller = await centre.wait_in_queue("call-1")
    await caller.vanish()
    await asyncio.sleep(3)
    assert await centre.state.place(call=CallId("call-1"), queue=QueueId(PAYING)) is None
    await centre.desk.report("ada", Presence.READY, PAYING)
    with pytest.raises(TimeoutError):
        await centre.ring(within_s=4)


async def test_a_page_that_comes_back_keeps_its_place(centre: SmallCentre) -> None:
    caller = await centre.wait_in_queue("early")
    claim = [said["claim"] for said in caller.heard if said["kind"] == "claim"][-1]
    await caller.vanish()
    await centre.wait_in_queue("late")
    back = await centre.call_again(claim)
    await back.hear("stage", state="waiting")
    await centre.desk.report("ada", Presence.READY, PAYING)
    ring, adviser = await centre.answer_ring()
    assert ring.call == "early"
    await adviser.hear("bridged")
    back.peer.tone(CALLER_HZ)
    assert await adviser.peer.hears(CALLER_HZ)


async def test_a_waiting_caller_who_presses_0_is_answered_by_extra_support(
    centre: SmallCentre,
) -> None:
    caller = await centre.wait_in_queue("call-1")
    await caller.say("key", key="0")
    await centre.desk.report("carys", Presence.READY, "tax.extra-support.en")
    ring = await centre.ring()
    assert (ring.call, ring.queue) == ("call-1", "tax.extra-support.en")
    assert await centre.state.place(call=CallId("call-1"), queue=QueueId(PAYING)) is None


async def test_on_hold_neither_hears_the_other(centre: SmallCentre) -> None:
    caller, adviser = await talk(centre)
    caller.peer.tone(CALLER_HZ)
    adviser.peer.tone(ADVISER_HZ)
    assert await adviser.peer.hears(CALLER_HZ)
    await adviser.say("hold", on=True)
    await adviser.hear("held", on=True)
    assert await adviser.peer.hears_nothing()
    await caller.hear("stage", state="on_hold")
    await adviser.say("hold", on=False)
    assert await caller.peer.hears(ADVISER_HZ)


async def test_a_muted_adviser_is_not_heard(centre: SmallCentre) -> None:
    caller, adviser = await talk(centre)
    adviser.peer.tone(ADVISER_HZ)
    assert await caller.peer.hears(ADVISER_HZ)
    await adviser.say("mute", on=True)
    assert await caller.peer.hears_nothing()


async def first_refusal(centre: SmallCentre, **first: Any) -> str:
    """Send a first message and return the code of its refusal."""
    async with centre.session.ws_connect(centre.leg_url) as socket:
        await socket.send_json(first)
        async with asyncio.timeout(5):
            async for message in socket:
                assert message.type is aiohttp.WSMsgType.TEXT
                said = message.json()
                if said["kind"] == "refused":
                    return str(said["code"])
    raise AssertionError("nothing was refused")


async def test_a_forged_claim_is_refused(centre: SmallCentre) -> None:
    claim = centre.claim("call-1")
    head, body, _ = claim.split(".")
    forged = f"{head}.{body}.{'A' * 43}"
    async with Peer() as peer:
        code = await first_refusal(
            centre, kind="offer", claim=forged, secret=SECRET, sdp=await peer.offer()
        )
    assert code == "bad-claim"


async def test_a_claim_without_its_pages_secret_is_refused(centre: SmallCentre) -> None:
    async with Peer() as peer:
        code = await first_refusal(
            centre,
            kind="offer",
            claim=centre.claim("call-1"),
            secret="some other page's one",  # noqa: S106 - made up
            sdp=await peer.offer(),
        )
    assert code == "bad-claim"


async def test_a_malformed_offer_is_refused(centre: SmallCentre) -> None:
    code = await first_refusal(
        centre, kind="offer", claim=centre.claim("call-1"), secret=SECRET, sdp="v=0 nonsense"
    )
    assert code == "malformed-offer"


async def test_what_is_no_message_is_refused(centre: SmallCentre) -> None:
    assert await first_refusal(centre, kind="shout") == "bad-request"
    assert await first_refusal(centre, kind="hang_up") == "bad-request"


async def test_a_ticket_of_a_ring_that_is_over_is_refused(centre: SmallCentre) -> None:
    await centre.wait_in_queue("call-1")
    await centre.desk.report("ada", Presence.READY, PAYING)
    ring = await centre.ring()
    assert await over(centre) is LapseReason.NO_ANSWER
    async with Peer() as peer:
        code = await first_refusal(
            centre, kind="attach", ticket=ring.ticket, sdp=await peer.offer()
        )
    assert code == "stale-token"
