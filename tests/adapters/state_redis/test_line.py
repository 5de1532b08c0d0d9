"""How long a step may take on a line that is slow, and on one that is not."""

import asyncio
import time
from contextlib import suppress

import pytest

from contactcentre.adapters.state_redis.connections import Pool
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.line import MOST_FACTOR, ROUND_TRIPS, Line
from tests.adapters.state_redis.centre import Server
from tests.chaos import bad_wire

SET_S = 0.5


def line(*took_s: float) -> Line:
    """Return a line on which steps took so long."""
    seen = Line(SET_S)
    for span_s in took_s:
        seen.took(span_s)
    return seen


@pytest.mark.parametrize("took_s", [0.0, 0.001, 0.1])
def test_on_a_fast_line_a_step_has_what_is_set_whatever_it_needs(took_s: float) -> None:
    assert line(took_s).within_s == line(took_s).whole_s == SET_S


def test_on_a_slow_line_a_step_has_some_round_trips_and_more_where_it_must_connect() -> None:
    slow = line(0.3)
    assert slow.within_s == pytest.approx(ROUND_TRIPS * 0.3)
    assert slow.whole_s > slow.within_s


def test_however_slow_the_line_is_a_step_has_its_bound() -> None:
    assert line(60.0).within_s == MOST_FACTOR * SET_S


def test_a_line_that_is_slow_is_believed_at_once_and_one_that_is_fast_again_bit_by_bit() -> None:
    assert line(0.001, 0.4).within_s == pytest.approx(ROUND_TRIPS * 0.4)
    assert line(0.4, 0.001).within_s > SET_S
    assert line(0.4, *[0.001] * 10).within_s == SET_S


async def test_steps_succeed_on_a_line_as_slow_as_a_step_may_be_also_on_new_connections(
    server: Server,
) -> None:
    async with bad_wire(server.url) as wire:
        state = RedisState(wire.url, timeout_ms=400)
        await state.give_time()
        wire.delay_s = 0.16  # each way
        await state.give_time()
        times = await asyncio.gather(*(state.give_time() for _ in range(4)))
        assert len(set(times)) == len(times)
        await state.close()


async def test_a_step_whose_time_was_over_as_it_got_its_connection_is_an_outage(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = RedisState(server.url, timeout_ms=100)
    await state.give_time()
    get = Pool.get_connection

    async def late(pool: Pool) -> object:
        with suppress(asyncio.CancelledError):  # as the library's own waits may do
            await asyncio.sleep(60)
        return await get(pool)

    monkeypatch.setattr(Pool, "get_connection", late)
    for _ in range(20):  # no connection is lost to the others
        with pytest.raises(StateUnavailable):
            await state.give_time()
    monkeypatch.undo()
    await state.give_time()
    await state.close()


async def test_a_server_that_hangs_at_the_end_of_a_fast_line_is_an_outage_as_soon_as_ever(
    server: Server,
) -> None:
    async with bad_wire(server.url) as wire:
        state = RedisState(wire.url, timeout_ms=400)
        for _ in range(10):
            await state.give_time()
        wire.fall_silent()
        began_s = time.monotonic()
        with pytest.raises(StateUnavailable):
            await state.give_time()
        assert time.monotonic() - began_s < 0.4 + 0.8
        await state.close()
