"""Reservations that nothing explains are found in what people saw, and lawful ones pass."""

from collections.abc import Sequence

import pytest

from contactcentre.drills import history as h
from contactcentre.drills.reservations import not_linearizable
from tests.drills.saw import GENERAL, Saw


@pytest.fixture
def saw() -> Saw:
    """Give a history with two callers who wait from the beginning."""
    saw = Saw()
    saw.comes("a", 0, place=1)
    saw.comes("b", 0, place=2)
    return saw


def found(saw: Saw) -> Sequence[str]:
    """Return what was found, without the details."""
    return [sentence.split(":")[0] for sentence in not_linearizable(saw.history)]


def test_an_adviser_who_serves_one_caller_after_the_other_breaks_nothing(saw: Saw) -> None:
    saw.is_served("a", "ada", 1_000, token=1)
    saw.is_served("b", "ada", 5_000, token=2)
    assert found(saw) == []


def test_a_call_that_nobody_answered_rings_at_the_next_adviser(saw: Saw) -> None:
    saw.rings("a", "ada", 1_000, token=1)
    saw.rings("a", "bob", 9_000, token=2)
    # ada's desk is told late
    saw.note(h.RingOver(at_ms=9_800, adviser="ada", call="a", token=1, lapse="no_answer"))
    saw.talks("a", "bob", 10_000, token=2)
    assert found(saw) == []


def test_rings_that_overtake_each_other_on_their_ways_to_two_desks_break_nothing(saw: Saw) -> None:
    saw.rings("b", "bob", 1_000, token=2)
    saw.rings("a", "ada", 1_050, token=1)
    assert found(saw) == []


def test_an_answer_that_was_given_before_the_call_rang_elsewhere_breaks_nothing(saw: Saw) -> None:
    saw.rings("a", "ada", 1_000, token=1)
    saw.note(h.AnswerPressed(at_ms=1_900, adviser="ada", call="a", token=1))
    saw.rings("a", "bob", 2_000, token=2)
    saw.talks("a", "ada", 2_100, token=1)
    saw.leaves("a", 2_900)
    assert found(saw) == []


def test_an_answer_by_a_reservation_that_another_has_followed_is_found(saw: Saw) -> None:
    saw.rings("a", "ada", 1_000, token=1)
    saw.rings("a", "bob", 2_000, token=2)
    saw.note(h.AnswerPressed(at_ms=2_100, adviser="ada", call="a", token=1))
    saw.talks("a", "ada", 2_200, token=1)
    assert found(saw) == ["call a"]


def test_an_answer_at_which_nobody_was_heard_is_none(saw: Saw) -> None:
    saw.rings("a", "ada", 1_000, token=1)
    saw.rings("a", "bob", 2_000, token=2)
    saw.note(
        h.AnswerPressed(at_ms=2_100, adviser="ada", call="a", token=1),
        h.Bridged(at_ms=2_200, adviser="ada", call="a", token=1),
    )
    assert found(saw) == []


def test_a_caller_who_is_in_a_talk_and_rings_at_another_adviser_is_found(saw: Saw) -> None:
    saw.rings("a", "ada", 1_000, token=1)
    saw.talks("a", "ada", 2_000, token=1)
    saw.rings("b", "bob", 3_000, token=2)
    saw.note(h.RingHeard(at_ms=4_000, adviser="bob", call="a", token=3, queue=GENERAL))
    saw.ends("a", "ada", 8_000, token=1)
    assert found(saw) == ["call a"]


def test_a_caller_whose_talk_was_lost_may_ring_at_another_adviser(saw: Saw) -> None:
    saw.rings("a", "ada", 1_000, token=1)
    saw.talks("a", "ada", 2_000, token=1)
    saw.note(
        h.AdviserLegLost(at_ms=4_000, adviser="ada", call="a", token=1, heard_ms=3_000),
        h.StageHeard(at_ms=4_500, call="a", state="waiting"),
    )
    saw.rings("a", "bob", 5_000, token=2)
    saw.talks("a", "bob", 6_000, token=2)
    assert found(saw) == []


def test_an_adviser_who_is_in_a_talk_and_is_rung_for_another_caller_is_found(saw: Saw) -> None:
    saw.rings("a", "ada", 1_000, token=1)
    saw.talks("a", "ada", 2_000, token=1)
    # the page leaves the talk for the ring, so that the two do not overlap in what it shows
    saw.note(
        h.RingHeard(at_ms=4_000, adviser="ada", call="b", token=2, queue=GENERAL),
        h.AdviserLegOver(at_ms=4_000, adviser="ada", call="a", token=1),
    )
    assert found(saw) == ["adviser ada"]


def test_an_adviser_who_has_hung_up_may_be_rung_before_the_desk_has_said_so(saw: Saw) -> None:
    saw.rings("a", "ada", 1_000, token=1)
    saw.talks("a", "ada", 2_000, token=1)
    saw.note(h.AdviserHungUp(at_ms=3_000, adviser="ada", call="a", token=1))
    saw.rings("b", "ada", 4_000, token=2)
    assert found(saw) == []


def test_an_adviser_who_goes_back_to_a_talk_after_a_later_ring_is_found(saw: Saw) -> None:
    saw.rings("a", "ada", 1_000, token=1)
    saw.talks("a", "ada", 2_000, token=1)
    saw.note(h.AdviserLegLost(at_ms=3_000, adviser="ada", call="a", token=1, heard_ms=2_900))
    saw.rings("b", "ada", 4_000, token=2)
    saw.note(h.AdviserLegUp(at_ms=5_000, adviser="ada", call="a", token=1))
    saw.talks("a", "ada", 5_100, token=1)
    assert found(saw) == ["adviser ada"]


def test_a_reservation_with_two_advisers_is_found(saw: Saw) -> None:
    saw.rings("a", "ada", 1_000, token=1)
    saw.rings("a", "bob", 1_000, token=1)
    assert "call a" in found(saw)
    assert "token 1 is of more than one reservation" in found(saw)


def test_a_token_that_falls_is_found(saw: Saw) -> None:
    saw.rings("a", "ada", 1_000, token=9)
    saw.stands("bob", "wrap_up", 2_000)
    saw.stands("bob", "ready", 2_100)
    saw.rings("b", "bob", 3_000, token=5)
    (sentence,) = not_linearizable(saw.history)
    assert sentence.startswith("token 5 of b for bob was given after 2000")


def test_what_a_desk_says_again_to_a_page_that_comes_back_is_old_news(saw: Saw) -> None:
    saw.stands("ada", "wrap_up", 1_000)
    saw.rings("b", "bob", 2_500, token=3)
    for at_ms, state in ((4_000, "wrap_up"), (4_000, "ready"), (4_000, "ringing")):
        saw.stands("ada", state, at_ms)
    saw.rings("a", "ada", 4_000, token=2)  # made before the other one, told late
    assert found(saw) == []
