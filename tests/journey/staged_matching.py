"""A router on stage: a store whose decisions the test makes, and nodes that take its offers."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.domain.errors import (
    StoreChanged,
)
from contactcentre.domain.ids import AdviserId, CallId, DeskId, NodeId, QueueId, RequestId, Token
from contactcentre.journey.matching import Matcher
from contactcentre.limits import MATCHES_PER_SWEEP_MAX
from contactcentre.ports.environment import Clock
from contactcentre.ports.state import Matchable, NodeStanding, Overview, Reservation
from contactcentre.ports.wishes import Wish
from tests.journey.stage import StagedQueues
from tests.journey.staged_brake import StagedBrake

PAYING = QueueId("tax.paying.en")
MANY = tuple(AdviserId(f"a{n}") for n in range(MATCHES_PER_SWEEP_MAX))
"""As many ready advisers as are tried in one sweep; there may be more."""
NODE = NodeStanding(
    node=NodeId("n1"),
    site="north",
    beat=1,
    internal_url="http://127.0.0.1:1",
    public_url="ws://127.0.0.1:2",
    draining=False,
    legs_count=0,
    legs_max=10,
)


def reservation(call: str = "c1", token: int = 7) -> Reservation:
    """Return a reservation of a call for Ada."""
    return Reservation(
        call=CallId(call),
        adviser=AdviserId("ada"),
        token=Token(token),
        queue=PAYING,
        enqueued_ms=1,
        node=NodeId("n1"),
        desk=DeskId("d1"),
    )


class StagedStore:
    """A store whose decisions the test has made."""

    def __init__(self) -> None:
        self.by_adviser: list[Reservation] = []
        self.by_queue: list[Reservation] = []
        self.waiting: Sequence[QueueId] = (PAYING,)
        self.ready: Sequence[AdviserId] = (AdviserId("ada"),)
        self.untaken: Sequence[Reservation] = ()
        self.asked: list[RequestId] = []
        self.tried: list[Sequence[AdviserId]] = []
        self.wished: Sequence[Wish] = ()
        self.lapsed: list[Wish] = []
        self.is_open = True

    async def match_advisers(
        self, advisers: Sequence[AdviserId], *, request: RequestId
    ) -> Sequence[Reservation]:
        """Give the next decisions."""
        assert advisers
        self._ask(request)
        self.tried.append(advisers)
        found = self.by_adviser[: len(advisers)]
        del self.by_adviser[: len(advisers)]
        return found

    async def match_queue(self, queue: QueueId, *, request: RequestId) -> Reservation | None:
        """Give the next decision."""
        assert queue
        self._ask(request)
        return self.by_queue.pop(0) if self.by_queue else None

    def _ask(self, request: RequestId) -> None:
        self.asked.append(request)
        if not self.is_open:
            raise StoreChanged("no router has opened it")

    async def matchable(self, *, advisers_max: int) -> Matchable:
        """Return the queues and the advisers of the test."""
        return Matchable(queues=self.waiting, advisers=self.ready[:advisers_max])

    async def reservations(self) -> Sequence[Reservation]:
        """Return what nobody has taken up."""
        return self.untaken

    async def wishes(self) -> Sequence[Wish]:
        """Return who waits for one adviser alone."""
        return self.wished

    async def lapse_wish(self, wish: Wish) -> None:
        """Let the wish be over, and note it."""
        self.wished = [one for one in self.wished if one != wish]
        self.lapsed.append(wish)

    async def wakes(self) -> AsyncIterator[None]:
        """Wake once, then be silent."""
        yield None
        await asyncio.Event().wait()

    async def nodes(self) -> Sequence[NodeStanding]:
        """Return the one node."""
        return (NODE,)

    async def node(self, node: NodeId) -> NodeStanding | None:
        """Return the node if it is the one there is."""
        return NODE if node == NODE.node else None

    async def overview(self, queues: Sequence[QueueId]) -> Overview:
        """Be asked by nobody here."""
        raise AssertionError("a router needs no overview", queues)


class StagedNodes:
    """Nodes that take an offer, or do with it what the test says."""

    def __init__(self, refuse: Exception | None = None) -> None:
        self._refuse = refuse
        self.offered: list[tuple[str, CallId, Token]] = []
        self.within_ms: list[int] = []

    async def offer(
        self,
        *,
        node_url: str,
        call: CallId,
        adviser: AdviserId,
        desk: DeskId,
        token: Token,
        within_ms: int,
    ) -> None:
        """Take the offer."""
        assert adviser, desk
        self.offered.append((node_url, call, token))
        self.within_ms.append(within_ms)
        if self._refuse is not None:
            raise self._refuse


class Watchful:
    """What a router says to the rest of its process."""

    def __init__(self) -> None:
        self.changed_count = 0
        self.violated: list[tuple[str, dict[str, str | int | None]]] = []

    def store_changed(self) -> None:
        """Remember it."""
        self.changed_count += 1

    def see_violated(self, invariant: str, **facts: str | int | None) -> None:
        """Remember it."""
        self.violated.append((invariant, facts))


def matcher(
    store: StagedStore,
    nodes: StagedNodes,
    queues: StagedQueues | None = None,
    *,
    told: Watchful | None = None,
    clock: Clock | None = None,
    brake: StagedBrake | None = None,
) -> Matcher:
    """Return a router on stage."""
    told = told or Watchful()
    return Matcher(
        matching=store,
        queues=queues or StagedQueues(),
        addresses=store,
        nodes=nodes,
        clock=clock or MachineClock(),
        chance=MachineChance(),
        brake=brake or StagedBrake(),
        store_changed=told.store_changed,
        violated=told.see_violated,
    )
