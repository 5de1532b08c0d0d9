"""A slice of the drills: real processes, real callers, one fault, nobody lost."""

import json
import subprocess
import sys

import pytest

ZEROS = (
    "lost",
    "duplicated",
    "order_violations",
    "not_linearizable",
    "deaf_talks",
    "talks_broken",
    "outside_deaf",
    "stuck_advisers",
    "records_missing",
    "records_wrong",
    "records_gaps",
    "records_doubled",
)
WITHIN_S = 150


@pytest.mark.parametrize(
    ("drill", "more", "advisers"),
    [
        ("lose-media-node", ["--legs", "sip", "--rooms"], 3),
        ("flush-redis", ["--legs", "web"], 4),
    ],
)
def test_nobody_is_lost(drill: str, more: list[str], advisers: int) -> None:
    asked = [drill, *more, "--calls", "8", "--json"]
    ran = subprocess.run(
        [sys.executable, "-m", "contactcentre", "drill", *asked],
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_S,
    )
    assert ran.returncode == 0, ran.stderr
    figures = json.loads(ran.stdout)
    assert {name: figures[name] for name in ZEROS} == dict.fromkeys(ZEROS, 0)
    assert figures["calls"] == 8
    assert figures.get("outside", 2) == 2, "two numbers were in calls when the node was lost"
    assert figures["calls_of_last_round"] == advisers, "every adviser was rung once more"


def test_a_drill_that_there_is_not_is_refused_in_a_sentence() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "contactcentre", "drill", "lose-everything"],
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_S,
    )
    assert ran.returncode == 2
    assert "lose-everything" in ran.stderr
