"""One look at the centre a second, and at the records every five, shared by all who want to see.

However many boards and desks are open, the stores are asked equally often. What cannot be read now
is absent, never an old figure that looks like a new one.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from contactcentre.domain.errors import Outage
from contactcentre.domain.ids import NodeId, QueueId
from contactcentre.limits import BEAT_EVERY_MS, NODE_SUSPECT_AFTER_MS
from contactcentre.ports.environment import Clock
from contactcentre.ports.reports import CallbackCounts, Reports, TodayCounts
from contactcentre.ports.rings import StormSign
from contactcentre.ports.state import AddressBook, LostCall, NodeStanding, Overview

TODAY_EVERY_MS = 5_000
OLD_MS = 2 * BEAT_EVERY_MS
"""What was asked for so long ago is from before a pause of this process: one look may be late."""
HOME = ZoneInfo("Europe/London")
"""Where the day begins at midnight."""

ANSWER_TARGET_MS = 5 * 60_000
"""A caller should not wait longer than this."""


class NodeState(StrEnum):
    """A media node as a supervisor sees it."""

    SERVING = "serving"
    STRAINED = "strained"
    """It keeps time badly, and gets new calls only where no other node can take them."""
    DRAINING = "draining"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class SeenBeat:
    """A node's last beat, and when it was first seen here."""

    beat: int
    at_ms: int


class Lost(Protocol):
    """What is lost and has not come back yet."""

    async def lost_calls(self) -> Sequence[LostCall]:
        """Return some of the lost calls. Raises StateUnavailable."""


class Supervision:
    """The centre as this process last saw it."""

    def __init__(
        self,
        *,
        addresses: AddressBook,
        lost: Lost,
        storm: StormSign,
        reports: Reports,
        clock: Clock,
        queues: Sequence[QueueId],
        target_ms: int = ANSWER_TARGET_MS,
    ) -> None:
        self._addresses = addresses
        self._lost = lost
        self._storm = storm
        self._reports = reports
        self._clock = clock
        self._queues = queues
        self._beats: dict[NodeId, SeenBeat] = {}
        self.target_ms = target_ms
        self.overview: Overview | None = None
        """None while the live state cannot be read."""
        self.asked_ms = clock.monotonic_ms()
        """When the overview was asked for, or when that failed, by this process's own clock."""
        self.coming_back_count = 0
        """Callers whose node was lost and who are on their way to another one, when last looked."""
        self.is_storm = False
        """Whether one adviser at a time is rung, as desks fail on it, when last looked."""
        self.today: TodayCounts | None = None
        """None while the records cannot be read."""
        self.callbacks: Mapping[QueueId, CallbackCounts] | None = None
        """None likewise; a queue without any is not among them."""

    async def look(self) -> None:
        """Look at the live state."""
        asked_ms = self._clock.monotonic_ms()  # a pause while the answer is on its way makes it old
        found = await self._found()
        self.asked_ms = asked_ms
        if found is None:
            self.overview = None
            return
        self.overview, self.coming_back_count, self.is_storm = found
        now_ms = self._clock.monotonic_ms()
        before, self._beats = self._beats, {}
        for node in self.overview.nodes:
            seen = before.get(node.node)
            is_same = seen is not None and seen.beat == node.beat
            self._beats[node.node] = seen if seen and is_same else SeenBeat(node.beat, now_ms)

    async def _found(self) -> tuple[Overview, int, bool] | None:
        """Return what one look finds, asked for at once: the live state is not always near."""
        try:
            async with asyncio.TaskGroup() as asking:
                overview = asking.create_task(self._addresses.overview(self._queues))
                lost = asking.create_task(self._lost.lost_calls())
                storm = asking.create_task(self._storm.is_storm())
            found = overview.result(), len(lost.result()), storm.result()
        except* Outage:
            found = None
        return found

    @property
    def has_stood_still(self) -> bool:
        """Say whether this process has paused since it asked: all may be different by now."""
        return self._clock.monotonic_ms() - self.asked_ms >= OLD_MS

    def state_of(self, node: NodeStanding) -> NodeState:
        """Return whether a node takes calls, by its beats and this process's own clock."""
        if not self.lives(node.node):
            return NodeState.STOPPED
        if node.draining:
            return NodeState.DRAINING
        return NodeState.STRAINED if node.strained else NodeState.SERVING

    def lives(self, node: NodeId) -> bool:
        """Say whether a node has beaten of late, by this process's own clock."""
        seen = self._beats.get(node)
        now_ms = self._clock.monotonic_ms()
        return seen is not None and now_ms - seen.at_ms < NODE_SUSPECT_AFTER_MS

    async def count(self) -> None:
        """Look at the records."""
        since_ms = midnight_ms(self._clock.now_ms())
        try:
            self.today = await self._reports.today(since_ms=since_ms, target_ms=self.target_ms)
            callbacks = await self._reports.callbacks(since_ms=since_ms)
            self.callbacks = {one.queue: one for one in callbacks}
        except Outage:
            self.today = self.callbacks = None

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
