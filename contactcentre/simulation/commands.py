"""The command that simulates: seeds, one again, scenarios, or a day; one line says what came."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from time import perf_counter
from typing import Annotated

import typer

from contactcentre.domain.errors import BadRequest
from contactcentre.simulation.days.commands import run_day
from contactcentre.simulation.days.day import Queue
from contactcentre.simulation.loop import steady_hashes
from contactcentre.simulation.many import Job, Outcome, run_all
from contactcentre.simulation.run import FIGURES
from contactcentre.simulation.scenarios import jobs_of, names

BROKEN = 1
SEEDS_MAX = 1_000_000
EVERY_SCENARIO = "all"

DayName = Annotated[
    str | None,
    typer.Option(help="A whole day of a helpline, by its name or a file: signalling alone."),
]
FaultName = Annotated[str | None, typer.Option(help="What breaks that day: 'two-hours'.")]
OfThoseWhoWait = Annotated[
    Queue | None, typer.Option(help="Whether those who wait are kept by it, or dropped.")
]
Scale = Annotated[
    float, typer.Option(min=0.001, max=2, help="The day with so much of its callers.")
]

simulate_app = typer.Typer(help="Run the whole centre on simulated time, and break it.")


@simulate_app.command()
def simulate(
    *,
    seeds: Annotated[int, typer.Option(min=1, max=SEEDS_MAX, help="How many seeds.")] = 30,
    first: Annotated[int, typer.Option(min=0, max=SEEDS_MAX, help="The first of them.")] = 1,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2 * SEEDS_MAX, help="This one alone, once more.")
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(help=f"A scenario by its name, or a file; '{EVERY_SCENARIO}' for every one."),
    ] = None,
    day: DayName = None,
    fault: FaultName = None,
    queue: OfThoseWhoWait = None,
    scale: Scale = 1.0,
    processes: Annotated[
        int | None, typer.Option(min=1, max=256, help="How many runs at once; one a core if none.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Run the whole centre on simulated time, with faults stacked by chance or as a file says.

    Whatever promise is broken is said with its seed and its faults, and ends the command with 1.
    """
    steady_hashes()
    if day is not None:
        if scenario:
            raise BadRequest("A day has no scenario: give --fault, or leave out one of the two.")
        chosen = 1 if seed is None else seed
        is_kept = run_day(day, fault=fault, queue=queue, scale=scale, seed=chosen, as_json=as_json)
        raise typer.Exit(0 if is_kept else BROKEN)
    if fault is not None or queue is not None:
        raise BadRequest("--fault and --queue are for a day: say which, as in --day tax-day.")
    jobs = _jobs(seeds=seeds, first=first, seed=seed, scenarios=scenario or ())
    if not _run(jobs, processes=processes or os.cpu_count() or 1, as_json=as_json):
        raise typer.Exit(BROKEN)


def _run(jobs: Sequence[Job], *, processes: int, as_json: bool) -> bool:
    """Run all, print what was found, and say whether every promise was kept."""
    began_s = perf_counter()
    figures: Counter[str] = Counter(dict.fromkeys(FIGURES, 0))
    is_kept = True
    for outcome in run_all(jobs, processes=processes):
        figures.update(outcome.figures)
        is_kept = is_kept and not outcome.is_broken
        if outcome.is_broken or len(jobs) == 1:
            _say(outcome)
    said = {"seeds": len(jobs), **figures, "seconds": round(perf_counter() - began_s)}
    _print(said, as_json=as_json)
    return is_kept


def _jobs(*, seeds: int, first: int, seed: int | None, scenarios: Sequence[str]) -> Sequence[Job]:
    """Return what is to be run. Raises UnknownName, BadRequest."""
    if not scenarios:
        chosen = range(first, first + seeds) if seed is None else [seed]
        return [Job(seed=one) for one in chosen]
    given = names() if EVERY_SCENARIO in scenarios else scenarios
    jobs = [job for name in given for job in jobs_of(name)]
    return jobs if seed is None else [job for job in jobs if job.seed == seed]


def _again(job: Job) -> str:
    """Return the command that runs a run once more."""
    scenario = f"--scenario {job.scenario} " if job.scenario else ""
    return f"contactcentre simulate {scenario}--seed {job.seed}"


def _say(outcome: Outcome) -> None:
    """Say of one run what was done to the centre, and what was broken."""
    typer.echo(_again(outcome.job), err=True)
    for fault in outcome.faults:
        typer.echo(f"  {fault}", err=True)
    for sentence in outcome.broken:
        typer.echo(f"  BROKEN {sentence}", err=True)
    typer.echo(f"  trace {outcome.trace}", err=True)


def _print(said: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(said))
    else:
        for name, figure in said.items():
            typer.echo(f"{name:20} {figure}")
