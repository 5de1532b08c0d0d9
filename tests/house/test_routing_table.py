"""Each feature of the routing has its test and its scenario: the page says which."""

import re
from pathlib import Path

from contactcentre.simulation.scenarios import names, read_scenario

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| ([^|]+) \| `(test_\w+)` \| `(\w+)` \|$", re.MULTILINE)
FEATURES_LEAST = 20


def test_each_test_and_scenario_that_the_page_names_is_there() -> None:
    page = (ROOT / "docs/explanation/routing.md").read_text(encoding="utf-8")
    rows = ROW.findall(page)
    assert len(rows) >= FEATURES_LEAST
    code = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py"))
    tests = set(re.findall(r"def (test_\w+)\(", code))
    assert {test for _, test, _ in rows} <= tests
    stories = {name for name in names() if read_scenario(name).story is not None}
    assert {scenario for *_, scenario in rows} == stories
