"""What the record says wrongly, twice or not at all is found beside what people saw."""

import pytest

from contactcentre.drills import history as h
from tests.drills.saw import Saw, found, row


def test_a_call_without_an_end_in_the_record_is_missing(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.is_served("a", "ada", 4_000, token=1)
    assert found(saw, row("a", state="talking", ending=None)) == {"records_missing": 1}


def test_a_call_without_a_row_is_missing(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.is_served("a", "ada", 4_000, token=1)
    saw.calls.clear()
    assert found(saw, started=1) == {"records_missing": 1}


def test_a_served_call_that_stands_as_lost_is_wrong(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.is_served("a", "ada", 4_000, token=1)
    assert found(saw, row("a", ending="system_lost")) == {"records_wrong": 1}


@pytest.mark.parametrize(("place", "ending"), [(1, "abandoned"), (None, "left_in_menu")])
def test_who_leaves_stands_in_the_record_as_what_was_left(
    saw: Saw, place: int | None, ending: str
) -> None:
    saw.comes("a", 0, place=place)
    saw.leaves("a", 5_000)
    assert found(saw, row("a", ending=ending)) == {}
    assert found(saw, row("a", ending="handled")) == {"records_wrong": 1}


def test_who_was_answered_on_a_leg_they_had_left_may_have_booked_a_callback_since(
    saw: Saw,
) -> None:
    saw.comes("a", 0, place=1)
    saw.rings("a", "ada", 1_000, token=1)
    saw.note(
        h.CallerLegLost(at_ms=1_500, call="a"),
        h.Bridged(at_ms=2_000, adviser="ada", call="a", token=1),
        h.AdviserLegOver(at_ms=4_000, adviser="ada", call="a", token=1),
        h.StageHeard(at_ms=4_500, call="a", state="waiting"),
        h.CallbackAsked(at_ms=8_000, call="a"),
        h.CallbackHeard(at_ms=9_000, call="a"),
        h.CallerGone(at_ms=9_500, call="a", why="over", said="callback"),
    )
    assert found(saw, row("a", ending="callback")) == {}
    assert found(saw, row("a", ending="left_in_menu")) == {"records_wrong": 1}


def test_a_call_that_ends_twice_is_doubled(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.is_served("a", "ada", 4_000, token=1)
    assert found(saw, row("a", ends_count=2)) == {"records_doubled": 1}


def test_an_end_at_a_node_that_was_cut_off_is_no_second_end_and_two_at_the_last_one_are(
    saw: Saw,
) -> None:
    saw.comes("a", 0, place=1)
    saw.is_served("a", "ada", 1_000, token=1)
    saw.note(h.Broke(at_ms=500, what="cut-out the north", host="10.77.1.2"))
    saw.note(h.Healed(at_ms=9_000, what="lose-site"))
    assert found(saw, row("a", ends_count=2)) == {}
    assert found(saw, row("a", ends_count=2, own_ends_count=2)) == {"records_doubled": 1}


def test_a_row_that_is_nobodys_is_one_too_many(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.is_served("a", "ada", 4_000, token=1)
    assert found(saw, row("a"), row("ghost")) == {"records_doubled": 1}
