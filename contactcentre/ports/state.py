"""Live state: who waits where, who is ready, and which reservation binds the two.

Redis is the blackboard behind it and never the only holder of anything for longer than one beat,
so each method may be called again with the same arguments and does then what once would have done.
Every method raises StateUnavailable when the store does not answer in time.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import Ending, LapseReason
from contactcentre.domain.ids import AdviserId, CallId, DeskId, NodeId, QueueId, RequestId, Token
from contactcentre.domain.levels import Asked
from contactcentre.domain.presence import AwayReason, Presence
from contactcentre.ports.handing import Handing
from contactcentre.ports.wishes import Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a waiting call stands."""

    place: int
    """1 is the head."""
    waiting_count: int
    served_every_ms: int | None
    """Mean time between the queue's last calls taken; None while there are too few to be honest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """One waiting call held for one ready adviser."""

    call: CallId
    adviser: AdviserId
    token: Token
    queue: QueueId
    enqueued_ms: int
    node: NodeId
    desk: DeskId


@dataclass(frozen=True, slots=True, kw_only=True)
class Matchable:
    """Where somebody waits, the best-scored head first, and who is ready there, in their turn."""

    queues: Sequence[QueueId]
    advisers: Sequence[AdviserId]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """What a node says of one of its calls that waits, rings or talks."""

    call: CallId
    queue: QueueId | None
    """None while the caller is in the menus, and so is `enqueued_ms`."""
    head_start_ms: int
    enqueued_ms: int | None
    epoch: LegEpoch
    state: str
    """A CallState but ENDED; or "hidden" while the call is not to be offered to anyone."""
    adviser: AdviserId | None
    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReport:
    """A node's beat: where it is, and that everything it holds has been reported."""

    node: NodeId
    site: str
    beat: int
    internal_url: str
    public_url: str
    """Where browsers open their leg sockets (ws:// or wss://); the other is for our processes."""
    draining: bool
    legs_count: int
    legs_max: int
    strained: bool = False  # as a node of before, which says nothing of it


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsReply:
    """What the blackboard answers a node that reports its calls."""

    superseded: Sequence[CallId]
    """Calls that a newer leg elsewhere has taken: close the leg here, write no end."""
    closed: Sequence[CallId]
    """Calls that are known to have ended for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStanding:
    """A call as the blackboard has it."""

    call: CallId
    state: str
    """As in CallReport, or "reserved" or "closed"."""
    node: NodeId | None
    """None once it is closed, and so are the others that may be None."""
    epoch: LegEpoch
    queue: QueueId | None
    enqueued_ms: int | None
    adviser: AdviserId | None
    desk: DeskId | None
    """The desk process where that adviser is now."""
    token: Token
    ending: Ending | None
    """How it has ended; only of a closed call."""
    is_presumed: bool
    """Closed because nobody came back: a living leg opens it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostCall:
    """A call whose node is lost and that nobody has taken up yet."""

    call: CallId
    epoch: LegEpoch


