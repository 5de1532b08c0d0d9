"""How long files, functions and scripts may grow before somebody looks at them again."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
SCRIPT_LINES_MAX = 80
LONGER: Mapping[str, str] = {}
"""Files and functions that may be longer, each with its reason."""

PYTHON = sorted(path for room in ("contactcentre", "tests") for path in (ROOT / room).rglob("*.py"))
SCRIPTS = sorted((ROOT / "contactcentre").rglob("*.lua"))


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_and_its_functions_are_read_in_one_go(path: Path) -> None:
    too_long = [name for name in _too_long(path) if name not in LONGER]
    assert not too_long


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_one_short_step(path: Path) -> None:
    assert _lines(path) <= SCRIPT_LINES_MAX


def test_every_exception_is_one() -> None:
    found = {name for path in PYTHON for name in _too_long(path)}
    assert found >= LONGER.keys(), "what is short again needs no exception"


def _too_long(path: Path) -> Iterator[str]:
    """Yield what of a file has grown too long: the file itself, its functions."""
    name = str(path.relative_to(ROOT))
    if _lines(path) > FILE_LINES_MAX:
        yield name
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None, "a parsed function has an end"
            if node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX:
                yield f"{name}:{node.name}"


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())
