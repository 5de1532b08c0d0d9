"""A telephone call outlives its node: another goes on with the dialog, and the call is the same."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.claims import Signatures
from contactcentre.apps.outside_rescue import NobodyRung, OutsideRescue
from contactcentre.apps.trunk_calls import TrunkCalls
from contactcentre.apps.trunk_rescue import AdoptedPhone, TrunkRescue
from contactcentre.bench.phone import PhonePeer
from contactcentre.bench.sip_phone import Exchange, PhoneCall
from contactcentre.domain.ids import CallId, NodeId, QueueId
from contactcentre.domain.presence import Presence
from contactcentre.ports.state import NodeReport
from tests.apps.small_centre import PAYING, SIGNING_KEY, small_centre

NUMBER = "+441632960001"
CALLER_HZ = 440.0
LOST = NodeId("node-9")
SOUND_BACK_WITHIN_S = 5.0
KEPT_WITHIN_S = 0.2
TAKEN_WITHIN_S = 3.0
FIRST = NodeId("node-1")


@asynccontextmanager
async def other_node(settings: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a second node as a process of its own, which can be killed."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CC_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "contactcentre.bench.sip_node",
        env=environ | settings,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def answered(call: PhoneCall) -> None:
    """Call."""
    response = await call.invite()
    assert response is not None
    assert response.code == 200


async def until_there(state: RedisState) -> None:
    """Wait until the second node has reported itself."""
    async with asyncio.timeout(20):
        while await state.node(LOST) is None:  # noqa: ASYNC110 - the store says it when asked
            await asyncio.sleep(0.05)


async def hears(sound: PhonePeer, *, something: bool, within_s: float = 6.0) -> bool:
    """Wait until a telephone hears something, or no packet any more."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        heard = sound.heard(within_s=0.3)
        if heard.packets_count > 0 if something else heard.packets_count == 0:
            return True
        await asyncio.sleep(0.02)
    return False


def settings_of_the_lost(redis_url: str, folder: Path, shared: dict[str, str]) -> dict[str, str]:
    """Return the settings of the second node."""
    return shared | {
        "CC_NODE": LOST,
        "CC_REDIS_URL": redis_url,
        "CC_CLUSTER_KEY": "c" * 32,
        "CC_SIGNING_KEYS": SIGNING_KEY,
        "CC_INTERNAL_PORT": str(free_port()),
        "CC_MEDIA_PORT": str(free_port()),
        "CC_MEDIA_ADDRESSES": "127.0.0.1",
        "CC_DATA_DIR": str(folder),
        "CC_SIP_PORT": str(free_port()),
    }


@pytest.mark.parametrize("ends", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
async def test_a_waiting_telephone_hears_sound_again_and_keeps_its_place_when_its_node_is_lost(
    redis_url: str, tmp_path: Path, ends: signal.Signals
) -> None:
    trunks = tmp_path / "trunks.toml"
    trunks.write_text('[trunks.north]\naddresses = ["127.0.0.1"]\n')
    shared = {"CC_SIP_TRUNKS": str(trunks), "CC_RTP_PORTS": "25000-25999"}
    lost = settings_of_the_lost(redis_url, tmp_path / "lost", shared)
    more = shared | {"CC_SIP_PORT": str(free_port())}
    sound, exchange = PhonePeer(), Exchange()
    async with (
        small_centre(redis_url, tmp_path / "kept", nodes=1, **more) as centre,
        other_node(lost) as node,
    ):
        await exchange.open()
        await sound.open()
        call = exchange.phone(("127.0.0.1", int(lost["CC_SIP_PORT"])), NUMBER)
        call.sdp, call.heard = sound.sdp(), sound.answered
        await until_there(centre.state)
        await answered(call)
        sound.hum(CALLER_HZ)
        assert await hears(sound, something=True)
        for key in "33":
            await sound.press(key)
        await asyncio.sleep(2.2)  # two beats: what has changed is kept
        overview = await centre.state.overview([QueueId(PAYING)])
        assert overview.queues[0].waiting_count == 1
        node.send_signal(ends)
        assert await hears(sound, something=False)
        assert await hears(sound, something=True, within_s=SOUND_BACK_WITHIN_S)
        assert [request.method for request in call.requests] == ["INVITE"]
        await centre.desk.report("ada", Presence.READY, PAYING)
        _, adviser = await centre.answer_ring()
        await adviser.hear("bridged")
        assert await adviser.peer.hears(CALLER_HZ)
        await adviser.say("hang_up")
        assert (await adviser.hear("over"))["ending"] == "handled"
        await sound.close()
        await exchange.close()


async def test_what_another_node_needs_of_a_call_is_kept_a_moment_after_its_answer(
    redis_url: str, tmp_path: Path
) -> None:
    """A node may die at any moment of its beat: calls are answered in several of them."""
    trunks = tmp_path / "trunks.toml"
    trunks.write_text('[trunks.north]\naddresses = ["127.0.0.1"]\n')
    port = free_port()
    more = {"CC_SIP_TRUNKS": str(trunks), "CC_RTP_PORTS": "26000-26999", "CC_SIP_PORT": str(port)}
    exchange = Exchange()
    async with small_centre(redis_url, tmp_path, nodes=1, **more) as centre:
        await exchange.open()
        for _ in range(4):
            sound = PhonePeer()
            await sound.open()
            call = exchange.phone(("127.0.0.1", port), NUMBER)
            call.sdp, call.heard = sound.sdp(), sound.answered
            await answered(call)
            await asyncio.sleep(KEPT_WITHIN_S)
            kept = await centre.state.take_dialogs(lost=FIRST, taker=LOST, calls_max=9)
            assert len(kept) == 1
            await call.bye()
            await sound.close()
        await exchange.close()


class Trunk:
    """A node's trunk that would take up anything."""

    may_take_up = True


@pytest.mark.parametrize("sees_most", [True, False], ids=["most", "few"])
async def test_a_node_that_is_cut_off_itself_takes_nobody_for_lost(
    redis_url: str, *, sees_most: bool
) -> None:
    state = RedisState(redis_url)
    await state.report_node(
        NodeReport(
            node=LOST,
            site="south",
            beat=1,
            internal_url="http://127.0.0.1:9",
            public_url="ws://127.0.0.1:9/leg",
            draining=False,
            legs_count=1,
            legs_max=10,
        )
    )
    await state.keep_dialogs(LOST, {CallId("a"): "sealed"}, [])
    clock = MachineClock()

    async def nobody_lives(_url: str) -> bool:
        return False

    signatures = Signatures({"k1": "s" * 32}, "k1", clock)
    rescue = TrunkRescue(
        cast("TrunkCalls", Trunk()),
        state,
        state,
        signatures,
        clock,
        node=FIRST,
        adopt=never,
        outside=OutsideRescue(NobodyRung(), state, signatures, clock, node=FIRST, adopt=never),
        lives=nobody_lives,
        sees_most=lambda: sees_most,
    )
    watching = asyncio.create_task(rescue.watch())
    await asyncio.sleep(TAKEN_WITHIN_S)
    watching.cancel()
    left = await state.take_dialogs(lost=LOST, taker=NodeId("third"), calls_max=9)
    assert list(left) == ([] if sees_most else ["a"])
    await state.close()


def never(_facts: str) -> AdoptedPhone:
    """Adopt nothing: what is kept here cannot be read."""
    raise AssertionError
