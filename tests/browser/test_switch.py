"""What callers and advisers hear of a change of the live state's primary: nothing."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from contactcentre.adapters.embedded.sentinel import SentinelGroup, start_sentinel_group
from tests.browser.centre import Centre, running_centre
from tests.browser.conftest import Stage, hear_each_other


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SentinelGroup]:
    """Give three servers and three Sentinels."""
    folder: Path = tmp_path_factory.mktemp("group")
    started = asyncio.run(start_sentinel_group(folder))
    yield started
    asyncio.run(started.stop())


@pytest.fixture(scope="module")
def centre(group: SentinelGroup) -> Iterator[Centre]:
    """Start a centre whose live state is such a group."""
    with running_centre({"CC_REDIS_URL": group.url, "CC_RING_MS": "15000"}) as started:
        yield started


async def test_a_ring_is_answered_and_the_next_one_comes_while_the_primary_changes(
    stage: Stage, group: SentinelGroup
) -> None:
    ada = await stage.adviser_signs_in("ada")
    await ada.gets_ready()
    caller, later = await stage.caller_calls(), await stage.caller_calls()
    await caller.press("3", "3")
    await ada.is_rung()
    await later.waits("3", "3")
    (await group.primary()).kill()
    await ada.answers()
    await caller.is_in("talking")
    await hear_each_other(caller, ada)
    await later.is_in("waiting")
    await ada.ends_the_call()
    await ada.finishes()
    await ada.answers()
    await later.is_in("talking")
    await hear_each_other(later, ada)
