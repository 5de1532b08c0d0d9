"""A disk whose steps are written down as they happen, and what it holds at any moment of them."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from contactcentre.adapters.spool_files.segments import SUFFIX

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Step:
    """One thing that was done to the disk, or that was promised because of it."""

    did: str
    """create, write, cut, sync, sync folder, unlink; or shown, or let go."""
    name: str = ""
    data: bytes = b""
    number: int = 0
    """The highest event that was shown or let go; for a cut, how many bytes are left."""


@dataclass
class Moment:
    """What the disk may hold after some steps, and what has been promised by then."""

    killed: dict[str, bytes] = field(default_factory=dict)
    """After the end of the process alone: all that was done."""
    unpowered: dict[str, bytes] = field(default_factory=dict)
    """After a loss of power: what was synced, under names that were synced."""
    reordered: dict[str, bytes] = field(default_factory=dict)
    """After a loss of power that let what was written stay, and what was taken away come back."""
    shown: int = 0
    """Events up to this number had been shown."""
    let_go: int = 0
    """Events up to this number need not be there any more."""
    _synced: dict[str, bytes] = field(default_factory=dict)

    def take(self, step: Step) -> None:
        """Let a step happen."""
        match step.did:
            case "shown":
                self.shown = step.number
            case "let go":
                self.let_go = step.number
            case "sync":
                self._synced[step.name] = self.killed[step.name]
                if step.name in self.unpowered:
                    self.unpowered[step.name] = self.killed[step.name]
            case "sync folder":
                self.unpowered = {name: self._synced[name] for name in self.killed}
            case _:
                self._change(step)

    def _change(self, step: Step) -> None:
        """Let what a file holds change; without a sync a loss of power need not leave it so."""
        match step.did:
            case "create":
                for files in (self.killed, self.reordered, self._synced):
                    files[step.name] = b""
            case "write":
                self.killed[step.name] += step.data
                self.reordered[step.name] += step.data
            case "cut":
                self.killed[step.name] = self.killed[step.name][: step.number]
            case "unlink":
                del self.killed[step.name]
            case did:
                raise AssertionError(did)


def moments(steps: Sequence[Step], *, every_byte: bool) -> Iterator[Moment]:
    """Yield the moment before each step and after the last; each moment stands until the next.

    With `every_byte` also those in the middle of each write.
    """
    moment = Moment()
    yield moment
    for step in steps:
        if every_byte and step.did == "write":
            before = moment.killed[step.name]
            for length in range(1, len(step.data)):
                moment.killed[step.name] = before + step.data[:length]
                yield moment
            moment.killed[step.name] = before
        moment.take(step)
        yield moment


class RecordedDisk:
    """Writes down what is done to the segments of a spool; a sync of them may fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, failing_sync: int) -> None:
        self.steps: list[Step] = []
        self._syncs_until_failure = failing_sync
        self._names: dict[int, str] = {}
        self._unlink, self._open = Path.unlink, Path.open
        disk = self

        def unlink(path: Path) -> None:
            disk.steps.append(Step("unlink", path.name))
            disk._unlink(path)

        def opened(path: Path, *how: Any, **more: Any) -> Any:
            if path.suffix != SUFFIX or how != ("wb",):
                return disk._open(path, *how, **more)
            return _Recorded(path, disk)

        monkeypatch.setattr(os, "fsync", self._sync)
        monkeypatch.setattr(Path, "unlink", unlink)
        monkeypatch.setattr(Path, "open", opened)

    def created(self, file: FileIO, name: str) -> None:
        """Write down that a segment is there."""
        self._names[file.fileno()] = name
        self.steps.append(Step("create", name))

    def _sync(self, descriptor: int) -> None:
        """Sync nothing really, but write it down; fail when it is time to."""
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            self.steps.append(Step("sync folder"))
            return
        self._syncs_until_failure -= 1
        if self._syncs_until_failure == 0:
            raise OSError(5, "Input/output error")
        self.steps.append(Step("sync", self._names[descriptor]))


class _Recorded(FileIO):
    """A segment that tells the disk what is done to it."""

    def __init__(self, path: Path, disk: RecordedDisk) -> None:
        super().__init__(path, "wb")
        self._segment, self._disk = path.name, disk
        disk.created(self, path.name)

    def write(self, data: Any) -> int:
        """Write, and write it down."""
        self._disk.steps.append(Step("write", self._segment, bytes(data)))
        return super().write(data)

    def truncate(self, size: int | None = None) -> int:
        """Cut off, and write it down."""
        assert size is not None, "a spool says where"
        self._disk.steps.append(Step("cut", self._segment, number=size))
        return super().truncate(size)
