"""Callbacks in the records: nodes promise them, and keepers keep them."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from contactcentre.domain.call import CallState
from contactcentre.domain.callback import Aftermath, Attempt, Callback, CallbackNews, TakeUp
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import (
    NO_TOKEN,
    AdviserId,
    CallId,
    LineId,
    NodeId,
    PhoneNumber,
    QueueId,
    SoundName,
    Token,
)
from contactcentre.domain.languages import Language
from contactcentre.domain.presence import Presence
from contactcentre.ports.live import Offered
from contactcentre.ports.state import AdviserStanding

CountNews = Callable[[QueueId, CallbackNews], None]
"""Counts what became of a callback of a queue."""
ShowStanding = Callable[[Sequence[Callback]], None]
"""Shows what stands in its queues now at one keeper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What a caller is promised."""

    call: CallId
    line: LineId
    queue: QueueId
    language: Language
    service_class: ServiceClass
    enqueued_ms: int
    number: PhoneNumber
    at_ms: int
    slot_ms: int
    """When the half hour begins that it takes room in."""
    due_ms: int = 0
    """Not before then is it offered to advisers: the half hour that was chosen, if any."""


class Promises(Protocol):
    """What a media node does with callbacks. Every method raises LedgerUnavailable."""

    async def rooms(self, queue: QueueId, slots: Sequence[int], *, slot_max: int) -> Sequence[int]:
        """Return in which of some half hours a queue may promise one more callback."""

    async def book(self, booking: Booking, *, slot_max: int) -> bool:
        """Promise a callback, durably; False if no more may be promised in this half hour.

        Again for the same call changes its number and half hour, and takes no room twice. Also an
        outage may have written it: a promise counts only once its call has ended without a talk.
        """

    async def cancel(self, call: CallId, *, at_ms: int) -> QueueId | None:
        """Take back the open promise of a call; return of which queue, None if there is none."""


class Offers(Protocol):
    """What one waiting caller is told of callbacks, and books."""

    @property
    def keys(self) -> Mapping[str, SoundName]:
        """Return the key that asks for a callback, once one has been offered."""

    async def offer(self, *, wait_ms: int | None) -> tuple[SoundName, ...]:
        """Return what is said of callbacks now, after the place; nothing most of the time."""

    async def accept(self) -> bool:
        """Ask for the number and book; return whether it is durable, else the wait goes on."""


class Callbacks(Protocol):
    """What a keeper does with callbacks. Every method raises LedgerUnavailable."""

    async def keepers(self) -> Collection[NodeId]:
        """Return who has taken open callbacks on."""

    async def claim(
        self,
        keeper: NodeId,
        *,
        nonce: str,
        at_ms: int,
        lost: Collection[NodeId],
        held: Collection[CallId],
        count_max: int,
    ) -> Sequence[Callback]:
        """Take callbacks on that are due and whose call has ended without a talk, oldest first.

        Those that nobody has, those of keepers that are `lost`, and those of this keeper that are
        not among `held`: each at a newer epoch, so that of two keepers one has it.
        """

    async def gone(self, keeper: NodeId, held: Collection[Callback]) -> Collection[CallId]:
        """Return which of the held callbacks are not this keeper's any more, or not open."""

    async def conclude(
        self,
        call: CallId,
        attempt: Attempt,
        *,
        adviser: AdviserId,
        token: Token,
        at_ms: int,
    ) -> Aftermath:
        """Write down how an attempt ended, once for its token, and let go of the callback.

        The callback stands as the attempt with the highest token has left it. Raises UnknownName.
        """

    async def answered(self, call: CallId, *, adviser: AdviserId, token: Token, at_ms: int) -> None:
        """Write down that the number was answered: kept, unless its adviser says otherwise.

        What the adviser has said of that token already stands. Raises UnknownName.
        """

    async def release(self, keeper: NodeId) -> None:
        """Let others take on at once what this keeper has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperPlace:
    """Where a keeper is."""

    node: NodeId
    site: str
    internal_url: str


WORDS_MAX = 8


@dataclass(slots=True, kw_only=True)
class Dialling:
    """A media node that rings the number of a callback, as its keeper last heard of it."""

    token: Token
    dial: str
    """The node's own name for it."""
    heard_ms: int
    """By the keeper's monotonic clock."""
    is_over: bool = False
    is_made: bool = False
    """The number has rung, or is none: this was the attempt."""


Word = TakeUp | Attempt
"""What an adviser says of a callback."""


@dataclass(slots=True, kw_only=True, eq=False)
class Held:
    """One callback as its keeper holds it."""

    callback: Callback
    state: CallState = CallState.WAITING
    """Ended: the attempt is over and is being written down."""
    offered: Offered | None = None
    token: Token = NO_TOKEN
    """The highest reservation that it has seen."""
    ring_until_ms: int = 0
    words: asyncio.Queue[Word] = field(default_factory=lambda: asyncio.Queue(WORDS_MAX))
    odd_looks: int = 0
    """In how many looks in a row its adviser was at something else."""
    dialling: Dialling | None = None
    """The last that was dialled for it."""

    def wait_again(self) -> None:
        """Give it its place back."""
        self.state, self.offered, self.odd_looks = CallState.WAITING, None, 0


def is_at_it(standing: AdviserStanding, callback: Callback) -> bool:
    """Say whether an adviser's desk says that its adviser is at a callback."""
    return standing.state is Presence.TALKING and standing.call == callback.id


class Conductor(Protocol):
    """Who conducts the offer of a callback to an adviser."""

    async def conduct(self, held: Held, offered: Offered) -> None:
        """Ring the adviser, and let the adviser ring the number; return once that is over."""

    async def go_on(self, held: Held) -> None:
        """Go on with an adviser who has taken the callback from a keeper that is lost."""


class CallbackDesks(Protocol):
    """The advisers' desks, as a keeper reaches them. Raises PeerUnavailable, and their refusals."""

    async def ring(self, callback: Callback, offered: Offered, *, ring_ms: int) -> None:
        """Let an adviser's desk ring."""

    async def bridged(self, callback: Callback, offered: Offered) -> None:
        """Tell the desk that its adviser has taken the callback."""

    async def moved(self, callback: Callback, offered: Offered) -> None:
        """Tell the desk that its callback is at this keeper now."""

    async def over(
        self, callback: Callback, offered: Offered, *, lapse: LapseReason | None
    ) -> None:
        """Tell the desk that the ring came to nothing, or (None) that the attempt has ended."""
