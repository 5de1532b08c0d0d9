"""How the record of a lost call comes to an end: open rows are compared with the live state.

A node that dies with its disk never says how its calls ended. A row that is open although the live
state has not known its call, or has had it closed, for the whole of a grace is closed for now;
whatever is heard of the call later stands above that.

Nothing is taken for gone because we could not look: an outage, another or an emptied store, and a
pause of our own each start the clocks over.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from contactcentre.domain.errors import Outage
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import CallId
from contactcentre.limits import REPORT_CALLS_MAX
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.records import OpenCall, OpenCalls
from contactcentre.ports.state import CallQueues, CallStanding, Generation, Rescue

LOOK_EVERY_MS = 3_000
LOOK_JITTER_MS = 1_000
PAUSE_MAX_MS = 15_000
"""A longer pause between two looks is one in which anything may have happened."""
CLOSED = "closed"
"""How the live state calls a call that is over."""


class ClosingWitness(Protocol):
    """Who is told of rows that had to be closed for now."""

    def closed(self, call: CallId, ending: Ending, *, is_news: bool) -> None:
        """Hear that a row was closed; `is_news` if nobody has counted the call as lost before."""

    def looks_again(self, outage: Outage) -> None:
        """Hear that a look has failed."""


class Reconciler:
    """Keeps the open rows true. Any number may run at once: a row is closed by one of them."""

    def __init__(
        self,
        *,
        open_calls: OpenCalls,
        queues: CallQueues,
        rescue: Rescue,
        clock: Clock,
        chance: Chance,
        witness: ClosingWitness,
        grace_ms: int,
    ) -> None:
        self._open_calls = open_calls
        self._queues = queues
        self._rescue = rescue
        self._clock = clock
        self._chance = chance
        self._witness = witness
        self._grace_ms = grace_ms
        self._store: Generation | None = None
        self._looked_at_ms = 0
        self._gone_since: Mapping[OpenCall, int] = {}
        """Since when, in looks that succeeded, each row's call has not lived."""

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except Outage as outage:
                self._gone_since = {}
                self._witness.looks_again(outage)
            await self._clock.sleep_ms(LOOK_EVERY_MS + self._chance.jitter(LOOK_JITTER_MS))

    async def look(self) -> None:
        """Compare every open row once, and close those whose grace is over. Raises an Outage."""
        store = await self._rescue.generation()
        now_ms = self._clock.monotonic_ms()
        if store != self._store or now_ms - self._looked_at_ms > PAUSE_MAX_MS:
            self._gone_since = {}
        self._store, self._looked_at_ms = store, now_ms
        if not store.is_open:
            return  # nodes are still telling it what they hold
        gone = await self._gone()
        if await self._rescue.generation() != store:
            return  # the next look sees that it is another
        self._gone_since = {row: self._gone_since.get(row, now_ms) for row in gone}
        for row, since_ms in self._gone_since.items():
            if now_ms - since_ms >= self._grace_ms:
                await self._close(row, gone[row])

    async def _gone(self) -> Mapping[OpenCall, CallStanding | None]:
        """Return the open rows whose calls do not live, with what is known of their end."""
        gone: dict[OpenCall, CallStanding | None] = {}
        after: CallId | None = None
        while True:
            rows = await self._open_calls.open_calls(after=after, count_max=REPORT_CALLS_MAX)
            gone |= await self._gone_of(rows)
            if len(rows) < REPORT_CALLS_MAX:
                return gone
            after = rows[-1].call

    async def _gone_of(self, rows: Sequence[OpenCall]) -> Mapping[OpenCall, CallStanding | None]:
        standings = await self._queues.look_calls([row.call for row in rows])
        known = {standing.call: standing for standing in standings}
        found = ((row, known.get(row.call)) for row in rows)
        return {row: stands for row, stands in found if stands is None or stands.state == CLOSED}

    async def _close(self, row: OpenCall, stands: CallStanding | None) -> None:
        """Close a row for now, as the live state says that its call has ended, else as lost."""
        ending = stands.ending if stands is not None else None
        ending = ending if ending is not None else Ending.SYSTEM_LOST
        at_ms = self._clock.now_ms()
        if await self._open_calls.close_provisionally(row, ending=ending, at_ms=at_ms):
            is_presumed = stands is not None and stands.is_presumed
            self._witness.closed(row.call, ending, is_news=not is_presumed)
