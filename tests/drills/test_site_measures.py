"""The loss of a site is measured by when callers heard the platform, and by nothing else."""

import pytest

from contactcentre.drills import history as h
from contactcentre.drills.measures import Seen, measure
from contactcentre.drills.site_measures import NEVER_MS, broken_bounds, measure_site
from tests.drills.saw import Saw


@pytest.fixture
def saw() -> Saw:
    """Give a history with one caller who waits from 0 on, and a site that is lost at 5,000."""
    saw = Saw()
    saw.comes("a", 0, place=1)
    saw.note(h.Broke(at_ms=5_000, what="cut the north with the primary redis"))
    return saw


def broken(saw: Saw) -> list[str]:
    """Return the bounds that were exceeded."""
    seen = Seen(saw.history)
    return list(broken_bounds(measure(seen), measure_site(seen)))


def test_a_new_call_is_counted_from_the_dial_until_the_caller_hears_the_platform(saw: Saw) -> None:
    saw.comes("new", 6_800, dialled_ms=6_000)
    saw.comes("later", 9_000)
    assert list(measure_site(Seen(saw.history)).answer_ms) == [0, 800]
    assert broken(saw) == []


def test_who_dialled_before_the_loss_is_no_new_caller(saw: Saw) -> None:
    saw.comes("old", 6_800, dialled_ms=4_900)
    assert list(measure_site(Seen(saw.history)).answer_ms) == []
    assert broken(saw) == ["nobody new got through to a claim"]


def test_a_new_caller_who_never_hears_anything_breaks_the_bound(saw: Saw) -> None:
    saw.note(h.CallerCame(at_ms=7_000, call="new", dialled_ms=6_500))
    assert list(measure_site(Seen(saw.history)).answer_ms) == [NEVER_MS]
    assert "a new call was answered" in broken(saw)[0]


def test_who_waited_is_back_with_the_first_sound_and_within_fifteen_seconds(saw: Saw) -> None:
    saw.comes("new", 6_000)
    saw.note(h.SoundGap(at_ms=5_150, call="a", began_ms=4_990))
    saw.note(h.SoundGap(at_ms=8_000, call="a", began_ms=5_500))
    assert list(measure_site(Seen(saw.history)).queued_back_ms) == [2_500]
    assert broken(saw) == []
    saw.note(h.SoundGap(at_ms=24_000, call="a", began_ms=8_500))
    assert any("who waited was back only after 15500 ms" in sentence for sentence in broken(saw))
