"""The simulated store replies what a real one replies, to the last byte."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from contactcentre.adapters.state_redis.census import RedisCensus
from contactcentre.adapters.state_redis.events import RedisEventInbox, RedisEventStream
from contactcentre.adapters.state_redis.scripts import all_scripts
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.errors import BadRequest
from contactcentre.domain.ids import CallId
from contactcentre.simulation.store.commands import COMMANDS
from contactcentre.simulation.store.data import ReplyError, UnknownCommand
from contactcentre.simulation.store.server import OWN_IN_SCRIPTS
from tests.adapters.state_redis.centre import (
    EARLY,
    FIRST,
    LATE,
    NORTH,
    PAYING,
    SOUTH,
    Centre,
    Server,
    said,
)
from tests.adapters.state_redis.test_any_steps import AnySteps
from tests.simulation.any_commands import AnyCommands, Command
from tests.simulation.twin import Twin

SEQUENCES = 30
STEPS = 60


@pytest.fixture
def twin(server: Server) -> Iterator[Twin]:
    """Give a real server and a simulated one, both empty."""
    twin = Twin(server.url)
    yield twin
    twin.shut()


@pytest.mark.parametrize("seed", range(3))
def test_any_commands_are_replied_to_as_by_a_real_server(twin: Twin, seed: int) -> None:
    commands = AnyCommands(seed)
    refused = 0
    for _ in range(SEQUENCES):
        for _ in range(STEPS):
            command = commands.next()
            try:
                commands.hear(command, twin.both(*command))
            except RedisError:
                refused += 1
        twin.compare()
        if commands.dice.random() < 0.3:
            twin.both("FLUSHALL")
    assert 0 < refused < twin.asked_count / 2


SCRIPT = b"""
local third = redis.call('SET', KEYS[1], ARGV[1] / 3)
redis.call('ZADD', KEYS[2], 1764178657123456, 'm', 2^53, 'n', -0.5, 'o')
local found = redis.call('HMGET', KEYS[3], 'none', 'none')
return {redis.call('GET', KEYS[1]), third, 3.99, -3.99, true, found[1], found, {{}}, 'x', nil, 'y'}
"""


def test_numbers_and_replies_of_a_script_are_as_on_a_real_server(twin: Twin) -> None:
    expected = twin.real.execute_command("EVAL", SCRIPT, 3, "a", "b", "c", 10)  # type: ignore[no-untyped-call]
    assert len(expected) == 9
    assert _run(twin, SCRIPT) == expected
    twin.compare()


@pytest.mark.parametrize(
    "script",
    [
        b"return redis.call('GET', KEYS[2])",
        b"return not_there",
        b"new = 1",
        b"return nil < 1",
        b"return {",
    ],
)
def test_a_script_that_fails_is_refused_as_on_a_real_server(twin: Twin, script: bytes) -> None:
    twin.both("ZADD", "b", 1, "m")
    with pytest.raises(ResponseError) as refusal:
        twin.real.execute_command("EVAL", script, 3, "a", "b", "c", 10)  # type: ignore[no-untyped-call]
    with pytest.raises(ReplyError) as ours:
        _run(twin, script)
    is_wrong_type = str(refusal.value).startswith("WRONGTYPE")
    assert str(ours.value).startswith("WRONGTYPE" if is_wrong_type else "ERR")
    assert len(twin.simulated.mistakes) == (script != b"return {")


def test_a_server_that_may_not_write_refuses_as_a_real_one(twin: Twin) -> None:
    ask = twin.real.execute_command
    writes: list[Command] = [
        ("SET", "a", "1"),
        ("FLUSHALL",),
        ("DEL", "a"),
        ("XADD", "s", "*", "f", "v"),
    ]
    reads: list[Command] = [("GET", "a"), ("PUBLISH", "channel", "word"), ("SMEMBERS", "a")]
    ask("CONFIG", "SET", "min-replicas-to-write", "1")  # type: ignore[no-untyped-call]
    try:
        twin.simulated.lacks_replicas = True
        for command in writes:
            with pytest.raises(ResponseError, match="NOREPLICAS"):
                twin.both(*command)
        ask("CONFIG", "SET", "min-replicas-to-write", "0")  # type: ignore[no-untyped-call]
        ask("REPLICAOF", "127.0.0.1", "1")  # type: ignore[no-untyped-call]
        twin.simulated.lacks_replicas, twin.simulated.is_primary = False, False
        for command in writes:
            with pytest.raises(ReadOnlyError):
                twin.both(*command)
        for command in reads:
            twin.both(*command)
    finally:
        ask("REPLICAOF", "NO", "ONE")  # type: ignore[no-untyped-call]
        ask("CONFIG", "SET", "min-replicas-to-write", "0")  # type: ignore[no-untyped-call]


def _run(twin: Twin, script: bytes) -> Any:
    sha = twin.simulated.execute((b"SCRIPT", b"LOAD", script))
    return twin.simulated.execute((b"EVALSHA", sha, b"3", b"a", b"b", b"c", b"10"))


@dataclass(frozen=True, slots=True)
class TwinServer(Server):
    """The real server as the steps reach into it: what they empty is emptied on both."""

    twin: Twin

    def ask(self, *command: str) -> Any:
        """Run one command, on both if it empties them."""
        return self.twin.both(*command) if command == ("FLUSHALL",) else Server.ask(self, *command)


class TwinSteps(AnySteps):
    """Any steps of the centre, by the project's own scripts, on both servers."""

    def new_state(self, namespace: str) -> RedisState:
        """Return the live state on both servers."""
        url, pid = self.server.url, self.server.pid
        self.twin = Twin(url)
        type(self).server = TwinServer(url, pid, self.twin)
        return RedisState(self.twin, namespace=namespace)

    async def forget(self) -> None:
        """Lose everything."""
        self.server.ask("FLUSHALL")

    def teardown(self) -> None:
        """Compare what is left."""
        try:
            self.twin.compare()
        finally:
            super().teardown()


