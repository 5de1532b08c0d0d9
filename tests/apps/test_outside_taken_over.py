"""Somebody on an outside number goes along with the caller to another node, or does not."""

import asyncio

import pytest

from contactcentre.domain.consulting import ConsultEnd, ConsultState
from contactcentre.domain.errors import (
    MediaUnavailable,
)
from contactcentre.ports.dialling import (
    NumberAnswered,
    NumberElsewhere,
)
from contactcentre.ports.media import LegConnected
from tests.apps.staged_outside import Stage


@pytest.fixture
async def stage() -> Stage:
    """Give a stage."""
    return Stage()


@pytest.mark.parametrize("is_merged", [False, True])
async def test_whoever_was_there_at_another_node_is_there_again_and_is_noted_once(
    stage: Stage,
    is_merged: bool,  # noqa: FBT001 - how it was
) -> None:
    await stage.goes_on(is_merged=is_merged)
    assert not stage.party.seats
    stage.dialler.heard(LegConnected(leg=stage.dialler.leg))
    stage.is_late.set()
    await asyncio.sleep(0.01)
    assert stage.party.seats[0].leg == stage.dialler.leg
    memory = stage.party.memory
    assert memory is not None
    assert (memory.leg, memory.kept) == (stage.dialler.leg, "kept"), "and at the next one"
    assert (memory.is_merged, stage.party.is_merged, memory.is_left) == (is_merged,) * 2 + (False,)
    assert (stage.noted, stage.dialler.hung_up_count) == ([], 0)


@pytest.mark.parametrize("lacks", ["sound", "a line", "its dialler"])
async def test_a_phone_that_does_not_come_along_to_another_node_has_gone(
    stage: Stage, lacks: str
) -> None:
    stage.has_dialler = lacks != "its dialler"
    stage.dialler.fails = MediaUnavailable("x") if lacks == "a line" else None
    stage.is_late.set()
    await stage.goes_on(is_left=True)
    assert stage.stands == (ConsultState.NONE, ConsultEnd.LEFT)
    async with asyncio.timeout(10):
        await stage.party.stay(asyncio.Event())
    assert stage.dialler.hung_up_count == (lacks == "sound")


@pytest.mark.parametrize("is_elsewhere", [False, True])
async def test_a_phone_that_is_fetched_too_late_hears_a_goodbye_unless_another_node_has_it(
    stage: Stage,
    is_elsewhere: bool,  # noqa: FBT001 - a case
) -> None:
    stage.dialler.is_slow.clear()
    await stage.goes_on()
    if is_elsewhere:
        stage.party.let_go()
    else:
        stage.party.drop()
    stage.dialler.is_slow.set()
    await asyncio.sleep(0.01)
    assert (stage.dialler.hung_up_count, stage.dialler.let_go_count) == (
        not is_elsewhere,
        is_elsewhere,
    )


async def test_a_number_that_another_node_has_is_let_go_with_its_call_and_hears_no_goodbye(
    stage: Stage,
) -> None:
    await stage.rings()
    assert stage.party.memory is None, "whoever only rings is not kept"
    stage.dialler.told(NumberAnswered())
    stage.party.leave()
    memory = stage.party.memory
    assert memory is not None
    assert memory.is_left
    stage.dialler.told(NumberElsewhere())
    await asyncio.sleep(0.01)
    assert stage.dropped_count == 1
    stage.party.let_go()
    stage.party.end()
    assert (stage.dialler.let_go_count, stage.dialler.hung_up_count) == (1, 0)
