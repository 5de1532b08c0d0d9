"""A node's disk: what has been written to it outlives the process, and nothing else does."""

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from contactcentre.adapters.spool_files.spool import EVENTS_MAX, RESERVE_RATIO, WINDOW_MS
from contactcentre.domain.call import Call
from contactcentre.domain.errors import SpoolFull
from contactcentre.domain.events import CallEvent
from contactcentre.domain.ids import NodeId
from contactcentre.ports.records import WrittenEvent


@dataclass(slots=True)
class Disk:
    """What stands on the disk of one node."""

    events: list[WrittenEvent] = field(default_factory=list)
    next_seq: int | None = None


class DiskSpool:
    """The Spool port over such a disk: as the one in files, without the files."""

    def __init__(self, disk: Disk, *, node: NodeId, now_ms: int) -> None:
        """Replay what is there."""
        self._disk = disk
        self._node = node
        self._events = list(disk.events)
        self._on_disk_count = len(self._events)
        self._next_seq = now_ms if disk.next_seq is None else disk.next_seq
        self._something_to_do = asyncio.Event()
        self._moved = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Say whether the node must take no further calls."""
        return len(self._events) >= EVENTS_MAX - EVENTS_MAX // RESERVE_RATIO

    @property
    def pending_count(self) -> int:
        """Return how many events wait to become durable."""
        return len(self._events)

    def write(self, event: CallEvent, call: Call) -> int:
        """Write an event down and return its number."""
        if len(self._events) >= EVENTS_MAX:
            raise SpoolFull("The spool is full: the record has been away for too long.")
        seq, self._next_seq = self._next_seq, self._next_seq + 1
        self._events.append(WrittenEvent(node=self._node, seq=seq, event=event, call=call))
        self._something_to_do.set()
        return seq

    async def on_disk(self) -> None:
        """Wait until all that has been written so far is on the disk."""
        seq = self._next_seq
        while self._on_disk_count < bisect_right(self._events, seq - 1, key=_seq):
            self._moved.clear()
            await self._moved.wait()

    def pending(self, *, after_seq: int, count_max: int) -> Sequence[WrittenEvent]:
        """Return the events on the disk after a number, the oldest first."""
        begin = bisect_right(self._events, after_seq, key=_seq)
        end = min(begin + count_max, self._on_disk_count)
        return [replace(event, oldest_seq=self._events[0].seq) for event in self._events[begin:end]]

    def forget(self, *, up_to_seq: int) -> None:
        """Let go of events that are durable."""
        gone = bisect_right(self._events, up_to_seq, hi=self._on_disk_count, key=_seq)
        del self._events[:gone]
        self._on_disk_count -= gone
        self._something_to_do.set()

    async def keep_writing(self) -> None:
        """Bring to the disk what is written down, a moment later; what dies before is lost."""
        while True:
            await self._something_to_do.wait()
            await asyncio.sleep(WINDOW_MS / 1_000)
            self._something_to_do.clear()
            self._on_disk_count = len(self._events)
            self._disk.events = list(self._events)
            self._disk.next_seq = self._next_seq
            self._moved.set()


def _seq(event: WrittenEvent) -> int:
    return event.seq
