"""uv.lock belongs to pyproject.toml, and to everybody's package index."""

import re
import tomllib
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "uv.lock"
INDEX = "https://pypi.org/simple"
FILES = "https://files.pythonhosted.org/"


def test_every_requirement_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    locked = next(
        package
        for package in tomllib.loads(LOCK.read_text())["package"]
        if package["name"] == project["name"]
    )
    names = {one["name"] for one in locked["metadata"]["requires-dist"]} | {project["name"]}
    assert {re.match(r"[\w-]+", one)[0] for one in asked} == names  # type: ignore[index]


def test_the_lock_names_no_index_but_the_public_one() -> None:
    text = LOCK.read_text()
    assert set(re.findall(r'registry = "([^"]+)"', text)) == {INDEX}
    assert all(url.startswith(FILES) for url in re.findall(r'url = "([^"]+)"', text))
