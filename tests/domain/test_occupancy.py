"""How much of the last hour an adviser has been in talk and wrap-up."""

import pytest

from contactcentre.domain.occupancy import HOUR_MS, OCCUPIED, WHOLE, Occupancy, see, share
from contactcentre.domain.presence import Presence

MINUTE_MS = 60_000


def lived(*steps: tuple[int, Presence], before: int = 0) -> Occupancy:
    """Return what a desk knows that began to count at minute 0 and saw these states."""
    known = Occupancy(began_at_ms=0, share_before=before)
    for minute, state in steps:
        known = see(known, state, at_ms=minute * MINUTE_MS)
    return known


def at(minute: int, known: Occupancy) -> int:
    return share(known, at_ms=minute * MINUTE_MS)


@pytest.mark.parametrize("state", Presence)
def test_talk_and_wrap_up_occupy_and_nothing_else(state: Presence) -> None:
    occupied = state in {Presence.TALKING, Presence.WRAP_UP}
    assert (state in OCCUPIED) is occupied
    assert at(60, lived((0, state))) == (WHOLE if occupied else 0)


def test_a_talk_counts_while_it_lasts_and_with_its_wrap_up_until_an_hour_has_gone_by() -> None:
    known = lived((10, Presence.TALKING), (16, Presence.WRAP_UP), (22, Presence.READY))
    assert at(16, lived((10, Presence.TALKING))) == 100
    assert at(22, known) == at(70, known) == 200
    assert at(76, known) == 100
    assert at(82, known) == at(200, known) == 0


def test_talks_add_up_and_those_of_more_than_an_hour_ago_are_let_go() -> None:
    known = lived(
        (0, Presence.TALKING),
        (6, Presence.READY),
        (30, Presence.TALKING),
        (36, Presence.AWAY),
        (70, Presence.TALKING),
        (73, Presence.WRAP_UP),
        (76, Presence.READY),
    )
    assert at(76, known) == 200
    assert len(known.spans) == 2


def test_what_another_desk_process_has_counted_fades_within_an_hour() -> None:
    known = lived((0, Presence.READY), before=600)
    assert [at(minute, known) for minute in (0, 15, 30, 60, 90)] == [600, 450, 300, 0, 0]
    assert at(30, lived((0, Presence.TALKING), before=600)) == 800


def test_no_share_is_more_than_the_whole() -> None:
    assert at(90, lived((0, Presence.TALKING), before=WHOLE)) == WHOLE
    assert HOUR_MS == 60 * MINUTE_MS
