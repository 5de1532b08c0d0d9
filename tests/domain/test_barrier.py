"""When matching may go on after the live state has changed."""

from contactcentre.domain.barrier import REPORT_SPAN_MS, Barrier
from contactcentre.domain.ids import NodeId
from contactcentre.limits import BARRIER_MS

N1, N2, N3 = NodeId("n1"), NodeId("n2"), NodeId("n3")
AFTER_MS = REPORT_SPAN_MS + 1


def barrier(*awaited: NodeId) -> Barrier:
    """Return the barrier of a store that has just answered for the first time."""
    return Barrier(store="second", awaited=frozenset(awaited), at_ms=0)


def test_it_is_over_once_every_awaited_node_has_beaten_anew() -> None:
    waiting = barrier(N1, N2)
    waiting.see({N1: 7}, at_ms=0)
    waiting.see({N1: 7, N2: 3}, at_ms=AFTER_MS)
    assert not waiting.is_over(at_ms=AFTER_MS)
    waiting.see({N1: 8, N2: 3}, at_ms=900)
    assert waiting.is_over(at_ms=900)


def test_a_node_that_nobody_remembered_is_not_waited_for() -> None:
    waiting = barrier(N1)
    waiting.see({N3: 1}, at_ms=0)
    waiting.see({N1: 1, N3: 1}, at_ms=AFTER_MS)
    assert waiting.is_over(at_ms=AFTER_MS)


def test_a_beat_right_after_the_change_may_end_a_report_begun_before_it_and_does_not_count() -> (
    None
):
    waiting = barrier(N1)
    waiting.see({}, at_ms=0)
    waiting.see({N1: 8}, at_ms=REPORT_SPAN_MS)
    waiting.see({N1: 8}, at_ms=900)
    assert not waiting.is_over(at_ms=900)
    waiting.see({N1: 9}, at_ms=1_200)
    assert waiting.is_over(at_ms=1_200)


def test_a_node_that_started_anew_counts_its_beats_from_one_and_has_reported() -> None:
    waiting = barrier(N1)
    waiting.see({N1: 70}, at_ms=0)
    waiting.see({N1: 1}, at_ms=AFTER_MS)
    assert waiting.is_over(at_ms=AFTER_MS)


def test_it_lasts_no_longer_than_its_full_time() -> None:
    waiting = barrier(N1)
    waiting.see({}, at_ms=0)
    assert not waiting.is_over(at_ms=BARRIER_MS - 1)
    assert waiting.is_over(at_ms=BARRIER_MS)


def test_whoever_remembers_nobody_waits_the_full_time() -> None:
    waiting = barrier()
    waiting.see({}, at_ms=0)
    waiting.see({N1: 1, N2: 1}, at_ms=AFTER_MS)
    assert not waiting.is_over(at_ms=BARRIER_MS - 1)
    assert waiting.is_over(at_ms=BARRIER_MS)


def test_the_full_time_begins_again_with_the_first_look_after_one_that_failed() -> None:
    waiting = barrier(N1)
    waiting.see({}, at_ms=0)
    waiting.miss()
    assert not waiting.is_over(at_ms=10 * BARRIER_MS)
    waiting.see({}, at_ms=10 * BARRIER_MS)
    assert not waiting.is_over(at_ms=11 * BARRIER_MS - 1)
    assert waiting.is_over(at_ms=11 * BARRIER_MS)


def test_what_was_reported_before_a_look_that_failed_still_counts() -> None:
    waiting = barrier(N1)
    waiting.see({}, at_ms=0)
    waiting.see({N1: 1}, at_ms=AFTER_MS)
    waiting.miss()
    assert waiting.is_over(at_ms=AFTER_MS)


def test_a_beat_that_is_gone_tells_that_the_store_was_emptied_once_more() -> None:
    waiting = barrier(N1, N2)
    waiting.see({N1: 7}, at_ms=0)
    waiting.see({N1: 7, N2: 3}, at_ms=AFTER_MS)
    assert not waiting.is_emptied({N1: 8, N2: 4})
    assert waiting.is_emptied({N2: 4})
    assert waiting.is_emptied({N1: 8})


def test_the_next_store_is_waited_for_by_all_that_were_and_all_that_have_been_seen_alive() -> None:
    waiting = barrier(N1)
    waiting.see({}, at_ms=0)
    waiting.see({N2: 3}, at_ms=AFTER_MS)
    assert waiting.again(store="third", at_ms=900).awaited == {N1, N2}
    assert waiting.again(store="third", at_ms=900).store == "third"


def test_whoever_remembered_nobody_does_not_know_more_for_having_seen_some() -> None:
    waiting = barrier()
    waiting.see({}, at_ms=0)
    waiting.see({N2: 3}, at_ms=AFTER_MS)
    assert waiting.again(store="third", at_ms=900).awaited == frozenset()
