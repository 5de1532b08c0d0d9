"""Recordings in simulated time: which seconds of a talk are on whose disk, and no sound of them.

Once a second it is seen what goes on. A node's deck puts that second on its tapes, as the product
has told it to; a second later it is on the disk, and a node that dies between loses it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from contactcentre.apps.node_tools import RecordingTerms
from contactcentre.apps.talk_recording import keeper
from contactcentre.domain.call import Call
from contactcentre.domain.ids import CallId, LegId, RecordingPart, SoundName
from contactcentre.domain.languages import Language
from contactcentre.ports.environment import Clock
from contactcentre.ports.recording import Kept, Tape
from contactcentre.simulation.disk import DiskSpool
from contactcentre.simulation.lives import Life
from contactcentre.simulation.sound import Air, NodeLeg, SimulatedMedia

PAUSE_MAX_MS = 60_000
MS_PER_S = 1_000


@dataclass(slots=True, kw_only=True)
class Reel:
    """One part of a recording, as it stands on a disk."""

    part: RecordingPart
    call: Call
    started_at_ms: int
    life: Life
    """The life of its node that has begun it."""
    seconds: list[int] = field(default_factory=list)
    """Which seconds of the simulation are on it."""
    is_told: bool = False
    """It stands in the spool as well."""


class SimulatedTape:
    """The Tape port, of seconds without sound."""

    def __init__(self, reel: Reel, kept: Callable[[Kept], None]) -> None:
        self.reel = reel
        self.legs: tuple[LegId, LegId] | None = None
        self.is_paused = False
        self._waiting: list[int] = []
        self._kept = kept

    def write(self, sound: bytes, *, at: int) -> None:
        """Take the number of a second; there is no sound here."""
        del sound
        self._waiting.append(at)

    def flush(self) -> None:
        """Bring what waits to the disk."""
        self.reel.seconds += self._waiting
        self._waiting.clear()

    def close(self) -> None:
        """Take no more, and be whole."""
        self.flush()
        self._kept(kept_of(self.reel, is_cut=False))


class SimulatedShelf:
    """The Shelf port over one node's disk."""

    def __init__(self, reels: dict[RecordingPart, Reel], life: Life) -> None:
        self._reels = reels
        self._life = life

    def begin(
        self, call: Call, *, part: RecordingPart, at_ms: int, kept: Callable[[Kept], None]
    ) -> SimulatedTape:
        """Return a new tape."""
        reel = Reel(part=part, call=call, started_at_ms=at_ms, life=self._life)
        self._reels[part] = reel
        return SimulatedTape(reel, kept)

    def told(self, kept: Kept) -> None:
        """Note that a part stands in the spool."""
        self._reels[kept.part].is_told = True

    def tell_cut(self, told: Callable[[Kept], None]) -> None:
        """Tell of every part that a former run has left."""
        for reel in [one for one in self._reels.values() if not one.is_told]:
            told(kept_of(reel, is_cut=True))


def kept_of(reel: Reel, *, is_cut: bool) -> Kept:
    """Return what is told of a part."""
    return Kept(
        part=reel.part,
        file=f"{reel.part}.rec",
        call=reel.call,
        started_at_ms=reel.started_at_ms,
        duration_ms=len(reel.seconds) * MS_PER_S,
        gaps_ms=0,
        is_cut=is_cut,
        key="k1",
        size_bytes=len(reel.seconds),
        sha256="0" * 64,
    )


class RecordingMedia(SimulatedMedia):
    """A node's sound, and the TapeDeck port beside it."""

    def __init__(
        self,
        air: Air,
        life: Life,
        *,
        legs_max: int,
        said: Callable[[LegId, Sequence[SoundName]], None],
    ) -> None:
        """Make it; `said` hears what somebody has heard to its end."""
        super().__init__(air, life, legs_max=legs_max)
        self.tapes: list[SimulatedTape] = []
        self._said = said

    async def play(self, leg: LegId, sounds: Sequence[SoundName], language: Language) -> None:
        """Play sounds to a leg; return when the last has been sent."""
        await super().play(leg, sounds, language)
        self._said(leg, sounds)

    def record(self, tape: Tape, *, caller: LegId, adviser: LegId) -> None:
        """Put on a tape what these two say from now on."""
        assert isinstance(tape, SimulatedTape), "the shelf's"
        tape.legs = caller, adviser
        if tape not in self.tapes:
            self.tapes.append(tape)

    def pause_recording(self, tape: Tape, *, on: bool) -> None:
        """Put nothing on a tape, or again what is said."""
        assert isinstance(tape, SimulatedTape), "the shelf's"
        tape.is_paused = on

    def stop_recording(self, tape: Tape) -> None:
        """Close a tape."""
        assert isinstance(tape, SimulatedTape), "the shelf's"
        if tape in self.tapes:
            self.tapes.remove(tape)
        tape.close()

    def legs_of(self, tape: SimulatedTape) -> tuple[NodeLeg, NodeLeg] | None:
        """Return the ends of a talk that hear one another, and are put on a tape now."""
        if tape.legs is None or tape.is_paused:
            return None
        caller, adviser = (self.legs.get(leg) for leg in tape.legs)
        if caller is None or adviser is None or not hear_each_other(caller, adviser):
            return None
        return caller, adviser


def hear_each_other(one: NodeLeg, other: NodeLeg) -> bool:
    """Say whether what one says comes to the other, both ways."""
    mutual = one.id in other.hears and other.id in one.hears
    return mutual and one.is_audible() and other.is_audible()


def call_of(leg: LegId) -> CallId:
    """Return the call, or the consultation, whose leg that is."""
    return CallId(leg.partition(".")[0])


def recording_terms(
    media: RecordingMedia,
    reels: dict[RecordingPart, Reel],
    spool: DiskSpool,
    clock: Clock,
    life: Life,
) -> RecordingTerms:
    """Return how the talks of a node are recorded, once what a former run has left is told of."""
    shelf = SimulatedShelf(reels, life)
    shelf.tell_cut(keeper(shelf, spool, clock, life.spawn))
    return RecordingTerms(deck=media, shelf=shelf, pause_max_ms=PAUSE_MAX_MS)
