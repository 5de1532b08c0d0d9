"""Events on their way into the record, over a stream that may lose any of them."""

import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from contactcentre.domain.call import arrive
from contactcentre.domain.errors import (
    BadRequest,
    LedgerUnavailable,
    Outage,
    Refusal,
    StateUnavailable,
)
from contactcentre.domain.ids import NodeId, RequestId
from contactcentre.journey.records import (
    AGAIN_MAX,
    RETRY_MAX_MS,
    SHIP_EVERY_MS,
    STALLED_AFTER_MS,
    UNDER_WAY_MAX,
    Recorder,
    Shipment,
    ship,
)
from contactcentre.ports.records import WrittenEvent
from tests.domain.happenings import ARRIVED

NORTH = NodeId("north-1")
BAD = "never to be written"


class Stop(Exception):
    """The time of a test is over."""


class SimulatedClock:
    """Time that passes when somebody waits."""

    def __init__(self, *, until_ms: int = 3_600_000) -> None:
        self.ms = 0
        self.slept: list[int] = []
        self.until_ms = until_ms

    def now_ms(self) -> int:
        """Return the time."""
        return self.ms

    def monotonic_ms(self) -> int:
        """Return the time."""
        return self.ms

    async def sleep_ms(self, span_ms: int) -> None:
        """Let time pass."""
        self.ms += span_ms
        self.slept.append(span_ms)
        if self.ms >= self.until_ms:
            raise Stop


class NoChance:
    """Chance that always gives the most."""

    def nonce(self) -> str:
        """Return the same."""
        return "0" * 16

    def request(self) -> RequestId:
        """Return the same."""
        return RequestId("r")

    def jitter(self, span_ms: int) -> int:
        """Return the most."""
        return span_ms


def event(seq: int, *, node: NodeId = NORTH, service: str | None = None) -> WrittenEvent:
    call = replace(arrive(ARRIVED), deflected_to=service)
    return WrittenEvent(node=node, seq=seq, event=ARRIVED, call=call)


class StagedSpool:
    """A node's spool with so many events in it."""

    is_full = False

    def __init__(self, count: int) -> None:
        self.kept = [event(seq) for seq in range(1, count + 1)]

    def write(self, *_: object) -> int:
        """Refuse: nobody writes here."""
        raise AssertionError

    async def on_disk(self) -> None:
        """Wait for nothing: all of it is there."""

    def pending(self, *, after_seq: int, count_max: int) -> Sequence[WrittenEvent]:
        """Return what waits."""
        begin = bisect_right(self.kept, after_seq, key=lambda event: event.seq)
        found = self.kept[begin : begin + count_max]
        return [replace(event, oldest_seq=self.kept[0].seq) for event in found]

    def forget(self, *, up_to_seq: int) -> None:
        """Let go."""
        self.kept = [event for event in self.kept if event.seq > up_to_seq]


class Book:
    """A ledger of the test: which events it has, its marks, and what it was told to refuse."""

    def __init__(self) -> None:
        self.seqs: set[int] = set()
        self.aside: set[int] = set()
        self.mark = 0
        self.is_away = False
        self.tries = 0

    async def write_events(self, events: Sequence[WrittenEvent]) -> Sequence[tuple[NodeId, int]]:
        """Write, or refuse."""
        self.tries += 1
        if self.is_away:
            raise LedgerUnavailable("away")
        if any(event.call.deflected_to == BAD for event in events):
            raise BadRequest("bad")
        self.seqs |= {event.seq for event in events}
        return self._advance(events)

    async def set_aside(self, event: WrittenEvent, *, why: str) -> Sequence[tuple[NodeId, int]]:
        """Keep it where a test finds it."""
        assert why == "bad-request"
        self.aside.add(event.seq)
        return self._advance([event])

    def _advance(self, events: Sequence[WrittenEvent]) -> Sequence[tuple[NodeId, int]]:
        self.mark = max(self.mark, *(event.oldest_seq - 1 for event in events))
        while self.mark + 1 in self.seqs | self.aside:
            self.mark += 1
        return [(NORTH, self.mark)]


