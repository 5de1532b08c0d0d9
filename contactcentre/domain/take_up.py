"""How long a router waits for a reservation to be taken up by the call's node.

Between two sites an offer may need a new connection, and a packet of it may be lost on the way. On
such a line every offer of a usual length fails, its caller goes back, and those behind go first. So
an offer has as long as the line to its node has shown itself to need, and a reservation goes back
so much later. On a fast line nothing changes. Time comes in.
"""

from contactcentre.domain.ids import NodeId
from contactcentre.domain.line import Line
from contactcentre.limits import OFFER_MOST_MS, OFFER_WITHIN_MS, TAKE_UP_MS

KEPT_MS = 30_000
"""What was seen of a line so long ago says nothing of it now: its node may be gone."""


class TakeUp:
    """What one router has seen of its lines to the nodes and to the live state."""

    def __init__(self) -> None:
        self._state = _line()
        self._nodes: dict[NodeId, tuple[Line, int]] = {}
        """The line to each node, and when an offer was answered over it last."""

    def looked(self, took_ms: int) -> None:
        """Take in how long a look at the live state took."""
        self._state.took(took_ms / 1_000)

    def offered(self, node: NodeId, took_ms: int, *, at_ms: int) -> None:
        """Take in how long an offer took that its node has answered.

        One that was not answered says nothing: the node may be gone.
        """
        line, _ = self._nodes.get(node, (_line(), 0))
        line.took(took_ms / 1_000)
        self._nodes[node] = line, at_ms

    def offer_within_ms(self, node: NodeId) -> int:
        """Return how long an offer to that node may take."""
        line, _ = self._nodes.get(node, (None, 0))
        return _within_ms(line)

    def within_ms(self, *, at_ms: int) -> int:
        """Return how long a reservation may stand that no node has taken up."""
        old = [node for node, (_, last_ms) in self._nodes.items() if at_ms - last_ms > KEPT_MS]
        for node in old:
            del self._nodes[node]
        lines = (self._state, *(line for line, _ in self._nodes.values()))
        return TAKE_UP_MS - OFFER_WITHIN_MS + max(map(_within_ms, lines))


def _line() -> Line:
    return Line(OFFER_WITHIN_MS / 1_000)


def _within_ms(line: Line | None) -> int:
    if line is None:
        return OFFER_WITHIN_MS
    return min(round(line.whole_s * 1_000), OFFER_MOST_MS)
