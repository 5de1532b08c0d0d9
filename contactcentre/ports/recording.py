"""Recording talks: sound goes from a node's tick onto a tape, and from the tape to the disk."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from contactcentre.domain.call import Call
from contactcentre.domain.ids import LegId, RecordingPart, SoundName

SAMPLES_PER_S = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A part of a recording that is whole on the disk."""

    part: RecordingPart
    file: str
    """Where it is, under the folder of all recordings."""
    call: Call
    """The call as it stood when the part began."""
    started_at_ms: int
    duration_ms: int
    gaps_ms: int
    """Of it: what could not be kept, and is silence."""
    is_cut: bool
    """Its node was lost before it could be closed."""
    key: str
    size_bytes: int
    sha256: str


class Tape(Protocol):
    """Where the sound of one part goes; nothing of it ever waits."""

    def write(self, sound: bytes, *, at: int) -> None:
        """Take a second of sound or less that began `at` samples after the start.

        Caller and adviser take turns sample by sample, in the µ-law of G.711. What there is no
        room for is dropped and counted, and leaves a gap that is known.
        """

    def close(self) -> None:
        """Take no more."""


class Shelf(Protocol):
    """A node's disk, on which recordings are kept."""

    def begin(
        self, call: Call, *, part: RecordingPart, at_ms: int, kept: Callable[[Kept], None]
    ) -> Tape:
        """Return a new tape; `kept` is told on the loop's thread once it is whole on the disk."""

    def told(self, kept: Kept) -> None:
        """Note that a part stands in the spool; until then the next start would find it again."""


class TapeDeck(Protocol):
    """The sound of a node, as recordings are taken from it. Every method is instant."""

    def record(self, tape: Tape, *, caller: LegId, adviser: LegId) -> None:
        """Put on a tape what these two say to one another, or go on with it with other legs.

        Of each only what the other hears. Raises MediaUnavailable where there is no room.
        """

    def pause_recording(self, tape: Tape, *, on: bool) -> None:
        """Put silence on a tape, or again what is said.

        Meanwhile the tones of keys in the caller's sound are silence to everybody.
        """

    def stop_recording(self, tape: Tape) -> None:
        """Put nothing more on a tape, and close it."""


class TalkTape(Protocol):
    """The recording of one call's talks, as a talk sees it: there may be none."""

    @property
    def unsaid(self) -> tuple[SoundName, ...]:
        """Return what the caller must hear before anything is recorded, and has not heard yet."""
