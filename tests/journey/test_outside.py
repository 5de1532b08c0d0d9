"""A talk in which the adviser rings an outside number, as its end has to do with that."""

import pytest

from contactcentre.domain.call import CallState
from contactcentre.domain.ids import OutsideName, QueueId
from contactcentre.ports.live import (
    AdviserAct,
    AdviserHungUp,
    AdviserLost,
    ConsultDropped,
    HandedBack,
    HandOverAsked,
    OutsideAsked,
    TalkEnd,
    TransferAsked,
)
from tests.journey.test_bridging import Ring, talk

NAME = OutsideName("council-tax")


@pytest.mark.parametrize("hands_over", [True, False])
async def test_whoever_rings_outside_has_the_caller_on_hold(hands_over: bool) -> None:  # noqa: FBT001 - a case
    ring = Ring()
    asked = OutsideAsked(outside=NAME, hands_over=hands_over)
    assert await talk(ring, asked, AdviserHungUp()) is TalkEnd.ADVISER_HUNG_UP
    assert ring.live.consult.asked == [(NAME, hands_over)]
    assert ring.live.told == ["bridged", "held"]


async def test_a_caller_is_left_to_somebody_outside_who_is_there() -> None:
    ring = Ring()
    ring.live.consult.is_outside = True
    assert await talk(ring, HandOverAsked()) is TalkEnd.LEFT_OUTSIDE
    assert ring.live.consult.asked == ["leave outside"]


async def test_an_adviser_who_hangs_up_before_anybody_answers_there_loses_no_caller() -> None:
    ring = Ring()
    ring.live.consult.is_handing_over = True
    assert await talk(ring, AdviserHungUp()) is TalkEnd.HANDED_BACK
    await ring.bridging.break_off()
    assert ring.live.call.state is CallState.WAITING


@pytest.mark.parametrize("going", [AdviserHungUp(), HandedBack(), AdviserLost()])
async def test_a_caller_has_whoever_answers_just_as_the_adviser_goes(going: AdviserAct) -> None:
    ring = Ring()
    ring.live.consult.is_handed = ring.live.consult.is_outside = True
    assert await talk(ring, going, HandOverAsked()) is TalkEnd.LEFT_OUTSIDE
    assert ring.live.consult.asked == ["leave outside"]


async def test_while_a_trunk_hands_the_caller_on_nobody_lets_go_or_transfers_the_caller() -> None:
    ring = Ring()
    ring.live.consult.is_bound = True
    acts = (ConsultDropped(), TransferAsked(queue=QueueId("tax.moving.en")))
    assert await talk(ring, *acts, AdviserHungUp()) is TalkEnd.ADVISER_HUNG_UP
    assert ring.live.consult.asked == []
    assert ring.live.told == ["bridged", "out-of-order", "out-of-order"]
