"""Every page that is written for people: its links lead somewhere, and nothing is left open."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
DECISIONS = ROOT / "docs" / "decisions"
TO_FILL_IN = "@@"
ELSEWHERE = ("http://", "https://", "mailto:")


def _pages() -> list[Path]:
    """Return every Markdown file that is ours."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],  # noqa: S607 - as a developer calls it
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).exists()]


@pytest.mark.parametrize("page", _pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = [link for link in LINK.findall(CODE.sub("", page.read_text())) if not _leads(page, link)]
    assert not lost


def test_every_decision_is_listed_once_in_their_order() -> None:
    there = sorted(path.name for path in DECISIONS.glob("[0-9]*.md"))
    listed = LINK.findall((DECISIONS / "README.md").read_text())
    assert [link for link in listed if link[0].isdigit()] == there


@pytest.mark.parametrize("page", _pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_nothing_is_left_to_fill_in(page: Path) -> None:
    assert TO_FILL_IN not in page.read_text()


def _leads(page: Path, link: str) -> bool:
    """Say whether a link leads to a file, and to a heading of it if it names one."""
    if link.startswith(ELSEWHERE):
        return True
    path, _, heading = link.partition("#")
    target = (page.parent / path) if path else page
    if not target.exists():
        return False
    return not heading or heading in map(
        _anchor, re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
    )


def _anchor(heading: str) -> str:
    """Return how a heading is linked to."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
