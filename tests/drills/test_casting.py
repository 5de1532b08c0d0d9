"""Whoever is hired for a drill's stage is needed there, and whoever is to ring is not answered.

The stage is set here as in a drill, with nobody in it: who talks calls first, and each talk begins
with whatever is left to be done with such a caller.
"""

import asyncio
from collections.abc import Iterator
from random import Random

import pytest

from contactcentre.domain.consulting import consult_id
from contactcentre.domain.ids import CallId
from contactcentre.drills import history as h
from contactcentre.drills.casting import Casting, cast
from contactcentre.drills.handing import Way
from contactcentre.drills.history import History
from contactcentre.drills.legs import Legs
from contactcentre.drills.manners import Stage, StagedAdviser
from contactcentre.drills.rooms import Rooms

CALLS = (4, 8, 9, 12, 13, 20, 200)
SEEDS = range(40)
AT_ONCE_S = 0.01


def dice(seed: int) -> Random:
    """Return the chances of one drill."""
    return Random(seed)  # noqa: S311 - the same seed, the same drill


def casts(legs: Legs) -> Iterator[tuple[Casting, Random]]:
    """Yield who takes part, for small and large drills and by many chances."""
    for calls in CALLS:
        for seed in SEEDS:
            chance = dice(seed)
            yield cast(chance, legs, calls=calls, with_rooms=True), chance


def is_so_at_once(thinking: asyncio.Task[None]) -> bool:
    """Say whether somebody has answered, and stop whoever has not."""
    return thinking.done() or not thinking.cancel()


async def done_in(rooms: Rooms, casting: Casting, legs: Legs, history: History) -> list[Way]:
    """Let everybody talk who is to, in any order; return what is done with them."""
    talkers = list(range(1, casting.share + 1))
    rooms.stage.chance.shuffle(talkers)
    done = []
    for number in talkers:
        call = f"call-{number}"
        history.note(h.CallerCame(at_ms=0, call=call, dialled_ms=0, leg=legs.kind_of(number)))
        parting = rooms.begin(call)
        if parting is None:
            continue
        done.append(parting.way)
        if parting.way is Way.LEAVE_OUTSIDE:
            assert rooms.has_left(call)
        else:
            waiting = asyncio.create_task(rooms.set_and_go_on())
            await asyncio.sleep(0)
            waiting.cancel()
    return done


@pytest.mark.parametrize("legs", Legs)
async def test_all_that_is_planned_is_done_and_one_adviser_is_left_for_each_ring(
    legs: Legs,
) -> None:
    for casting, chance in casts(legs):
        history = History()
        rooms = Rooms(Stage(chance, talks=casting.share, quick=0), history, casting.ways)
        done = await done_in(rooms, casting, legs, history)
        assert sorted(done) == sorted(casting.ways)
        assert rooms.are_set
        talking = casting.share + done.count(Way.MEET) - done.count(Way.LEAVE_OUTSIDE)
        assert casting.advisers - talking == casting.share


@pytest.mark.parametrize(
    ("legs", "calls", "count"),
    [
        (Legs.WEB, 12, 3),
        (Legs.WEB, 8, 2),
        (Legs.SIP, 8, 2),
        (Legs.SIP, 12, 2),
        (Legs.MIXED, 12, 2),
        (Legs.MIXED, 4, 1),
        (Legs.TWILIO, 12, 0),
    ],
)
def test_as_much_is_done_as_there_are_callers_for(legs: Legs, calls: int, count: int) -> None:
    for seed in SEEDS:
        ways = cast(dice(seed), legs, calls=calls, with_rooms=True).ways
        assert len(ways) == len(set(ways)) == count


def test_nothing_is_done_beside_talking_unless_it_is_asked_for() -> None:
    casting = cast(dice(1), Legs.MIXED, calls=12)
    assert (casting.share, casting.in_menu, casting.advisers, casting.ways) == (3, 3, 6, ())


def test_a_room_is_not_set_while_something_is_left_to_be_done() -> None:
    stage = Stage(dice(1), talks=1, quick=0)
    assert not Rooms(stage, History(), [Way.HOLD]).are_set


async def test_the_first_callers_are_answered_however_often_they_ring_and_nobody_else_is() -> None:
    adviser = StagedAdviser(Stage(dice(1), talks=2, quick=0))
    asked = consult_id(CallId("first"), "1")
    rings = ["first", asked, "first", "second", asked, "third", "second", "fourth"]
    thinking = [asyncio.create_task(adviser.think(call)) for call in rings]
    await asyncio.sleep(AT_ONCE_S)
    answered = [call for call, one in zip(rings, thinking, strict=True) if is_so_at_once(one)]
    assert answered == ["first", asked, "first", "second", asked, "second"]
