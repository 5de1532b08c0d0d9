"""The whole centre on simulated time, with faults stacked: nobody is lost, whatever comes together.

The runs are made once, in a process of their own, since sets of texts are walked in the same order
in every run only where hashes are steady from the start.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from contactcentre.domain.errors import BadRequest, UnknownName
from contactcentre.simulation.many import Job, Outcome
from contactcentre.simulation.scenarios import jobs_of, names, read_scenario

ROOT = Path(__file__).parents[2]
SEEDS = range(1, 7)
AGAIN = 1
"""The seed that is run twice."""
PINNED = Path(__file__).parent / "seeds.txt"
FAULTS_LEAST = 17
SHORT = [name for name in names() if not read_scenario(name).is_long]
"""The scenarios that are played here; the others are for the command alone."""
RUN = """
import pickle, sys
from contactcentre.simulation.many import run_all
jobs = pickle.load(sys.stdin.buffer)
pickle.dump(list(run_all(jobs, processes=2)), sys.stdout.buffer)
"""


def pinned_seeds() -> Sequence[int]:
    """Return the seeds that once found something."""
    lines = PINNED.read_text(encoding="utf-8").splitlines()
    return [int(line.split()[0]) for line in lines if line and not line.startswith("#")]


def run(jobs: Sequence[Job]) -> Sequence[Outcome]:
    """Run jobs where hashes are steady."""
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=pickle.dumps(list(jobs)),
        env={**os.environ, "PYTHONHASHSEED": "0"},
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    outcomes: Sequence[Outcome] = pickle.loads(done.stdout)  # noqa: S301 - our own process said it
    return outcomes


@pytest.fixture(scope="module")
def outcomes() -> Sequence[Outcome]:
    """Return what comes of the slice, the pinned seeds and the first seed of every scenario."""
    chance = [Job(seed=seed) for seed in (*SEEDS, AGAIN, *pinned_seeds())]
    return run([*chance, *(jobs_of(name)[0] for name in SHORT)])


def broken(outcomes: Sequence[Outcome]) -> Sequence[str]:
    """Return every promise that was broken, with the run that broke it."""
    return [
        f"{one.job.scenario} seed {one.job.seed} {what}" for one in outcomes for what in one.broken
    ]


def test_nobody_is_lost_under_faults_stacked_by_chance(outcomes: Sequence[Outcome]) -> None:
    by_chance = [one for one in outcomes if not one.job.scenario]
    assert broken(by_chance) == []
    assert all(one.figures["faults"] >= FAULTS_LEAST for one in by_chance)
    assert all(one.figures["callers"] > one.figures["faults"] for one in by_chance)


def test_nobody_is_lost_in_any_scenario(outcomes: Sequence[Outcome]) -> None:
    played = [one for one in outcomes if one.job.scenario]
    assert {one.job.scenario for one in played} == set(SHORT)
    assert broken(played) == []


def test_a_seed_is_the_same_run_again(outcomes: Sequence[Outcome]) -> None:
    traces = [one.trace for one in outcomes if one.job.seed == AGAIN and not one.job.scenario]
    assert len(traces) == 2
    assert len(set(traces)) == 1
    others = {one.trace for one in outcomes if one.job.seed != AGAIN}
    assert others.isdisjoint(traces)


def test_a_scenario_that_names_what_is_not_there_is_refused_with_what_there_is(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "title: mine\nwhy: to see\nseeds: [1]\n"
        "faults:\n  - {at_s: 10, do: kill, target: media-9, for_s: 1}\n",
        encoding="utf-8",
    )
    with pytest.raises(BadRequest, match=r"media-9.*There are: .*media-3"):
        jobs_of(str(file))


def test_a_scenario_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UnknownName, match="store_lost_with_a_node"):
        jobs_of("nothing")
