"""Takes one safeguard away at a time, in a copy of the tree, and sees the tests go red.

    python -m tests.ablations [name ...]

Each ablation is one line of code that is replaced, and the tests that must not pass without it. One
JSON line each; the command fails if one of them stays green, as then a test is missing.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.safeguard import Ablation
from tests.safeguards import ABLATIONS
from tests.simulated_safeguards import SIMULATED

ROOT = Path(__file__).parents[1]
WITHIN_S = 300.0


def run(ablation: Ablation) -> bool:
    """Return whether the tests go red without the safeguard."""
    with TemporaryDirectory(prefix="contactcentre-ablation-") as folder:
        # as root the PostgreSQL of a test runs as somebody else, who must come through here
        Path(folder).chmod(0o755)
        tree = Path(folder) / "tree"
        _copy(tree)
        for file in ablation.files:
            _replace(tree / file, ablation)
        tests = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider"]
        said = subprocess.run(
            [*tests, *map("::".join, ablation.tests)],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
    if said.returncode not in (0, 1):
        raise SystemExit(f"{ablation.name}: the tests did not run\n{said.stdout}{said.stderr}")
    last = said.stdout.strip().splitlines()[-1]
    is_red = said.returncode == 1 and "failed" in last
    _say(ablation=ablation.name, red=is_red, tests=last)
    return is_red


def _replace(path: Path, ablation: Ablation) -> None:
    """Take the safeguard out of a file, in which it stands once."""
    source = path.read_text(encoding="utf-8")
    if source.count(ablation.line) != 1:
        raise SystemExit(f"{ablation.name}: {path.name} has not that line once: {ablation.line}")
    path.write_text(source.replace(ablation.line, ablation.instead), encoding="utf-8")


def _copy(tree: Path) -> None:
    """Copy what is ours: every file that git knows or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - as a developer calls it
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(lambda name: (ROOT / name).is_file(), listed.stdout.splitlines()):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)


def _say(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def main(names: Sequence[str]) -> int:
    """Run the ablations that are named, or all; return how many stayed green."""
    every = (*ABLATIONS, *SIMULATED)
    unknown = set(names) - {one.name for one in every}
    if unknown:
        raise SystemExit(f"There is no ablation called {', '.join(sorted(unknown))}.")
    chosen = [one for one in every if not names or one.name in names]
    return sum(not run(one) for one in chosen)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
