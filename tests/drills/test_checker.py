"""Each way to break a promise is found in what people saw, and nothing else is taken for one."""

import pytest

from contactcentre.drills import history as h
from contactcentre.drills.checker import check
from tests.drills.saw import Saw, found, row


def test_a_quiet_day_breaks_no_promise(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.comes("b", 10, place=2)
    saw.is_served("a", "ada", 4_000, token=1)
    saw.is_served("b", "ada", 8_000, token=2)
    saw.note(h.AllOver(at_ms=11_000))
    assert found(saw) == {}


# Lost


def test_a_caller_who_is_never_served_is_lost(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    assert found(saw, row("a", ending="abandoned")) == {"lost": 1}


def test_a_caller_whose_talk_nobody_ended_was_cut_off(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.rings("a", "ada", 1_000, token=1)
    saw.talks("a", "ada", 2_000, token=1)
    saw.note(h.CallerGone(at_ms=3_000, call="a", why="over", said="handled"))
    assert found(saw) == {"lost": 1}


def test_a_caller_who_is_told_while_waiting_that_it_is_over_is_lost(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.note(h.CallerGone(at_ms=3_000, call="a", why="over", said="system_lost"))
    assert found(saw, row("a", ending="abandoned")) == {"lost": 1}


def test_a_caller_whose_claim_is_refused_is_lost(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.note(h.CallerGone(at_ms=3_000, call="a", why="refused", said="stale-epoch"))
    assert found(saw, row("a", ending="abandoned")) == {"lost": 1}


@pytest.mark.parametrize("asks", [True, False])
def test_a_caller_who_asked_to_be_rung_back_was_not_cut_off(saw: Saw, asks: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    saw.comes("a", 0, place=1)
    if asks:
        saw.note(h.CallbackAsked(at_ms=2_000, call="a"))
    saw.note(h.CallbackHeard(at_ms=3_000, call="a"))
    saw.note(h.CallerGone(at_ms=3_000, call="a", why="over", said="callback"))
    assert found(saw, row("a", ending="callback")) == ({} if asks else {"lost": 1})


@pytest.mark.parametrize(("ending", "is_right"), [("callback", True), ("abandoned", False)])
def test_who_was_told_of_a_callback_stands_so_in_the_record(
    saw: Saw,
    ending: str,
    is_right: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    saw.comes("a", 0, place=1)
    saw.note(h.CallbackAsked(at_ms=2_000, call="a"))
    saw.leaves("a", 9_000)
    assert found(saw, row("a", ending=ending)) == {}, "who has not heard of it may have either"
    saw.note(h.CallbackHeard(at_ms=3_000, call="a"))
    assert found(saw, row("a", ending=ending)) == ({} if is_right else {"records_wrong": 1})


def test_a_callback_that_two_advisers_are_at_was_given_twice(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.is_served("a", "ada", 1_000, token=1)
    for adviser, token in (("ada", 5), ("bryn", 6)):
        saw.note(h.CallbackTaken(at_ms=9_000, adviser=adviser, call="back-a", token=token))
        saw.note(h.AdviserLegOver(at_ms=12_000, adviser=adviser, call="back-a", token=token))
    assert found(saw) == {"duplicated": 1}


def test_a_caller_who_comes_back_to_a_talk_that_the_adviser_has_ended_is_not_lost(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.rings("a", "ada", 1_000, token=1)
    saw.talks("a", "ada", 2_000, token=1)
    saw.note(
        h.AdviserHungUp(at_ms=4_000, adviser="ada", call="a", token=1),
        h.CallerLegLost(at_ms=4_100, call="a"),
        h.CallerGone(at_ms=4_200, call="a", why="refused", said="call-closed"),
    )
    assert found(saw) == {}


def test_a_caller_who_never_got_a_claim_is_lost(saw: Saw) -> None:
    assert found(saw, started=1) == {"lost": 1}


def test_a_caller_who_hangs_up_is_not_lost(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.leaves("a", 5_000)
    assert found(saw, row("a", ending="abandoned")) == {}


def test_a_talk_that_ends_in_the_queue_was_broken(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.rings("a", "ada", 1_000, token=1)
    saw.talks("a", "ada", 2_000, token=1)
    saw.note(
        h.AdviserLegLost(at_ms=3_000, adviser="ada", call="a", token=1, heard_ms=2_900),
        h.StageHeard(at_ms=3_500, call="a", state="waiting"),
    )
    saw.is_served("a", "bob", 8_000, token=2)
    assert found(saw) == {"talks_broken": 1}


@pytest.mark.parametrize(("handed_count", "broken"), [(1, 0), (0, 1)])
def test_a_talk_whose_adviser_hands_the_caller_on_is_not_broken_by_that(
    saw: Saw, handed_count: int, broken: int
) -> None:
    saw.comes("a", 0, place=1)
    for token, at_ms in ((1, 1_000), (2, 5_000)):
        saw.rings("a", "ada", at_ms, token=token)
        saw.talks("a", "ada", at_ms + 500, token=token)
        if token <= handed_count + 1:
            saw.note(h.CallerHanded(at_ms=at_ms + 900, adviser="ada", call="a", token=token))
        saw.note(
            h.StageHeard(at_ms=at_ms + 1_000, call="a", state="waiting"),
            h.AdviserLegOver(at_ms=at_ms + 1_000, adviser="ada", call="a", token=token),
        )
        saw.stands("ada", "wrap_up", at_ms + 1_000)
    saw.is_served("a", "bob", 9_000, token=3)
    assert found(saw).get("talks_broken", 0) == broken


@pytest.mark.parametrize(("back_at_ms", "deaf"), [(7_500, 1), (4_500, 0)])
def test_a_talk_in_which_the_caller_hears_nobody_is_deaf(
    saw: Saw, back_at_ms: int, deaf: int
) -> None:
    saw.comes("a", 0, place=1)
    saw.talks("a", "ada", 1_000, token=1)
    saw.note(
        h.VoiceHeard(at_ms=3_000, call="a", on=False),
        h.VoiceHeard(at_ms=back_at_ms, call="a", on=True),
    )
    saw.ends("a", "ada", 9_000, token=1)
    assert found(saw).get("deaf_talks", 0) == deaf


def test_a_talk_in_which_the_adviser_hears_nobody_after_it_has_moved_is_deaf(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.talks("a", "ada", 1_000, token=1)
    saw.note(
        h.AdviserLegLost(at_ms=3_200, adviser="ada", call="a", token=1, heard_ms=3_000),
        h.Bridged(at_ms=4_000, adviser="ada", call="a", token=1),
    )
    saw.ends("a", "ada", 9_000, token=1)
    assert found(saw) == {"deaf_talks": 1}


# Duplicated


def test_a_caller_who_talks_with_two_advisers_at_once_is_doubled(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.talks("a", "ada", 1_000, token=1)
    saw.talks("a", "bob", 2_000, token=2)
    saw.ends("a", "ada", 4_000, token=1)
    saw.ends("a", "bob", 4_000, token=2)
    assert found(saw) == {"duplicated": 1}


def test_a_leg_that_was_silent_before_the_next_talk_began_is_no_second_one(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.talks("a", "ada", 1_000, token=1)
    saw.note(
        h.Bridged(at_ms=6_000, adviser="bob", call="a", token=2),
        h.CallerVoiceHeard(at_ms=6_000, adviser="bob", call="a", token=2, on=True),
        h.AdviserLegLost(at_ms=8_000, adviser="ada", call="a", token=1, heard_ms=2_000),
    )
    saw.ends("a", "bob", 9_000, token=2)
    assert found(saw) == {}


def test_a_call_that_rings_at_two_desks_at_once_is_doubled(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.rings("a", "ada", 1_000, token=1)
    saw.rings("a", "bob", 1_500, token=2)
    saw.talks("a", "bob", 4_000, token=2)
    saw.note(h.RingOver(at_ms=4_000, adviser="ada", call="a", token=1, lapse="node_lost"))
    saw.ends("a", "bob", 5_000, token=2)
    assert found(saw) == {"duplicated": 1}


def test_an_adviser_who_is_rung_for_another_caller_in_the_middle_of_a_talk_is_doubled(
    saw: Saw,
) -> None:
    saw.comes("a", 0, place=1)
    saw.comes("b", 10, place=2)
    saw.talks("a", "ada", 1_000, token=1)
    saw.rings("b", "ada", 2_000, token=2)
    saw.ends("a", "ada", 4_000, token=1)
    saw.is_served("b", "ada", 5_000, token=3)
    assert found(saw) == {"duplicated": 1}


def test_who_gives_up_before_any_node_has_the_call_has_no_row(saw: Saw) -> None:
    saw.calls.append("a")
    saw.note(
        h.CallerCame(at_ms=0, call="a", dialled_ms=0),
        h.CallerHungUp(at_ms=9_000, call="a"),
        h.CallerGone(at_ms=9_500, call="a", why="hung_up", said="left"),
    )
    assert [*check(saw.history, [], started=1).records_missing] == []
    saw.note(h.ClaimSeen(at_ms=8_000, call="a", queue=None, enqueued_ms=None))
    assert len(check(saw.history, [], started=1).records_missing) == 1


# Advisers


def test_an_adviser_who_does_not_become_ready_again_is_stuck(saw: Saw) -> None:
    saw.stands("ada", "ready", 0)
    saw.stands("ada", "talking", 1_000)
    saw.note(h.AllOver(at_ms=2_000))
    saw.stands("ada", "ready", 13_000)
    assert found(saw) == {"stuck_advisers": 1}


def test_an_adviser_who_is_called_ready_and_is_never_rung_is_stuck(saw: Saw) -> None:
    saw.stands("ada", "ready", 0)
    saw.stands("bob", "ready", 0)
    saw.note(h.AllOver(at_ms=2_000), h.LastRound(at_ms=2_500))
    saw.comes("a", 3_000, place=1)
    saw.is_served("a", "bob", 4_000, token=1)
    assert found(saw) == {"stuck_advisers": 1}
