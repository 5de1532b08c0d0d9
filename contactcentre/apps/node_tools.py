"""What every call of a media node shares."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass

from contactcentre.domain.call import Call
from contactcentre.domain.callback import OfferRule
from contactcentre.domain.expecting import WaitErrors
from contactcentre.domain.ids import LineId, NodeId, SoundName
from contactcentre.domain.ivr.flow import Line
from contactcentre.domain.ivr.switches import LineSwitches
from contactcentre.domain.languages import Language
from contactcentre.domain.overflow import Onward
from contactcentre.ports.callbacks import Promises
from contactcentre.ports.dialling import Dialler
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.live import Desks
from contactcentre.ports.media import Media
from contactcentre.ports.recording import Shelf, TapeDeck
from contactcentre.ports.records import Spool
from contactcentre.ports.rings import RingNotes
from contactcentre.ports.state import CallQueues, Place
from contactcentre.ports.texts import Texts
from contactcentre.wire.claims import CallerClaim, CallMemory

Words = Mapping[Language, Mapping[SoundName, str]]
Sign = Callable[[CallerClaim, CallMemory], str]
"""Signs a claim with a fresh expiry and seals the memory into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a node waits for whom."""

    ring_ms: int
    leg_grace_ms: int
    """A caller may be gone for so long."""
    adviser_grace_ms: int
    """An adviser's browser may be gone from a talk for so long."""
    wishes: bool
    """Whether a caller whose talk broke waits for the same adviser first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTerms:
    """How callers of a node may book callbacks."""

    promises: Promises
    rule: OfferRule


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingTerms:
    """How talks of a node are recorded."""

    deck: TapeDeck
    shelf: Shelf
    pause_max_ms: int
    """A pause that nobody ends is over after so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTools:
    """What every call of a node shares."""

    node: NodeId
    media: Media
    queues: CallQueues
    rings: RingNotes
    desks: Desks
    spool: Spool
    clock: Clock
    chance: Chance
    lines: Mapping[LineId, Line]
    switches: Callable[[LineId], LineSwitches]
    """How the supervisors' switches of a line stand now."""
    pass_on: Callable[[Call, Place], Onward | None]
    """Where a call at its place is to wait from now on as its queue is full, if anywhere."""
    words: Words
    sign: Sign
    spawn: Callable[[Coroutine[None, None, None], str], None]
    """Runs something beside the call, owned by the node."""
    patience: Patience
    wait_errors: WaitErrors
    durable_seq: Callable[[], int]
    """Every event of this node up to that number is in the record."""
    tells_of_listening: bool
    """Whether an adviser is told that a supervisor only listens."""
    callbacks: CallbackTerms | None = None
    """None: no caller is offered any."""
    is_strained: Callable[[], bool] = lambda: False
    """Says whether the node keeps time so badly that it should be brought no further calls."""
    dialler: Callable[[], Dialler | None] = lambda: None
    """Gives what rings outside numbers; None: nobody is rung."""
    recording: RecordingTerms | None = None
    """None: no talk is recorded, whatever its line says."""
    texts: Texts | None = None
    """None: no caller is offered a text."""
