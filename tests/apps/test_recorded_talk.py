"""Recorded talks: real nodes, a real Redis, real sound; the test plays the desk."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contactcentre.adapters.media_aiortc.g711 import PCMU, Samples
from contactcentre.adapters.recording_files import form
from contactcentre.adapters.recording_files.sealing import KeyRing
from contactcentre.adapters.web.peers import Peers
from contactcentre.apps.reach import HttpNodes
from contactcentre.bench.peer import strongest_tone
from contactcentre.domain.errors import OutOfOrder
from contactcentre.domain.ids import CallId
from contactcentre.domain.presence import Presence
from contactcentre.wire.recording import Recorded, RecordingStands, RecordingStep
from tests.apps.small_centre import PAYING, LegPage, SmallCentre, small_centre
from tests.recorded_flows import recorded_flows

CALLER_HZ, ADVISER_HZ = 440.0, 1_000.0
KEY = "r" * 32
PAUSE_MAX_MS = 1_500
S = 8_000


@pytest.fixture
async def centre(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SmallCentre]:
    """Give a centre of two nodes that record the talks of the tax line."""
    monkeypatch.setattr("contactcentre.apps.node_core.HAND_OVER_BEATS", 0)
    more = {
        "CC_RING_MS": "4000",
        "CC_LEG_GRACE_MS": "5000",
        "CC_FLOWS_DIR": str(recorded_flows(tmp_path / "flows", announced_by="digit_1")),
        "CC_RECORDINGS": str(tmp_path / "recordings"),
        "CC_RECORDING_KEYS": f"2026:{KEY}",
        "CC_RECORDING_PAUSE_MAX_MS": str(PAUSE_MAX_MS),
    }
    async with small_centre(redis_url, tmp_path, nodes=2, **more) as one:
        yield one


async def talk(centre: SmallCentre) -> tuple[LegPage, LegPage]:
    """Return a caller and an adviser who talk, each humming a tone."""
    caller = await centre.wait_in_queue("call-1")
    await caller.hear("place")
    await centre.desk.report("ada", Presence.READY, PAYING)
    _, adviser = await centre.answer_ring()
    caller.peer.tone(CALLER_HZ)
    adviser.peer.tone(ADVISER_HZ)
    return caller, adviser


async def parts(centre: SmallCentre, count: int) -> list[Samples]:
    """Wait for so many whole parts and return their sound, two channels each, the first first."""
    folder = centre.settings.recordings
    assert folder is not None
    async with asyncio.timeout(5):
        while len(found := sorted(folder.rglob("*.rec"))) < count:  # noqa: ASYNC110 - another thread writes them
            await asyncio.sleep(0.05)
    return [_sound(path) for path in found]


def _sound(path: Path) -> Samples:
    with path.open("rb") as file:
        _, pieces = form.open_sound(file, KeyRing({"2026": KEY}))
        return PCMU.decode(b"".join(piece for _, piece in pieces)).reshape(-1, 2)


def hums(sound: Samples, hz: float) -> bool:
    """Say whether a tone is what is heard."""
    return abs(strongest_tone(sound)[0] - hz) < 20


async def test_a_talk_is_recorded_in_two_channels_but_for_its_pause(centre: SmallCentre) -> None:
    caller, adviser = await talk(centre)
    announced = await caller.hear("stage", state="talking")
    if not announced["words"]:
        announced = await caller.hear("stage", state="talking")
    assert announced["words"][0] == "1.", "whoever is recorded hears so first"
    now = await adviser.hear("recording")
    assert (now["on"], now["left_ms"]) == (True, None)
    await caller.stays(1)
    await adviser.say("record", on=False)
    paused = await adviser.hear("recording", on=False)
    assert PAUSE_MAX_MS - 500 < paused["left_ms"] <= PAUSE_MAX_MS
    await caller.stays(0.7)
    await adviser.say("record", on=True)
    assert (await adviser.hear("recording", on=True))["is_forgotten"] is False
    await caller.stays(1)
    await adviser.say("hang_up")
    await caller.hear("over")
    (sound,) = await parts(centre, 1)
    silent = np.flatnonzero(~sound.reshape(-1, 160, 2).any(axis=(1, 2)))
    assert 25 <= len(silent) <= 60, "the pause, and nothing else"
    before, after = sound[S // 4 : S * 3 // 4], sound[-S * 3 // 4 : -S // 4]
    for piece in (before, after):
        assert hums(piece[:, 0], CALLER_HZ)
        assert hums(piece[:, 1], ADVISER_HZ)


async def test_a_pause_that_is_forgotten_ends_by_itself_and_says_so(centre: SmallCentre) -> None:
    _, adviser = await talk(centre)
    await adviser.hear("recording", on=True)
    await adviser.say("record", on=False)
    await adviser.hear("recording", on=False)
    now = await adviser.hear("recording", on=True, within_s=PAUSE_MAX_MS / 1_000 + 1)
    assert now["is_forgotten"] is True


async def test_a_talk_that_moves_goes_on_in_a_second_part_and_paused_if_it_was(
    centre: SmallCentre,
) -> None:
    caller, adviser = await talk(centre)
    await adviser.hear("recording", on=True)
    await asyncio.sleep(0.5)
    await adviser.say("record", on=False)
    await adviser.hear("recording", on=False)
    await caller.stays(0.5)
    back = await centre.call_again(caller.claim, node=1)
    back.peer.tone(CALLER_HZ)
    async with asyncio.timeout(5):
        ring = await centre.desk.moved.get()
    again = await centre.attach(ring)
    again.peer.tone(ADVISER_HZ)
    assert (await again.hear("recording"))["on"] is False, "as nobody has resumed it"
    await again.say("record", on=True)
    await again.hear("recording", on=True)
    await asyncio.sleep(1)
    await again.say("hang_up")
    first, second = await parts(centre, 2)
    assert hums(first[: S // 2, 0], CALLER_HZ)
    assert hums(second[-S // 2 :, 0], CALLER_HZ)
    assert hums(second[-S // 2 :, 1], ADVISER_HZ)
    folder = centre.settings.recordings
    assert folder is not None
    names = sorted(path.relative_to(folder).parts[0] for path in folder.rglob("*.rec"))
    assert names == ["node-1", "node-2"]


SEEN = {"on": False, "left_ms": 600, "act": 1}
"""What the adviser's page shows of a pause that the claim in the caller's page is older than."""


@pytest.mark.parametrize(
    ("more", "is_paused"),
    [
        pytest.param({"recording": SEEN}, True, id="the adviser's page knows of it"),
        pytest.param({"recording": {**SEEN, "act": 10**9}}, False, id="so often nobody pauses"),
        pytest.param({}, False, id="a page from before says nothing"),
    ],
)
async def test_a_pause_of_which_the_callers_page_knows_nothing_goes_on_where_the_talk_does(
    centre: SmallCentre,
    more: dict[str, Any],
    is_paused: bool,  # noqa: FBT001 - a case
) -> None:
    caller, adviser = await talk(centre)
    await adviser.hear("recording", on=True)
    await caller.stays(0.5)
    claim = caller.claim
    await adviser.say("record", on=False)
    assert (await adviser.hear("recording", on=False))["act"] == 1
    await centre.call_again(claim, node=1)
    async with asyncio.timeout(5):
        ring = await centre.desk.moved.get()
    again = await centre.attach(ring, **more)
    now = await again.hear("recording")
    assert now["on"] is not is_paused
    if is_paused:
        assert now["left_ms"] <= 600, "it is over when it was to be"
        assert (await again.hear("recording", on=True, within_s=1.5))["is_forgotten"] is True


async def test_a_pause_that_has_just_ended_is_not_begun_again_by_the_callers_page(
    centre: SmallCentre,
) -> None:
    caller, adviser = await talk(centre)
    await adviser.hear("recording", on=True)
    await adviser.say("record", on=False)
    await adviser.hear("recording", on=False)
    await caller.stays(0.5)
    claim = caller.claim
    await adviser.say("record", on=True)
    now = await adviser.hear("recording", on=True)
    await centre.call_again(claim, node=1)
    async with asyncio.timeout(5):
        ring = await centre.desk.moved.get()
    seen = {"on": True, "left_ms": None, "act": now["act"]}
    again = await centre.attach(ring, recording=seen)
    assert (await again.hear("recording"))["on"] is True


async def step(centre: SmallCentre, call: str, *, on: bool, node: int = 0) -> RecordingStands:
    """Tell a node of a payment step, as a desk process does."""
    key = centre.settings.cluster_key.get_secret_value()
    async with Peers(key) as peers:
        asked = RecordingStep(call=CallId(call), on=on)
        return await HttpNodes(peers).step(centre.internal_urls[node], asked)


async def test_a_payment_step_has_a_whole_pause_of_its_own_and_goes_on_at_another_node(
    centre: SmallCentre,
) -> None:
    caller, adviser = await talk(centre)
    await adviser.hear("recording", on=True)
    await adviser.say("record", on=False)
    await adviser.hear("recording", on=False)
    await caller.stays(PAUSE_MAX_MS / 2_000)
    stands = await step(centre, "call-1", on=True)
    assert stands.recorded is Recorded.PAUSED
    assert stands.left_ms is not None
    assert stands.left_ms > PAUSE_MAX_MS - 200, "and not what was left of the adviser's"
    paused = await adviser.hear("recording", on=False)
    await caller.stays(0.3)
    await centre.call_again(caller.claim, node=1)
    async with asyncio.timeout(5):
        ring = await centre.desk.moved.get()
    seen = {"on": False, "left_ms": 1_000, "act": paused["act"]}
    again = await centre.attach(ring, recording=seen)
    await again.hear("recording", on=False)
    over = await step(centre, "call-1", on=False, node=1)
    assert (over.recorded, over.left_ms) == (Recorded.ON, None)
    assert (await again.hear("recording", on=True))["is_forgotten"] is False


async def test_a_payment_step_that_is_forgotten_ends_by_itself(centre: SmallCentre) -> None:
    _, adviser = await talk(centre)
    await adviser.hear("recording", on=True)
    await step(centre, "call-1", on=True)
    now = await adviser.hear("recording", on=True, within_s=PAUSE_MAX_MS / 1_000 + 1)
    assert now["is_forgotten"] is True


async def test_there_is_no_payment_step_where_nobody_talks(centre: SmallCentre) -> None:
    await centre.wait_in_queue("call-1")
    with pytest.raises(OutOfOrder):
        await step(centre, "call-1", on=True)