class LossyStream:
    """A stream that loses what the test tells it to lose."""

    def __init__(self) -> None:
        self.entries: list[WrittenEvent] = []
        self.sent_count = 0
        self.is_away = False
        self.loses: Callable[[], bool] = lambda: False
        self.acknowledged: list[str] = []
        self.told: dict[NodeId, int] = {}

    async def send(self, events: Sequence[WrittenEvent]) -> None:
        """Take what is not lost."""
        if self.is_away:
            raise StateUnavailable("away")
        self.sent_count += len(events)
        self.entries += [event for event in events if not self.loses()]

    async def take(self, *, count_max: int, wait_ms: int) -> Sequence[tuple[str, WrittenEvent]]:
        """Give what there is."""
        del wait_ms
        if self.is_away:
            raise StateUnavailable("away")
        taken, self.entries = self.entries[:count_max], self.entries[count_max:]
        return [(str(event.seq), event) for event in taken]

    async def acknowledge(
        self, ids: Sequence[str], *, durable: Sequence[tuple[NodeId, int]]
    ) -> None:
        """Remember what was acknowledged and told."""
        if self.is_away:
            raise StateUnavailable("away")
        self.acknowledged += ids
        self.told.update(durable)


class Ear:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.wrote_count = 0
        self.aside: list[int] = []
        self.outages: list[str] = []

    def wrote(self, count: int) -> None:
        """Remember how many."""
        self.wrote_count += count

    def set_aside(self, event: WrittenEvent, refusal: Refusal) -> None:
        """Keep it where a test finds it."""
        assert refusal.code == "bad-request"
        self.aside.append(event.seq)

    def waits(self, outage: Outage) -> None:
        """Remember the outage."""
        self.outages.append(outage.code)


class Way:
    """The whole way of a node's events, with its mark told at once."""

    def __init__(self, count: int) -> None:
        self.spool = StagedSpool(count)
        self.stream = LossyStream()
        self.book = Book()
        self.clock = SimulatedClock()
        self.ear = Ear()
        self.recorder = Recorder(self.stream, self.book, self.clock, NoChance(), self.ear)
        self.shipment = Shipment(self.spool, lambda: self.stream.told.get(NORTH, 0), self.clock)

    async def send(self) -> int:
        """Take what is not lost."""
        """Send what is to be sent now, and return how many that was."""
        sent_count = self.stream.sent_count
        while events := self.shipment.next():
            await self.stream.send(events)
            self.shipment.sent(events)
        return self.stream.sent_count - sent_count


async def test_what_a_node_wrote_comes_into_the_record_and_is_let_go_of() -> None:
    way = Way(10)
    assert await way.send() == 10
    await way.recorder.write_some()
    assert way.book.seqs == set(range(1, 11))
    assert await way.send() == 0
    assert way.spool.kept == []
    assert way.ear.wrote_count == 10


async def test_nothing_is_let_go_of_before_it_is_durable() -> None:
    way = Way(10)
    await way.send()
    for _ in range(5):
        way.clock.ms += SHIP_EVERY_MS
        assert await way.send() == 0
    assert len(way.spool.kept) == 10


async def test_only_so_many_are_under_way_at_once() -> None:
    way = Way(UNDER_WAY_MAX + 300)
    assert await way.send() == UNDER_WAY_MAX
    await way.recorder.write_some()
    assert await way.send() == 300


async def test_an_idle_hour_makes_nothing_look_lost() -> None:
    way = Way(1)
    await way.send()
    await way.recorder.write_some()
    await way.send()
    way.clock.ms += 3_600_000
    way.spool.kept = [event(2)]
    assert await way.send() == 1
    assert await way.send() == 0


async def test_what_the_stream_lost_is_sent_again_from_the_mark_on() -> None:
    way = Way(200)
    way.stream.loses = lambda: True
    await way.send()
    way.stream.loses = lambda: False
    way.clock.ms += STALLED_AFTER_MS
    assert await way.send() == AGAIN_MAX
    await way.recorder.write_some()
    assert await way.send() == 200 - AGAIN_MAX


