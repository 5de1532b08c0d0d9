"""A file of settings says what it says, or which of its lines are wrong."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from contactcentre.domain.errors import BadRequest
from contactcentre.toml_files import read_toml


class Inner(BaseModel):
    """A table in the file."""

    model_config = ConfigDict(extra="forbid")

    count: int


class Outer(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid")

    name: str
    inner: Inner


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the file is to be."""
    return tmp_path / "rules.toml"


def test_what_is_written_is_read(path: Path) -> None:
    path.write_text('name = "caffè"\n[inner]\ncount = 2\n', encoding="utf-8")
    assert read_toml(path, Outer) == Outer(name="caffè", inner=Inner(count=2))


def test_every_mistake_is_named_with_its_place(path: Path) -> None:
    path.write_text('[inner]\ncount = "many"\nmore = 1\n')
    with pytest.raises(BadRequest) as refusal:
        read_toml(path, Outer)
    places = [line.split(": ")[:2] for line in str(refusal.value).splitlines()]
    assert places == [[str(path), at] for at in ("name", "inner.count", "inner.more")]


@pytest.mark.parametrize("written", [b"name", b'name = "\xff"'], ids=["no TOML", "no UTF-8"])
def test_what_is_no_toml_is_refused(path: Path, written: bytes) -> None:
    path.write_bytes(written)
    with pytest.raises(BadRequest, match="is not TOML"):
        read_toml(path, Outer)


def test_a_file_that_is_not_there_is_refused(path: Path) -> None:
    with pytest.raises(BadRequest, match=r"cannot be read \(No such file"):
        read_toml(path, Outer)
