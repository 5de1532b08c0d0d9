"""Whole days at signalling level: nobody is lost while the queue is kept, and the figures add up.

The days are run once, each in a process of its own, since sets of texts are walked in the same
order in every run only where hashes are steady from the start.
"""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from contactcentre.domain.errors import BadRequest, UnknownName
from contactcentre.domain.ids import AdviserId, CallId, QueueId
from contactcentre.simulation.days.commands import beside
from contactcentre.simulation.days.day import (
    Fault,
    Queue,
    Redial,
    names,
    read_day,
    read_fault,
    read_faults,
)
from contactcentre.simulation.days.judge import Judge
from contactcentre.simulation.loop import BEGAN_MS

ROOT = Path(__file__).parents[2]
DAY = """
title: Some minutes of more callers than advisers
why: Small enough for a test.
share: [0.5, 0.5]
interval_s: 350
pools:
  - {name: tax, calls: 120, advisers: [8, 6]}
  - {name: benefits, calls: 40, advisers: [3, 3]}
handling: {mean_s: 90, cv: 0.9}
menu: {mean_s: 20, ended_share: 0.2}
patience_mean_s: 200
redial: {share: 0.4, mean_s: 60}
extra_support_share: 0.1
answered_within_s: 60
"""
FAULT = Fault(
    title="A site is lost for some minutes",
    at_s=250,
    for_s=200,
    callers_back_s=(2, 8),
    advisers_back_s=(5, 20),
    redial=Redial(share=0.7, mean_s=60),
)
RUN = """
import os, pickle, sys
from contactcentre.simulation.days.run import simulate_day
day, fault, queue = pickle.load(sys.stdin.buffer)
result = simulate_day(day, seed=1, fault=fault, queue=queue)
sys.stdout.buffer.write(pickle.dumps(result))
sys.stdout.flush()
os._exit(0)
"""
RUNS = {"quiet": (None, Queue.KEPT), "kept": (FAULT, Queue.KEPT), "dropped": (FAULT, Queue.DROPPED)}
ENDS = ("handled", "abandoned", "deflected", "refused", "lost", "in_progress")
Figures = Mapping[str, float]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """Return what comes of the same day without a fault, and with the queue kept and dropped."""
    file = tmp_path_factory.mktemp("days") / "day.yaml"
    file.write_text(DAY, encoding="utf-8")
    day = read_day(str(file))
    running = {}
    for name, (fault, queue) in RUNS.items():
        running[name] = begun = subprocess.Popen(
            [sys.executable, "-c", RUN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONHASHSEED": "0"},
            cwd=ROOT,
        )
        assert begun.stdin is not None
        begun.stdin.write(pickle.dumps((day, fault, queue)))
        begun.stdin.close()
    found = {}
    for name, begun in running.items():
        assert begun.stdout is not None
        with begun.stdout as said:
            found[name] = pickle.load(said)  # noqa: S301 - our own process said it
        assert begun.wait() == 0
    return found


@pytest.mark.parametrize("name", RUNS)
def test_every_call_of_a_day_has_come_to_one_end(days: Mapping[str, Any], name: str) -> None:
    figures = days[name].figures
    assert figures["offered"] > 120
    assert figures["offered"] == sum(figures[end] for end in ENDS)
    assert figures["in_progress"] == 0
    assert not days[name].broken


def test_a_day_with_too_few_advisers_makes_callers_wait_and_leave(days: Mapping[str, Any]) -> None:
    figures = days["quiet"].figures
    assert figures["abandoned"] > 10
    assert figures["wait_p95_s"] > figures["wait_p50_s"] > 5
    assert 0.7 < figures["occupancy"] <= 1
    assert figures["urgent_asa_s"] < figures["asa_s"] / 2
    assert figures["places_kept"] > 0


def test_a_site_is_lost_in_the_middle_of_a_day_and_nobody_with_it(days: Mapping[str, Any]) -> None:
    figures = days["kept"].figures
    assert figures["moved"] > 5
    assert [figures[name] for name in ("lost", "refused", "duplicated", "order_violations")] == [
        0,
        0,
        0,
        0,
    ]


def test_a_dropped_queue_loses_callers_and_looks_better_than_it_is(days: Mapping[str, Any]) -> None:
    kept, dropped = days["kept"].figures, days["dropped"].figures
    assert dropped["lost"] > 5
    assert dropped["refused"] > dropped["lost"]
    assert dropped["redials"] > kept["redials"]
    assert dropped["handled"] < kept["handled"]
    assert dropped["attempt_handled_share"] < dropped["handled_share"]


def test_who_passes_somebody_over_is_seen() -> None:
    judge, queue = Judge(), QueueId("tax")
    early, late = CallId("early"), CallId("late")
    judge.stands(early, queue, 100, at_s=1.0)
    judge.stands(late, queue, 200, at_s=2.0)
    assert len(judge.out_of_order([_reserved(late, 3.0), _reserved(early, 4.0)])) == 1


def test_who_does_not_stand_there_is_not_passed_over() -> None:
    judge, queue = Judge(), QueueId("tax")
    left, later, late = CallId("left"), CallId("later"), CallId("late")
    judge.stands(left, queue, 100, at_s=1.0)
    judge.goes(left, at_s=2.5)
    judge.stands(late, queue, 200, at_s=2.0)
    judge.stands(later, queue, 150, at_s=3.5)
    assert not judge.out_of_order([_reserved(late, 3.0), _reserved(later, 4.0)])


def test_an_adviser_with_two_callers_is_seen() -> None:
    judge, ada = Judge(), AdviserId("ada")
    judge.talks(CallId("one"), ada)
    judge.ends(CallId("one"))
    judge.talks(CallId("two"), ada)
    assert judge.duplicated_count == 0
    judge.talks(CallId("three"), ada)
    assert judge.duplicated_count == 1


def test_every_day_and_every_fault_that_comes_with_the_program_can_be_read() -> None:
    days = {name: read_day(name) for name in names()}
    assert {"tax-day", "tax-deadline-day", "town-day"} <= days.keys()
    assert sum(pool.calls for pool in days["tax-day"].pools) == 150_000
    said = {one.fault for day in days.values() for one in day.beside}
    assert said == {"", *read_faults()}


def test_what_others_have_said_of_a_day_stands_beside_it_with_the_deviation() -> None:
    day = read_day("tax-day")
    figures = {name: 1.0 for one in day.beside for name in one.figures}
    load_model, published = beside(day, None, Queue.KEPT, 0.1, figures | {"handled": 8_000})
    assert load_model["figures"]["handled"] == 8_290
    assert load_model["deviation_percent"]["handled"] == -3.5
    assert published["source"] == "published"
    [with_fault] = beside(day, "two-hours", Queue.DROPPED, 1, figures | {"handled": 65_200})
    assert with_fault["deviation_percent"]["handled"] == 0


@pytest.mark.parametrize(
    ("part", "instead", "said"),
    [
        ("share: [0.5, 0.5]", "share: [0.5, 0.4]", "share adds up to 1"),
        ("advisers: [3, 3]", "advisers: [3]", "for 2 intervals"),
        ("calls: 120", "calls: many", "pools.0.calls"),
        ("patience_mean_s: 200", "patience: 200", "patience_mean_s"),
    ],
)
def test_a_mistake_in_the_file_of_a_day_is_named(
    tmp_path: Path, part: str, instead: str, said: str
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(DAY.replace(part, instead), encoding="utf-8")
    with pytest.raises(BadRequest, match=said):
        read_day(str(file))


def test_a_day_that_is_unknown_or_too_short_for_its_fault_is_refused() -> None:
    with pytest.raises(UnknownName, match="tax-deadline-day"):
        read_day("no-such-day")
    with pytest.raises(UnknownName, match="two-hours"):
        read_fault("no-such-fault", read_day("town-day"))
    short = read_day("town-day").model_copy(update={"share": [0.5, 0.5]})
    with pytest.raises(BadRequest, match="longer day"):
        read_fault("two-hours", short)


def test_the_command_prints_the_day_as_one_line_beside_what_others_have_said(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.yaml"
    besides = "beside:\n  - source: mine\n    figures: {handled: 2}\n"
    short = DAY.replace("interval_s: 350", "interval_s: 60")
    file.write_text(short + besides, encoding="utf-8")
    command = ["-m", "contactcentre", "simulate", "--day", str(file), "--scale", "0.5", "--json"]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    said = json.loads(line)
    assert said["scale"] == 0.5
    assert said["handled"] + said["abandoned"] + said["deflected"] == said["offered"]
    assert [one["source"] for one in said["beside"]] == ["mine"]
    assert said["beside"][0]["figures"] == {"handled": 1.0}


def _reserved(call: CallId, at_s: float) -> tuple[int, str, int]:
    """Return a reservation as a router's is noted."""
    return int(at_s * 1_000), call, round((at_s + BEGAN_MS / 1e3) * 1e6)
