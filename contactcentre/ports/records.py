"""The record of every call: written down where it happened, and read again once it is durable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from contactcentre.domain.call import Call
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import CallEvent, Ending
from contactcentre.domain.ids import AdviserId, CallId, NodeId, OutcomeCode, RecordingPart


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenEvent:
    """One event of one call, with the call as it stood after it.

    (node, seq) names it for ever; sequence numbers of a node rise by one.
    """

    node: NodeId
    seq: int
    event: CallEvent
    call: Call
    oldest_seq: int = 1
    """The lowest number its node still kept when it sent this: what is missing from here on must
    be waited for, what came before is durable or gone for good."""


class Spool(Protocol):
    """A node's own disk, where events wait until PostgreSQL has them."""

    def write(self, event: CallEvent, call: Call) -> int:
        """Write an event down and return its number.

        Raises SpoolFull (an Outage) when the bound is reached.
        """

    async def on_disk(self) -> None:
        """Wait until all that has been written so far is on the disk, and outlives this process."""

    @property
    def is_full(self) -> bool:
        """Say whether the node must take no further calls."""

    def pending(self, *, after_seq: int, count_max: int) -> Sequence[WrittenEvent]:
        """Return the events after a number, the oldest first."""

    def forget(self, *, up_to_seq: int) -> None:
        """Let go of events that are durable."""


class EventStream(Protocol):
    """The way from the nodes to the records process."""

    async def send(self, events: Sequence[WrittenEvent]) -> None:
        """Put events on the stream, in order. Raises StateUnavailable; a repeat is harmless."""


class EventInbox(Protocol):
    """The records process's end of the stream.

    An entry that cannot be decoded is set aside by the inbox itself: counted, logged, kept under a
    key of its own and acknowledged, so that it cannot hold up the others.
    """

    async def take(self, *, count_max: int, wait_ms: int) -> Sequence[tuple[str, WrittenEvent]]:
        """Return events not yet acknowledged, each with its id on the stream."""

    async def acknowledge(
        self, ids: Sequence[str], *, durable: Sequence[tuple[NodeId, int]]
    ) -> None:
        """Let go of events that are durable and tell their nodes up to which number they are."""


class Ledger(Protocol):
    """PostgreSQL, as the records process and the desk write it."""

    async def write_events(self, events: Sequence[WrittenEvent]) -> Sequence[tuple[NodeId, int]]:
        """Write events and the rows of their calls in one transaction; a repeat changes nothing.

        Return, for each of their nodes, up to which number the ledger has every event.
        Raises LedgerUnavailable; BadRequest if one of the events can never be written.
        """

    async def set_aside(self, event: WrittenEvent, *, why: str) -> Sequence[tuple[NodeId, int]]:
        """Keep an event that can never be written where a person finds it, and count it as durable.

        Raises LedgerUnavailable.
        """


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A row whose call has not ended, as it was seen; a later event makes it another."""

    call: CallId
    epoch: LegEpoch
    version: int


class OpenCalls(Protocol):
    """The rows of calls that have not ended, as the records process keeps them true."""

    async def open_calls(self, *, after: CallId | None, count_max: int) -> Sequence[OpenCall]:
        """Return open rows by the ids of their calls, those after one. Raises LedgerUnavailable."""

    async def close_provisionally(self, seen: OpenCall, *, ending: Ending, at_ms: int) -> bool:
        """Write down that a call has ended, until its node says otherwise; say whether it is so.

        Only if the row still is as it was seen. A later event of the call corrects it, or opens it
        again; a repeat of what was known does not. Raises LedgerUnavailable.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPart:
    """One part of a call's recording, as the record has it."""

    part: RecordingPart
    call: CallId
    file: str
    """Where it is, under the folder of all recordings."""
    started_at_ms: int
    duration_ms: int
    gaps_ms: int
    is_cut: bool
    key: str
    size_bytes: int
    sha256: str
    deleted_at_ms: int | None


class Recordings(Protocol):
    """The parts of recordings, and what was done with each. All raise LedgerUnavailable."""

    async def parts(self, call: CallId | None, *, count_max: int) -> Sequence[RecordedPart]:
        """Return the parts of a call, or of all calls, the latest first."""

    async def due(
        self, since_ms: Mapping[ServiceClass, int], *, after: RecordingPart | None
    ) -> Sequence[RecordedPart]:
        """Return some parts that began before what their class says, in the order of their names.

        Those after one; none once there are no more.
        """

    async def deleted(self, part: RecordingPart, *, who: str, why: str, at_ms: int) -> None:
        """Write down for ever that a part was deleted; the first time counts."""

    async def exported(self, part: RecordingPart, *, who: str, why: str, at_ms: int) -> None:
        """Write down for ever that a part was taken out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an adviser says of a call after it."""

    call: CallId
    adviser: AdviserId
    outcome: OutcomeCode | None
    notes: str
    version: int
    """Counted by the desk; of two the higher one stands."""


class Outcomes(Protocol):
    """The adviser's words on a call."""

    async def write(self, outcome: Outcome, *, at_ms: int) -> None:
        """Write an outcome down, once for each call and adviser. Raises LedgerUnavailable."""

    async def read(self, *, call: CallId, adviser: AdviserId) -> Outcome | None:
        """Return what the adviser has written so far."""
