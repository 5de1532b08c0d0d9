"""After a talk: nobody is hurried out of a sentence, and nobody is held for ever by a clock."""

from contactcentre.domain import wrapup

BEGUN = wrapup.begin(at_ms=1_000, allowed_ms=90_000)


def test_the_time_runs_from_the_end_of_the_talk() -> None:
    assert wrapup.left_ms(BEGUN, at_ms=1_000) == 90_000
    assert wrapup.left_ms(BEGUN, at_ms=90_999) == 1
    assert wrapup.left_ms(BEGUN, at_ms=500_000) == 0


def test_a_minute_more_is_added_to_what_is_left() -> None:
    more = wrapup.longer(BEGUN, at_ms=2_000)
    assert wrapup.left_ms(more, at_ms=1_000) == 90_000 + wrapup.MORE_TIME_MS


def test_a_minute_more_is_a_whole_minute_when_the_time_was_up() -> None:
    more = wrapup.longer(BEGUN, at_ms=500_000)
    assert wrapup.left_ms(more, at_ms=500_000) == wrapup.MORE_TIME_MS


def test_it_ends_by_itself_only_when_the_time_is_up_and_an_outcome_is_chosen() -> None:
    assert wrapup.may_end_itself(BEGUN, at_ms=91_000, outcome_chosen=True)
    assert not wrapup.may_end_itself(BEGUN, at_ms=91_000, outcome_chosen=False)
    assert not wrapup.may_end_itself(BEGUN, at_ms=90_999, outcome_chosen=True)
