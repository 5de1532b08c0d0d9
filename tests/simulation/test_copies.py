"""A copy stands still until it hears, and then has what its server has."""

import asyncio
from typing import Any

from contactcentre.simulation.environment import SimulatedClock
from contactcentre.simulation.loop import Simulation, run
from contactcentre.simulation.store.copies import STEPS_KEPT, Copy
from contactcentre.simulation.store.data import Data, ReplyError
from contactcentre.simulation.store.ranked import Ranked
from contactcentre.simulation.store.server import Server
from contactcentre.simulation.store.streams import Stream
from tests.simulation.any_commands import AnyCommands


def _all(data: Data) -> dict[bytes, Any]:
    """Return everything that is there, in a form that can be compared and does not change."""
    return {
        key: (repr(_plain(value)), data.expires_ms.get(key)) for key, value in data.values.items()
    }


def _plain(value: Any) -> Any:
    match value:
        case Ranked():
            return value.row, value.scores
        case Stream():
            return value.entries, value.groups, value.last
        case _:
            return value


def _ask(server: Server, commands: AnyCommands, steps: int) -> None:
    for _ in range(steps):
        command = commands.next()
        words = tuple(str(one).encode() for one in command)
        try:
            commands.hear(command, server.execute(words))
        except ReplyError:
            continue


def test_a_copy_has_what_its_server_had_before_the_lag_and_nothing_else() -> None:
    async def play(simulation: Simulation) -> None:
        server, commands = Server(simulation, "north", "store"), AnyCommands(1)
        server.begin_log(disk_lag_s=1)
        assert server.log is not None
        for _ in range(30):
            _ask(server, commands, 50)
            copy, before = Copy(server.data, server.log, lag_s=1), _all(server.data)
            assert _all(copy.data) == before
            _ask(server, commands, 50)
            copy.hear(simulation.now_us() + 999_999)
            assert _all(copy.data) == before != _all(server.data)
            copy.hear(simulation.now_us() + 1_000_000)
            assert _all(copy.data) == _all(server.data)

    run(play, seed=1)


def test_a_copy_hears_step_by_step() -> None:
    async def play(simulation: Simulation) -> None:
        server = Server(simulation, "north", "store")
        server.begin_log(disk_lag_s=1)
        assert server.disk is not None
        for value in (b"1", b"2", b"3"):
            server.execute((b"SET", b"s", value))
            await asyncio.sleep(1)
        for value in (b"2", b"3"):
            server.disk.hear(simulation.now_us() - 500_000)
            assert server.disk.data.values == {b"s": value}
            await asyncio.sleep(1)

    run(play, seed=1)


def test_what_is_taken_out_by_chance_is_taken_out_of_the_copy_too() -> None:
    async def play(simulation: Simulation) -> None:
        server = Server(simulation, "north", "store")
        server.begin_log(disk_lag_s=0)
        assert server.disk is not None
        server.execute((b"SADD", b"s", *(b"%d" % number for number in range(100))))
        taken = server.execute((b"SPOP", b"s", b"90"))
        server.disk.hear(simulation.now_us())
        assert len(set(taken)) == 90
        assert set(server.disk.data.values[b"s"]) == {b"%d" % n for n in range(100)} - set(taken)

    run(play, seed=1)


def test_a_step_is_heard_of_as_one_and_a_log_is_shortened_to_what_is_needed() -> None:
    async def play(simulation: Simulation) -> None:
        server = Server(simulation, "north", "store")
        server.begin_log(disk_lag_s=1)
        log = server.log
        assert log is not None
        for number in range(STEPS_KEPT):
            server.execute((b"HSET", b"h", b"%d" % number, b"1"))
        copy = Copy(server.data, log, lag_s=0)
        log.shorten(copy.position - 10)
        assert (len(log.steps), log.end) == (10, STEPS_KEPT)
        server.execute((b"DEL", b"h"))
        copy.hear(simulation.now_us())
        assert not copy.data.values

    run(play, seed=1)


def test_what_expires_on_the_server_is_gone_from_the_copy_before_it_is_made_anew() -> None:
    async def play(simulation: Simulation) -> None:
        server = Server(simulation, "north", "store")
        server.clock = SimulatedClock(simulation)
        server.begin_log(disk_lag_s=0)
        server.execute((b"HSET", b"h", b"old", b"1"))
        server.execute((b"EXPIRE", b"h", b"60"))
        server.clock.step(60_001)
        server.execute((b"HSET", b"h", b"new", b"1"))
        assert server.disk is not None
        server.disk.hear(simulation.now_us())
        assert server.disk.data.values == {b"h": {b"new": b"1"}} == server.data.values
        assert not server.disk.data.expires_ms

    run(play, seed=1)
