"""A shelf in a folder of the test's own, and what was told of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from contactcentre.adapters.recording_files.sealing import KeyRing
from contactcentre.adapters.recording_files.shelf import FileShelf
from contactcentre.domain.call import Call, arrive
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import CallArrived
from contactcentre.domain.ids import CallId, LineId, NodeId, RecordingPart
from contactcentre.domain.languages import Language
from contactcentre.ports.recording import Kept

KEYS = {"2026": "k" * 32, "2025": "j" * 32}
STARTED_MS = 1_790_000_000_000
CALL: Call = arrive(
    CallArrived(
        call=CallId("c1"),
        at_ms=STARTED_MS,
        line=LineId("tax"),
        language=Language.ENGLISH,
        node=NodeId("n1"),
        epoch=LegEpoch(1, "a"),
    )
)
PART = RecordingPart("c1.1.7.0123")


class Shelves:
    """Makes shelves in one folder, one after the other, as a node's runs do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: list[Kept] = []
        self.open: list[FileShelf] = []

    def shelf(self) -> FileShelf:
        """Return the shelf of a new run."""
        shelf = FileShelf(self.folder, node=NodeId("n1"), keys=KeyRing(KEYS))
        shelf.start(self.kept.append)
        self.open.append(shelf)
        return shelf

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for the writer."""
        async with asyncio.timeout(5):
            while not true():  # noqa: ASYNC110 - another thread does it
                await asyncio.sleep(0.01)

    @property
    def files(self) -> list[str]:
        """Return what is in the folder."""
        return sorted(
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*")
            if path.is_file()
        )


@pytest.fixture
async def shelves(tmp_path: Path) -> AsyncIterator[Shelves]:
    """Give the shelves of a node."""
    made = Shelves(tmp_path / "recordings")
    yield made
    for shelf in made.open:
        await shelf.close()
