"""One look at the centre a second, and at the records every five, shared by all who want to see.

However many boards and desks are open, the stores are asked equally often. What cannot be read now
is absent, never an old figure that looks like a new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from contactcentre.domain.errors import Outage
from contactcentre.domain.ids import NodeId, QueueId
from contactcentre.limits import NODE_SUSPECT_AFTER_MS
from contactcentre.ports.environment import Clock
from contactcentre.ports.reports import Reports, TodayCounts
from contactcentre.ports.state import AddressBook, NodeStanding, Overview

TODAY_EVERY_MS = 5_000
HOME = ZoneInfo("Europe/London")
"""Where the day begins at midnight."""

ANSWER_TARGET_MS = 5 * 60_000
"""A caller should not wait longer than this."""

NODE_GONE_AFTER_LOOKS = 60
"""A node may come back with its calls for so many looks, one a second."""


class NodeState(StrEnum):
    """A media node as a supervisor sees it."""

    SERVING = "serving"
    DRAINING = "draining"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class SeenBeat:
    """A node's last beat, when it was first seen here, and how often again."""

    beat: int
    at_ms: int
    again_count: int


class Supervision:
    """The centre as this process last saw it."""

    def __init__(
        self,
        *,
        addresses: AddressBook,
        reports: Reports,
        clock: Clock,
        queues: Sequence[QueueId],
        target_ms: int = ANSWER_TARGET_MS,
    ) -> None:
        self._addresses = addresses
        self._reports = reports
        self._clock = clock
        self._queues = queues
        self._beats: dict[NodeId, SeenBeat] = {}
        self.target_ms = target_ms
        self.overview: Overview | None = None
        """None while the live state cannot be read."""
        self.today: TodayCounts | None = None
        """None while the records cannot be read."""

    async def look(self) -> None:
        """Look at the live state."""
        try:
            self.overview = await self._addresses.overview(self._queues)
        except Outage:
            self.overview = None
            return
        beats = {node.node: node.beat for node in self.overview.nodes}
        for node in beats.keys() | self._beats.keys():
            self._see(node, beats.get(node))

    def _see(self, node: NodeId, beat: int | None) -> None:
        """Note a node's beat, or that it is not in the address book any longer."""
        before = self._beats.get(node)
        if beat is not None and (before is None or before.beat != beat):
            self._beats[node] = SeenBeat(beat, self._clock.monotonic_ms(), 0)
        elif before is not None and before.again_count < NODE_GONE_AFTER_LOOKS:
            self._beats[node] = replace(before, again_count=before.again_count + 1)
        elif beat is None:
            del self._beats[node]

    def state_of(self, node: NodeStanding) -> NodeState:
        """Return whether a node takes calls, by its beats and this process's own clock."""
        seen = self._beats.get(node.node)
        now_ms = self._clock.monotonic_ms()
        if seen is None or now_ms - seen.at_ms >= NODE_SUSPECT_AFTER_MS:
            return NodeState.STOPPED
        return NodeState.DRAINING if node.draining else NodeState.SERVING

    def is_gone(self, node: NodeId) -> bool:
        """Say whether a node has been without a beat for so long that its calls are over.

        Counted in looks that succeeded: while the live state is away, nobody is gone.
        """
        seen = self._beats.get(node)
        return seen is not None and seen.again_count >= NODE_GONE_AFTER_LOOKS

    async def count(self) -> None:
        """Look at the records."""
        since_ms = midnight_ms(self._clock.now_ms())
        try:
            self.today = await self._reports.today(since_ms=since_ms, target_ms=self.target_ms)
        except Outage:
            self.today = None

    async def keep_counting(self) -> None:
        """Look at the records again and again."""
        while True:
            await self.count()
            await self._clock.sleep_ms(TODAY_EVERY_MS)


def midnight_ms(now_ms: int) -> int:
    """Return when the day began that `now_ms` is in."""
    now = datetime.fromtimestamp(now_ms / 1_000, tz=HOME)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return int(midnight.timestamp() * 1_000)
