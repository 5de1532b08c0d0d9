"""The logic of the call page, run by Node's own test runner."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.browser.chromium import node

SCRIPTS = Path(__file__).parent / "script"
NODE_MIN = (20, 19)
"""From here on a module is known by its syntax."""


def works(node: str) -> bool:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2] if part.isdigit())
    return version >= NODE_MIN


def find_node() -> str:
    """Return a Node: this machine's own, or the one that came with the test dependencies."""
    own = shutil.which("node")
    return own if own is not None and works(own) else str(node())


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.test.mjs")), ids=lambda path: path.stem)
def test_the_logic_of_the_call_page_holds(script: Path) -> None:
    ran = subprocess.run(
        [find_node(), "--test", str(script)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout
