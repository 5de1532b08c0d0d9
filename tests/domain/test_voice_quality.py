"""The score of a line is what people would say of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactcentre.domain.voice_quality import mos, opinion

LOSS = st.floats(0, 1)
DELAY = st.floats(0, 2_000)


@pytest.mark.parametrize(
    ("rating", "score"), [(0, 1.0), (50, 2.58), (60, 3.10), (70, 3.60), (80, 4.02), (93.2, 4.41)]
)
def test_ratings_and_scores_are_those_of_the_recommendation(rating: float, score: float) -> None:
    assert opinion(rating) == pytest.approx(score, abs=0.01)


def test_a_good_line_is_as_good_as_a_telephone_gets_and_a_lost_one_as_bad() -> None:
    assert mos(loss_ratio=0, buffered_ms=40, round_trip_ms=20) == pytest.approx(4.36, abs=0.02)
    assert mos(loss_ratio=0.03, buffered_ms=40, round_trip_ms=20) == pytest.approx(4.11, abs=0.05)
    assert mos(loss_ratio=1, buffered_ms=200, round_trip_ms=900) == 1.0


def test_a_pause_of_the_other_side_is_no_delay() -> None:
    paused = mos(loss_ratio=0, buffered_ms=9_000, round_trip_ms=20)
    assert paused == mos(loss_ratio=0, buffered_ms=200, round_trip_ms=20)


@given(LOSS, LOSS, DELAY, DELAY)
def test_more_loss_or_more_delay_never_sounds_better(
    one: float, other: float, soon: float, late: float
) -> None:
    few, many = sorted((one, other))
    near, far = sorted((soon, late))
    good = mos(loss_ratio=few, buffered_ms=40, round_trip_ms=near)
    bad = mos(loss_ratio=many, buffered_ms=40, round_trip_ms=far)
    assert 1.0 <= bad <= good <= 4.5
