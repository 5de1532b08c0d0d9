"""A node's shelf of recordings: one thread seals what comes from the tick, and writes it.

A file is called `.open` until its part stands in the node's spool. What is called so at a start was
left by a run that was lost: it is cut behind its last whole frame and told like any other.
"""

import asyncio
import base64
import os
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from io import FileIO, IOBase
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import structlog

from contactcentre.adapters.recording_files import form
from contactcentre.adapters.recording_files.sealing import KeyRing, new_key
from contactcentre.domain.call import Call
from contactcentre.domain.errors import BadRequest, Outage
from contactcentre.domain.ids import NodeId, RecordingPart
from contactcentre.ports.recording import SAMPLES_PER_S, Kept

log = structlog.get_logger()

WAITING_MAX = 4
"""So many seconds of one talk wait for the disk; more are dropped, and counted."""
OPEN, WHOLE = ".open", ".rec"
PART_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_MS_PER_SAMPLE = 1_000 / SAMPLES_PER_S


@dataclass(slots=True)
class _Progress:
    """What has been written of one part."""

    file: FileIO
    sealer: form.Sealer
    size_bytes: int = 0
    digest: Any = field(default_factory=sha256)
    """As hashlib makes it, whose type has no name of its own."""
    end: int = 0
    gaps: int = 0


class FileTape:
    """The Tape port, in one file."""

    def __init__(
        self,
        call: Call,
        path: Path,
        *,
        part: RecordingPart,
        at_ms: int,
        tell: Callable[["FileTape"], None],
        kept: Callable[[Kept], None],
    ) -> None:
        self.call = call
        self.path = path
        """Until the part stands in the spool."""
        self.part = part
        self.started_at_ms = at_ms
        self.kept = kept
        self.waiting: deque[tuple[int, bytes]] = deque()
        self.progress: _Progress | None = None
        self.has_failed = False
        self.is_closed = False
        self.is_done = False
        self._tell = tell
        self.end = 0
        """Where the sound ends that was given to the tape, in samples."""

    def write(self, sound: bytes, *, at: int) -> None:
        """Take a second of sound or less."""
        self.end = at + len(sound) // form.CHANNELS
        if len(self.waiting) < WAITING_MAX and not self.has_failed:
            self.waiting.append((at, sound))
            self._tell(self)

    def close(self) -> None:
        """Take no more."""
        self.is_closed = True
        self._tell(self)


