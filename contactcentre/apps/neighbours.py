"""Whether other media nodes serve, as a node sees it that wants to hand its callers over."""

import asyncio

from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import NodeId
from contactcentre.limits import BEAT_EVERY_MS
from contactcentre.ports.state import AddressBook

LOOK_EVERY_MS = BEAT_EVERY_MS + 200
"""Between two looks every node that lives has beaten."""


class Neighbours:
    """The other nodes, by whether their beats go on."""

    def __init__(self, book: AddressBook, own: NodeId) -> None:
        self._book = book
        self._own = own
        self._beats: dict[NodeId, int] = {}
        self.serve = False
        """Another node lives, and does not drain."""

    async def watch(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_MS / 1_000)

    async def look(self) -> None:
        """Look once; while the address book is away it stays as it was."""
        try:
            nodes = await self._book.nodes()
        except StateUnavailable:
            return
        others = [node for node in nodes if node.node != self._own and node.carries_calls]
        self.serve = any(
            self._beats.get(node.node, node.beat) != node.beat and not node.draining
            for node in others
        )
        self._beats = {node.node: node.beat for node in others}
