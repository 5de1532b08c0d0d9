"""Which node rings the number of a callback, as the desk of its adviser decides it."""

from collections.abc import Callable

from contactcentre.domain.errors import NodeFull, OutOfOrder
from contactcentre.domain.headroom import for_new_calls
from contactcentre.journey.supervision import Supervision
from contactcentre.limits import TICKET_LIFE_S
from contactcentre.ports.environment import Clock
from contactcentre.ports.state import NodeStanding
from contactcentre.wire.callbacks import CallbackWay
from contactcentre.wire.claims import AdviserTicket
from contactcentre.wire.cluster import Ring


class WaysBack:
    """The ways from one desk process to nodes that ring callers back."""

    def __init__(
        self,
        supervision: Supervision,
        sign: Callable[[AdviserTicket], str],
        clock: Clock,
        *,
        site: str,
    ) -> None:
        self._supervision = supervision
        self._sign = sign
        self._clock = clock
        self._site = site

    def to_ring(self, ring: Ring | None) -> CallbackWay:
        """Return where the adviser of a callback that was taken has its number rung.

        Raises OutOfOrder, NodeFull.
        """
        if ring is None or ring.callback is None or ring.node_url:
            raise OutOfOrder("This callback is not with you, or is a call already.")
        node = self._node()
        ticket = AdviserTicket(
            call=ring.call,
            adviser=ring.adviser,
            token=ring.token,
            node=node.node,
            keeper_url=ring.callback.keeper_url,
            exp=self._clock.now_ms() // 1_000 + TICKET_LIFE_S,
        )
        return CallbackWay(node_url=node.public_url, ticket=self._sign(ticket))

    def _node(self) -> NodeStanding:
        """Return the node that a new call goes to: here rather than elsewhere, the emptiest."""
        overview = self._supervision.overview
        living = (
            node
            for node in (() if overview is None else overview.nodes)
            if node.carries_calls and self._supervision.lives(node.node)
        )
        nodes = for_new_calls(living)
        if not nodes:
            raise NodeFull("No node can take one more call now. Ring the number by hand.")
        return min(nodes, key=lambda one: (one.site != self._site, one.legs_count / one.legs_max))