class FileShelf:
    """The Shelf port, in a folder of the node's own under the folder of all recordings."""

    def __init__(
        self,
        folder: Path,
        *,
        node: NodeId,
        keys: KeyRing,
    ) -> None:
        """Make the folder. Raises Outage."""
        self._folder = folder
        self._own = folder / node
        try:
            self._own.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Outage(
                f"The folder for recordings, {self._own}, cannot be made: {error.strerror}."
            ) from error
        self._keys = keys
        self._is_closing = False
        self._files: list[FileIO] = []
        """What the thread has open."""
        self._found: Callable[[Kept], None] = lambda _: None
        self._loop = asyncio.get_running_loop()
        self._inbox: SimpleQueue[FileTape | None] = SimpleQueue()
        self._thread = Thread(target=self._write_all, name="recordings", daemon=True)

    def start(self, found: Callable[[Kept], None]) -> None:
        """Begin to write; `found` hears on the loop's thread of parts that an earlier run left."""
        self._found = found
        self._thread.start()

    def begin(
        self, call: Call, *, part: RecordingPart, at_ms: int, kept: Callable[[Kept], None]
    ) -> FileTape:
        """Return a new tape."""
        assert PART_NAME.fullmatch(part), "a part's name is a file's name"
        day = datetime.fromtimestamp(at_ms / 1_000, UTC).date().isoformat()
        path = self._own / day / f"{part}{OPEN}"
        return FileTape(call, path, part=part, at_ms=at_ms, tell=self._inbox.put, kept=kept)

    def told(self, kept: Kept) -> None:
        """Note that a part stands in the spool."""
        whole = self._folder / kept.file
        try:
            whole.with_suffix(OPEN).replace(whole)
        except OSError as error:
            log.warning("a recording is found again at the next start", why=error.strerror)

    async def close(self) -> None:
        """Write what is there, and end; what is whole from now on is told of at the next start."""
        self._is_closing = True
        self._inbox.put(None)
        await asyncio.to_thread(self._thread.join)

    # In the thread

    def _write_all(self) -> None:
        for path in sorted(self._own.rglob(f"*{OPEN}")):
            self._take_up(path)
        while (tape := self._inbox.get()) is not None:
            try:
                self._write(tape)
            except OSError as error:
                tape.has_failed = True
                log.error(  # noqa: TRY400 - the trace would tell nothing more
                    "a talk cannot be recorded", call=tape.call.id, why=error.strerror
                )
        for file in self._files:
            file.close()

    def _write(self, tape: FileTape) -> None:
        if tape.is_done:
            return
        if tape.has_failed:
            tape.waiting.clear()
            return
        if tape.progress is None:
            tape.progress = self._open(tape)
            self._files.append(tape.progress.file)
        progress = tape.progress
        while tape.waiting:
            at, sound = tape.waiting.popleft()
            progress.gaps += at - progress.end
            progress.end = at + len(sound) // form.CHANNELS
            _put(progress, progress.sealer.seal(sound, at=at))
        if tape.is_closed:
            progress.gaps += tape.end - progress.end
            _put(progress, progress.sealer.seal(b"", at=tape.end))
            self._finish(tape, progress)

    def _open(self, tape: FileTape) -> _Progress:
        tape.path.parent.mkdir(mode=0o700, exist_ok=True)
        key = new_key()
        head = form.Head(
            part=tape.part,
            started_at_ms=tape.started_at_ms,
            call=tape.call,
            key=self._keys.sealing,
            sealed_key="",
        )
        sealed = self._keys.seal(key, about=head.about())
        head = head.model_copy(update={"sealed_key": base64.b64encode(sealed).decode()})
        start = form.begin(head)
        file = open(tape.path, "xb", buffering=0, opener=_for_owner)  # noqa: SIM115 - closed at the end
        progress = _Progress(file, form.Sealer(key, start))
        _put(progress, start)
        return progress

    def _finish(self, tape: FileTape, progress: _Progress) -> None:
        _sync(progress.file)
        progress.file.close()
        self._files.remove(progress.file)
        tape.is_done = True
        kept = Kept(
            part=tape.part,
            file=self._name(tape.path),
            call=tape.call,
            started_at_ms=tape.started_at_ms,
            duration_ms=round(tape.end * _MS_PER_SAMPLE),
            gaps_ms=round(progress.gaps * _MS_PER_SAMPLE),
            is_cut=False,
            key=self._keys.sealing,
            size_bytes=progress.size_bytes,
            sha256=progress.digest.hexdigest(),
        )
        self._say(tape.kept, kept)

    def _take_up(self, path: Path) -> None:
        """Tell of a part that an earlier run has left open."""
        try:
            kept = self._mend(path)
        except (BadRequest, OSError) as error:
            log.warning("a recording that was left open cannot be read", file=path, why=str(error))
        else:
            self._say(self._found, kept)

    def _mend(self, path: Path) -> Kept:
        """Cut a file behind its last whole frame. Raises BadRequest, OSError."""
        with path.open("r+b") as file:
            head, start = form.read_head(file)
            size, end, gaps, is_cut = len(start), 0, 0, True
            for frame in form.read_frames(file):
                length = (len(frame.sealed) - form.TAG_BYTES) // form.CHANNELS
                gaps += frame.at - end
                end = frame.at + length
                size += frame.size
                is_cut = length > 0
            file.truncate(size)
            file.seek(0)
            digest = sha256(file.read())
            _sync(file)
        return Kept(
            part=head.part,
            file=self._name(path),
            call=head.call,
            started_at_ms=head.started_at_ms,
            duration_ms=round(end * _MS_PER_SAMPLE),
            gaps_ms=round(gaps * _MS_PER_SAMPLE),
            is_cut=is_cut,
            key=head.key,
            size_bytes=size,
            sha256=digest.hexdigest(),
        )

    def _name(self, path: Path) -> str:
        return path.with_suffix(WHOLE).relative_to(self._folder).as_posix()

    def _say(self, told: Callable[[Kept], None], kept: Kept) -> None:
        if not self._is_closing:
            self._loop.call_soon_threadsafe(told, kept)


def _put(progress: _Progress, data: bytes) -> None:
    progress.file.write(data)
    progress.digest.update(data)
    progress.size_bytes += len(data)


def _sync(file: IOBase) -> None:
    os.fsync(file.fileno())


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
