"""A desk process turns switches and keeps their copy where nodes look."""

import pytest

from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_lines
from contactcentre.domain.errors import (
    LedgerUnavailable,
    OutOfOrder,
    StateUnavailable,
    SwitchNotTurned,
    UnknownName,
)
from contactcentre.domain.ids import AdviserId, LineId
from contactcentre.domain.ivr.flow import QueueName
from contactcentre.domain.ivr.switches import Switches, SwitchKind, Turn, Turned, standing_of
from contactcentre.journey.steering import READ_EVERY_BEATS, Steering
from contactcentre.ports.switches import SwitchRecord
from tests.journey.stage import StagedClock

TAX, SUE = LineId("tax"), AdviserId("sue")
LINES = load_lines(default_flows_dir())
SHUT = Turn(line=TAX, kind=SwitchKind.SHUT, value="shut")
OPEN = Turn(line=TAX, kind=SwitchKind.SHUT, value=None)


class Stage:
    """Records and live state that the test plays."""

    def __init__(self) -> None:
        self.turned: list[Turned] = []
        self.copy: Switches | None = None
        self.records_away = False
        self.state_away = False

    async def turn(self, turn: Turn, *, who: AdviserId, why: str, at_ms: int) -> SwitchRecord:
        """Write a turn down."""
        number = len(self.turned) + 1
        self.turned.append(Turned(number=number, turn=turn, who=who, why=why, at_ms=at_ms))
        return await self.read()

    async def read(self) -> SwitchRecord:
        """Return how all switches stand."""
        if self.records_away:
            raise LedgerUnavailable("away")
        turns = [one.turn for one in self.turned]
        stands = standing_of(turns, number=len(turns))
        return SwitchRecord(stands=stands, last=self.turned[::-1])

    async def keep_switches(self, stands: Switches) -> Switches:
        """Keep the newer copy."""
        if self.state_away:
            raise StateUnavailable("away")
        if self.copy is None or self.copy.number < stands.number:
            self.copy = stands
        return self.copy

    async def look_switches(self) -> Switches | None:
        """Return the copy."""
        if self.state_away:
            raise StateUnavailable("away")
        return self.copy


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def steering(stage: Stage) -> Steering:
    return Steering(LINES, ledger=stage, state=stage, clock=StagedClock())


def is_shut(stands: Switches | None) -> bool:
    return stands is not None and stands.of(TAX).is_shut


async def test_a_turn_is_written_and_at_once_where_nodes_look(
    stage: Stage, steering: Steering
) -> None:
    await steering.turn(SHUT, who=SUE, why="fire alarm")
    assert is_shut(stage.copy)
    (turned,) = stage.turned
    assert (turned.turn, turned.who, turned.why) == (SHUT, SUE, "fire alarm")
    assert steering.last == [turned]


async def test_while_the_records_are_away_nothing_is_turned(
    stage: Stage, steering: Steering
) -> None:
    await steering.look()
    stage.records_away = True
    with pytest.raises(SwitchNotTurned):
        await steering.turn(SHUT, who=SUE, why="fire alarm")
    assert stage.turned == []
    assert not is_shut(steering.stands)
    assert not is_shut(stage.copy)


@pytest.mark.parametrize(
    ("turn", "kind"),
    [
        (Turn(line=LineId("bins"), kind=SwitchKind.SHUT, value="shut"), UnknownName),
        (
            Turn(
                line=TAX,
                kind=SwitchKind.DIVERT,
                subject=QueueName("extra-support"),
                value="general",
            ),
            OutOfOrder,
        ),
    ],
)
async def test_what_cannot_be_is_not_written(
    stage: Stage, steering: Steering, turn: Turn, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await steering.turn(turn, who=SUE, why="x")
    assert stage.turned == []


async def test_a_turn_is_good_while_the_live_state_is_away_and_is_there_once_it_is_back(
    stage: Stage, steering: Steering
) -> None:
    stage.state_away = True
    await steering.turn(SHUT, who=SUE, why="fire alarm")
    assert is_shut(steering.stands)
    stage.state_away = False
    await steering.look()
    assert is_shut(stage.copy)


async def test_a_live_state_that_was_emptied_has_the_copy_again_a_beat_later(
    stage: Stage, steering: Steering
) -> None:
    await steering.turn(SHUT, who=SUE, why="fire alarm")
    stage.copy = None
    stage.records_away = True
    await steering.look()
    assert is_shut(stage.copy)


async def test_what_another_desk_has_turned_is_taken_from_the_live_state(
    stage: Stage, steering: Steering
) -> None:
    other = Steering(LINES, ledger=stage, state=stage, clock=StagedClock())
    await steering.look()
    await other.turn(SHUT, who=SUE, why="fire alarm")
    await steering.look()
    assert is_shut(steering.stands)


async def test_what_another_desk_has_turned_is_read_from_the_records_in_time(
    stage: Stage, steering: Steering
) -> None:
    await steering.look()
    await stage.turn(SHUT, who=SUE, why="fire alarm", at_ms=1)
    for _ in range(READ_EVERY_BEATS):
        await steering.look()
    assert is_shut(stage.copy)


async def test_a_desk_that_starts_without_records_takes_the_copy_and_puts_nothing_over_it(
    stage: Stage, steering: Steering
) -> None:
    stage.records_away = True
    await steering.look()
    assert steering.stands is None
    assert stage.copy is None
    stage.copy = standing_of([SHUT], number=4)
    await steering.look()
    assert is_shut(steering.stands)
