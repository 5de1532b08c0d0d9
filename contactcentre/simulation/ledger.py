"""The record in memory, with what the SQL of the real one promises: upsert by version, marks.

One ledger, and a link to it for each process: the path may be cut, the ledger away, and what was
committed may never be heard of.
"""

import asyncio
from asyncio import Future
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from contactcentre.domain.call import Call, CallState
from contactcentre.domain.errors import LedgerUnavailable
from contactcentre.domain.events import CallEnded, CallSupervised, Ending, HungUpBy, RecordingKept
from contactcentre.domain.ids import AdviserId, CallId, NodeId, RecordingPart
from contactcentre.ports.records import OpenCall, Outcome, WrittenEvent
from contactcentre.ports.reports import CallbackCounts, TodayCounts
from contactcentre.simulation.callbacks import CallbackTable
from contactcentre.simulation.network import Names, Network

Given = TypeVar("Given")
Marks = Sequence[tuple[NodeId, int]]

AWAY_S = 0.05
"""How soon it is known that nobody is there."""


@dataclass(frozen=True, slots=True)
class Row:
    """A call as it stands in the record."""

    call: Call
    provisional: bool = False

    @property
    def rank(self) -> tuple[int, str, int, bool]:
        """Return what decides which of two copies of a call stands."""
        call = self.call
        return call.epoch.count, call.epoch.nonce, call.version, self.provisional


@dataclass(slots=True)
class LedgerData:
    """Everything that is durable."""

    names: Names
    is_away: bool = False
    rows: dict[CallId, Row] = field(default_factory=dict)
    events: dict[tuple[NodeId, int], WrittenEvent] = field(default_factory=dict)
    aside: dict[tuple[NodeId, int], str] = field(default_factory=dict)
    marks: dict[NodeId, int] = field(default_factory=dict)
    parts: set[RecordingPart] = field(default_factory=set)
    """The parts of recordings that it knows."""
    supervised: set[tuple[CallId, AdviserId]] = field(default_factory=set)
    """Which supervisors have listened to which calls."""
    outcomes: dict[tuple[CallId, AdviserId], Outcome] = field(default_factory=dict)
    callbacks: CallbackTable = field(init=False)

    def __post_init__(self) -> None:
        """Let callbacks go by the rows of their calls."""
        self.callbacks = CallbackTable(self._call)

    def _call(self, call: CallId) -> Call | None:
        row = self.rows.get(call)
        return None if row is None else row.call

    def write_events(self, events: Sequence[WrittenEvent]) -> Marks:
        """Write events and the rows of their calls."""
        for one in events:
            self.events[one.node, one.seq] = one
            match one.event:
                case RecordingKept(part=part):
                    self.parts.add(part)
                case CallSupervised(call=call, supervisor=supervisor, mode=mode) if mode:
                    self.supervised.add((call, supervisor))
                case _:
                    pass
            copy, known = Row(one.call), self.rows.get(one.call.id)
            if known is None or copy.rank >= known.rank:
                self.rows[one.call.id] = copy
        return self._advance(events)

    def set_aside(self, event: WrittenEvent, why: str) -> Marks:
        """Keep an event that can never be written."""
        self.aside[event.node, event.seq] = why
        return self._advance([event])

    def open_calls(self, after: CallId | None, count_max: int) -> Sequence[OpenCall]:
        """Return open rows by id, those after one."""
        found = sorted(
            call for call, row in self.rows.items() if row.call.state is not CallState.ENDED
        )
        later = [call for call in found if after is None or call > after][:count_max]
        rows = [self.rows[call].call for call in later]
        return [OpenCall(row.id, row.epoch, row.version) for row in rows]

    def close_provisionally(self, seen: OpenCall, ending: Ending, at_ms: int) -> bool:
        """Close a row for now, if it still is as it was seen."""
        row = self.rows.get(seen.call)
        if row is None or row.call.state is CallState.ENDED:
            return False
        if (row.call.epoch, row.call.version) != (seen.epoch, seen.version):
            return False
        ended = replace(
            row.call,
            state=CallState.ENDED,
            ending=ending,
            ended_by=HungUpBy.PLATFORM,
            ended_at_ms=at_ms,
        )
        self.rows[seen.call] = Row(ended, provisional=True)
        return True

    def write_outcome(self, outcome: Outcome) -> None:
        """Write an adviser's words down; of two the higher version stands."""
        key = outcome.call, outcome.adviser
        known = self.outcomes.get(key)
        if known is None or outcome.version > known.version:
            self.outcomes[key] = outcome

    def today(self, since_ms: int, target_ms: int) -> TodayCounts:
        """Count the calls that arrived since a moment."""
        rows = [row.call for row in self.rows.values() if row.call.arrived_at_ms >= since_ms]
        ended = Counter(row.ending for row in rows if row.state is CallState.ENDED)
        in_time = sum(
            1
            for row in rows
            if row.bridged_at_ms is not None
            and row.enqueued_ms is not None
            and row.bridged_at_ms - row.enqueued_ms <= target_ms
        )
        return TodayCounts(
            offered_count=len(rows),
            handled_count=ended[Ending.HANDLED],
            abandoned_count=ended[Ending.ABANDONED],
            deflected_count=ended[Ending.DEFLECTED],
            callback_count=ended[Ending.CALLBACK],
            closed_count=ended[Ending.CLOSED],
            left_in_menu_count=ended[Ending.LEFT_IN_MENU],
            system_lost_count=ended[Ending.SYSTEM_LOST],
            in_progress_count=len(rows) - ended.total(),
            answered_within_target_count=in_time,
        )

    def _advance(self, events: Sequence[WrittenEvent]) -> Marks:
        """Move the marks of these events' nodes as far as there is no gap, and return them."""
        oldest: dict[NodeId, int] = {}
        for one in events:
            oldest[one.node] = max(one.oldest_seq, oldest.get(one.node, 0))
        for node, seq in oldest.items():
            mark = max(self.marks.get(node, seq - 1), seq - 1)
            while (node, mark + 1) in self.events or (node, mark + 1) in self.aside:
                mark += 1
            self.marks[node] = mark
        return [(node, self.marks[node]) for node in oldest]


