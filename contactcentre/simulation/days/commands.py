"""Run one day and say what came of it, beside what others have said of such a day."""

import json
import os
import pickle
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import typer

from contactcentre.domain.errors import BadRequest
from contactcentre.simulation.days.day import (
    Beside,
    Day,
    Fault,
    Queue,
    read_day,
    read_fault,
)
from contactcentre.simulation.days.run import Result, simulate_day

BROKEN_FIGURES = (
    "in_progress",
    "duplicated",
    "order_violations",
    "stuck_advisers",
    "left_behind",
    "mistakes",
)
"""Each of these must be 0, and with the queue kept so must be the next two."""
LOST_FIGURES = ("lost", "refused")
SENTENCES_MAX = 20
WIDTH = 24


def run_day(
    name: str, *, fault: str | None, queue: Queue | None, scale: float, seed: int, as_json: bool
) -> bool:
    """Run a day and print its figures; say whether every promise was kept.

    Raises UnknownName, BadRequest.
    """
    if queue is not None and fault is None:
        raise BadRequest("--queue says what a fault does to those who wait: give --fault as well.")
    day = read_day(name)
    breaks = None if fault is None else read_fault(fault, day)
    kept = queue or Queue.KEPT
    result = _apart(lambda: simulate_day(day.scaled(scale), seed=seed, fault=breaks, queue=kept))
    said: dict[str, Any] = {"day": name, "fault": fault, "queue": None if fault is None else kept}
    said |= {"scale": scale, "seed": seed, **result.figures, "seconds": round(result.real_s)}
    others = beside(day, fault, kept, scale, result.figures)
    if as_json:
        typer.echo(json.dumps(said | {"beside": others}))
    else:
        _print(day, breaks, said, others)
    for sentence in result.broken[:SENTENCES_MAX]:
        typer.echo(f"BROKEN {sentence}", err=True)
    must_be_none = (*BROKEN_FIGURES, *(LOST_FIGURES if kept is Queue.KEPT else ()))
    return not result.broken and not any(result.figures[figure] for figure in must_be_none)


COUNTED = frozenset(
    {
        "offered",
        "redials",
        "handled",
        "lost_and_refused",
        "wait_hours",
        "waiting_max",
        "in_system_max",
        "peak_per_s",
    }
)
"""What grows with the number of callers: others' figures are scaled as the day is."""


def beside(
    day: Day, fault: str | None, queue: Queue, scale: float, figures: Mapping[str, float]
) -> Sequence[dict[str, Any]]:
    """Return what others have said of a day, and by how many per cent the simulated day differs."""
    fitting = [one for one in day.beside if (one.fault or None, one.queue) == (fault, queue)]
    return [
        {"source": one.source, "figures": theirs, "deviation_percent": _apart_by(figures, theirs)}
        for one in fitting
        for theirs in [_scaled(one, scale)]
    ]


def _scaled(one: Beside, scale: float) -> dict[str, float]:
    return {
        name: round(figure * scale, 2) if name in COUNTED else figure
        for name, figure in one.figures.items()
    }


def _apart_by(figures: Mapping[str, float], theirs: Mapping[str, float]) -> dict[str, float | None]:
    """Return the deviation of each figure in per cent; None where the other one is 0."""
    return {
        name: round(100 * (figures[name] - other) / other, 1) if other else None
        for name, other in theirs.items()
    }


def _print(
    day: Day, fault: Fault | None, said: Mapping[str, Any], others: Sequence[Mapping[str, Any]]
) -> None:
    """Print a table: the figures, and those of each other source with the deviation."""
    typer.echo(day.title)
    if fault is not None:
        typer.echo(f"{fault.title}; the queue is {said['queue']}")
    sources = "".join(f"{one['source']:>16}" for one in others)
    typer.echo(f"{'':{WIDTH}}{'simulated':>12}{sources}")
    for name, figure in said.items():
        if figure is None or name in {"day", "fault", "queue"}:
            continue
        theirs = "".join(f"{_beside(one, name):>16}" for one in others)
        typer.echo(f"{name:{WIDTH}}{figure:>12}{theirs}".rstrip())


def _beside(other: Mapping[str, Any], name: str) -> str:
    if name not in other["figures"]:
        return ""
    percent = other["deviation_percent"][name]
    return f"{other['figures'][name]:g}" + ("" if percent is None else f" {percent:+.1f} %")


def _apart(work: Callable[[], Result]) -> Result:
    """Run a day in a process of its own, which ends with its dead as they are."""
    answers, says = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(answers)
        _work_and_end(work, says)
    os.close(says)
    with os.fdopen(answers, "rb") as pipe:
        told = pipe.read()
    os.waitpid(pid, 0)
    result = pickle.loads(told) if told else "The run was killed."  # noqa: S301 - from ourselves
    if not isinstance(result, Result):
        raise AssertionError(result)  # noqa: TRY004 - what has gone wrong is told there
    return result


def _work_and_end(work: Callable[[], Result], says: int) -> NoReturn:
    told: Result | str
    try:
        told = work()
    except BaseException:  # noqa: BLE001 - whatever ends a run is told
        told = traceback.format_exc()
    with os.fdopen(says, "wb") as pipe:
        pipe.write(pickle.dumps(told))
    os._exit(0)
