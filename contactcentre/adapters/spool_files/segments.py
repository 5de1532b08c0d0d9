"""The files of a spool: named by the number of their first event, only ever appended to.

Everything here waits for the disk and runs in a thread, one call at a time.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from itertools import pairwise
from pathlib import Path

import structlog

from contactcentre.adapters.spool_files.lines import event_of, line_of
from contactcentre.domain.errors import BadRequest
from contactcentre.ports.records import WrittenEvent

log = structlog.get_logger()

SEGMENT_BYTES = 256 * 1_024
"""A new segment is begun from this size on, so that old ones can be let go of."""
SUFFIX = ".jsonl"
SEQ_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a spool held when its node started."""

    events: Sequence[WrittenEvent]
    next_seq: int | None
    """None if nothing was ever written here."""


def replay(folder: Path) -> Replayed:
    """Return the events that wait in a folder, by number, each once."""
    events: dict[int, WrittenEvent] = {}
    next_seq: int | None = None
    for path in segments(folder):
        lines = _read(path)
        events.update({event.seq: event for event in lines if event is not None})
        next_seq = max(next_seq or 0, first_seq(path) + len(lines))
    if events:
        next_seq = max(next_seq or 0, max(events) + 1)
    return Replayed(events=[events[seq] for seq in sorted(events)], next_seq=next_seq)


def segments(folder: Path) -> Sequence[Path]:
    """Return the segments of a folder, the oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def first_seq(segment: Path) -> int:
    """Return the number of a segment's first event."""
    return int(segment.stem)


def _read(segment: Path) -> Sequence[WrittenEvent | None]:
    """Return a segment's events, None for each that the disk has changed since.

    A last line that a crash tore is left out: nobody was ever shown it. A segment with any other
    line that cannot be read is copied, for a person to look at.
    """
    lines = segment.read_bytes().splitlines(keepends=True)
    events: list[WrittenEvent | None] = []
    for number, line in enumerate(lines, 1):
        try:
            events.append(event_of(line))
        except BadRequest as error:
            if number == len(lines):
                log.warning("spool ends in a torn line", segment=segment.name)
            else:
                log.warning(
                    "spool line unreadable", segment=segment.name, line=number, why=str(error)
                )
                events.append(None)
    if None in events:
        shutil.copyfile(segment, segment.with_suffix(".damaged"))
    return events


class SegmentWriter:
    """The only writer of a folder's segments."""

    def __init__(self, folder: Path, *, segment_bytes: int) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._file: FileIO | None = None
        self._on_disk_bytes = 0

    def append(self, events: Sequence[WrittenEvent]) -> None:
        """Write events so that they outlive a loss of power. Raises OSError and wrote none then."""
        lines = memoryview(b"".join(map(line_of, events)))
        try:
            file = self._segment(events[0].seq)
            left = lines
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        except OSError:
            self._leave()
            raise
        self._on_disk_bytes += len(lines)

    def forget(self, up_to_seq: int) -> None:
        """Delete segments that hold only events up to a number; the last one stays.

        Its name is where the numbers go on after a start.
        """
        paths = segments(self._folder)
        for segment, after in pairwise(paths):
            if first_seq(after) <= up_to_seq + 1:
                segment.unlink()

    def close(self) -> None:
        """Close the segment that is open."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _segment(self, seq: int) -> FileIO:
        """Return the segment to append to, a new one if it is time for it."""
        if self._file is None or self._on_disk_bytes >= self._segment_bytes:
            self.close()
            path = self._folder / f"{seq:0{SEQ_DIGITS}}{SUFFIX}"
            self._file = path.open("wb", buffering=0)
            self._on_disk_bytes = 0
            path.chmod(0o600)
            _sync_folder(self._folder)
        return self._file

    def _leave(self) -> None:
        """Leave a segment that the disk failed; what it has beyond the last success is cut off.

        After a failed fsync nobody knows what is on the disk, so the events are written again, into
        the next segment.
        """
        if self._file is not None:
            with suppress(OSError):  # What cannot be cut off is a torn line when it is read again.
                self._file.truncate(self._on_disk_bytes)
            self.close()


def _sync_folder(folder: Path) -> None:
    """Let a new file's name outlive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
