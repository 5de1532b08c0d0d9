"""The loss of a site is measured by when callers heard the platform, and by nothing else."""

import pytest

from contactcentre.drills import history as h
from contactcentre.drills.legs import Legs
from contactcentre.drills.measures import Seen, measure
from contactcentre.drills.site_measures import NEVER_MS, broken_bounds, measure_site
from tests.drills.saw import Saw

NORTH, SOUTH = "ws://10.77.1.2:8000/leg", "ws://10.77.2.2:8000/leg"


@pytest.fixture
def saw() -> Saw:
    """Give a history with one caller who waits from 0 on, and a site that is lost at 5,000."""
    saw = Saw()
    saw.comes("a", 0, place=1)
    saw.note(at("a", 1, NORTH))
    saw.note(h.Broke(at_ms=5_000, what="cut the north with the primary redis", host="10.77.1.2"))
    return saw


def at(call: str, at_ms: int, node: str) -> h.ClaimSeen:
    """Return that a caller's call is at a node from then on."""
    return h.ClaimSeen(at_ms=at_ms, call=call, queue="tax.general.en", enqueued_ms=1, node=node)


def broken(saw: Saw, legs: Legs = Legs.WEB) -> list[str]:
    """Return the bounds that were exceeded."""
    seen = Seen(saw.history)
    return list(broken_bounds(measure(seen), measure_site(seen), legs))


def test_a_new_call_is_counted_from_the_dial_until_the_caller_hears_the_platform(saw: Saw) -> None:
    saw.comes("new", 6_800, dialled_ms=6_000)
    saw.comes("later", 9_000)
    saw.note(at("a", 9_000, SOUTH))
    assert list(measure_site(Seen(saw.history)).answer_ms) == [0, 800]
    assert broken(saw) == []


def test_who_dialled_before_the_loss_is_no_new_caller(saw: Saw) -> None:
    saw.comes("old", 6_800, dialled_ms=4_900)
    saw.note(at("a", 9_000, SOUTH))
    assert list(measure_site(Seen(saw.history)).answer_ms) == []
    assert broken(saw) == ["nobody new got through to a claim"]


def test_a_new_caller_who_never_hears_anything_breaks_the_bound(saw: Saw) -> None:
    saw.note(h.CallerCame(at_ms=7_000, call="new", dialled_ms=6_500))
    assert list(measure_site(Seen(saw.history)).answer_ms) == [NEVER_MS]
    assert "a new call was answered" in broken(saw)[0]


@pytest.mark.parametrize(("legs", "count"), [(Legs.WEB, 1), (Legs.SIP, 1), (Legs.TWILIO, 0)])
def test_twilio_may_have_waited_for_the_lost_site_first(saw: Saw, legs: Legs, count: int) -> None:
    saw.comes("new", 12_500, dialled_ms=6_000)
    saw.note(at("a", 9_000, SOUTH))
    assert len(broken(saw, legs)) == count


def test_who_waited_at_the_lost_site_is_back_once_another_one_has_the_call(saw: Saw) -> None:
    saw.comes("new", 6_000)
    saw.note(at("a", 13_000, SOUTH))
    assert list(measure_site(Seen(saw.history)).queued_back_ms) == [8_000]
    assert broken(saw) == []


@pytest.mark.parametrize("last", [NORTH, SOUTH])
def test_who_stays_at_the_lost_site_or_comes_late_breaks_the_bound(saw: Saw, last: str) -> None:
    saw.comes("new", 6_000)
    saw.note(at("a", 21_000, last))
    assert any("who waited was back only after" in sentence for sentence in broken(saw))


def test_who_waited_at_the_other_site_has_lost_nothing(saw: Saw) -> None:
    saw.comes("b", 0, place=2)
    saw.note(at("b", 1, SOUTH), at("a", 6_000, SOUTH))
    assert list(measure_site(Seen(saw.history)).queued_back_ms) == [1_000]


def test_a_silence_of_more_than_fifteen_seconds_breaks_the_bound(saw: Saw) -> None:
    saw.comes("new", 6_000)
    saw.note(at("a", 6_000, SOUTH), h.SoundGap(at_ms=20_100, call="a", began_ms=5_000))
    assert broken(saw) == ["a caller was back only after 15100 ms (at most 15000)"]
