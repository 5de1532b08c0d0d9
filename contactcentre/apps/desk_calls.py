"""The calls that advisers of this process are rung for or talk with, as the live state has them.

What a node could not tell a desk is found here, at the latest a few beats later: that a talk goes
on at another node, that a call is over, or how a ring stands of which this process knows nothing.
Nothing is concluded from a store that does not answer, or that does not know a call yet.
"""

from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Protocol

import structlog

from contactcentre.apps.desk_seat import Seat
from contactcentre.domain.desk import AT_WORK
from contactcentre.domain.errors import (
    Outage,
    Refusal,
    StaleToken,
    StateUnavailable,
    UnknownName,
)
from contactcentre.domain.ids import AdviserId, CallId, DeskId, Token
from contactcentre.domain.presence import Presence
from contactcentre.journey.supervision import Supervision
from contactcentre.limits import BEAT_EVERY_MS, REPORT_CALLS_MAX
from contactcentre.ports.state import CallQueues, CallStanding
from contactcentre.wire.cluster import AskRing, RingAgain

log = structlog.get_logger()

CLOSED = "closed"
NOT_OURS_LOOKS = 4
"""A call that has been with nobody of ours in so many looks is not ours any longer."""

RINGS_NOT = (StaleToken, UnknownName)
"""What a node answers that is asked for a ring that it does not have."""


class Nodes(Protocol):
    """The media nodes, as a desk asks them."""

    async def again(self, node_url: str, ask: AskRing) -> RingAgain:
        """Return how a ring or talk stands. Raises PeerUnavailable and what the node refuses."""


class DeskCalls:
    """Looks at the calls of a process's seats."""

    def __init__(
        self,
        *,
        desk: DeskId,
        queues: CallQueues,
        supervision: Supervision,
        nodes: Nodes,
        spawn: Callable[[Coroutine[None, None, None], str], None],
        grace_ms: int,
    ) -> None:
        self._desk = desk
        self._queues = queues
        self._supervision = supervision
        self._nodes = nodes
        self._spawn = spawn
        self._grace_looks = grace_ms // BEAT_EVERY_MS
        self._asking: set[AdviserId] = set()
        self._odd_looks: dict[tuple[AdviserId, Token], int] = {}
        """In how many looks in a row a reservation was not found as it should be."""

    async def look(self, seats: Collection[Seat]) -> None:
        """Look at the calls of these seats; while the live state is away, nothing is known."""
        bound = [(seat, seat.desk.call, seat.desk.token) for seat in seats]
        at_work = [
            (seat, call, token)
            for seat, call, token in bound
            if call is not None and seat.desk.state in AT_WORK
        ]
        try:
            stand = await self._stand([call for _, call, _ in at_work])
        except StateUnavailable:
            return
        for seat, call, token in at_work:
            if (seat.desk.call, seat.desk.token) == (call, token) and seat.desk.state in AT_WORK:
                self._see(seat, stand.get(call))

    def look_soon(self, seat: Seat) -> None:
        """Look at the call of a seat that has just been taken up, without waiting for the beat."""
        self._spawn(self.look([seat]), "call look")

    def forget(self, bound: Collection[tuple[AdviserId, Token]]) -> None:
        """Count on for these reservations only: the others are over."""
        kept = set(bound)
        self._odd_looks = {key: count for key, count in self._odd_looks.items() if key in kept}

    async def _stand(self, calls: Sequence[CallId]) -> dict[CallId, CallStanding]:
        return {
            standing.call: standing
            for first in range(0, len(calls), REPORT_CALLS_MAX)
            for standing in await self._queues.look_calls(calls[first : first + REPORT_CALLS_MAX])
        }

    def _see(self, seat: Seat, standing: CallStanding | None) -> None:
        """Take up what the live state has of a seat's call."""
        desk = seat.desk
        key = (desk.adviser, desk.token)
        if standing is None or (standing.token < desk.token and standing.state != CLOSED):
            self._see_unknown(seat)
        elif standing.state == CLOSED or standing.token > desk.token:
            self._let_go(seat, standing.state)
        elif standing.adviser != desk.adviser:
            self._odd_looks[key] = self._odd_looks.get(key, 0) + 1
            if self._odd_looks[key] >= NOT_OURS_LOOKS:
                self._let_go(seat, standing.state)
        else:
            self._odd_looks.pop(key, None)
            if seat.is_behind(standing):
                self._ask(seat, standing)

    def _see_unknown(self, seat: Seat) -> None:
        """Let go of a call that nobody knows and whose node is lost, once its grace is over."""
        ring = seat.ring_now
        key = (seat.desk.adviser, seat.desk.token)
        if ring is not None and self._supervision.lives(ring.node):
            self._odd_looks.pop(key, None)
            return
        self._odd_looks[key] = self._odd_looks.get(key, 0) + 1
        if self._odd_looks[key] >= self._grace_looks:
            self._let_go(seat, "unknown")

    def _see_silence(self, seat: Seat, asked: AskRing) -> None:
        """Let go of a ring that no node has told here, and that its own node does not have."""
        desk = seat.desk
        is_same = (desk.call, desk.token) == (asked.call, asked.token)
        if is_same and desk.state is Presence.RINGING and seat.ring_now is None:
            self._let_go(seat, "not at its node")

    def _let_go(self, seat: Seat, state: str) -> None:
        if seat.is_unread:
            return  # it may not be the adviser's call any longer
        log.info(
            "a call is over that its desk was not told of", call=seat.desk.call, live_state=state
        )
        seat.lose_call()

    def _ask(self, seat: Seat, standing: CallStanding) -> None:
        """Ask the call's node how it stands; if that fails, the next look asks again."""
        overview = self._supervision.overview
        nodes = () if overview is None else overview.nodes
        urls = [
            node.internal_url
            for node in nodes
            if node.node == standing.node and self._supervision.lives(node.node)
        ]
        if not urls or seat.account.id in self._asking:
            return
        self._asking.add(seat.account.id)
        self._spawn(self._ask_node(seat, urls[0]), "ring again")

    async def _ask_node(self, seat: Seat, node_url: str) -> None:
        desk = seat.desk
        assert desk.call is not None, "whoever is at work has a call"
        asked = AskRing(call=desk.call, adviser=desk.adviser, token=desk.token, desk=self._desk)
        try:
            seat.found(await self._nodes.again(node_url, asked))
        except (Refusal, Outage) as error:
            log.info("a node could not tell of its ring again", call=desk.call, code=error.code)
            if isinstance(error, RINGS_NOT):
                self._see_silence(seat, asked)
        finally:
            self._asking.discard(seat.account.id)
