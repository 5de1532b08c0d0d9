"""A node that keeps time badly is brought no further calls."""

import pytest

from contactcentre.domain.headroom import is_strained, room_told


@pytest.mark.parametrize(
    ("late", "busy", "strained"),
    [(0.0, 0.0, False), (0.01, 0.7, False), (0.02, 0.1, True), (0.0, 0.8, True)],
)
def test_late_or_busy_ticks_are_a_strain(late: float, busy: float, strained: bool) -> None:  # noqa: FBT001 - of a table
    assert is_strained(late_ratio=late, busy_ratio=busy) is strained


def test_a_strained_node_says_that_it_is_full_of_what_it_has() -> None:
    assert room_told(legs_count=60, legs_max=200, strained=False) == 200
    assert room_told(legs_count=60, legs_max=200, strained=True) == 60
    assert room_told(legs_count=0, legs_max=200, strained=True) == 1, "an idle one still has room"
    assert room_told(legs_count=202, legs_max=200, strained=True) == 200
