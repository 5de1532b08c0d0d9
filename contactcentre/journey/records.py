"""How an event comes from the disk of its node into the record, and is let go of there.

spool → stream → ledger, and the mark back: up to which number the ledger has every event of a node.
Each step may be repeated by anybody at any time; nothing is let go of before the next place has it.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from contactcentre.domain.errors import BadRequest, Outage, Refusal, StateUnavailable
from contactcentre.domain.ids import NodeId
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.records import EventInbox, EventStream, Ledger, Spool, WrittenEvent

SHIP_EVERY_MS = 100
SHIP_RETRY_MS = 1_000
UNDER_WAY_MAX = 1_000
"""Events of one node between its disk and the ledger; the others wait on the disk."""
AGAIN_MAX = 50
"""Of what may have been lost on the way only so many are sent again until the mark moves."""
STALLED_AFTER_MS = 5_000
STALLED_MAX_MS = 60_000

TAKE_MAX = 500
TAKE_WAIT_MS = 1_000
RETRY_FIRST_MS = 100
RETRY_MAX_MS = 5_000

Marks = Sequence[tuple[NodeId, int]]
Done = TypeVar("Done")


async def ship(spool: Spool, stream: EventStream, durable: Callable[[], int], clock: Clock) -> None:
    """Send what a node writes down, until cancelled; `durable` is the ledger's mark of the node."""
    shipment = Shipment(spool, durable, clock)
    while True:
        try:
            while events := shipment.next():
                await stream.send(events)
                shipment.sent(events)
        except StateUnavailable:
            await clock.sleep_ms(SHIP_RETRY_MS)
        else:
            await clock.sleep_ms(SHIP_EVERY_MS)


class Shipment:
    """What of a spool has been sent, and what must be sent again.

    The stream promises nothing: if the mark has not moved for a while, what is under way may be
    lost. A few events are sent again then, with longer and longer pauses, so that an outage of the
    ledger does not fill the stream with repeats; once the mark moves, all goes on from there.
    """

    def __init__(self, spool: Spool, durable: Callable[[], int], clock: Clock) -> None:
        self._spool = spool
        self._durable = durable
        self._clock = clock
        self._mark = 0
        self._sent_seq = 0
        self._since_ms = clock.monotonic_ms()
        self._patience_ms = STALLED_AFTER_MS
        self._under_way_max = UNDER_WAY_MAX

    def next(self) -> Sequence[WrittenEvent]:
        """Return what is to be sent now, the oldest first."""
        self._follow_mark()
        under_way_count = self._under_way_count()
        if under_way_count and self._is_stalled():
            self._sent_seq = self._mark
            self._since_ms = self._clock.monotonic_ms()
            self._patience_ms = min(2 * self._patience_ms, STALLED_MAX_MS)
            self._under_way_max = AGAIN_MAX
            under_way_count = 0
        room = min(self._under_way_max - under_way_count, TAKE_MAX)
        if room <= 0:
            return []
        return self._spool.pending(after_seq=self._sent_seq, count_max=room)

    def sent(self, events: Sequence[WrittenEvent]) -> None:
        """Note that events are on the stream."""
        if self._sent_seq <= self._mark:
            self._since_ms = self._clock.monotonic_ms()
        self._sent_seq = events[-1].seq

    def _follow_mark(self) -> None:
        """Let go of what is durable."""
        mark = self._durable()
        if mark <= self._mark:
            return
        self._spool.forget(up_to_seq=mark)
        self._mark = mark
        self._sent_seq = max(mark, self._sent_seq)
        self._since_ms = self._clock.monotonic_ms()
        self._patience_ms = STALLED_AFTER_MS
        self._under_way_max = UNDER_WAY_MAX

    def _under_way_count(self) -> int:
        """Return how many events are on the stream or beyond, and not known to be durable."""
        oldest = self._spool.pending(after_seq=self._mark, count_max=1)
        return max(0, self._sent_seq - oldest[0].seq + 1) if oldest else 0

    def _is_stalled(self) -> bool:
        """Say whether the mark has not moved for too long."""
        return self._clock.monotonic_ms() - self._since_ms >= self._patience_ms


class Witness(Protocol):
    """Who is told what becomes of events on their way into the record."""

    def wrote(self, count: int) -> None:
        """Hear that events are in the record."""

    def set_aside(self, event: WrittenEvent, refusal: Refusal) -> None:
        """Hear of an event that can never be written; a person must look at it."""

    def waits(self, outage: Outage) -> None:
        """Hear that the record or the stream is away; what is on its way waits."""


class Recorder:
    """The records process: takes events from the stream, writes them, tells their nodes.

    Any number may run at once. Nothing is dropped: while a store is away it waits, and an event is
    acknowledged only when it is durable.
    """

    def __init__(
        self, inbox: EventInbox, ledger: Ledger, clock: Clock, chance: Chance, witness: Witness
    ) -> None:
        self._inbox = inbox
        self._ledger = ledger
        self._clock = clock
        self._chance = chance
        self._witness = witness

    async def run(self) -> None:
        """Write for ever."""
        while True:
            await self.write_some()

    async def write_some(self) -> None:
        """Take what is there, or wait a moment for it, and write it."""
        taken = await self._at_last(
            lambda: self._inbox.take(count_max=TAKE_MAX, wait_ms=TAKE_WAIT_MS)
        )
        if not taken:
            return
        durable = await self._write([event for _, event in taken])
        ids = [entry for entry, _ in taken]
        await self._at_last(lambda: self._inbox.acknowledge(ids, durable=durable))

    async def _write(self, events: Sequence[WrittenEvent]) -> Marks:
        """Write events; one that can never be written is found by halves and holds up no other."""
        try:
            durable = await self._at_last(lambda: self._ledger.write_events(events))
        except BadRequest as refusal:
            if len(events) == 1:
                return await self._set_aside(events[0], refusal)
            half = len(events) // 2
            first = await self._write(events[:half])
            return _latest(first, await self._write(events[half:]))
        self._witness.wrote(len(events))
        return durable

    async def _set_aside(self, event: WrittenEvent, refusal: Refusal) -> Marks:
        """Keep an event where a person finds it; without even that its node keeps it."""
        self._witness.set_aside(event, refusal)
        try:
            return await self._at_last(lambda: self._ledger.set_aside(event, why=refusal.code))
        except BadRequest:
            return []

    async def _at_last(self, step: Callable[[], Awaitable[Done]]) -> Done:
        """Do a step, again and again while the world does not let it be done."""
        pause_ms = RETRY_FIRST_MS
        while True:
            try:
                return await step()
            except Outage as outage:
                self._witness.waits(outage)
            await self._clock.sleep_ms(pause_ms + self._chance.jitter(pause_ms))
            pause_ms = min(2 * pause_ms, RETRY_MAX_MS)


def _latest(first: Marks, second: Marks) -> Marks:
    """Return the higher of two marks for each node."""
    marks = dict(first)
    for node, seq in second:
        marks[node] = max(seq, marks.get(node, 0))
    return list(marks.items())
