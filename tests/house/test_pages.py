"""Every page that is written for people: what it links to is there."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
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
