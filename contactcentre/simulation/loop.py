"""Simulated time: an event loop on which nothing takes time but what waits.

Whenever nothing is left to do now, the time is that of the next timer. There is no input, no output
and no thread, so that one seed gives one run, bit for bit:

- tasks are hashed by their number, for the sets that asyncio keeps them in are walked in the order
  of their hashes, which would be that of their addresses;
- the collector of garbage, which may end a generator, runs after a number of rounds, not when
  memory happens to be short;
- the dice of `random`, with which production spreads out what nobody should do at once, are thrown
  from the seed.

What is left is the order of sets of strings: the command that simulates sees to that with
`steady_hashes`.
"""

import asyncio
import gc
import hashlib
import os
import random
import sys
from asyncio import AbstractEventLoop, BaseEventLoop, Task, TimerHandle
from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, NoReturn, TypeVar

Given = TypeVar("Given")

BEGAN_MS = 1_800_000_000_000
"""What a right clock shows at the beginning of a run, if nothing else is said: ms since 1970."""
DAY_S = 24 * 3_600.0
VIRTUAL_MAX_S = DAY_S
ROUNDS_MAX = 20_000_000
COLLECT_EVERY_ROUNDS = 100_000
CLOSING_S = 60.0
CLOSING_ROUNDS = 1_000_000
"""How much more a run may take in which every task has been told to stop."""
NOTES_KEPT = 200


class SimulationError(Exception):
    """A run that cannot go on; it is neither a refusal nor an outage, so that nobody catches it."""


class Stalled(SimulationError):
    """Everything waits, and nothing that is under way will ever come."""


class RanTooLong(SimulationError):
    """A run has passed its bound of time or of rounds."""


class _Task(Task[Any]):
    """A task that is hashed by its number."""

    numbers = count()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.number = next(self.numbers)
        super().__init__(*args, **kwargs)

    def __hash__(self) -> int:
        """Return the number: it is the same in every run."""
        return self.number


