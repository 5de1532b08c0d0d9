"""A new call goes to a node that keeps time well; to another one before it is refused."""

from dataclasses import dataclass

import pytest

from contactcentre.domain.headroom import for_new_calls, has_room, is_strained


@dataclass(frozen=True)
class Node:
    """What a node tells of itself."""

    name: str
    draining: bool = False
    strained: bool = False
    legs_count: int = 60
    legs_max: int = 200


WELL = Node("well")
STRAINED = Node("strained", strained=True)
FULL = Node("full", legs_count=199)
DRAINING = Node("draining", draining=True)


@pytest.mark.parametrize(
    ("late", "busy", "strained"),
    [(0.0, 0.0, False), (0.01, 0.7, False), (0.02, 0.1, True), (0.0, 0.8, True)],
)
def test_late_or_busy_ticks_are_a_strain(late: float, busy: float, strained: bool) -> None:  # noqa: FBT001 - of a table
    assert is_strained(late_ratio=late, busy_ratio=busy) is strained


@pytest.mark.parametrize(("legs", "room"), [(0, True), (198, True), (199, False), (202, False)])
def test_there_is_room_for_a_caller_only_with_an_adviser(legs: int, room: bool) -> None:  # noqa: FBT001 - likewise
    assert has_room(legs_count=legs, legs_max=200) is room


def test_a_call_goes_to_a_node_that_keeps_time_well() -> None:
    assert for_new_calls([DRAINING, STRAINED, WELL, FULL]) == [WELL]


def test_a_call_goes_to_a_strained_node_rather_than_to_none() -> None:
    assert for_new_calls([DRAINING, STRAINED, FULL]) == [STRAINED]


def test_a_call_goes_nowhere_only_where_every_node_is_full_or_drains() -> None:
    full_as_well = Node("strained and full", strained=True, legs_count=200)
    assert not for_new_calls([DRAINING, FULL, full_as_well])
