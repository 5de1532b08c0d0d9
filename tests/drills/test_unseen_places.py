"""Callers on telephones are shown no place: the record says it, and must fit what they heard."""

from contactcentre.drills import history as h
from contactcentre.drills.checker import check
from contactcentre.drills.unseen_places import Queued, put_places
from tests.drills.saw import GENERAL, Saw, row


def waits(saw: Saw, call: str, at_ms: int, *, hears: bool = True) -> None:
    """Let somebody ring from a telephone and, if they hear it, wait."""
    saw.calls.append(call)
    saw.note(
        h.CallerCame(at_ms=at_ms, call=call, dialled_ms=at_ms, leg="sip"),
        h.ClaimSeen(at_ms=at_ms, call=call, queue=None, enqueued_ms=None, node="ws://n/leg"),
        h.SoundCame(at_ms=at_ms, call=call),
        h.StageHeard(at_ms=at_ms, call=call, state="in_menu"),
    )
    if hears:
        saw.note(h.StageHeard(at_ms=at_ms, call=call, state="waiting"))


def queued(*calls: str) -> list[Queued]:
    """Return a record in which calls stand one behind the other."""
    return [Queued(call=call, queue=GENERAL, enqueued_ms=at) for at, call in enumerate(calls)]


def test_a_telephone_is_rung_out_of_turn_if_the_record_says_that_another_stood_in_front(
    saw: Saw,
) -> None:
    waits(saw, "a", 0)
    waits(saw, "b", 10)
    saw.is_served("b", "ada", 4_000, token=1)
    saw.is_served("a", "ada", 8_000, token=2)
    assert list(put_places(saw.history, queued("a", "b"))) == []
    findings = check(saw.history, saw.rows(), started=2)
    assert len(findings.order_violations) == 1
    assert findings.records_wrong == []


def test_the_place_stands_where_the_wait_is_heard_and_at_the_node_of_then(saw: Saw) -> None:
    waits(saw, "a", 5)
    list(put_places(saw.history, queued("a")))
    first, place = saw.history.of(h.ClaimSeen)
    assert first.queue is None
    assert (place.at_ms, place.queue, place.enqueued_ms) == (5, GENERAL, 0)
    assert place.node == "ws://n/leg"


def test_a_wait_that_is_heard_and_not_recorded_does_not_fit(saw: Saw) -> None:
    waits(saw, "a", 0)
    (sentence,) = put_places(saw.history, [])
    assert sentence == "a heard that it waits, and stands nowhere in the record"


def test_a_place_that_was_given_twice_does_not_fit(saw: Saw) -> None:
    waits(saw, "a", 0)
    twice = [*queued("a"), Queued(call="a", queue=GENERAL, enqueued_ms=7)]
    (sentence,) = put_places(saw.history, twice)
    assert sentence == f"a was put into {GENERAL} at 2 times"


def test_who_hangs_up_before_hearing_the_music_has_the_place_of_the_record(saw: Saw) -> None:
    waits(saw, "a", 0, hears=False)
    saw.leaves("a", 5_000)
    list(put_places(saw.history, queued("a")))
    left = row("a", ending="abandoned")
    assert check(saw.history, [left], started=1).records_wrong == []


def test_a_page_is_shown_its_place_and_the_record_adds_none(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    facts = list(saw.history.facts)
    assert list(put_places(saw.history, queued("a"))) == []
    assert saw.history.facts == facts


def test_a_call_of_a_telephone_that_nobody_answered_is_nobodys_and_one_more_is_found(
    saw: Saw,
) -> None:
    saw.note(h.DialUnanswered(at_ms=0))
    stray = [row("x", ending="left_in_menu")]
    assert check(saw.history, stray, started=0).records_doubled == []
    stray.append(row("y", ending="left_in_menu"))
    (sentence,) = check(saw.history, stray, started=0).records_doubled
    assert sentence == "y is in the record and is nobody's"
