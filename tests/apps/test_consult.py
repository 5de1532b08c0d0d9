"""An adviser asks another one about a caller, on real nodes and a router with a real Redis."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contactcentre.domain.ids import AdviserId, CallId, QueueId
from contactcentre.domain.presence import Presence
from contactcentre.ports.state import CallStanding
from contactcentre.wire.cluster import Ring
from tests.apps.small_centre import PAYING, LegPage, SmallCentre, small_centre

CALLER_HZ, ADVISER_HZ, ASKED_HZ = 440.0, 1_000.0, 1_600.0
CALL = CallId("call-1")
GENERAL = "tax.general.en"


@pytest.fixture
async def centre(redis_url: str, tmp_path: Path) -> AsyncIterator[SmallCentre]:
    """Give a running centre of two nodes."""
    async with small_centre(redis_url, tmp_path, nodes=2, CC_RING_MS="3000") as one:
        yield one


async def talk(centre: SmallCentre) -> tuple[LegPage, LegPage]:
    """Return caller and adviser who talk and hum."""
    caller = await centre.wait_in_queue(CALL)
    await centre.desk.report("ada", Presence.READY, PAYING)
    ring, ada = await centre.answer_ring()
    await ada.hear("bridged")
    await centre.desk.report("ada", Presence.TALKING, PAYING, call=CALL, token=ring.token)
    caller.peer.tone(CALLER_HZ)
    ada.peer.tone(ADVISER_HZ)
    return caller, ada


async def asked(centre: SmallCentre, ada: LegPage, **whom: str | None) -> tuple[Ring, LegPage]:
    """Let Ada ask, and Bryn answer."""
    await centre.desk.report("bryn", Presence.READY, GENERAL)
    await ada.say("ask", **{"queue": None, "adviser": None, **whom})
    ring, bryn = await centre.answer_ring()
    assert (ring.adviser, ring.consulted_by) == ("bryn", "ada")
    await ada.hear("consulted", state="talking", adviser="bryn")
    await centre.desk.report("bryn", Presence.TALKING, GENERAL, call=ring.call, token=ring.token)
    bryn.peer.tone(ASKED_HZ)
    return ring, bryn


async def presence(centre: SmallCentre, adviser: str) -> Presence:
    """Return how an adviser stands in the live state."""
    overview = await centre.state.overview([QueueId(PAYING)])
    return next(one.state for name, one in overview.advisers if name == AdviserId(adviser))


async def becomes(centre: SmallCentre, adviser: str, state: Presence) -> bool:
    """Wait until an adviser stands so, and say whether it came to that."""
    for _ in range(100):
        if await presence(centre, adviser) is state:
            return True
        await asyncio.sleep(0.05)
    return False


async def stands(centre: SmallCentre, call: str = CALL) -> CallStanding:
    """Return how a call stands in the live state."""
    (found,) = await centre.state.look_calls([CallId(call)])
    return found


async def test_two_advisers_talk_while_the_caller_is_on_hold_then_swap_merge_and_hand_over(
    centre: SmallCentre,
) -> None:
    caller, ada = await talk(centre)
    ends = asyncio.create_task(caller.hear("over", within_s=60, ending="handled"))  # and beats
    ring, bryn = await asked(centre, ada, queue=GENERAL)
    assert await ada.peer.hears(ASKED_HZ)
    assert await bryn.peer.hears(ADVISER_HZ)
    assert (await stands(centre, ring.call)).token == ring.token, "it is held as an offer is"
    await ada.say("hold", on=False)
    assert await ada.peer.hears(CALLER_HZ)
    assert await caller.peer.hears(ADVISER_HZ)
    await ada.say("merge")
    await ada.hear("consulted", state="merged")
    ada.peer.tone(None)
    assert await caller.peer.hears(ASKED_HZ)
    await ada.say("hand_over")
    await ada.hear("over")
    async with asyncio.timeout(5):
        moved = await centre.desk.moved.get()
        assert (await centre.desk.over.get()).adviser == "ada"
    assert (moved.call, moved.adviser, moved.token) == (CALL, "bryn", ring.token)
    assert await bryn.peer.hears(CALLER_HZ)
    assert await caller.peer.hears(ASKED_HZ)
    assert await becomes(centre, "ada", Presence.WRAP_UP)
    standing = await stands(centre)
    assert (standing.adviser, standing.token) == ("bryn", ring.token)
    await bryn.say("hang_up")
    await ends
    assert await becomes(centre, "bryn", Presence.WRAP_UP)


async def test_one_who_is_asked_by_name_and_declines_leaves_the_caller_with_the_first(
    centre: SmallCentre,
) -> None:
    caller, ada = await talk(centre)
    await centre.desk.report("bryn", Presence.READY, GENERAL)
    await ada.say("ask", queue=None, adviser="bryn")
    ring = await centre.ring()
    page = await centre.attach(ring)
    await page.say("decline")
    await ada.hear("consulted", state="waiting")
    assert await becomes(centre, "bryn", Presence.AWAY)
    await ada.say("drop_consult")
    await ada.hear("consulted", state="none")
    await ada.say("hold", on=False)
    assert await caller.peer.hears(ADVISER_HZ)
    assert (await stands(centre)).adviser == "ada"


async def test_who_is_asked_is_let_go_when_the_caller_hangs_up(centre: SmallCentre) -> None:
    caller, ada = await talk(centre)
    _, bryn = await asked(centre, ada, adviser="bryn")
    await caller.say("hang_up")
    await bryn.hear("over")
    for adviser in ("ada", "bryn"):
        assert await becomes(centre, adviser, Presence.WRAP_UP)


async def test_a_call_that_moves_to_another_node_goes_on_with_the_first_adviser_alone(
    centre: SmallCentre,
) -> None:
    caller, ada = await talk(centre)
    ring, _ = await asked(centre, ada, queue=GENERAL)
    await caller.hear("stage", state="on_hold")
    await caller.hear("quality")  # and before it the claim of what is now
    again = await centre.call_again(caller.claim, node=1)
    async with asyncio.timeout(5):
        moved = await centre.desk.moved.get()
    assert (moved.call, moved.adviser) == (CALL, "ada")
    back = await centre.attach(moved)
    await back.hear("held", on=True)
    assert await becomes(centre, "bryn", Presence.WRAP_UP)
    assert (await stands(centre, ring.call)).state == "closed"
    await back.say("hold", on=False)
    back.peer.tone(ADVISER_HZ)
    assert await again.peer.hears(ADVISER_HZ)


async def test_who_leaves_a_consultation_just_as_the_caller_is_left_to_them_ends_no_call(
    centre: SmallCentre,
) -> None:
    caller, ada = await talk(centre)
    ring, bryn = await asked(centre, ada, queue=GENERAL)
    await ada.say("hand_over")
    await ada.hear("over")
    await bryn.say("hang_up", call=ring.call)
    assert (await bryn.hear("not_done"))["code"] == "caller-is-yours"
    assert await caller.peer.hears(ASKED_HZ)
    await bryn.say("hang_up", call=CALL)
    assert (await caller.hear("over"))["ending"] == "handled"
