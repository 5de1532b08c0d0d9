"""Who hears whom in a call's room, whoever is there and whatever goes on."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from contactcentre.domain.ids import LegId
from contactcentre.domain.room import TALKING, Role, Scene, Seat, who_hears_music, who_hears_whom

CALLER = Seat(leg=LegId("caller"), role=Role.CALLER)
ADVISER = Seat(leg=LegId("adviser"), role=Role.ADVISER)
SCENES = st.sampled_from(Scene)
SEATS = st.lists(st.sampled_from([CALLER, ADVISER]), unique=True)


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
    assert {(speaker, listener) for listener, speaker in hearing} == hearing
    talking = [seat.leg for seat in seats if seat.role in TALKING[scene]]
    assert hearing == {(one, other) for one in talking for other in talking if one != other}


@given(SCENES, SEATS)
def test_a_caller_hears_somebody_or_music_and_never_both(
    scene: Scene, seats: Sequence[Seat]
) -> None:
    listening = {listener for listener, _ in who_hears_whom(scene, seats)}
    music = who_hears_music(scene, seats)
    assert not listening & music
    assert music <= {CALLER.leg}
    if CALLER in seats and scene is not Scene.ALONE:
        assert CALLER.leg in listening | music


def test_a_caller_whose_adviser_is_not_there_yet_hears_music() -> None:
    assert who_hears_music(Scene.TALK, [CALLER]) == {CALLER.leg}
    assert who_hears_music(Scene.TALK, [CALLER, ADVISER]) == frozenset()


def test_a_caller_with_the_flow_hears_nothing_beside_it() -> None:
    assert who_hears_music(Scene.ALONE, [CALLER, ADVISER]) == frozenset()
    assert who_hears_whom(Scene.ALONE, [CALLER, ADVISER]) == frozenset()
