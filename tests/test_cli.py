"""The one command: what it refuses, it refuses in a sentence."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from contactcentre.settings import HIDDEN

KEYS = {"CC_CLUSTER_KEY": "a key that they all share", "CC_SIGNING_KEYS": f"k:{'s' * 32}"}


def contactcentre(
    *arguments: str, environ: Mapping[str, str] = KEYS, python: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would."""
    return subprocess.run(
        [sys.executable, *python, "-m", "contactcentre", *arguments],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_part() -> None:
    said = contactcentre("--help")
    assert said.returncode == 0
    parts = (
        "up",
        "media",
        "router",
        "desk",
        "public",
        "records",
        "config",
        "doctor",
        "bench",
        "drill",
        "flows",
        "recordings",
    )
    assert all(f" {part} " in said.stdout for part in parts)


def test_settings_are_shown_as_they_stand_without_secrets() -> None:
    said = contactcentre("config", environ={**KEYS, "CC_SITE": "north"})
    assert said.returncode == 0
    assert "CC_SITE=north\n" in said.stdout
    assert f"CC_CLUSTER_KEY={HIDDEN}\n" in said.stdout


@pytest.mark.parametrize("role", ["media", "router", "desk", "public", "records", "config", "up"])
def test_an_unknown_setting_is_one_sentence_and_no_start(role: str) -> None:
    said = contactcentre(role, environ={**KEYS, "CC_RINGS_MS": "1"})
    assert said.returncode == 2
    assert said.stderr == "CC_RINGS_MS is no setting. The nearest that there is: CC_RING_MS.\n"


def test_a_role_without_its_keys_says_which() -> None:
    said = contactcentre("router", environ={})
    assert said.returncode == 2
    assert said.stderr.splitlines() == [
        "CC_CLUSTER_KEY: it must be set.",
        "CC_SIGNING_KEYS: it must be set.",
    ]


def test_a_group_of_commands_has_its_own_help() -> None:
    said = contactcentre("flows", "--help")
    assert said.returncode == 0
    assert "lint" in said.stdout


def test_a_broken_flow_ends_a_node_in_a_sentence(tmp_path: Path) -> None:
    said = contactcentre("media", environ={**KEYS, "CC_FLOWS_DIR": str(tmp_path)})
    assert said.returncode == 2
    assert "Traceback" not in said.stderr
    assert str(tmp_path) in said.stderr


def test_it_does_not_run_without_its_checks() -> None:
    said = contactcentre("--help", python=("-O",))
    assert said.returncode == 2
    assert said.stderr == "contactcentre checks itself as it runs: start it without -O.\n"
