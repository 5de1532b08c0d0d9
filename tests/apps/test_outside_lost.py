"""A node is lost while an outside number is in a call: another goes on with both phones.

Who comes back from a page is asked after by nobody: the number waits for whichever node has the
caller then, and is told goodbye by another one only if none has.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from contactcentre.adapters.embedded.server import free_port
from contactcentre.bench.phone import PhonePeer
from contactcentre.domain.presence import Presence
from tests.adapters.sip.answering import Answering
from tests.adapters.sip.entrance import until
from tests.apps.outside_town import NAME, OUTSIDE_HZ, outside_settings, phone
from tests.apps.small_centre import PAYING, LegPage, SmallCentre, small_centre
from tests.apps.test_consult import ADVISER_HZ, CALL, CALLER_HZ
from tests.apps.test_trunk_rescue import other_node, settings_of_the_lost, until_there


class Town:
    """A centre of two nodes, one of which will be lost, and the phone at an outside number."""

    def __init__(
        self,
        centre: SmallCentre,
        node: asyncio.subprocess.Process,
        trunk: Answering,
        sound: PhonePeer,
    ) -> None:
        self.centre = centre
        self.node = node
        self.trunk = trunk
        self.sound = sound

    async def talk(self) -> tuple[LegPage, LegPage]:
        """Return caller and adviser who talk on the node that will be lost, with the number."""
        caller = await self.centre.call_again(self.centre.claim(CALL), node=1)
        for key in "33":
            await caller.say("key", key=key)
            await asyncio.sleep(0.05)
        await caller.hear("stage", state="waiting")
        await self.centre.desk.report("ada", Presence.READY, PAYING)
        ring, ada = await self.centre.answer_ring()
        await ada.hear("bridged")
        await self.centre.desk.report("ada", Presence.TALKING, PAYING, call=CALL, token=ring.token)
        await ada.say("ask_outside", outside=NAME, hands_over=False)
        await ada.hear("consulted", state="talking")
        self.sound.answered(self.trunk.rung[0].invite.body.decode())
        self.sound.hum(OUTSIDE_HZ)
        await caller.hear("stage", state="on_hold")
        return caller, ada

    def offered(self, offer: str) -> str:
        """Let the outside phone take the sound of another node."""
        self.sound.answered(offer)
        return self.sound.sdp()

    async def lose(self, caller: LegPage, by: signal.Signals = signal.SIGKILL) -> LegPage:
        """Kill the node, and return the caller's page as it comes to the other one."""
        await caller.hear("quality")  # and before it the claim of what is now
        self.node.send_signal(by)
        again = await self.centre.call_again(caller.claim, node=0)
        again.peer.tone(CALLER_HZ)
        return again


@pytest.fixture
async def town(redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """Give a centre that may ring one number."""
    async with lost_town(redis_url, tmp_path) as one:
        yield one


@asynccontextmanager
async def lost_town(redis_url: str, folder: Path) -> AsyncIterator[Town]:
    """Run it."""
    async with AsyncExitStack() as stack:
        trunk, sound = await stack.enter_async_context(phone())
        shared = outside_settings(folder, trunk.port, rtp_ports="26000-26999")
        lost = settings_of_the_lost(redis_url, folder / "lost", shared)
        more = shared | {"CC_SIP_PORT": str(free_port())}
        centre = await stack.enter_async_context(
            small_centre(redis_url, folder / "kept", nodes=1, **more)
        )
        node = await stack.enter_async_context(other_node(lost))
        centre.leg_urls.append(f"ws://127.0.0.1:{lost['CC_MEDIA_PORT']}/leg")
        await until_there(centre.state)
        one = Town(centre, node, trunk, sound)
        trunk.script = lambda rung: rung.respond(200, sdp=sound.sdp())
        trunk.offered = lambda request: one.offered(request.body.decode())
        yield one


async def test_whoever_is_asked_outside_talks_on_with_caller_and_adviser_at_another_node(
    town: Town,
) -> None:
    caller, ada = await town.talk()
    await ada.say("merge")
    await ada.hear("consulted", state="merged")
    again = await town.lose(caller)
    assert await again.peer.hears(OUTSIDE_HZ), "before the adviser is back"
    assert await town.sound.hears(CALLER_HZ)
    async with asyncio.timeout(5):
        moved = await town.centre.desk.moved.get()
    back = await town.centre.attach(moved)
    await back.hear("consulted", state="merged")
    again.peer.tone(None)
    back.peer.tone(ADVISER_HZ)
    assert await town.sound.hears(ADVISER_HZ)
    assert town.trunk.methods() == ["INVITE"]
    await back.say("drop_consult")
    await back.hear("consulted", state="none")
    assert await until(lambda: town.trunk.methods() == ["INVITE", "BYE"])
    assert await again.peer.hears(ADVISER_HZ)


async def test_a_caller_who_was_left_outside_talks_on_there_and_a_node_that_wakes_up_lets_go(
    town: Town,
) -> None:
    caller, ada = await town.talk()
    await ada.say("hand_over")
    await ada.hear("over", ending="handled")
    again = await town.lose(caller, signal.SIGSTOP)
    assert await again.peer.hears(OUTSIDE_HZ)
    assert await town.sound.hears(CALLER_HZ)
    town.node.send_signal(signal.SIGCONT)
    await caller.hear_the_end()
    claim = (await again.hear("claim"))["claim"]
    await again.vanish()
    back = await town.centre.call_again(claim, node=0)  # the page has only lost its socket
    back.peer.tone(CALLER_HZ)
    assert await back.peer.hears(OUTSIDE_HZ)
    assert town.trunk.methods() == ["INVITE"]
    await town.trunk.rung[0].ask("BYE")


async def test_a_number_that_is_gone_by_then_leaves_the_caller_to_the_adviser(town: Town) -> None:
    caller, _ = await town.talk()
    town.trunk.knows_calls = False
    again = await town.lose(caller)
    async with asyncio.timeout(5):
        moved = await town.centre.desk.moved.get()
    back = await town.centre.attach(moved)
    await back.hear("consulted", state="none", why="left")
    await back.say("hold", on=False)
    back.peer.tone(ADVISER_HZ)
    assert await again.peer.hears(ADVISER_HZ)
