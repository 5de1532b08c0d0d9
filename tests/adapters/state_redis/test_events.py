"""Events on their way to the record: nothing is lost, nothing stays, nothing blocks the rest."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from contactcentre.adapters.state_redis import events
from contactcentre.adapters.state_redis.events import RedisEventInbox, RedisEventStream
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.call import arrive
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.events import CallArrived
from contactcentre.domain.ids import LineId, NodeId
from contactcentre.domain.languages import Language
from contactcentre.ports.records import WrittenEvent
from tests.adapters.state_redis.centre import (
    EARLY,
    FIRST,
    HASTY_MS,
    NORTH,
    NOW_MS,
    SOUTH,
    Centre,
    Server,
)

ARRIVED = CallArrived(
    call=EARLY,
    at_ms=NOW_MS,
    line=LineId("tax"),
    language=Language.ENGLISH,
    node=NORTH,
    epoch=FIRST,
)


def written(seq: int, node: NodeId = NORTH) -> WrittenEvent:
    """Return one event of a node."""
    return WrittenEvent(node=node, seq=seq, event=ARRIVED, call=arrive(ARRIVED))


@dataclass
class Tally:
    """Counts what could not be read."""

    count: int = 0

    def up(self) -> None:
        """Count one."""
        self.count += 1


@pytest.fixture
def stream(state: RedisState) -> RedisEventStream:
    return RedisEventStream(state)


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
def inbox(state: RedisState, tally: Tally) -> RedisEventInbox:
    return RedisEventInbox(state, reader="records-1", count_unread=tally.up)


def seqs(found: Sequence[tuple[str, WrittenEvent]]) -> list[int]:
    """Return the numbers of events that were taken."""
    return [event.seq for _, event in found]


async def test_what_was_sent_is_taken_in_order_and_as_it_was(
    stream: RedisEventStream, inbox: RedisEventInbox
) -> None:
    sent = [written(seq) for seq in range(1, 6)]
    await stream.send(sent)
    found = await inbox.take(count_max=10, wait_ms=10)
    assert [event for _, event in found] == sent


async def test_no_more_is_taken_at_once_than_was_asked_for(
    stream: RedisEventStream, inbox: RedisEventInbox
) -> None:
    await stream.send([written(seq) for seq in range(1, 6)])
    assert seqs(await inbox.take(count_max=3, wait_ms=10)) == [1, 2, 3]
    assert seqs(await inbox.take(count_max=3, wait_ms=10)) == [4, 5]


async def test_a_reader_waits_for_events_longer_than_one_command_may_take(
    hasty: RedisState,
) -> None:
    inbox = RedisEventInbox(hasty, reader="records-1", count_unread=lambda: None)
    waiting = asyncio.create_task(inbox.take(count_max=10, wait_ms=5_000), name="take")
    await asyncio.sleep(2 * HASTY_MS / 1_000)
    await RedisEventStream(hasty).send([written(1)])
    async with asyncio.timeout(4):
        assert seqs(await waiting) == [1]


async def test_a_reader_that_finds_nothing_returns_when_its_time_is_over(
    hasty: RedisState,
) -> None:
    inbox = RedisEventInbox(hasty, reader="records-1", count_unread=lambda: None)
    began = time.monotonic()
    assert await inbox.take(count_max=10, wait_ms=2 * HASTY_MS) == []
    assert 1.5 * HASTY_MS < (time.monotonic() - began) * 1_000 < 6 * HASTY_MS


async def test_an_entry_leaves_the_stream_once_it_is_durable(
    stream: RedisEventStream, inbox: RedisEventInbox, state: RedisState
) -> None:
    await stream.send([written(1), written(2)])
    found = await inbox.take(count_max=10, wait_ms=10)
    await inbox.acknowledge([found[0][0]], durable=[(NORTH, 1)])
    assert await state.client.ask("XLEN", state.keys.events) == 1
    await inbox.acknowledge([found[1][0]], durable=[(NORTH, 2)])
    await inbox.acknowledge([found[1][0]], durable=[(NORTH, 2)])
    await inbox.acknowledge([], durable=[])
    assert await state.client.ask("XLEN", state.keys.events) == 0
    pending = await state.client.ask("XPENDING", state.keys.events, events.GROUP)
    assert pending[0] == 0


async def test_a_node_hears_what_is_durable_and_the_mark_never_goes_back(
    centre: Centre, inbox: RedisEventInbox
) -> None:
    await inbox.acknowledge([], durable=[(NORTH, 7), (SOUTH, 3)])
    await inbox.acknowledge([], durable=[(NORTH, 5)])
    assert await centre.node_beats(NORTH) == 7
    assert await centre.node_beats(SOUTH) == 3


async def test_what_a_dead_reader_left_behind_is_taken_by_another(
    stream: RedisEventStream,
    inbox: RedisEventInbox,
    state: RedisState,
    tally: Tally,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await stream.send([written(1), written(2)])
    assert seqs(await inbox.take(count_max=10, wait_ms=10)) == [1, 2]
    other = RedisEventInbox(state, reader="records-2", count_unread=tally.up)
    assert await other.take(count_max=10, wait_ms=10) == []
    monkeypatch.setattr(events, "IDLE_MS", 20)
    await asyncio.sleep(0.05)
    found = await other.take(count_max=10, wait_ms=10)
    assert seqs(found) == [1, 2]
    await other.acknowledge([entry for entry, _ in found], durable=[(NORTH, 2)])
    await asyncio.sleep(0.05)
    assert await inbox.take(count_max=10, wait_ms=10) == []


async def test_two_readers_share_the_stream(
    stream: RedisEventStream, inbox: RedisEventInbox, state: RedisState, tally: Tally
) -> None:
    other = RedisEventInbox(state, reader="records-2", count_unread=tally.up)
    await stream.send([written(seq) for seq in range(1, 9)])
    found = [
        *await inbox.take(count_max=3, wait_ms=10),
        *await other.take(count_max=3, wait_ms=10),
        *await inbox.take(count_max=3, wait_ms=10),
    ]
    assert seqs(found) == [*range(1, 9)]


async def test_readers_that_begin_at_once_do_not_stumble_over_one_another(
    stream: RedisEventStream, state: RedisState, tally: Tally
) -> None:
    await stream.send([written(1)])
    readers = [
        RedisEventInbox(state, reader=f"records-{n}", count_unread=tally.up) for n in range(8)
    ]
    found = await asyncio.gather(*(one.take(count_max=1, wait_ms=10) for one in readers))
    assert sorted(len(one) for one in found) == [0] * 7 + [1]


async def test_a_reader_goes_on_after_the_store_was_emptied(
    centre: Centre, stream: RedisEventStream, inbox: RedisEventInbox
) -> None:
    await stream.send([written(1)])
    await inbox.take(count_max=10, wait_ms=10)
    await centre.forget_everything()
    await stream.send([written(1), written(2)])
    assert seqs(await inbox.take(count_max=10, wait_ms=10)) == [1, 2]


async def test_what_cannot_be_read_is_set_aside_and_holds_up_nothing(
    stream: RedisEventStream,
    inbox: RedisEventInbox,
    state: RedisState,
    tally: Tally,
) -> None:
    await stream.send([written(1)])
    await state.client.ask("XADD", state.keys.events, "*", "event", b"\xff{]")
    await stream.send([written(2)])
    assert seqs(await inbox.take(count_max=10, wait_ms=10)) == [1, 2]
    assert tally.count == 1
    assert await state.client.ask("LRANGE", state.keys.unread, 0, -1) == [b"\xff{]"]
    assert await state.client.ask("XLEN", state.keys.events) == 2


async def test_a_stream_that_nobody_reads_takes_no_more_than_its_bound(
    stream: RedisEventStream,
    inbox: RedisEventInbox,
    state: RedisState,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(events, "STREAM_MAX", 3)
    await stream.send([written(1), written(2)])
    with pytest.raises(StateUnavailable, match="behind"):
        await stream.send([written(3), written(4)])
    await stream.send([written(3)])
    assert await state.client.ask("XLEN", state.keys.events) == 3
    found = await inbox.take(count_max=10, wait_ms=10)
    await inbox.acknowledge([entry for entry, _ in found], durable=[(NORTH, 3)])
    await stream.send([written(4)])


async def test_a_store_that_hangs_is_an_outage_for_both_ends(
    hasty: RedisState, server: Server
) -> None:
    inbox = RedisEventInbox(hasty, reader="records-1", count_unread=lambda: None)
    with server.hung():
        with pytest.raises(StateUnavailable):
            await RedisEventStream(hasty).send([written(1)])
        with pytest.raises(StateUnavailable):
            await inbox.take(count_max=10, wait_ms=5_000)
