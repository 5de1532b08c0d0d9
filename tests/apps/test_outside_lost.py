"""A node is lost while an outside number is asked: that is over, and the caller keeps the adviser.

The other node tells the outside phone goodbye, as nobody else is left who could.
"""

import asyncio
import signal
from pathlib import Path

from contactcentre.bench.phone import PhonePeer
from contactcentre.domain.presence import Presence
from tests.adapters.sip.answering import Answering
from tests.adapters.sip.entrance import until
from tests.apps.small_centre import PAYING, LegPage, SmallCentre, free_port, small_centre
from tests.apps.test_consult import ADVISER_HZ, CALL, CALLER_HZ
from tests.apps.test_outside_consult import NAME, NUMBERS, OUTSIDE_HZ, TRUNKS
from tests.apps.test_trunk_rescue import other_node, settings_of_the_lost, until_there


async def talk(centre: SmallCentre) -> tuple[LegPage, LegPage]:
    """Return caller and adviser who talk on the node that will be lost."""
    caller = await centre.call_again(centre.claim(CALL), node=1)
    for key in "33":
        await caller.say("key", key=key)
        await asyncio.sleep(0.05)
    await caller.hear("stage", state="waiting")
    await centre.desk.report("ada", Presence.READY, PAYING)
    ring, ada = await centre.answer_ring()
    await ada.hear("bridged")
    await centre.desk.report("ada", Presence.TALKING, PAYING, call=CALL, token=ring.token)
    return caller, ada


async def test_an_outside_number_is_told_goodbye_and_caller_and_adviser_go_on_elsewhere(
    redis_url: str, tmp_path: Path
) -> None:
    trunk, sound = Answering(), PhonePeer()
    await trunk.open()
    await sound.open()
    trunk.script = lambda rung: rung.respond(200, sdp=sound.sdp())
    (tmp_path / "trunks.toml").write_text(TRUNKS.format(port=trunk.port))
    (tmp_path / "numbers.toml").write_text(NUMBERS)
    shared = {
        "CC_SIP_TRUNKS": str(tmp_path / "trunks.toml"),
        "CC_OUTSIDE_NUMBERS": str(tmp_path / "numbers.toml"),
        "CC_RTP_PORTS": "26000-26999",
    }
    lost = settings_of_the_lost(redis_url, tmp_path / "lost", shared)
    more = shared | {"CC_SIP_PORT": str(free_port())}
    async with (
        small_centre(redis_url, tmp_path / "kept", nodes=1, **more) as centre,
        other_node(lost) as node,
    ):
        centre.leg_urls.append(f"ws://127.0.0.1:{lost['CC_MEDIA_PORT']}/leg")
        await until_there(centre.state)
        caller, ada = await talk(centre)
        await ada.say("ask_outside", outside=NAME, hands_over=False)
        await ada.hear("consulted", state="talking")
        sound.answered(trunk.rung[0].invite.body.decode())
        sound.hum(OUTSIDE_HZ)
        assert await ada.peer.hears(OUTSIDE_HZ)
        await caller.hear("stage", state="on_hold")
        await caller.hear("quality")  # and before it the claim of what is now
        await asyncio.sleep(2.2)  # two beats: what has changed is kept
        node.send_signal(signal.SIGKILL)
        assert await until(lambda: trunk.methods() == ["BYE"], within_s=10)
        again = await centre.call_again(caller.claim, node=0)
        async with asyncio.timeout(5):
            moved = await centre.desk.moved.get()
        back = await centre.attach(moved)
        await back.hear("consulted", state="none")
        await back.say("hold", on=False)
        again.peer.tone(CALLER_HZ)
        back.peer.tone(ADVISER_HZ)
        assert await again.peer.hears(ADVISER_HZ)
        assert await back.peer.hears(CALLER_HZ)
    await sound.close()
    await trunk.close()
