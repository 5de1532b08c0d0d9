"""Somebody on an outside number, as one call has to do with that; no sound and no socket."""

import asyncio

import pytest

from contactcentre.apps.outside_party import UNSEEN_MS
from contactcentre.domain.consulting import ConsultEnd, ConsultState
from contactcentre.domain.dialling import DialFailure
from contactcentre.domain.errors import (
    LinesBusy,
    MediaUnavailable,
    NumberNotAllowed,
    OutOfOrder,
    Refusal,
)
from contactcentre.ports.dialling import (
    DialEvent,
    NumberAnswered,
    NumberEnded,
    NumberFailed,
    NumberRings,
)
from contactcentre.ports.media import LegConnected
from tests.apps.staged_outside import LEFT, NAME, NUMBER, Stage


@pytest.fixture
async def stage() -> Stage:
    """Give a stage."""
    return Stage()


async def test_whoever_answers_is_seated_noted_and_may_be_brought_to_the_caller(
    stage: Stage,
) -> None:
    await stage.rings()
    assert stage.party.told.outside == NUMBER.titles
    for too_early in (stage.party.merge, stage.party.leave):
        with pytest.raises(OutOfOrder, match="Nobody has answered"):
            too_early()
    stage.dialler.heard(LegConnected(leg=stage.dialler.leg))
    assert [seat.role for seat in stage.party.seats] == ["outside"], "ringing can be heard"
    stage.dialler.told(NumberRings(is_heard=True))
    assert not stage.party.is_there
    stage.dialler.told(NumberAnswered())
    assert (stage.stands[0], stage.noted) == (ConsultState.TALKING, ["OutsideConsulted"])
    stage.party.merge()
    assert stage.party.is_merged
    stage.party.drop()
    assert (stage.dialler.hung_up_count, stage.stands) == (1, (ConsultState.NONE, None))
    assert (stage.party.seats, stage.handed_count) == ((), 0)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (NumberFailed(why=DialFailure.BUSY), ConsultEnd.BUSY),
        (NumberFailed(why=DialFailure.DECLINED), ConsultEnd.NO_ANSWER),
        (NumberFailed(why=DialFailure.REFUSED), ConsultEnd.NOT_REACHED),
        (NumberEnded(), ConsultEnd.LEFT),
    ],
)
async def test_an_end_is_told_by_its_reason(
    stage: Stage, event: DialEvent, why: ConsultEnd
) -> None:
    await stage.rings(hands_over=True)
    stage.dialler.told(event)
    assert stage.stands == (ConsultState.NONE, why)
    stage.dialler.told(NumberAnswered())
    assert (stage.noted, stage.handed_count) == ([], 0), "what is over stays over"


@pytest.mark.parametrize(
    ("problem", "why"),
    [
        (LinesBusy("x"), ConsultEnd.NO_LINE),
        (NumberNotAllowed("x"), ConsultEnd.NOT_REACHED),
        (MediaUnavailable("x"), ConsultEnd.NOT_REACHED),
    ],
)
@pytest.mark.parametrize("hands_over", [False, True])
async def test_a_number_that_cannot_be_rung_is_told_so(
    stage: Stage,
    problem: Refusal,
    why: ConsultEnd,
    hands_over: bool,  # noqa: FBT001 - a case
) -> None:
    stage.dialler.fails = problem
    await stage.rings(hands_over=hands_over)
    assert stage.stands == (ConsultState.NONE, why)


async def test_a_number_that_was_given_up_before_it_rang_is_not_rung(stage: Stage) -> None:
    stage.dialler.is_slow.clear()
    await stage.rings()
    with pytest.raises(OutOfOrder, match="already"):
        stage.party.ask(NAME, hands_over=False)
    stage.party.drop()
    stage.dialler.is_slow.set()
    await asyncio.sleep(0.01)
    assert (stage.dialler.hung_up_count, stage.stands) == (1, (ConsultState.NONE, None))


async def test_where_no_trunk_calls_out_nobody_is_asked(stage: Stage) -> None:
    stage.has_dialler = False
    with pytest.raises(NumberNotAllowed, match="not rung from here"):
        stage.party.ask(NAME, hands_over=False)
    assert not stage.party.is_asked


