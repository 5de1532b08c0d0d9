"""A node whose sound is late says so, and serves those who come."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.apps.small_centre import SmallCentre, small_centre


@pytest.fixture
async def centre(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SmallCentre]:
    """Give a centre of one node, whose ticks are late."""
    monkeypatch.setattr("contactcentre.apps.node_core.HAND_OVER_BEATS", 0)
    monkeypatch.setattr("contactcentre.apps.media.is_strained", lambda **_: True)
    async with small_centre(redis_url, tmp_path) as one:
        yield one


async def test_a_node_that_is_late_says_so_and_not_that_it_is_full(centre: SmallCentre) -> None:
    for name in ("call-1", "call-2"):
        await (await centre.call(name)).hear("stage")
    async with asyncio.timeout(5):
        while True:
            (node,) = await centre.state.nodes()
            if node.legs_count == 4:
                break
            await asyncio.sleep(0.1)
    assert node.strained
    assert node.legs_max > node.legs_count