async def test_an_outage_of_the_ledger_does_not_fill_the_stream_with_repeats() -> None:
    way = Way(UNDER_WAY_MAX * 3)
    for _ in range(3_600 * 1_000 // SHIP_EVERY_MS):
        await way.send()
        way.clock.ms += SHIP_EVERY_MS
    assert way.stream.sent_count < UNDER_WAY_MAX + 70 * AGAIN_MAX


@pytest.mark.parametrize("seed", range(20))
async def test_every_event_is_recorded_whatever_the_stream_loses(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    way = Way(dice.randint(1, 3_000))
    everything = {event.seq for event in way.spool.kept}
    way.stream.loses = lambda: dice.random() < 0.3
    for _ in range(20_000):
        way.stream.is_away = dice.random() < 0.1
        if dice.random() < 0.01:
            way.stream.told.clear()
        with suppress(StateUnavailable):
            await way.send()
        assert everything <= way.book.seqs | {event.seq for event in way.spool.kept}, "none is lost"
        way.stream.is_away = False
        await way.recorder.write_some()
        way.clock.ms += SHIP_EVERY_MS
        if not way.spool.kept:
            break
    assert way.book.seqs == everything
    assert way.spool.kept == []


async def test_a_node_goes_on_sending_once_the_stream_is_back() -> None:
    way = Way(3)
    way.stream.is_away = True
    way.clock.until_ms = 5_000
    with pytest.raises(Stop):
        await ship(way.spool, way.stream, lambda: 0, way.clock)
    assert set(way.clock.slept) == {1_000}
    way.stream.is_away = False
    way.clock.until_ms = 6_000
    with pytest.raises(Stop):
        await ship(way.spool, way.stream, lambda: 0, way.clock)
    assert [event.seq for event in way.stream.entries] == [1, 2, 3]


async def test_an_outage_of_the_ledger_is_waited_out_with_longer_and_longer_pauses() -> None:
    way = Way(5)
    way.book.is_away = True
    way.clock.until_ms = 120_000
    await way.send()
    with pytest.raises(Stop):
        await way.recorder.write_some()
    assert way.clock.slept == sorted(way.clock.slept)
    assert way.clock.slept[0] == 200
    assert way.clock.slept[-1] == 2 * RETRY_MAX_MS
    assert way.stream.acknowledged == []
    assert set(way.ear.outages) == {"ledger-unavailable"}


async def test_what_was_taken_before_an_outage_is_written_after_it() -> None:
    way = Way(5)
    way.book.is_away = True
    await way.send()

    async def come_back(span_ms: int) -> None:
        way.clock.ms += span_ms
        way.book.is_away = way.clock.ms < 60_000

    way.clock.sleep_ms = come_back  # type: ignore[method-assign]
    await way.recorder.write_some()
    assert way.book.seqs == {1, 2, 3, 4, 5}
    assert way.stream.acknowledged == ["1", "2", "3", "4", "5"]


async def test_an_event_that_can_never_be_written_holds_up_no_other() -> None:
    way = Way(100)
    for seq in (1, 37, 38, 100):
        way.spool.kept[seq - 1] = event(seq, service=BAD)
    await way.send()
    await way.recorder.write_some()
    assert way.book.seqs == set(range(1, 101)) - {1, 37, 38, 100}
    assert way.book.aside == {1, 37, 38, 100}
    assert way.ear.aside == [1, 37, 38, 100]
    assert way.stream.told == {NORTH: 100}
    assert len(way.stream.acknowledged) == 100
    assert way.book.tries < 60


async def test_an_event_that_cannot_even_be_set_aside_stays_with_its_node() -> None:
    way = Way(3)
    way.spool.kept[1] = event(2, service=BAD)

    async def refuse(event: WrittenEvent, *, why: str) -> Sequence[tuple[NodeId, int]]:
        del event
        raise BadRequest(why)

    way.book.set_aside = refuse  # type: ignore[method-assign]
    await way.send()
    await way.recorder.write_some()
    assert way.book.seqs == {1, 3}
    await way.send()
    assert [event.seq for event in way.spool.kept] == [2, 3]


async def test_an_empty_stream_is_nothing_to_write() -> None:
    way = Way(0)
    await way.recorder.write_some()
    assert way.book.tries == 0
