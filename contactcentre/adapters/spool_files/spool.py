"""A node's spool: written down at once in memory, and on the disk within a moment.

`write` never waits. What it took is on the disk `WINDOW_MS` and one fsync later, and is shown to
nobody before: a crash or a loss of power in between loses the events of that moment, and no number
is ever given to two events. Numbers rise for ever; those of a new disk begin at the milliseconds
since 1970, so that they are beyond all that the node may have used before it lost its old disk.
"""

import asyncio
import fcntl
import re
from bisect import bisect_right
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import structlog

from contactcentre.adapters.spool_files.segments import SEGMENT_BYTES, SegmentWriter, replay
from contactcentre.domain.call import Call
from contactcentre.domain.errors import BadRequest, Outage, SpoolFull
from contactcentre.domain.events import CallEvent
from contactcentre.domain.ids import NodeId
from contactcentre.ports.records import WrittenEvent

log = structlog.get_logger()

EVENTS_MAX = 50_000
"""Some 50 MB of disk and as much memory: hours of a busy node."""
RESERVE_RATIO = 5
"""One part in so many is kept for the calls that are there when the node may take no further."""
WINDOW_MS = 20
"""Events of so long are written together."""
RETRY_MS = 500
"""A disk that failed is tried again after this."""
NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class FileSpool:
    """The Spool port, in files of its own folder."""

    def __init__(
        self,
        folder: Path,
        *,
        node: NodeId,
        now_ms: int,
        events_max: int = EVENTS_MAX,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        """Replay what is there. Raises BadRequest, Outage if another process has the folder."""
        if not NODE_NAME.fullmatch(node):
            raise BadRequest(f"A node cannot be called {node!r}.")
        self._folder = folder / node
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _lock(self._folder / "lock")
        self._node = node
        self._events_max = events_max
        replayed = replay(self._folder)
        self._events = list(replayed.events)
        self._on_disk_count = len(self._events)
        self._next_seq = replayed.next_seq if replayed.next_seq is not None else now_ms
        self._durable_seq = 0
        self._deleted_seq = 0
        self._writer = SegmentWriter(self._folder, segment_bytes=segment_bytes)
        self._is_failing = False
        self._is_closed = False
        self._turn = asyncio.Lock()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._something_to_do = asyncio.Event()
        self._moved = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Say whether the node must take no further calls: little room left, or a failing disk."""
        reserve_count = self._events_max // RESERVE_RATIO
        return self._is_failing or len(self._events) >= self._events_max - reserve_count

    @property
    def pending_count(self) -> int:
        """Return how many events wait to become durable."""
        return len(self._events)

    def write(self, event: CallEvent, call: Call) -> int:
        """Write an event down and return its number."""
        if len(self._events) >= self._events_max:
            raise SpoolFull("The spool is full: PostgreSQL has been away for too long.")
        self._events.append(
            WrittenEvent(node=self._node, seq=self._next_seq, event=event, call=call)
        )
        self._next_seq += 1
        self._something_to_do.set()
        return self._next_seq - 1

    def pending(self, *, after_seq: int, count_max: int) -> Sequence[WrittenEvent]:
        """Return the events on the disk after a number, the oldest first, up to the first gap.

        A gap is a damaged line. What comes after it is shown once all before it is durable, so
        that a mark which passes the gap passes nothing else.
        """
        begin = bisect_right(self._events, after_seq, key=_seq)
        end = min(begin + count_max, self._on_disk_count, self._gap_free_count())
        return [replace(event, oldest_seq=self._events[0].seq) for event in self._events[begin:end]]

    def forget(self, *, up_to_seq: int) -> None:
        """Let go of events that are durable."""
        gone = bisect_right(self._events, up_to_seq, hi=self._on_disk_count, key=_seq)
        if gone == 0:
            return
        self._durable_seq = self._events[gone - 1].seq
        del self._events[:gone]
        self._on_disk_count -= gone
        self._something_to_do.set()

    async def on_disk(self) -> None:
        """Wait until all that has been written so far is on the disk."""
        seq = self._next_seq
        while self._on_disk_count < bisect_right(self._events, seq - 1, key=_seq):
            self._moved.clear()
            await self._moved.wait()

    async def __aenter__(self) -> Self:
        """Give the spool; its disk is written by `keep_writing`."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is left and let the folder go."""
        async with self._turn:
            self._is_closed = True
            self._something_to_do.set()
            try:
                await self._in_thread(self._events[self._on_disk_count :])
            finally:
                self._disk.shutdown()
                self._writer.close()
                self._lock.close()

    async def keep_writing(self) -> None:
        """Bring to the disk what is written down, until the spool is closed; the node's task."""
        while True:
            await self._something_to_do.wait()
            await asyncio.sleep(WINDOW_MS / 1_000)
            self._something_to_do.clear()
            async with self._turn:
                if self._is_closed:
                    return
                done = await self._bring_to_disk()
            if not done:
                self._something_to_do.set()
                await asyncio.sleep(RETRY_MS / 1_000)

    async def _bring_to_disk(self) -> bool:
        """Write and delete what there is; say whether the disk did it."""
        waiting = self._events[self._on_disk_count :]
        try:
            await self._in_thread(waiting)
        except OSError as error:
            self._is_failing = True
            log.error(  # noqa: TRY400 - the trace would tell nothing more
                "spool disk failed", why=error.strerror, waiting_count=len(waiting)
            )
            return False
        self._is_failing = False
        self._on_disk_count += len(waiting)
        self._moved.set()
        return True

    async def _in_thread(self, waiting: Sequence[WrittenEvent]) -> None:
        """Write and delete in the spool's one thread, after whatever it is at now."""
        loop = asyncio.get_running_loop()
        if waiting:
            await loop.run_in_executor(self._disk, self._writer.append, waiting)
        durable_seq = self._durable_seq
        if durable_seq > self._deleted_seq:
            await loop.run_in_executor(self._disk, self._writer.forget, durable_seq)
            self._deleted_seq = durable_seq

    def _gap_free_count(self) -> int:
        """Return how many events there are up to the first missing number."""
        if not self._events:
            return 0
        first = self._events[0].seq
        counts = range(1, len(self._events) + 1)
        return bisect_right(counts, 0, key=lambda n: self._events[n - 1].seq - first - (n - 1))


def _seq(event: WrittenEvent) -> int:
    """Return what orders a spool."""
    return event.seq


def _lock(path: Path) -> BinaryIO:
    """Return the lock that keeps a second process off. Raises Outage if one has it."""
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise Outage(f"Another process writes the spool {path.parent}.") from error
    return file
