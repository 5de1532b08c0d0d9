"""Two promises, watched while the centre works: when they are said to be broken, and when not."""

from collections.abc import Sequence

import pytest

from contactcentre.apps.desk_monitors import DIFFER_MAX_MS, DeskMonitors
from contactcentre.domain.desk import follow
from contactcentre.domain.desk_stand import Desk
from contactcentre.domain.ids import Token
from contactcentre.domain.presence import Presence
from contactcentre.limits import BEAT_EVERY_MS
from contactcentre.ports.state import AdviserStanding
from tests.domain.desk_steps import FINISH, READY, RINGING, TALKING, WRAPPING

BEATS = range(0, DIFFER_MAX_MS + 3 * BEAT_EVERY_MS, BEAT_EVERY_MS)


class Told:
    """What was said to be broken."""

    def __init__(self) -> None:
        self.invariants: list[str] = []

    def __call__(self, invariant: str, **facts: str | int | None) -> None:
        """Note it."""
        assert facts
        self.invariants.append(invariant)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def monitors(told: Told) -> DeskMonitors:
    return DeskMonitors(told)


def stands(state: Presence) -> AdviserStanding:
    return AdviserStanding(state=state, reason=None, call=None, token=Token(5), since_ms=0)


def look(monitors: DeskMonitors, desk: Desk, state: Presence, beats: Sequence[int]) -> None:
    for at_ms in beats:
        monitors.stands(desk, stands(state), at_ms)


def test_an_adviser_whom_the_live_state_has_otherwise_for_long_is_told_of_once(
    monitors: DeskMonitors, told: Told
) -> None:
    look(monitors, WRAPPING, Presence.TALKING, BEATS)
    assert told.invariants == ["I5"]


@pytest.mark.parametrize(
    ("desk", "state"),
    [
        (READY, Presence.READY),
        (READY, Presence.RESERVED),
        (TALKING, Presence.TALKING),
        (RINGING, Presence.RINGING),
    ],
)
def test_whoever_stands_alike_is_not_stuck(
    monitors: DeskMonitors, told: Told, desk: Desk, state: Presence
) -> None:
    look(monitors, desk, state, BEATS)
    assert told.invariants == []


def test_what_differs_for_a_few_beats_is_on_its_way(monitors: DeskMonitors, told: Told) -> None:
    for at_ms in BEATS:
        seen = Presence.READY if at_ms % (4 * BEAT_EVERY_MS) == 0 else Presence.WRAP_UP
        monitors.stands(follow(WRAPPING, FINISH), stands(seen), at_ms)
    assert told.invariants == []


def test_the_time_in_which_nobody_could_look_does_not_count(
    monitors: DeskMonitors, told: Told
) -> None:
    late_ms = 60_000
    look(monitors, WRAPPING, Presence.TALKING, [0, BEAT_EVERY_MS, late_ms])
    assert told.invariants == []
    look(monitors, WRAPPING, Presence.TALKING, [late_ms + beat for beat in BEATS])
    assert told.invariants == ["I5"]
