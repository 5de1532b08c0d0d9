"""The centre as it was last seen, so that no page ever waits for Redis or fails because of it.

While Redis is away the nodes that were alive stay known, and before it was ever seen those of the
settings are. A node that is missing where it stood before, as after the live state was emptied, is
not gone before it has been missing for as long as one whose beat stands still. Figures are another
matter: what is no longer known to be true is not shown.
"""

from collections.abc import Mapping, Sequence

import structlog

from contactcentre.adapters.web.pages.content import Figures
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.headroom import for_new_calls
from contactcentre.domain.ids import NodeId, QueueId
from contactcentre.limits import BEAT_EVERY_MS, NODE_SUSPECT_AFTER_MS
from contactcentre.ports.environment import Clock
from contactcentre.ports.state import AddressBook, NodeStanding, Overview

log = structlog.get_logger()

LOOK_EVERY_MS = BEAT_EVERY_MS
FIGURES_FRESH_MS = 10_000
"""Older figures are not shown."""

assert LOOK_EVERY_MS < NODE_SUSPECT_AFTER_MS, "every beat of a living node is seen in time"


class SeenCentre:
    """Looks at the live state again and again and remembers what it saw."""

    def __init__(
        self,
        book: AddressBook,
        queues: Sequence[QueueId],
        *,
        nodes_static: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._book = book
        self._queues = queues
        self._clock = clock
        self._nodes_static = tuple(nodes_static.values())
        self._standing: dict[NodeId, NodeStanding] = {}
        """How each node was last seen."""
        self._beats: dict[NodeId, tuple[int, int]] = {}
        """Each node's last beat and when it was first seen, by this process's own clock."""
        self._living: Sequence[NodeStanding] | None = None
        self._overview: Overview | None = None
        self._seen_at_ms = 0
        self._away = False

    def nodes(self) -> Sequence[str]:
        """Return the leg sockets of all nodes that may be alive."""
        if self._living is None:
            return self._nodes_static
        return tuple(node.public_url for node in self._living)

    def standings(self) -> Sequence[NodeStanding] | None:
        """Return how all nodes that may be alive stand; None before any look has succeeded."""
        return self._living

    def nodes_for_new_calls(self) -> Sequence[str]:
        """Return those that a new call goes to, or all if every one is full or drains."""
        chosen = tuple(node.public_url for node in for_new_calls(self._living or ()))
        return chosen or self.nodes()

    def nodes_for_calls_kept(self) -> Sequence[str]:
        """Return those that a call which has lost its own may go to: where none is seen, all."""
        return self.nodes() or self._nodes_static

    def nodes_ever(self) -> Sequence[str]:
        """Return those that a page which is open for long may come to need."""
        return (*self.nodes(), *self._nodes_static)

    def sites(self) -> Mapping[str, str]:
        """Return the site of each node that is known, by its leg socket."""
        return {node.public_url: node.site for node in self._standing.values()}

    def figures(self) -> Figures | None:
        """Return the queues as they lately were."""
        age_ms = self._clock.monotonic_ms() - self._seen_at_ms
        if self._overview is None or age_ms > FIGURES_FRESH_MS:
            return None
        return Figures(now_ms=self._overview.now_ms, queues=self._overview.queues)

    async def watch(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await self._clock.sleep_ms(LOOK_EVERY_MS)

    async def look(self) -> None:
        """Look once."""
        try:
            overview = await self._book.overview(self._queues)
        except StateUnavailable as outage:
            if not self._away:
                log.warning("the pages show what was last seen of the centre", why=str(outage))
            self._away = True
            return
        if self._away:
            self._beats.clear()  # while nobody looked every node may have been alive
        self._away = False
        self._overview = overview
        self._seen_at_ms = self._clock.monotonic_ms()
        nodes = [node for node in overview.nodes if node.carries_calls]
        self._standing |= {node.node: node for node in nodes}
        self._beats = {node.node: self._beat(node) for node in self._standing.values()}
        self._living = [node for node in self._standing.values() if self._is_alive(node)]
        seen = {node.node for node in (*nodes, *self._living)}
        self._standing = {node: self._standing[node] for node in self._standing if node in seen}

    def _beat(self, node: NodeStanding) -> tuple[int, int]:
        """Return a node's beat and when it was first seen to be that."""
        known = self._beats.get(node.node)
        return (
            known if known is not None and known[0] == node.beat else (node.beat, self._seen_at_ms)
        )

    def _is_alive(self, node: NodeStanding) -> bool:
        """Say whether a node's beat has changed within the span of one that lives."""
        return self._seen_at_ms - self._beats[node.node][1] < NODE_SUSPECT_AFTER_MS
