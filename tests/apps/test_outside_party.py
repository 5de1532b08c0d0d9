"""Somebody on an outside number, as one call has to do with that; no sound and no socket."""

import asyncio
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import pytest

from contactcentre.apps.outside_party import OutsideParty
from contactcentre.domain.call import CallState
from contactcentre.domain.consulting import ConsultEnd, ConsultState
from contactcentre.domain.dialling import DialFailure, OutsideNumber
from contactcentre.domain.errors import (
    LinesBusy,
    MediaUnavailable,
    NumberNotAllowed,
    OutOfOrder,
    Refusal,
)
from contactcentre.domain.events import CallEvent
from contactcentre.domain.ids import AdviserId, CallId, LegId, OutsideName, PhoneNumber, Token
from contactcentre.domain.languages import Language
from contactcentre.ports.dialling import (
    DialEvent,
    NumberAnswered,
    NumberElsewhere,
    NumberEnded,
    NumberFailed,
    NumberRings,
)
from contactcentre.ports.media import LegConnected
from contactcentre.wire.claims import OutsideMemory

NAME = OutsideName("council-tax")
LEFT = ["OutsideConsulted", "CallTakenOffHold", "CallSentOutside"]
NUMBER = OutsideNumber(
    name=NAME,
    number=PhoneNumber("+441632960100"),
    titles={Language.ENGLISH: "Council tax", Language.WELSH: "Treth y cyngor"},
)


class StagedDialler:
    """Rings a number as the test says."""

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.refers: DialFailure | bool = False
        self.is_slow = asyncio.Event()
        self.is_slow.set()
        self.hung_up_count = self.let_go_count = 0
        self.kept = "kept"
        self.leg: Any = None
        self.told: Callable[[DialEvent], None] = lambda _: None
        self.heard: Callable[[Any], None] = lambda _: None

    def named(self, _name: OutsideName) -> OutsideNumber:
        """Know one number."""
        return NUMBER

    async def refer(self, number: str, **_said: Any) -> DialFailure | bool:
        """Have the trunk do it, or not."""
        assert number == NUMBER.number
        await self.is_slow.wait()
        if self.fails is not None:
            raise self.fails
        return self.refers

    async def dial(self, number: str, **said: Any) -> "StagedDialler":
        """Ring it."""
        assert number == NUMBER.number
        await self.is_slow.wait()
        if self.fails is not None:
            raise self.fails
        self.leg, self.told, self.heard = said["leg"], said["told"], said["heard"]
        return self

    async def take_over(self, before: Any, number: str, **said: Any) -> "StagedDialler":
        """Go on with it."""
        assert before.kept == "kept"
        return await self.dial(number, **said)

    def hang_up(self) -> None:
        """Count it."""
        self.hung_up_count += 1

    def let_go(self) -> None:
        """Count it."""
        self.let_go_count += 1


class Stage:
    """A call, a dialler, and what was told."""

    def __init__(self) -> None:
        self.call = SimpleNamespace(
            id=CallId("c1"), adviser=AdviserId("ada"), token=Token(7), state=CallState.ON_HOLD
        )
        self.dialler = StagedDialler()
        self.has_dialler = True
        self.noted: list[str] = []
        self.changes_count = self.handed_count = self.dropped_count = 0
        self.is_late = asyncio.Event()
        """Set once a phone had all its time."""
        self.tasks: set[asyncio.Task[None]] = set()
        tools: Any = SimpleNamespace(
            dialler=lambda: self.dialler if self.has_dialler else None,
            chance=SimpleNamespace(nonce=lambda: "n"),
            clock=SimpleNamespace(now_ms=lambda: 5, sleep_ms=self.sleep_ms),
            spawn=self.spawn,
        )
        live: Any = self
        self.party = OutsideParty(live, tools, changed=self.changed, hand_over=self.hand_over)

    def spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        """Run something beside."""
        self.tasks.add(asyncio.create_task(work, name=name))

    def note(self, event: CallEvent) -> None:
        """Remember an event."""
        self.noted.append(type(event).__name__)

    async def drop(self) -> None:
        """Count that the call was let go."""
        self.dropped_count += 1

    async def sleep_ms(self, _ms: int) -> None:
        """Wait until the test says so."""
        await self.is_late.wait()

    async def goes_on(self, **how: bool) -> None:
        """Let another node have had somebody there."""
        self.party.go_on(OutsideMemory(name=NAME, leg=LegId("c1.outside.old"), kept="kept", **how))
        await asyncio.sleep(0.01)

    def changed(self) -> None:
        """Count it."""
        self.changes_count += 1

    def hand_over(self) -> None:
        """Count it."""
        self.handed_count += 1

    async def rings(self, *, hands_over: bool = False) -> None:
        """Let the number ring."""
        self.party.ask(NAME, hands_over=hands_over)
        await asyncio.sleep(0.01)

    @property
    def stands(self) -> tuple[ConsultState, ConsultEnd | None]:
        """Return what the adviser is told."""
        return self.party.told.state, self.party.told.why


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
    async with asyncio.timeout(1):
        await staying
    assert (stage.dialler.hung_up_count, stage.party.is_left, stage.party.seats) == (1, False, ())


async def test_a_caller_whose_trunk_has_handed_the_caller_on_is_gone(stage: Stage) -> None:
    stage.dialler.refers = True
    await stage.rings(hands_over=True)
    assert (stage.dialler.leg, stage.handed_count) == (None, 1), "no line of ours is used"
    stage.party.leave()
    left = asyncio.Event()
    async with asyncio.timeout(1):
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
    async with asyncio.timeout(1):
        assert await waiting is is_handed
    stage.party.check_loose()


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
    async with asyncio.timeout(1):
        await stage.party.stay(asyncio.Event())
    assert stage.party.is_asked


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
    async with asyncio.timeout(1):
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
