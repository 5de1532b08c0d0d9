"""What a node knows of the switches, with and without the live state."""

from pathlib import Path

import pytest

from contactcentre.adapters.spool_files.switch_file import FileOfSwitches
from contactcentre.apps.switchboard import Switchboard
from contactcentre.domain.errors import BadRequest, StateUnavailable
from contactcentre.domain.ids import LineId
from contactcentre.domain.ivr.switches import AS_PLANNED, LineSwitches, Switches
from tests.journey.stage import StagedClock

TAX = LineId("tax")
SHUT = LineSwitches(is_shut=True)


class Stage:
    """A live state that the test plays."""

    def __init__(self, copy: Switches | None = None, away: Exception | None = None) -> None:
        self.copy = copy
        self.away = away

    async def keep_switches(self, stands: Switches) -> Switches:
        """Take no copy: nodes only look."""
        raise AssertionError("a node turns no switch", stands)

    async def look_switches(self) -> Switches | None:
        """Return the copy."""
        if self.away is not None:
            raise self.away
        return self.copy


def shut(number: int) -> Switches:
    return Switches(number=number, lines={TAX: SHUT})


def board(stage: Stage, path: Path) -> Switchboard:
    return Switchboard(stage, FileOfSwitches(path), StagedClock())


async def test_a_node_starts_without_any_store_with_what_it_knew_last(tmp_path: Path) -> None:
    path = tmp_path / "switches" / "node-1.json"
    before = board(Stage(shut(7)), path)
    await before.look()
    assert before.of(TAX) == SHUT
    after = board(Stage(away=StateUnavailable("away")), path)
    await after.look()
    assert after.stands == shut(7)
    assert [file.name for file in path.parent.iterdir()] == ["node-1.json"]


async def test_a_node_that_has_never_heard_of_a_switch_serves_as_planned(tmp_path: Path) -> None:
    new = board(Stage(away=StateUnavailable("away")), tmp_path / "node-1.json")
    await new.look()
    assert new.of(TAX) == AS_PLANNED


async def test_an_emptied_or_older_live_state_takes_nothing_back(tmp_path: Path) -> None:
    stage = Stage(shut(7))
    node = board(stage, tmp_path / "node-1.json")
    await node.look()
    for stage.copy in (None, Switches(number=6)):
        await node.look()
        assert node.of(TAX) == SHUT
    stage.copy = Switches(number=8)
    await node.look()
    assert node.of(TAX) == AS_PLANNED


async def test_a_copy_that_cannot_be_read_leaves_what_is_known(tmp_path: Path) -> None:
    stage = Stage(shut(7))
    node = board(stage, tmp_path / "node-1.json")
    await node.look()
    stage.away = BadRequest("of a later version")
    await node.look()
    assert node.of(TAX) == SHUT


@pytest.mark.parametrize("kept", [b"", b"{}", b'{"v": 2}', b"\xff"])
async def test_a_broken_file_is_as_good_as_none(tmp_path: Path, kept: bytes) -> None:
    path = tmp_path / "node-1.json"
    path.write_bytes(kept)
    node = board(Stage(shut(7)), path)
    assert node.of(TAX) == AS_PLANNED
    await node.look()
    assert node.of(TAX) == SHUT


async def test_a_disk_that_fails_costs_the_copy_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    node = board(Stage(shut(7)), tmp_path / "file" / "node-1.json")
    await node.look()
    assert node.of(TAX) == SHUT