@pytest.mark.parametrize("ends", ["caller", "outside"])
async def test_a_caller_who_was_left_there_stays_until_one_of_the_two_goes(
    stage: Stage, ends: str
) -> None:
    await stage.rings()
    stage.dialler.told(NumberAnswered())
    stage.dialler.told(NumberEnded())  # an earlier one, who has gone
    stage.noted.clear()
    stage.dialler.hung_up_count = 0
    await stage.rings(hands_over=True)
    assert stage.party.is_handing_over
    stage.dialler.told(NumberAnswered())
    assert (stage.handed_count, stage.party.is_handing_over) == (1, False)
    stage.party.leave()
    stage.party.drop()  # the adviser's part is over
    assert (stage.noted, stage.dialler.hung_up_count) == (
        LEFT,
        0,
    )
    left = asyncio.Event()
    staying = asyncio.create_task(stage.party.stay(left))
    await asyncio.sleep(0.01)
    assert not staying.done()
    if ends == "caller":
        left.set()
    else:
        stage.dialler.told(NumberEnded())
    async with asyncio.timeout(10):
        await staying
    assert (stage.dialler.hung_up_count, stage.party.is_left, stage.party.seats) == (1, False, ())


async def test_a_caller_whose_trunk_has_handed_the_caller_on_is_gone(stage: Stage) -> None:
    stage.dialler.refers = True
    await stage.rings(hands_over=True)
    assert (stage.dialler.leg, stage.handed_count) == (None, 1), "no line of ours is used"
    stage.party.leave()
    left = asyncio.Event()
    async with asyncio.timeout(10):
        await stage.party.stay(left)
    assert left.is_set()
    assert stage.noted == LEFT


async def test_a_trunk_that_says_why_nobody_answered_is_believed(stage: Stage) -> None:
    stage.dialler.refers = DialFailure.BUSY
    await stage.rings(hands_over=True)
    assert (stage.stands, stage.dialler.leg) == ((ConsultState.NONE, ConsultEnd.BUSY), None)


@pytest.mark.parametrize(
    ("refers", "is_handed"), [(True, True), (DialFailure.BUSY, False), (False, False)]
)
async def test_what_a_trunk_was_asked_to_do_is_not_taken_back_and_its_word_is_waited_for(
    stage: Stage,
    refers: DialFailure | bool,  # noqa: FBT001 - what a trunk says
    is_handed: bool,  # noqa: FBT001 - what comes of it
) -> None:
    stage.dialler.refers = refers
    stage.dialler.is_slow.clear()
    await stage.rings(hands_over=True)
    with pytest.raises(OutOfOrder, match="handing the caller on"):
        stage.party.check_loose()
    waiting = asyncio.create_task(stage.party.is_handed_over())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    stage.dialler.is_slow.set()
    async with asyncio.timeout(10):
        assert await waiting is is_handed
    stage.party.check_loose()


@pytest.mark.parametrize("event", [NumberFailed(why=DialFailure.BUSY), NumberEnded()])
async def test_whom_an_adviser_was_handing_a_caller_to_counts_for_a_moment_after_it_has_failed(
    stage: Stage, event: DialEvent
) -> None:
    assert not stage.party.is_handing_over
    for hands_over in (False, True):
        await stage.rings(hands_over=hands_over)
        stage.dialler.told(event)
        assert stage.party.is_handing_over is hands_over
    stage.now_ms += UNSEEN_MS
    assert not stage.party.is_handing_over, "by now the adviser has seen it"


async def test_whom_the_adviser_has_let_go_is_not_handed_the_caller(stage: Stage) -> None:
    await stage.rings(hands_over=True)
    stage.party.drop()
    assert not stage.party.is_handing_over
    await stage.rings(hands_over=True)
    stage.dialler.told(NumberFailed(why=DialFailure.BUSY))
    await stage.rings()
    assert not stage.party.is_handing_over, "the adviser has asked somebody else since"


async def test_whoever_rings_at_our_own_call_may_be_let_go_and_is_waited_for_by_nobody(
    stage: Stage,
) -> None:
    for hands_over in (False, True):
        await stage.rings(hands_over=hands_over)
        stage.party.check_loose()
        assert not await stage.party.is_handed_over()
        stage.dialler.told(NumberAnswered())
        assert await stage.party.is_handed_over() is hands_over
        stage.party.drop()


async def test_a_trunk_is_asked_only_to_hand_a_caller_on(stage: Stage) -> None:
    stage.dialler.refers = True
    await stage.rings()
    assert stage.dialler.leg is not None


async def test_a_caller_who_was_not_left_there_stays_for_nobody(stage: Stage) -> None:
    await stage.rings()
    async with asyncio.timeout(10):
        await stage.party.stay(asyncio.Event())
    assert stage.party.is_asked
