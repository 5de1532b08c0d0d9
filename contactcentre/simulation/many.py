"""Many runs at once, each in a process of its own, so that nothing of one is left for the next."""

import os
import pickle
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from contactcentre.simulation.faults import Fault
from contactcentre.simulation.run import BROKEN_FIGURES, FIGURES, Result, simulate
from contactcentre.simulation.stories import Story
from contactcentre.simulation.world import Size, read_flows

RUN_MAX_S = 600
"""A run that takes longer of real time will not end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be run."""

    seed: int
    scenario: str = ""
    faults: Sequence[Fault] | None = None
    """None for faults of the seed's own choice."""
    size: Size | None = None
    story: Story | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a run, as it is told."""

    job: Job
    figures: dict[str, int]
    faults: Sequence[str]
    broken: Sequence[str]
    """A sentence for each promise that was broken."""
    trace: str
    """The same for the same run: what everybody saw, in a few digits."""

    @property
    def is_broken(self) -> bool:
        """Say whether a promise was broken."""
        return any(self.figures[name] for name in BROKEN_FIGURES)


def run_all(jobs: Sequence[Job], *, processes: int) -> Iterator[Outcome]:
    """Yield what comes of each, in any order."""
    read_flows()  # once for all of them
    waiting = list(reversed(jobs))
    running: dict[int, tuple[Job, int]] = {}
    while waiting or running:
        while waiting and len(running) < processes:
            job = waiting.pop()
            pid, answers = _begin(job)
            running[pid] = job, answers
        pid, _ = os.wait()
        job, answers = running.pop(pid)
        with os.fdopen(answers, "rb") as said:
            told = said.read()
        yield pickle.loads(told) if told else _died(job)  # noqa: S301 - from ourselves


def _begin(job: Job) -> tuple[int, int]:
    """Begin a run; return its process, and where it will say what came of it."""
    answers, says = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(answers)
        _run_and_end(job, says)
    os.close(says)
    return pid, answers


def _run_and_end(job: Job, says: int) -> NoReturn:
    """Run, say what came of it, and end at once: what is dead in the run is not tidied up."""
    signal.alarm(RUN_MAX_S)
    try:
        outcome = _told(job, simulate(job.seed, faults=job.faults, size=job.size, story=job.story))
    except BaseException:  # noqa: BLE001 - whatever ends a run is told
        outcome = _crashed(job, traceback.format_exc())
    with os.fdopen(says, "wb") as pipe:
        pipe.write(pickle.dumps(outcome))
    os._exit(0)


SENTENCES: Sequence[tuple[str, Callable[[Result], Sequence[str]]]] = (
    ("lost", lambda result: result.findings.lost),
    ("callback lost", lambda result: result.callbacks.lost),
    ("duplicated", lambda result: result.findings.duplicated),
    ("rung back twice", lambda result: result.callbacks.duplicated),
    ("out of order", lambda result: result.findings.order_violations),
    ("out of place", lambda result: result.callbacks.out_of_place),
    ("not linearizable", lambda result: result.findings.not_linearizable),
    ("stuck", lambda result: result.findings.stuck_advisers),
    ("no record", lambda result: result.findings.records_missing),
    ("wrong record", lambda result: result.findings.records_wrong),
    ("double record", lambda result: result.findings.records_doubled),
    ("text", lambda result: result.texts_wrong),
    ("recording", lambda result: result.recordings_wrong),
    ("listening", lambda result: result.witness.unwritten),
    ("promise", lambda result: result.promises),
    ("mistake", lambda result: result.mistakes),
)


def _told(job: Job, result: Result) -> Outcome:
    broken = [f"{what}: {one}" for what, found in SENTENCES for one in found(result)]
    return Outcome(
        job=job,
        figures=result.figures,
        faults=[fault.words for fault in result.faults],
        broken=broken,
        trace=result.trace,
    )


def _crashed(job: Job, why: str) -> Outcome:
    figures = dict.fromkeys(FIGURES, 0) | {"mistakes": 1}
    faults = [fault.words for fault in job.faults or ()]
    return Outcome(job=job, figures=figures, faults=faults, broken=[why], trace="")


def _died(job: Job) -> Outcome:
    return _crashed(job, f"The run did not end within {RUN_MAX_S} s, or was killed.")
