"""The routing bench itself: a short run through the command, with real routers and a real store."""

import json
import os
import subprocess
import sys

from typer.testing import CliRunner

from contactcentre.bench.commands import bench_app
from contactcentre.limits import NODE_SUSPECT_AFTER_MS

WAITING, ADVISERS = 60, 30


def test_the_bench_brings_real_callers_to_advisers_in_order_and_prints_one_line() -> None:
    asked = ["routing", "--waiting", str(WAITING), "--advisers", str(ADVISERS), "--seconds", "1"]
    # a process of its own: the bench sends what is logged elsewhere, for good
    command = [sys.executable, "-m", "contactcentre", "bench", *asked]
    command += ["--cost-up-to", "100", "--json"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    (line,) = result.stdout.splitlines()
    figures = json.loads(line)
    assert (figures["waiting"], figures["advisers"], figures["routers"]) == (WAITING, ADVISERS, 2)
    assert figures["matched"] >= ADVISERS
    assert figures["matched_per_s"] > 0
    assert figures["cpu_us_per_match"].keys() == {"routers", "store", "load"}
    assert figures["cpu_us_per_match"]["load"] > 0
    assert figures["offers_timed"] > 10
    assert 0 < figures["offer_p50_ms"] <= figures["offer_p99_ms"]
    is_sound = figures["beats_apart_max_ms"] < NODE_SUSPECT_AFTER_MS
    """Else the machine was so busy that routers took the nodes for lost and hid their callers."""
    assert not is_sound or (figures["out_of_order"], figures["offers_missing"]) == (0, 0)
    assert 0 <= figures["others_cpus"] <= (os.cpu_count() or 1)
    [cost] = figures["cost"]
    assert cost["waiting"] == 100
    assert 0 < cost["server_us_per_match"] < cost["us_per_match"]
    assert figures["cost_ratio"] == figures["server_cost_ratio"] == 1


def test_so_few_advisers_that_nothing_could_be_measured_are_refused() -> None:
    result = CliRunner().invoke(bench_app, ["routing", "--advisers", "1"])
    assert result.exit_code == 2