class _NextTimer:
    """What the loop takes for the outside world: it waits for the next timer, in no time."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout_s: float | None) -> list[NoReturn]:
        self._loop.pass_time(timeout_s)
        return []


class VirtualLoop(BaseEventLoop):
    """An event loop on simulated time, in seconds from the beginning of the run."""

    def __init__(self, *, virtual_max_s: float, rounds_max: int) -> None:
        super().__init__()
        self._selector = _NextTimer(self)
        self._clock_resolution = 1e-9
        self._now_s = 0.0
        self._rounds = 0
        self._virtual_max_s = virtual_max_s
        self._rounds_max = rounds_max
        self.unheard: list[BaseException | str] = []
        """What went wrong where nobody was there to hear of it."""
        self.set_task_factory(_numbered)
        self.set_exception_handler(self._hear)

    @property
    def rounds(self) -> int:
        """How often the loop has looked for what is to be done."""
        return self._rounds

    def time(self) -> float:
        """Return the simulated time, in seconds."""
        return self._now_s

    def pass_time(self, timeout_s: float | None) -> None:
        """Let the time pass until the next timer. Raises Stalled and RanTooLong."""
        self._rounds += 1
        if self._rounds % COLLECT_EVERY_ROUNDS == 0:
            gc.collect()
        if timeout_s is None:
            raise Stalled(f"Everything waits for ever: {self._waiting()}")
        if timeout_s > 0:  # to the very moment, that no fraction adds up
            timers: Sequence[TimerHandle] = self._scheduled  # type: ignore[attr-defined]
            self._now_s = min(timers[0].when(), self._now_s + DAY_S)
        if self._now_s > self._virtual_max_s:
            raise RanTooLong(
                f"{self._virtual_max_s:.0f} s of simulated time have passed: {self._waiting()}"
            )
        if self._rounds > self._rounds_max:
            raise RanTooLong(
                f"{self._rounds_max} rounds have passed at {self._now_s:.6f} s of simulated time: "
                f"does something turn without waiting? {self._waiting()}"
            )

    def allow_closing(self) -> None:
        """Give the tasks that have been told to stop some time to do so."""
        self._virtual_max_s = self._now_s + CLOSING_S
        self._rounds_max = self._rounds + CLOSING_ROUNDS

    def run_in_executor(self, executor: object, func: object, *args: object) -> NoReturn:
        """Refuse: a thread would not be the same in the next run."""
        raise SimulationError(f"There is no thread in a simulation for {(func, args, executor)}.")

    def _write_to_self(self) -> None:
        """Do nothing: the loop never waits in earnest, so that nobody needs to wake it."""

    def _process_events(self, events: list[NoReturn]) -> None:
        """Do nothing: nothing comes from outside."""

    def _hear(self, _: AbstractEventLoop, context: dict[str, Any]) -> None:
        self.unheard.append(context.get("exception") or str(context["message"]))

    def _waiting(self) -> str:
        """Say which tasks wait, and where."""
        found = [task for task in asyncio.all_tasks(self) if isinstance(task, _Task)]
        found.sort(key=lambda task: task.number)
        return "; ".join(f"{task.get_name()} in {_place(task)}" for task in found) or "no task"


def _numbered(
    loop: AbstractEventLoop,
    coroutine: Coroutine[Any, Any, Any] | Generator[Any, Any, Any],
    **kwargs: Any,
) -> _Task:
    return _Task(coroutine, loop=loop, **kwargs)


def _place(task: _Task) -> str:
    """Return where a task waits: its innermost function and line."""
    waiting: Any = task.get_coro()
    place = "?"
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None)
        if frame is not None:
            file = os.path.basename(frame.f_code.co_filename)  # noqa: PTH119 - a name, no path
            place = f"{frame.f_code.co_name} ({file}:{frame.f_lineno})"
        waiting = getattr(waiting, "cr_await", None)
    return place


class Simulation:
    """One run: its time, its dice, and what has been noted of it."""

    def __init__(self, loop: VirtualLoop, seed: int, *, began_ms: int = BEGAN_MS) -> None:
        self.loop = loop
        self.seed = seed
        self.began_ms = began_ms
        """What a right clock shows at the beginning."""
        self._sum = hashlib.sha256()
        self.notes: list[str] = []
        """The last NOTES_KEPT notes, for a person who looks for what went wrong."""

    @property
    def now_s(self) -> float:
        """The simulated time, in seconds from the beginning."""
        return self.loop.time()

    def now_us(self) -> int:
        """Return the simulated time in whole microseconds, free of the noise of its fractions."""
        return round(self.loop.time() * 1e6)

    def dice(self, name: str) -> random.Random:
        """Return dice of their own, which fall alike in every run of this seed.

        The same name gives the same dice: a process that lives again needs another one.
        """
        return random.Random(f"{self.seed}/{name}")  # noqa: S311 - no secret

    def note(self, *said: object) -> None:
        """Take something into the trace by which two runs are compared."""
        line = " ".join([f"{self.now_us()}", *map(str, said)])
        self._sum.update(line.encode() + b"\n")
        self.notes.append(line)
        if len(self.notes) > 2 * NOTES_KEPT:
            del self.notes[:NOTES_KEPT]

    @property
    def trace(self) -> str:
        """The sum of everything that has been noted: the same for the same run."""
        return self._sum.hexdigest()


def run(
    coroutine_factory: Callable[[Simulation], Coroutine[Any, Any, Given]],
    *,
    seed: int,
    virtual_max_s: float = VIRTUAL_MAX_S,
    rounds_max: int = ROUNDS_MAX,
    kind: type[VirtualLoop] = VirtualLoop,
) -> Given:
    """Run a coroutine to its end on simulated time and return what it gives.

    Another kind of loop may know more of what runs on it, such as which process it belongs to.

    Raises Stalled if everything waits for ever, RanTooLong at a bound, and SimulationError if a
    task that nobody waited for has failed.
    """
    loop = kind(virtual_max_s=virtual_max_s, rounds_max=rounds_max)
    with steady(seed), asyncio.Runner(loop_factory=lambda: loop) as runner:
        try:
            given = runner.run(coroutine_factory(Simulation(loop, seed)))
        finally:
            loop.allow_closing()
    for one in loop.unheard:
        raise SimulationError(f"Seed {seed}: nobody heard of {one!r}") from (
            one if isinstance(one, BaseException) else None
        )
    return given


@contextmanager
def steady(seed: int) -> Iterator[None]:
    """Let dice and the collector of garbage do the same in every run, and then as they would."""
    state, collects = random.getstate(), gc.isenabled()
    random.seed(f"{seed}/random")
    _Task.numbers = count()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()  # of what the run has made alone; who failed unheard is heard of now
        gc.unfreeze()
        if collects:
            gc.enable()
        random.setstate(state)


def steady_hashes() -> None:
    """Begin this program again with hashes of text that are the same in every run, if need be."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606