def test_any_steps_of_the_centre_leave_the_same_on_a_real_server(server: Server) -> None:
    TwinSteps.server = server
    run_state_machine_as_test(
        TwinSteps,
        settings=settings(
            max_examples=6,
            stateful_step_count=40,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


async def test_every_script_does_the_same_on_a_real_server(twin: Twin) -> None:
    state = RedisState(twin, namespace="all")
    centre = Centre(state)
    await centre.open()
    await centre.desk_beats()
    await centre.ready()
    await state.give_time()
    await centre.call(EARLY)
    await centre.call(LATE)
    await centre.talk()
    await state.look_calls([EARLY, LATE])
    await state.hide(call=LATE, epoch=FIRST)
    await state.desks()
    await centre.node_says(said(EARLY, "waiting"), said(CallId("new")))
    await state.match_queue(PAYING, request=centre.request())
    await state.reservations()
    await centre.end()
    await state.keep_dialogs(NORTH, {EARLY: "one", LATE: "two"}, [LATE])
    await state.take_dialogs(lost=NORTH, taker=SOUTH, calls_max=9)
    await state.look_dialogs([EARLY, LATE])
    await centre.lose_node()
    await state.lost_calls()
    await state.forget_node(NORTH)
    twin.compare()


async def test_events_travel_as_on_a_real_server(twin: Twin) -> None:
    def decode(entry: Any) -> Any:
        if entry == b"bad":
            raise BadRequest("it cannot be read")
        return entry

    unread: list[None] = []
    state = RedisState(twin, namespace="way")
    stream = RedisEventStream(state, encode=bytes)  # type: ignore[arg-type]
    inbox = RedisEventInbox(
        state, reader="r", decode=decode, count_unread=lambda: unread.append(None)
    )
    assert await inbox.take(count_max=5, wait_ms=0) == []
    sent: Any = [b"1", b"bad", b"3", b"4"]
    await stream.send(sent)
    found = await inbox.take(count_max=3, wait_ms=1)
    entries: list[Any] = [entry for _, entry in found]
    assert entries == [b"1", b"3"]
    twin.compare()
    await inbox.acknowledge([at for at, _ in found], durable=[(NORTH, 7)])
    await inbox.acknowledge([], durable=[(NORTH, 3)])
    assert len(await inbox.take(count_max=3, wait_ms=1)) == 1
    assert await _waiting_and_unread(state) == (1, 1)
    twin.compare()
    assert len(unread) == 1


async def _waiting_and_unread(state: RedisState) -> tuple[int, int]:
    """Return how many events are on their way, and how many nobody could read."""
    look = await RedisCensus(state).events()
    return look.waiting_count, look.unread_count


def test_a_command_that_the_store_does_not_know_ends_the_run(twin: Twin) -> None:
    for command in ((b"KEYS", b"*"), (b"SET", b"a", b"b", b"XX"), (b"XADD", b"s", b"1-1", b"f")):
        with pytest.raises(UnknownCommand, match=command[0].decode()):
            twin.simulated.execute(command)


def test_every_command_of_the_scripts_is_known() -> None:
    asked = {
        name.encode()
        for script in all_scripts().values()
        for name in re.findall(r"redis.call\(\s*'(\w+)'", script.source)
    }
    assert b"ZADD" in asked
    assert asked <= {*COMMANDS, *OWN_IN_SCRIPTS}
