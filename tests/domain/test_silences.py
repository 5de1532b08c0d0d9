"""Who has been silent for too long."""

from contactcentre.domain.ids import NodeId
from contactcentre.domain.silences import Silences

NORTH, SOUTH = NodeId("north"), NodeId("south")


def test_whoever_says_the_same_for_too_long_is_lost_and_so_is_who_says_nothing() -> None:
    silences = Silences(lost_after_ms=2_000, late_after_ms=1_500)
    assert silences.lost({NORTH: 1, SOUTH: None}, at_ms=1_000) == []
    assert silences.lost({NORTH: 2, SOUTH: None}, at_ms=2_000) == []
    assert silences.lost({NORTH: 3, SOUTH: None}, at_ms=3_000) == [SOUTH]
    assert silences.lost({NORTH: 3, SOUTH: 1}, at_ms=4_000) == []
    assert silences.lost({NORTH: 3, SOUTH: 2}, at_ms=5_000) == [NORTH]


def test_nobody_is_lost_to_somebody_who_did_not_listen() -> None:
    silences = Silences(lost_after_ms=2_000, late_after_ms=1_500)
    silences.lost({NORTH: 1}, at_ms=1_000)
    assert silences.lost({NORTH: 1}, at_ms=9_000) == []
    silences.forget()
    assert silences.lost({NORTH: 1}, at_ms=10_000) == []
    assert silences.lost({NORTH: 1}, at_ms=11_400) == []
    assert silences.lost({NORTH: 1}, at_ms=12_000) == [NORTH]
