"""Who hears whom in a call's room, whoever is there and whatever goes on."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactcentre.domain.call import CallState
from contactcentre.domain.events import SupervisorMode
from contactcentre.domain.ids import LegId
from contactcentre.domain.room import (
    TALKING,
    Role,
    Scene,
    Seat,
    scene_of,
    who_hears_music,
    who_hears_whom,
)

CALLER = Seat(leg=LegId("caller"), role=Role.CALLER)
ADVISER = Seat(leg=LegId("adviser"), role=Role.ADVISER)
CONSULTED = Seat(leg=LegId("consulted"), role=Role.CONSULTED)
OUTSIDE = Seat(leg=LegId("outside"), role=Role.OUTSIDE)
LISTEN, WHISPER, JOIN = SupervisorMode


def supervisor(mode: SupervisorMode | None, name: str = "sam") -> Seat:
    """Return a supervisor's seat."""
    return Seat(leg=LegId(name), role=Role.SUPERVISOR, mode=mode)


SCENES = st.sampled_from(Scene)
MODES = st.none() | st.sampled_from(SupervisorMode)
THREE = st.lists(st.sampled_from([CALLER, ADVISER, CONSULTED, OUTSIDE]), unique=True)
SUPERVISORS = st.lists(
    st.builds(supervisor, MODES, st.sampled_from(["sam", "sue"])),
    unique_by=lambda seat: seat.leg,
)
SEATS = st.tuples(THREE, SUPERVISORS).map(lambda both: [*both[0], *both[1]])


@given(SCENES, SEATS)
def test_nobody_hears_themselves_nor_anybody_who_is_not_there(
    scene: Scene, seats: Sequence[Seat]
) -> None:
    legs = {seat.leg for seat in seats}
    for listener, speaker in who_hears_whom(scene, seats):
        assert listener != speaker
        assert {listener, speaker} <= legs


@given(SCENES, SEATS)
def test_whoever_talks_with_another_is_heard_and_hears(scene: Scene, seats: Sequence[Seat]) -> None:
    hearing = who_hears_whom(scene, seats)
    talking = [
        seat.leg
        for seat in seats
        if seat.role in TALKING[scene] or (seat.mode is JOIN and TALKING[scene])
    ]
    among = {(one, other) for one in talking for other in talking if one != other}
    assert {(one, other) for one, other in hearing if {one, other} <= {*talking}} == among


@given(SCENES, SEATS)
def test_whoever_listens_changes_nothing_for_anybody_else(
    scene: Scene, seats: Sequence[Seat]
) -> None:
    silent = {
        seat.leg for seat in seats if seat.role is Role.SUPERVISOR and seat.mode in {None, LISTEN}
    }
    others = [seat for seat in seats if seat.leg not in silent]
    hearing = who_hears_whom(scene, seats)
    assert not {speaker for _, speaker in hearing} & silent
    assert {pair for pair in hearing if pair[0] not in silent} == who_hears_whom(scene, others)
    assert who_hears_music(scene, seats) == who_hears_music(scene, others)


@given(SCENES, SEATS)
def test_a_whisper_is_heard_by_the_adviser_and_never_by_the_caller(
    scene: Scene, seats: Sequence[Seat]
) -> None:
    for seat in seats:
        if seat.mode is WHISPER:
            heard_by = {one for one, other in who_hears_whom(scene, seats) if other == seat.leg}
            there = ADVISER in seats and Role.ADVISER in TALKING[scene]
            assert heard_by == ({ADVISER.leg} if there else set())


@given(SCENES, SEATS)
def test_a_supervisor_of_whom_nothing_is_written_down_hears_nothing(
    scene: Scene, seats: Sequence[Seat]
) -> None:
    unwritten = {seat.leg for seat in seats if seat.role is Role.SUPERVISOR and seat.mode is None}
    assert not {leg for pair in who_hears_whom(scene, seats) for leg in pair} & unwritten


@given(SCENES, SEATS)
def test_callers_and_who_is_asked_hear_somebody_or_music_and_never_both(
    scene: Scene, seats: Sequence[Seat]
) -> None:
    listening = {listener for listener, _ in who_hears_whom(scene, seats)}
    music = who_hears_music(scene, seats)
    assert not listening & music
    waiting = {seat.leg for seat in (CALLER, CONSULTED, OUTSIDE) if seat in seats}
    assert music <= waiting
    if scene is not Scene.ALONE:
        assert waiting <= listening | music


def test_a_supervisor_hears_both_in_a_talk_and_the_adviser_alone_on_hold() -> None:
    sam = supervisor(LISTEN)
    heard = {
        scene: {
            speaker
            for listener, speaker in who_hears_whom(scene, [CALLER, ADVISER, sam])
            if listener == sam.leg
        }
        for scene in Scene
    }
    assert heard == {
        Scene.ALONE: set(),
        Scene.WAIT: set(),
        Scene.TALK: {CALLER.leg, ADVISER.leg},
        Scene.HOLD: {ADVISER.leg},
        Scene.CONFERENCE: {CALLER.leg, ADVISER.leg},
        Scene.LEFT_OUTSIDE: {CALLER.leg},
    }


def test_a_caller_whose_adviser_is_not_there_yet_hears_music() -> None:
    assert who_hears_music(Scene.TALK, [CALLER]) == {CALLER.leg}
    assert who_hears_music(Scene.TALK, [CALLER, ADVISER]) == frozenset()


def test_a_caller_with_the_flow_hears_nothing_beside_it() -> None:
    assert who_hears_music(Scene.ALONE, [CALLER, ADVISER]) == frozenset()
    assert who_hears_whom(Scene.ALONE, [CALLER, ADVISER, supervisor(JOIN)]) == frozenset()


@pytest.mark.parametrize("asked", [CONSULTED, OUTSIDE])
def test_who_is_asked_talks_with_the_adviser_while_the_caller_is_on_hold_and_else_waits(
    asked: Seat,
) -> None:
    seats = [CALLER, ADVISER, asked]
    private = {(ADVISER.leg, asked.leg), (asked.leg, ADVISER.leg)}
    assert who_hears_whom(Scene.HOLD, seats) == private
    assert who_hears_music(Scene.HOLD, seats) == {CALLER.leg}
    assert who_hears_music(Scene.TALK, seats) == {asked.leg}
    assert len(who_hears_whom(Scene.CONFERENCE, seats)) == 6
    assert who_hears_music(Scene.CONFERENCE, seats) == frozenset()


def test_a_caller_who_was_left_outside_hears_the_one_there_and_nobody_else() -> None:
    seats = [CALLER, ADVISER, OUTSIDE]
    both = {(CALLER.leg, OUTSIDE.leg), (OUTSIDE.leg, CALLER.leg)}
    assert who_hears_whom(Scene.LEFT_OUTSIDE, seats) == both
    assert who_hears_music(Scene.LEFT_OUTSIDE, [CALLER]) == {CALLER.leg}


def test_a_conference_is_a_talk_in_which_all_were_brought_together() -> None:
    assert scene_of(CallState.TALKING, is_merged=True) is Scene.CONFERENCE
    assert scene_of(CallState.TALKING, is_merged=False) is Scene.TALK
    assert scene_of(CallState.ON_HOLD, is_merged=True) is Scene.HOLD
