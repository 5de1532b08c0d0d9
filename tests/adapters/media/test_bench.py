"""The media bench itself: a short run through the command, with a node of its own."""

import json

import pytest
from typer.testing import CliRunner

from contactcentre.bench.commands import bench_app

CALLS = 2


@pytest.mark.parametrize("legs", ["webrtc", "sip"])
def test_the_bench_bridges_real_calls_and_prints_one_line(legs: str) -> None:
    asked = ["media", "--legs", legs, "--mode", "bridge", "--calls", str(CALLS)]
    result = CliRunner().invoke(bench_app, [*asked, "--seconds", "1", "--json"])
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    figures = json.loads(line)
    assert figures["calls"] == CALLS
    assert figures["cpu_ms_per_call_s"] > 0
    assert 0 <= figures["late_ratio"] <= 1
    assert figures["loss_ratio"] < 0.5
    assert figures["sound_ratio"] > 0.5, "each end hears the other"
    assert figures["packets"] > CALLS * 2 * 10


def test_a_mode_that_does_not_exist_is_refused() -> None:
    result = CliRunner().invoke(bench_app, ["media", "--mode", "nothing"])
    assert result.exit_code == 2
