"""The built pages: the files of today, for ever where the name says so, and nothing else."""

from pathlib import Path

import pytest

from contactcentre.adapters.web.bundle import Bundle
from contactcentre.domain.errors import UnknownName


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    static = tmp_path / "static"
    (static / "assets" / "fonts").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html>")
    (static / "assets" / "desk-1a2b.js").write_text("1")
    (static / "assets" / "fonts" / "letters-3c4d.woff2").write_bytes(b"2")
    (tmp_path / "secret").write_text("3")
    return static


def test_pages_are_asked_for_each_time_and_hashed_files_never_again(folder: Path) -> None:
    bundle = Bundle(folder)
    assert bundle.is_built
    assert bundle.page("index.html").headers["Cache-Control"] == "no-cache"
    for name in ("desk-1a2b.js", "fonts/letters-3c4d.woff2"):
        assert "immutable" in bundle.asset(name).headers["Cache-Control"]


@pytest.mark.parametrize("name", ["", "fonts", "../index.html", "../../secret", "/etc/passwd"])
def test_only_what_was_built_is_served(folder: Path, name: str) -> None:
    with pytest.raises(UnknownName):
        Bundle(folder).asset(name)
    with pytest.raises(UnknownName):
        Bundle(folder).page(name)


def test_what_has_not_been_built_is_known_to_be_missing(tmp_path: Path) -> None:
    assert not Bundle(tmp_path / "nowhere").is_built
