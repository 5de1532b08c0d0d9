"""An adviser asks an outside number about a caller, or leaves the caller there; a real node."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contactcentre.adapters.embedded.server import free_port
from contactcentre.bench.phone import PhonePeer
from contactcentre.domain.presence import Presence
from contactcentre.wire.cluster import Ring
from tests.adapters.sip.answering import OWN, Answering, Rung
from tests.adapters.sip.entrance import until
from tests.apps.outside_town import NAME, OUTSIDE_HZ, TITLES, outside_settings, phone
from tests.apps.small_centre import PAYING, LegPage, SmallCentre, small_centre
from tests.apps.test_consult import ADVISER_HZ, CALL, CALLER_HZ, becomes, stands


class Town:
    """A centre, and the phone at an outside number."""

    def __init__(self, centre: SmallCentre, trunk: Answering, sound: PhonePeer) -> None:
        self.centre = centre
        self.trunk = trunk
        self.sound = sound

    async def talk(self) -> tuple[LegPage, LegPage, Ring]:
        """Return caller and adviser who talk and hum."""
        caller = await self.centre.wait_in_queue(CALL)
        await self.centre.desk.report("ada", Presence.READY, PAYING)
        ring, ada = await self.centre.answer_ring()
        await ada.hear("bridged")
        await self.centre.desk.report("ada", Presence.TALKING, PAYING, call=CALL, token=ring.token)
        caller.peer.tone(CALLER_HZ)
        ada.peer.tone(ADVISER_HZ)
        return caller, ada, ring

    async def rings(self, ada: LegPage, *, hands_over: bool = False) -> Rung:
        """Let the adviser ask the number, and return the phone that rings there."""
        before = len(self.trunk.rung)
        await ada.say("ask_outside", outside=NAME, hands_over=hands_over)
        await ada.hear("consulted", state="ringing", outside=TITLES)
        assert await until(lambda: len(self.trunk.rung) > before)
        return self.trunk.rung[-1]

    def answer(self, rung: Rung) -> None:
        """Let the phone answer, and hum."""
        self.sound.answered(rung.invite.body.decode())
        self.sound.hum(OUTSIDE_HZ)
        rung.respond(200, sdp=self.sound.sdp())


@pytest.fixture
async def town(redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """Give a centre that may ring one number."""
    async with phone() as (trunk, sound):
        more = {
            "CC_LEG_GRACE_MS": "5000",
            "CC_SIP_PORT": str(free_port()),
            **outside_settings(tmp_path, trunk.port, rtp_ports="21000-21999"),
        }
        async with small_centre(redis_url, tmp_path, nodes=1, **more) as centre:
            yield Town(centre, trunk, sound)


async def test_adviser_and_outside_number_talk_swap_all_together_and_the_caller_stays_there(
    town: Town,
) -> None:
    caller, ada, ring = await town.talk()
    rung = await town.rings(ada)
    assert OWN in rung.invite.first("from")
    town.answer(rung)
    await ada.hear("consulted", state="talking", outside=TITLES)
    assert await ada.peer.hears(OUTSIDE_HZ)
    assert await town.sound.hears(ADVISER_HZ)
    await ada.say("hold", on=False)
    assert await caller.peer.hears(ADVISER_HZ)
    assert await ada.peer.hears(CALLER_HZ)
    assert (await stands(town.centre)).token == ring.token
    ada.peer.tone(None)
    await ada.say("merge")
    await ada.hear("consulted", state="merged")
    assert await caller.peer.hears(OUTSIDE_HZ)
    assert await town.sound.hears(CALLER_HZ)
    await ada.say("hand_over")
    await ada.hear("over", ending="handled")
    assert await becomes(town.centre, "ada", Presence.WRAP_UP)
    assert town.trunk.methods() == []
    await caller.say("hang_up")
    assert await until(lambda: town.trunk.methods() == ["BYE"])
    await caller.hear("over")


async def test_whoever_is_not_reached_changes_nothing_and_whoever_answers_may_have_the_caller(
    town: Town,
) -> None:
    caller, ada, _ = await town.talk()
    (await town.rings(ada, hands_over=True)).respond(486)
    await ada.hear("consulted", state="none", why="busy", outside=None)
    await ada.say("hold", on=False)
    assert await caller.peer.hears(ADVISER_HZ)
    rung = await town.rings(ada)
    await ada.say("ask", queue=PAYING, adviser=None)
    assert (await ada.hear("not_done"))["code"] == "out-of-order"
    town.answer(rung)
    await ada.hear("consulted", state="talking")
    await rung.ask("BYE")
    await ada.hear("consulted", state="none", why="left")
    rung = await town.rings(ada, hands_over=True)
    assert (await stands(town.centre)).state == "talking", "until then the adviser has the call"
    for _ in range(2):  # once for each time that somebody was asked
        await caller.hear("stage", state="on_hold")
    town.answer(rung)
    await ada.hear("over", ending="handled")
    await caller.hear("stage", state="talking")
    assert await caller.peer.hears(OUTSIDE_HZ)
    await asyncio.sleep(1.2)  # a beat: nobody takes the caller away
    assert (await stands(town.centre)).state == "closed"
    claim = caller.claim
    await caller.vanish()
    again = await town.centre.call_again(claim)  # the page has only lost its socket
    again.peer.tone(CALLER_HZ)
    assert await again.peer.hears(OUTSIDE_HZ)
    assert await town.sound.hears(CALLER_HZ)
    await rung.ask("BYE")
    assert (await again.hear("over"))["ending"] == "handled"
