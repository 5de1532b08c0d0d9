"""Callers outside the opening hours, on a real node."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.apps.hours_of_tests import closed_flows
from tests.apps.small_centre import SmallCentre, small_centre


@pytest.fixture
async def closed(redis_url: str, tmp_path: Path) -> AsyncIterator[SmallCentre]:
    """Give a centre whose line is closed today, but for extra support."""
    flows = closed_flows(tmp_path)
    async with small_centre(redis_url, tmp_path, CC_FLOWS_DIR=str(flows)) as one:
        yield one


async def test_a_caller_outside_the_hours_is_told_so_and_still_reaches_extra_support(
    closed: SmallCentre,
) -> None:
    caller = await closed.call("call-1")
    said = await caller.hear("stage", state="in_menu")
    assert said["words"][0] == "Our advisers are not here at the moment."
    assert "riverside.example/help" in said["words"]
    assert said["keys"] == {"0": "Extra support", "9": "Cymraeg"}
    await caller.say("key", key="9")
    assert (await caller.hear("stage", language="cy"))["words"][0].startswith("Nid yw")
    await caller.say("hang_up")
    assert (await caller.hear("over"))["ending"] == "closed"
    other = await closed.call("call-2")
    await other.hear("stage", state="in_menu")
    await other.say("key", key="0")
    await other.hear("stage", state="waiting")
    await other.say("hang_up")
    assert (await other.hear("over"))["ending"] == "abandoned"
