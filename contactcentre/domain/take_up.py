"""How long a router waits for a reservation to be taken up by the call's node.

Between two sites an offer may need a new connection, and a packet of it may be lost on the way. On
such a line every offer of a usual length fails, its caller goes back, and those behind go first. So
an offer has as long as the line to its node has shown itself to need, and a reservation goes back
so much later. On a fast line nothing changes. Time comes in.
"""

from contactcentre.domain.ids import NodeId
from contactcentre.domain.line import Line
from contactcentre.limits import OFFER_MOST_MS, OFFER_WITHIN_MS, TAKE_UP_MS


class TakeUp:
    """What one router has seen of its lines to the nodes and to the live state."""

    def __init__(self) -> None:
        self._state = _line()
        self._nodes: dict[NodeId, Line] = {}

    def looked(self, took_ms: int) -> None:
        """Take in how long a look at the live state took."""
        self._state.took(took_ms / 1_000)

    def offered(self, node: NodeId, took_ms: int) -> None:
        """Take in how long an offer took that its node has answered."""
        self._nodes.setdefault(node, _line()).took(took_ms / 1_000)

    def forget(self, node: NodeId) -> None:
        """Forget a node that nobody knows any more."""
        self._nodes.pop(node, None)

    def offer_within_ms(self, node: NodeId) -> int:
        """Return how long an offer to that node may take."""
        return _within_ms(self._nodes.get(node))

    @property
    def within_ms(self) -> int:
        """Return how long a reservation may stand that no node has taken up."""
        slowest_ms = max(map(_within_ms, (self._state, *self._nodes.values())))
        return TAKE_UP_MS - OFFER_WITHIN_MS + slowest_ms


def _line() -> Line:
    return Line(OFFER_WITHIN_MS / 1_000)


def _within_ms(line: Line | None) -> int:
    if line is None:
        return OFFER_WITHIN_MS
    return min(round(line.whole_s * 1_000), OFFER_MOST_MS)
