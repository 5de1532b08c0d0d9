"""What is measured is what people heard, less what the drill itself could not hear."""

from collections.abc import Mapping

import pytest

from contactcentre.drills import history as h
from contactcentre.drills.bounds import broken_bounds
from contactcentre.drills.faults import Drill, How
from contactcentre.drills.measures import Seen, measure
from tests.drills.saw import GENERAL, Saw


@pytest.fixture
def saw() -> Saw:
    """Give a history with one caller who waits from 0 on."""
    saw = Saw()
    saw.comes("a", 0, place=1)
    return saw


def counts(saw: Saw, waiting: Mapping[int, int]) -> None:
    """Let a desk say at these times how many wait."""
    for at_ms, count in waiting.items():
        saw.note(h.QueuesHeard(at_ms=at_ms, adviser="ada", waiting={GENERAL: count}))


def test_a_resume_is_counted_from_the_fault_to_the_next_sound(saw: Saw) -> None:
    saw.note(h.Broke(at_ms=1_000, what="kill media-1"))
    saw.note(h.SoundGap(at_ms=1_900, call="a", began_ms=990))
    measures = measure(Seen(saw.history))
    assert list(measures.resume_ms) == [900]
    assert measures.gap_ms == 910


def test_a_silence_that_only_the_drill_had_is_none(saw: Saw) -> None:
    saw.note(h.Broke(at_ms=1_000, what="kill desk-1"))
    saw.note(h.SoundGap(at_ms=1_900, call="a", began_ms=990))
    saw.note(h.StoodStill(at_ms=1_890, began_ms=1_000))
    measures = measure(Seen(saw.history))
    assert list(measures.resume_ms) == []
    assert measures.gap_ms == 20


def test_a_queue_is_back_once_everybody_is_counted_who_waited_all_the_time(saw: Saw) -> None:
    saw.comes("b", 10, place=2)
    saw.note(h.Broke(at_ms=1_000, what="flush redis"), h.Answered(at_ms=1_000, what="redis"))
    counts(saw, {1_500: 0, 2_500: 1, 3_500: 2})
    assert measure(Seen(saw.history)).back_ms == 2_500


def test_a_queue_that_no_desk_saw_shorter_was_there_all_the_time(saw: Saw) -> None:
    saw.comes("b", 10, place=2)
    counts(saw, {900: 2})
    saw.note(h.Broke(at_ms=1_000, what="flush redis"), h.Answered(at_ms=1_000, what="redis"))
    counts(saw, {7_000: 3})
    assert measure(Seen(saw.history)).back_ms == 0


def test_a_queue_that_was_counted_whole_before_and_short_after_is_not_back_yet(saw: Saw) -> None:
    saw.comes("b", 10, place=2)
    counts(saw, {900: 2})
    saw.note(h.Broke(at_ms=1_000, what="flush redis"), h.Answered(at_ms=1_000, what="redis"))
    counts(saw, {1_500: 1, 4_000: 2})
    assert measure(Seen(saw.history)).back_ms == 3_000


def test_a_match_is_awaited_from_when_both_were_there(saw: Saw) -> None:
    saw.note(h.Broke(at_ms=1_000, what="flush redis"), h.Answered(at_ms=1_000, what="redis"))
    saw.stands("ada", "ready", 3_000)
    saw.rings("a", "ada", 6_500, token=1)
    measures = measure(Seen(saw.history))
    assert measures.match_ms == 3_500
    assert measures.pause_ms == 3_500


def test_a_match_that_never_comes_is_no_quick_one(saw: Saw) -> None:
    saw.stands("ada", "ready", 0)
    saw.note(h.Broke(at_ms=1_000, what="flush redis"), h.Answered(at_ms=1_000, what="redis"))
    broken = list(broken_bounds(Drill.FLUSH_REDIS, How.KILL, measure(Seen(saw.history))))
    assert len(broken) == 2, "neither counted again nor matched"


def test_a_fault_is_measured_by_what_came_after_it_alone(saw: Saw) -> None:
    saw.note(h.Broke(at_ms=1_000, what="kill media-1"))
    saw.note(h.SoundGap(at_ms=1_900, call="a", began_ms=990))
    saw.note(h.Broke(at_ms=9_000, what="kill media-2"))
    assert not measure(Seen(saw.history), since_ms=9_000).resume_ms


@pytest.mark.parametrize(
    ("drill", "how", "resumed_ms", "is_broken"),
    [
        (Drill.LOSE_MEDIA_NODE, How.KILL, 4_900, False),
        (Drill.LOSE_MEDIA_NODE, How.KILL, 5_100, True),
        (Drill.LOSE_MEDIA_NODE, How.STOP, 5_100, False),
        (Drill.LOSE_MEDIA_NODE, How.STOP, 8_100, True),
        (Drill.LOSE_MEDIA_NODE, How.HANG, 7_900, False),
        (Drill.LOSE_MEDIA_NODE, How.HANG, 8_100, True),
        (Drill.LOSE_DESK, How.KILL, 300, True),
        (Drill.LOSE_RECORDS, How.STOP, 150, False),
    ],
)
def test_each_drill_has_its_bound(
    saw: Saw, drill: Drill, how: How, resumed_ms: int, *, is_broken: bool
) -> None:
    saw.note(h.Broke(at_ms=1_000, what="something"))
    saw.note(h.SoundGap(at_ms=1_000 + resumed_ms, call="a", began_ms=1_000))
    assert bool(list(broken_bounds(drill, how, measure(Seen(saw.history))))) is is_broken
