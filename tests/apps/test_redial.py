"""A caller who left the queue and calls again: a real node, a real Redis; the test is the page."""

import asyncio
from pathlib import Path

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.web.claims import page_digest
from contactcentre.adapters.web.pages.redial import Redials
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import CallId, LineId
from contactcentre.domain.languages import Language
from contactcentre.domain.presence import Presence
from contactcentre.wire.pages import LeftCall, NewClaim
from tests.apps.small_centre import PAYING, SECRET, LegPage, SmallCentre, small_centre


async def new_claim(centre: SmallCentre, left: LegPage, call: str) -> str:
    """Return the claim to a call that takes up the place of one that was left."""
    redials = Redials(centre.signatures, centre.state, MachineClock(), keep_ms=600_000)
    asked = NewClaim(
        line=LineId("tax"),
        language=Language.ENGLISH,
        page=page_digest(SECRET),
        left=LeftCall(claim=left.claim, secret=SECRET),
    )
    begun, kept = await redials.begin(asked, CallId(call))
    assert kept is not None
    fresh = centre.signatures.read_claim(centre.claim(begun))
    return centre.signatures.sign_claim(fresh.model_copy(update={"kept": kept}))


async def choose_paying(page: LegPage) -> None:
    """Press what leads to the queue for paying, and wait there."""
    for key in "33":
        await page.say("key", key=key)
        await asyncio.sleep(0.05)
    await page.hear("stage", state="waiting")


async def test_a_caller_who_calls_again_stands_before_those_who_came_after_the_first_call(
    redis_url: str, tmp_path: Path
) -> None:
    async with small_centre(redis_url, tmp_path) as centre:
        first = await centre.wait_in_queue("first")
        began_ms = centre.signatures.read_claim(first.claim).enqueued_ms
        await centre.wait_in_queue("late")
        await first.say("hang_up")
        assert (await first.hear("over"))["ending"] == "abandoned"
        claim = await new_claim(centre, first, "again")

        again = await centre.call_again(claim)
        await again.hear("stage", state="in_menu")
        memory = centre.signatures.unseal(centre.signatures.read_claim(again.claim))
        assert memory.kept_ms == began_ms, "another node would go on with the place"
        await choose_paying(again)
        await again.hear("place", place=1)
        await centre.desk.report("ada", Presence.READY, PAYING)
        ring = await centre.ring()

        assert ring.call == "again"
        assert centre.signatures.read_claim(again.claim).enqueued_ms == began_ms
        told = [step.words[Language.ENGLISH] for step in ring.journey]
        assert told[:2] == [
            "Called from the web page",
            "Had waited in an earlier call, kept the place",
        ]
        [stands] = await centre.state.look_calls([CallId("first")])
        assert (stands.state, stands.ending) == ("closed", Ending.ABANDONED)