@dataclass(frozen=True, slots=True, kw_only=True)
class LostAdviser:
    """An adviser whose desk process is lost and who has not been reported since."""

    adviser: AdviserId
    beat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """Which store this is, and on which one matching has been opened."""

    store: str
    """Names the server process and its history: another after a restart or a change of primary."""
    opened: str
    """The store that a router has opened matching on; "" if none, as after a FLUSHALL."""

    @property
    def is_open(self) -> bool:
        """Say whether nodes have reported to this very store since it came to be."""
        return self.opened == self.store


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviserReport:
    """What a desk says of one adviser."""

    adviser: AdviserId
    desk: DeskId
    beat: int
    state: Presence
    reason: AwayReason | None
    call: CallId | None
    token: Token
    """The highest token the desk has seen for this adviser."""
    queues: Sequence[QueueId]
    asked_later: Mapping[QueueId, Asked] = field(default_factory=dict)
    """Where the adviser is asked at a level below the first."""
    occupied: int = 0
    """Thousandths by which the adviser stands behind others who are ready; 0: by since when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviserStanding:
    """How an adviser stands in the live state after a report."""

    state: Presence
    reason: AwayReason | None
    call: CallId | None
    token: Token
    since_ms: int
    """When this state began, by the store's clock."""
    desk: DeskId | None = None
    """The desk process that has reported the adviser last; None in the answer to a report."""
    occupied: int = 0
    """As reported; 0 in the answer to a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStanding(NodeReport):
    """A media node, or a keeper of callbacks, as the address book has it."""

    @property
    def carries_calls(self) -> bool:
        """Say whether it is a media node: what it holds are callers on the line."""
        return self.legs_max > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskStanding:
    """A desk process as the address book has it."""

    desk: DeskId
    internal_url: str
    beat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStanding:
    """A queue as a supervisor sees it."""

    queue: QueueId
    waiting_count: int
    oldest_enqueued_ms: int | None
    ready_count: int
    """Of every level, also of those that are not asked yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The whole centre, hundreds of advisers at one moment, for boards and figures."""

    now_ms: int
    """By the store's clock, so that waits are differences of one clock."""
    queues: Sequence[QueueStanding]
    advisers: Sequence[tuple[AdviserId, AdviserStanding]]
    nodes: Sequence[NodeStanding]


class CallQueues(Handing, Protocol):
    """The waiting calls, as the node that holds their legs writes them."""

    async def join(
        self,
        *,
        call: CallId,
        queue: QueueId,
        head_start_ms: int,
        enqueued_ms: int | None,
        epoch: LegEpoch,
        node: NodeId,
    ) -> int:
        """Put a call into its queue and return its enqueue time, given now if it had none.

        A hidden call is shown again; a call already waiting stays as it is.
        Raises StaleEpoch, CallClosed.
        """

    async def give_time(self) -> int:
        """Give an enqueue time to a call that will wait later and whose wait counts from now."""

    async def hide(self, *, call: CallId, epoch: LegEpoch) -> None:
        """Keep a call's rank but out of matching while its leg is silent. Raises StaleEpoch."""

    async def place(self, *, call: CallId, queue: QueueId) -> Place | None:
        """Return where a call stands; None if it does not wait in that queue."""

    async def take_up(self, *, call: CallId, adviser: AdviserId, token: Token) -> None:
        """Say that the call's node has the offer and its desk will ring. Raises StaleToken."""

    async def answer(self, *, call: CallId, adviser: AdviserId, token: Token) -> None:
        """Say that the two talk. Raises StaleToken, CallClosed."""

    async def give_back(
        self, *, call: CallId, adviser: AdviserId, token: Token, why: LapseReason
    ) -> None:
        """Put a reserved call back into its place. An old token changes nothing.

        Declined, no answer, desk unreachable: the call waits at its old score, and the adviser is
        away until a person presses Ready. Caller left, not taken up: the adviser is ready again,
        and the call is hidden with its rank until its node's next report says that it waits, so
        that a head whose node is gone is not offered in circles. Node lost: likewise, also of an
        offer that was taken up.
        """

    async def return_to_queue(
        self, *, call: CallId, adviser: AdviserId, token: Token, wishes: bool = False
    ) -> None:
        """Put a call whose talk broke into its place, or let it wish for its adviser (away now)."""

    async def end(self, *, call: CallId, epoch: LegEpoch, ending: Ending) -> None:
        """Close a call for good; an adviser who talked goes to wrap-up, one who was rung to ready.

        A call that was never queued is closed as well. Raises StaleEpoch.
        """

    async def report_calls(self, node: NodeId, calls: Sequence[CallReport]) -> CallsReply:
        """Take a node's word for some of its calls; put right what is missing or older here.

        `REPORT_CALLS_MAX` at most. Observes the highest token reported before anything else. A
        call that was lost, or presumed to be over, is there again.
        """

    async def report_node(self, report: NodeReport) -> int:
        """Take a node's beat after its calls; return up to where its events are in PostgreSQL."""

    async def look_calls(self, calls: Sequence[CallId]) -> Sequence[CallStanding]:
        """Return how calls stand, in their order; those that are unknown here are left out.

        `REPORT_CALLS_MAX` at most.
        """

    async def lose_calls(self, node: NodeId, *, beat: int | None) -> int:
        """Count some calls of a node as lost, `REPORT_CALLS_MAX` at most; return how many.

        Only if its beat is still that one (None: whatever it is; a node that starts says so of its
        former run, before its first beat). A lost call is hidden with its rank; a ring ends and its
        adviser is ready again; a talk stays bound to its adviser, as both may come back to it.
        """

    async def forget_node(self, node: NodeId) -> None:
        """Take a node that has drained and stops out of the address book."""


