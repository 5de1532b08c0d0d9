"""The connection: one attempt a command, one deadline, one kind of error."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import rmtree

import pytest

from contactcentre.adapters.embedded.server import LOOPBACK, free_port
from contactcentre.adapters.embedded.valkey import start_valkey
from contactcentre.adapters.state_redis.blackboard import Blackboard
from contactcentre.adapters.state_redis.connections import CONNECTIONS_MAX, pool_of
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.errors import BadRequest, StateUnavailable
from contactcentre.domain.line import Line
from tests.adapters.state_redis.centre import EARLY, HASTY_MS, PAYING, Centre, Server
from tests.chaos import BadWire, bad_wire

SLACK_S = 1.5
"""A busy machine comes late to its own deadlines."""


async def test_a_store_that_answers_is_there(state: RedisState) -> None:
    await state.ping()


async def test_the_arguments_of_a_script_arrive_as_they_were_given(server: Server) -> None:
    client = RedisState(server.url).client
    sha = await client.ask("SCRIPT", "LOAD", "return ARGV")
    said: list[str | bytes | int] = ["Siân", b"\x00\xff\r\n", 0, -7, "", "$3", "x" * 70_000]
    heard = await client.ask("EVALSHA", sha, 0, *said)
    assert heard == ["Siân".encode(), b"\x00\xff\r\n", b"0", b"-7", b"", b"$3", b"x" * 70_000]
    await client.close()


async def test_a_store_that_is_not_there_is_an_outage(tmp_path: Path) -> None:
    for url in (f"redis://{LOOPBACK}:{free_port()}/0", f"unix://{tmp_path}/none"):
        state = RedisState(url)
        with pytest.raises(StateUnavailable) as outage:
            await state.ping()
        assert outage.value.__cause__ is not None
        await state.close()


async def test_a_store_that_hangs_is_an_outage_within_the_deadline(
    hasty: RedisState, server: Server
) -> None:
    await hasty.ping()
    centre = Centre(hasty)
    with server.hung():
        for step in (centre.call, hasty.nodes):
            began = time.monotonic()
            with pytest.raises(StateUnavailable):
                await step()
            assert time.monotonic() - began < HASTY_MS / 1_000 + SLACK_S


async def test_a_step_is_tried_once_and_never_again_by_itself(
    hasty: RedisState, server: Server
) -> None:
    await hasty.give_time()
    before = server.count("evalsha")
    with server.hung():
        with pytest.raises(StateUnavailable):
            await hasty.give_time()
        await asyncio.sleep(2 * HASTY_MS / 1_000)
    await hasty.ping()
    assert server.count("evalsha") == before + 1


async def test_a_step_whose_connection_is_cut_is_not_tried_again(
    state: RedisState, server: Server
) -> None:
    before_ms = await state.give_time()
    server.ask("CLIENT", "PAUSE", "10000", "WRITE")
    step = asyncio.create_task(state.give_time(), name="step")
    await asyncio.sleep(0.2)
    server.ask("CLIENT", "KILL", "TYPE", "normal")
    await asyncio.sleep(0.2)
    server.ask("CLIENT", "UNPAUSE")
    with pytest.raises(StateUnavailable):
        await step
    assert await state.client.ask("GET", state.keys.enqueued) == str(before_ms).encode()


async def test_an_answer_that_came_too_late_is_not_taken_for_the_next_one(
    hasty: RedisState, server: Server
) -> None:
    centre = Centre(hasty)
    await asyncio.gather(*(hasty.ping() for _ in range(CONNECTIONS_MAX)))
    with server.hung():
        began = time.monotonic()
        found = await asyncio.gather(
            *(hasty.give_time() for _ in range(4 * CONNECTIONS_MAX)), return_exceptions=True
        )
        # also for those who had to wait for a connection first
        assert time.monotonic() - began < HASTY_MS / 1_000 + SLACK_S
        assert {type(one) for one in found} == {StateUnavailable}
    for _ in range(CONNECTIONS_MAX):
        await hasty.ping()
        assert await centre.match() is None
        assert await hasty.place(call=EARLY, queue=PAYING) is None


async def test_the_deadline_is_for_all_that_a_step_needs_and_not_for_each_part() -> None:
    span_s = 0.7 * HASTY_MS / 1_000
    left = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1_000):
            await asyncio.sleep(span_s)
            writer.write(b"+OK\r\n")
        writer.close()
        await writer.wait_closed()
        left.set()

    listening = await asyncio.start_server(slow, LOOPBACK, port := free_port())
    state = RedisState(f"redis://:password@{LOOPBACK}:{port}/0", timeout_ms=HASTY_MS)
    with pytest.raises(StateUnavailable):
        await state.ping()  # which signs in first
    await state.close()
    await left.wait()
    listening.close()


async def test_more_steps_at_once_than_connections_wait_for_one_another(centre: Centre) -> None:
    times = await asyncio.gather(*(centre.state.give_time() for _ in range(8 * CONNECTIONS_MAX)))
    assert len(set(times)) == len(times)


async def test_no_more_connections_are_opened_than_the_bound(
    state: RedisState, server: Server
) -> None:
    before = len(server.ask("CLIENT", "LIST").splitlines())
    await asyncio.gather(*(state.give_time() for _ in range(8 * CONNECTIONS_MAX)))
    assert len(server.ask("CLIENT", "LIST").splitlines()) <= before + CONNECTIONS_MAX


async def test_a_store_that_is_a_primary_no_longer_is_an_outage(
    centre: Centre, server: Server
) -> None:
    await centre.call()
    server.ask("REPLICAOF", "127.0.0.1", "1")
    try:
        with pytest.raises(StateUnavailable, match="ReadOnlyError"):
            await centre.state.give_time()
    finally:
        server.ask("REPLICAOF", "NO", "ONE")
    await centre.state.give_time()


async def test_a_cancelled_step_leaves_nothing_behind(server: Server) -> None:
    state = RedisState(server.url, namespace="cancelled", timeout_ms=5_000)
    await state.ping()
    with server.hung():
        step = asyncio.create_task(state.give_time(), name="step")
        await asyncio.sleep(0.05)
        step.cancel()
        await asyncio.wait({step})
    assert step.cancelled()
    assert (await state.matchable(advisers_max=9)).queues == []
    await state.close()


async def test_a_task_that_asks_again_and_again_can_be_cancelled(state: RedisState) -> None:
    async def ask_for_ever() -> None:
        while True:
            await state.ping()

    for attempt in range(100):
        asking = asyncio.create_task(ask_for_ever(), name="asking")
        await asyncio.sleep(attempt / 40_000)
        asking.cancel()
        _, running = await asyncio.wait({asking}, timeout=2)
        assert not running


@pytest.fixture
async def wire(server: Server) -> AsyncIterator[BadWire]:
    """Give a bad wire to the store."""
    async with bad_wire(server.url) as wire:
        yield wire


@pytest.fixture
async def far(wire: BadWire) -> AsyncIterator[Blackboard]:
    """Give a client at the other end of the wire, with every connection open."""
    far = Blackboard(wire.url, namespace="far", timeout_ms=HASTY_MS)
    await asyncio.gather(*(far.ping() for _ in range(CONNECTIONS_MAX)))
    yield far
    await far.close()


async def _outage(far: Blackboard, asking: int = CONNECTIONS_MAX + 4) -> None:
    """See that the store is away, within the deadline, for as many as ask at once."""
    began = time.monotonic()
    found = await asyncio.gather(*(far.ping() for _ in range(asking)), return_exceptions=True)
    assert {type(one) for one in found} == {StateUnavailable}
    assert time.monotonic() - began < HASTY_MS / 1_000 + SLACK_S


async def _there_again(far: Blackboard) -> None:
    """See that the store is there again, for everybody, within a second of its being so."""
    async with asyncio.timeout(1):
        await asyncio.gather(*(far.ping() for _ in range(CONNECTIONS_MAX)))


async def test_a_store_behind_a_path_gone_silent_is_an_outage_and_comes_back(
    wire: BadWire, far: Blackboard
) -> None:
    for asking in (1, CONNECTIONS_MAX + 4):
        wire.fall_silent()
        await _outage(far, asking)
        wire.speak_again()  # but not on the connections that there were
        await _there_again(far)


async def test_a_store_that_cannot_be_reached_is_an_outage_and_comes_back(
    wire: BadWire, far: Blackboard
) -> None:
    await wire.cut()
    for _ in range(2):
        await _outage(far)
    await wire.mend()
    await _there_again(far)


async def test_a_store_slower_than_the_deadline_is_an_outage_and_one_that_is_not_serves(
    wire: BadWire, far: Blackboard
) -> None:
    wire.delay_s = HASTY_MS / 1_000 / 8
    await far.ping()
    wire.delay_s = HASTY_MS / 1_000
    await _outage(far)
    wire.delay_s = 0
    await _there_again(far)


async def test_a_store_that_hung_is_there_again_for_everybody_at_once(
    far: Blackboard, server: Server
) -> None:
    with server.hung():
        await _outage(far)
    await _there_again(far)


async def test_a_store_that_was_killed_serves_as_soon_as_it_is_there_again(tmp_path: Path) -> None:
    valkey = await start_valkey(tmp_path)
    client = Blackboard(valkey.url, timeout_ms=HASTY_MS)
    await asyncio.gather(*(client.ping() for _ in range(CONNECTIONS_MAX)))
    valkey.program.process.kill()
    valkey.program.process.wait()
    await _outage(client)
    await valkey.start_again()
    await _there_again(client)
    await client.close()
    await valkey.stop()


async def test_a_store_that_comes_back_empty_serves_as_a_new_one(tmp_path: Path) -> None:
    valkey = await start_valkey(tmp_path)
    state = RedisState(valkey.admin_url, timeout_ms=HASTY_MS)
    before_ms = await state.give_time()
    valkey.program.process.kill()
    valkey.program.process.wait()
    rmtree(tmp_path / "appendonlydir")
    await valkey.start_again()
    assert await state.client.ask("DBSIZE") == 0
    assert await state.give_time() >= before_ms  # by scripts that it had never been told
    await state.client.ask("FLUSHALL")
    await state.client.ask("SCRIPT", "FLUSH")
    assert await state.give_time() >= before_ms
    await state.close()
    await valkey.stop()


@pytest.mark.parametrize("url", ["redis", "http://127.0.0.1/0", "redis://127.0.0.1:port/0"])
async def test_a_url_that_cannot_be_understood_is_refused_at_once(url: str) -> None:
    with pytest.raises(BadRequest, match="CC_REDIS_URL"):
        Blackboard(url)


async def test_a_connection_that_comes_about_while_all_are_closed_is_closed_as_well(
    server: Server,
) -> None:
    pool = pool_of(server.url, Line(1.0))
    lending = asyncio.create_task(pool.get_connection(), name="lending")
    await asyncio.sleep(0)  # it begins to connect
    await pool.disconnect()
    connection = await lending
    assert connection.is_connected
    await pool.release(connection)
    assert not connection.is_connected
