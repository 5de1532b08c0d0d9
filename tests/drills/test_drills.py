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
    "stuck_advisers",
    "records_missing",
    "records_wrong",
    "records_gaps",
    "records_doubled",
)
WITHIN_S = 150


@pytest.mark.parametrize(("drill", "legs"), [("lose-media-node", "sip"), ("flush-redis", "web")])
def test_nobody_is_lost(drill: str, legs: str) -> None:
    asked = [drill, "--legs", legs, "--calls", "8", "--json"]
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
    assert figures["calls_of_last_round"] == 4, "every adviser was rung once more"


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
