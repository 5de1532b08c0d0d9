"""The media bench itself: a short run of each mode through the command, with a node of its own."""

import json

import pytest
from typer.testing import CliRunner

from contactcentre.bench.commands import bench_app

CALLS = 2


@pytest.mark.parametrize(
    ("kind", "mode", "legs"),
    [
        ("webrtc", "bridge", 2),
        ("webrtc", "mix", 3),
        ("webrtc", "hold", 1),
        ("webrtc", "record", 2),
        ("sip", "bridge", 2),
        ("opus", "bridge", 2),
        ("twilio", "bridge", 2),
        ("twilio", "hold", 1),
    ],
)
def test_the_bench_carries_real_calls_and_prints_one_line(
    kind: str, mode: str, legs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contactcentre.bench.media.WARM_UP_S", 0.5)
    asked = ["media", "--legs", kind, "--mode", mode, "--calls", str(CALLS)]
    result = CliRunner().invoke(bench_app, [*asked, "--seconds", "1", "--json"])
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    figures = json.loads(line)
    assert (figures["mode"], figures["calls"]) == (mode, CALLS)
    assert figures["cpu_ms_per_call_s"] > 0
    assert 0 <= figures["late_ratio"] <= 1
    assert figures["loss_ratio"] < 0.5
    assert figures["sound_ratio"] > 0.5, "each end hears the other, or music"
    assert figures["packets"] > CALLS * legs * 10
    if mode == "record":
        assert figures["recorded_mb"] > CALLS * 0.016, "two channels, a second or more"


def test_a_mode_that_does_not_exist_is_refused() -> None:
    result = CliRunner().invoke(bench_app, ["media", "--mode", "nothing"])
    assert result.exit_code == 2
