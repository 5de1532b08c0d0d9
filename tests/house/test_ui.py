"""The desk and the board: their own lint, types, tests and sizes, run by the Node that we have."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.browser.chromium import node

UI = Path(__file__).parents[2] / "agent_ui"
CHECKS = {
    "lint": ["run", "lint"],
    "made types": ["exec", "--", "node", "scripts/make_types.mjs", "--check"],
    "types": ["exec", "--", "tsc", "--noEmit"],
    "tests": ["run", "test"],
    "sizes": ["run", "sizes"],
}


@pytest.fixture(scope="module")
def installed() -> None:
    """Install what the checks need, as it is locked."""
    if not (UI / "node_modules" / ".package-lock.json").exists():
        said = _npm("ci", "--no-audit", "--no-fund")
        assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("check", CHECKS)
def test_the_desk_keeps_its_style(check: str) -> None:
    said = _npm(*CHECKS[check])
    assert said.returncode == 0, said.stdout + said.stderr


def _npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run npm in the folder of the desk."""
    script = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return subprocess.run(
        [node(), script, *arguments],
        cwd=UI,
        env=os.environ | {"PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
