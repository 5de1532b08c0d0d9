"""Simulated time: an hour takes no time, one seed is one run, and what never ends says so."""

import asyncio
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contactcentre.simulation.environment import SimulatedChance, SimulatedClock
from contactcentre.simulation.loop import (
    BEGAN_MS,
    RanTooLong,
    Simulation,
    SimulationError,
    Stalled,
    run,
)

ROOT = Path(__file__).parents[2]


def test_an_hour_passes_at_once() -> None:
    async def wait(simulation: Simulation) -> float:
        await asyncio.sleep(3_600)
        return simulation.now_s

    assert run(wait, seed=1) == 3_600


def test_time_stands_still_while_something_is_to_be_done() -> None:
    async def work(simulation: Simulation) -> float:
        for _ in range(1_000):
            await asyncio.sleep(0)
        return simulation.now_s

    assert run(work, seed=1) == 0


def test_everything_that_waits_for_ever_is_named_with_its_place() -> None:
    async def wait_for_nothing() -> None:
        await asyncio.Event().wait()

    async def both(_: Simulation) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(wait_for_nothing(), name="who waits")

    with pytest.raises(Stalled, match="who waits in wait"):
        run(both, seed=1)


def test_a_run_ends_at_its_bounds() -> None:
    async def sleep(_: Simulation) -> None:
        await asyncio.sleep(100)

    async def turn(_: Simulation) -> None:
        while await asyncio.sleep(0, result=True):
            pass

    with pytest.raises(RanTooLong, match=r"10 s of simulated time have passed: .* in sleep"):
        run(sleep, seed=1, virtual_max_s=10)
    with pytest.raises(RanTooLong, match=r"does something turn without waiting\?"):
        run(turn, seed=1, rounds_max=1_000)


async def _fail() -> None:
    raise ValueError("nobody asked")


@pytest.mark.parametrize("is_held", [False, True])
def test_a_task_that_fails_unheard_fails_the_run(*, is_held: bool) -> None:
    async def forget(_: Simulation) -> None:
        failing: Any = asyncio.create_task(_fail())
        await asyncio.sleep(1)
        if is_held:
            failing.held = failing  # by itself alone

    with pytest.raises(SimulationError, match=r"Seed 7: nobody heard of .*nobody asked"):
        run(forget, seed=7)


def test_there_is_no_thread_and_no_network() -> None:
    async def thread(_: Simulation) -> None:
        await asyncio.to_thread(print)

    async def connect(_: Simulation) -> None:
        await asyncio.open_connection("127.0.0.1", 1)

    with pytest.raises(SimulationError, match="no thread"):
        run(thread, seed=1)
    with pytest.raises((NotImplementedError, SimulationError)):
        run(connect, seed=1)


def test_the_dice_of_everybody_else_fall_on_as_they_would() -> None:
    async def throw(_: Simulation) -> float:
        return random.random()  # noqa: S311 - no secret

    random.seed(5)
    expected = [random.random(), random.random()]  # noqa: S311 - no secret
    random.seed(5)
    found = [random.random()]  # noqa: S311 - no secret
    assert run(throw, seed=1) == run(throw, seed=1) != run(throw, seed=2)
    assert [*found, random.random()] == expected  # noqa: S311 - no secret


def test_a_clock_may_be_stepped_and_spans_are_measured_as_before() -> None:
    async def step(simulation: Simulation) -> None:
        clock = SimulatedClock(simulation, ahead_ms=-5_000, up_ms=777)
        await clock.sleep_ms(1_500)
        assert (clock.now_ms(), clock.monotonic_ms()) == (BEGAN_MS - 3_500, 2_277)
        clock.step(-60_000)
        await clock.sleep_ms(1)
        assert (clock.now_ms(), clock.monotonic_ms()) == (BEGAN_MS - 63_499, 2_278)

    run(step, seed=1)


def test_two_processes_throw_different_dice_and_the_same_ones_in_the_next_run() -> None:
    async def throw(simulation: Simulation) -> list[str]:
        chances = [SimulatedChance(simulation.dice(name)) for name in ("north-1", "south-1")]
        assert {chance.jitter(2) for chance in chances for _ in range(50)} == {0, 1, 2}
        return [chance.nonce() for chance in chances] + [chance.request() for chance in chances]

    first, again, other = (run(throw, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert len({*first, *other}) == 8
    assert all(len(one) == 16 for one in first)


async def _tell_in_order(simulation: Simulation, number: int) -> None:
    try:
        await asyncio.sleep(10)
    finally:
        simulation.note("ended", number)


async def _cancel_many(simulation: Simulation) -> str:
    """End many tasks at once: a group cancels them in the order of their hashes."""
    tasks = [asyncio.create_task(_tell_in_order(simulation, number)) for number in range(50)]
    await asyncio.sleep(1)
    for task in set(tasks):
        task.cancel()
    await asyncio.wait(tasks)
    return simulation.trace


def test_tasks_are_told_to_stop_in_the_same_order_in_every_run() -> None:
    first = run(_cancel_many, seed=1)
    kept = [object() for _ in range(1_000)]  # other addresses
    assert run(_cancel_many, seed=1) == first
    assert kept


def _said(hashes: str, *arguments: str) -> str:
    """Return what a program says that was started with its own hashes of text."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hashes},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_the_run_does_not_hang_on_the_hashes_of_text() -> None:
    arguments = ("-m", "tests.simulation.small_run")
    assert _said("1", *arguments) == _said("2", *arguments) != ""


def test_a_program_can_see_to_it_that_its_hashes_of_text_are_the_same() -> None:
    ask = "from contactcentre.simulation.loop import steady_hashes; {} print(hash('call-1'))"
    steady = {_said(hashes, "-c", ask.format("steady_hashes();")) for hashes in ("1", "random")}
    assert len(steady) == 1
    assert _said("1", "-c", ask.format("")) not in steady