class LedgerLink:
    """One process's way to the ledger: Ledger, OpenCalls, Outcomes and Reports."""

    def __init__(
        self, data: LedgerData, network: Network, names: Names, *, timeout_ms: int
    ) -> None:
        self.data = data
        self._network = network
        self._names = names
        self._timeout_s = timeout_ms / 1_000

    async def write_events(self, events: Sequence[WrittenEvent]) -> Marks:
        """Write events and the rows of their calls in one transaction."""
        return await self.ask(lambda: self.data.write_events(events))

    async def set_aside(self, event: WrittenEvent, *, why: str) -> Marks:
        """Keep an event that can never be written, and count it as durable."""
        return await self.ask(lambda: self.data.set_aside(event, why))

    async def open_calls(self, *, after: CallId | None, count_max: int) -> Sequence[OpenCall]:
        """Return open rows by the ids of their calls, those after one."""
        return await self.ask(lambda: self.data.open_calls(after, count_max))

    async def close_provisionally(self, seen: OpenCall, *, ending: Ending, at_ms: int) -> bool:
        """Write down that a call has ended, until its node says otherwise; say whether it is so."""
        return await self.ask(lambda: self.data.close_provisionally(seen, ending, at_ms))

    async def write(self, outcome: Outcome, *, at_ms: int) -> None:
        """Write an outcome down."""
        del at_ms
        await self.ask(lambda: self.data.write_outcome(outcome))

    async def read(self, *, call: CallId, adviser: AdviserId) -> Outcome | None:
        """Return what the adviser has written so far."""
        return await self.ask(lambda: self.data.outcomes.get((call, adviser)))

    async def today(self, *, since_ms: int, target_ms: int) -> TodayCounts:
        """Count the calls that arrived since a moment."""
        return await self.ask(lambda: self.data.today(since_ms, target_ms))

    async def callbacks(self, *, since_ms: int) -> Sequence[CallbackCounts]:
        """Count callbacks by queue, where there are any."""
        return await self.ask(lambda: self.data.callbacks.counts(since_ms))

    async def ask(self, step: Callable[[], Given]) -> Given:
        """Let the ledger do a step. Raises LedgerUnavailable, also where it has been done."""
        loop = asyncio.get_running_loop()
        answered: Future[Given] = loop.create_future()
        there = self.data.names

        def settle(given: Given) -> None:
            if not answered.done():
                answered.set_result(given)

        def arrive() -> None:
            if not self.data.is_away:
                given = step()
                self._network.send(there, self._names, lambda: settle(given))

        if self.data.is_away:
            await asyncio.sleep(AWAY_S)
            raise LedgerUnavailable("The record is away.")
        self._network.send(self._names, there, arrive)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await answered
        except TimeoutError as error:
            raise LedgerUnavailable("The record does not answer.") from error


def ends_counts(data: LedgerData) -> Mapping[CallId, int]:
    """Return how many ends the events of each call have, of the leg that its row is of.

    An older leg, on a node that was cut off or stood still, may have ended without knowing that the
    call had gone on elsewhere: that stands in its events and not in the row.
    """
    return Counter(
        one.call.id
        for one in data.events.values()
        if isinstance(one.event, CallEnded) and one.call.epoch == data.rows[one.call.id].call.epoch
    )