class Rescue(Protocol):
    """What routers do when something is lost. Any number of routers may do it at once.

    No deadline is stored: each router times by its own clock what it sees unchanged.
    """

    async def desks(self) -> Sequence[DeskStanding]:
        """Return the desk processes that have reported within the last hour."""

    async def lose_advisers(self, desk: DeskId, *, beat: int) -> int:
        """Keep some advisers of a lost desk process from being matched; return how many.

        Only if its beat is still that one. Their state stays as it is: whoever was ready is matched
        again with the first report from whichever desk process they come back to.
        """

    async def lost_calls(self) -> Sequence[LostCall]:
        """Return some of the lost calls, the longest lost first."""

    async def close_lost(self, lost: LostCall) -> bool:
        """Presume a call that is still lost to be over (system_lost), and let its adviser go.

        Return whether it was; a newer leg, or its node's next report, opens it again.
        """

    async def lost_advisers(self) -> Sequence[LostAdviser]:
        """Return some of the lost advisers, the longest lost first."""

    async def sign_off(self, lost: LostAdviser) -> bool:
        """Take an adviser who is still lost to offline, unless bound to a call; say whether."""

    async def generation(self) -> Generation:
        """Return which store answers, and whether matching is open on it."""

    async def open_matching(self, store: str) -> None:
        """Open matching on a store; nothing happens if another one answers by now."""


class Matching(Wishes, Protocol):
    """Decisions, of many routers at once; StoreChanged where matching has not been opened."""

    async def match_advisers(
        self, advisers: Sequence[AdviserId], *, request: RequestId
    ) -> Sequence[Reservation]:
        """Reserve for each adviser who is ready, in order, the best head each is asked for.

        The same request gives the same reservations again for as long as they stand.
        """

    async def match_queue(self, queue: QueueId, *, request: RequestId) -> Reservation | None:
        """Reserve a queue's head for who is next of those asked for it by now; None if nobody."""

    async def matchable(self, *, advisers_max: int) -> Matchable:
        """Return where somebody waits, and who is ready for one of them."""

    async def reservations(self) -> Sequence[Reservation]:
        """Return the reservations that no node has taken up yet."""

    def wakes(self) -> AsyncIterator[None]:
        """Yield whenever something may be matched; a lost wake costs one sweep, no caller.

        Yields once at every (re)connection; never raises StateUnavailable but waits and reconnects.
        """


class Presences(Protocol):
    """The advisers, as their desk writes them, and the address book of desks."""

    async def report_adviser(self, report: AdviserReport) -> AdviserStanding:
        """Take the desk's word for an adviser; only a live, newer reservation outranks it.

        A change to ready by a person carries the highest token the desk has seen.
        """

    async def report_desk(self, *, desk: DeskId, beat: int, internal_url: str) -> None:
        """Take a desk's beat."""

    async def desk(self, desk: DeskId) -> DeskStanding | None:
        """Return where a desk process is."""


class AddressBook(Protocol):
    """Where processes are, and the centre as a whole."""

    async def nodes(self) -> Sequence[NodeStanding]:
        """Return the media nodes that have reported and have not been forgotten."""

    async def node(self, node: NodeId) -> NodeStanding | None:
        """Return one media node."""

    async def overview(self, queues: Sequence[QueueId]) -> Overview:
        """Return the whole centre."""
