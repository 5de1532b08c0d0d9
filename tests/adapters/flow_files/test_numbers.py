"""A line's telephone numbers: which line a dialled number reaches, and that it is one alone."""

import re
import shutil
from pathlib import Path

import pytest

from contactcentre.adapters.flow_files.lines import load_lines, shared_numbers
from contactcentre.domain.errors import BrokenFlow
from contactcentre.domain.ids import LineId
from contactcentre.domain.ivr.flow import line_called

BINS = LineId("bins")


def rewrite(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def number_bins(flows: Path, number: str) -> None:
    rewrite(flows / "lines/bins/flow.yaml", "line: bins\n", f"line: bins\nnumbers: [{number}]\n")


def a_second_line(flows: Path) -> None:
    """Let there be another line, with the same telephone number."""
    shutil.copytree(flows / "lines/bins", flows / "lines/roads")
    rewrite(flows / "lines/roads/flow.yaml", "line: bins", "line: roads")


def test_the_number_that_was_dialled_leads_to_its_line(flows: Path) -> None:
    number_bins(flows, "+441632960002")
    lines = load_lines(flows)
    assert line_called(lines, "+441632960002") == lines[BINS]
    assert line_called(lines, "+441632960003") is None


def test_a_number_without_its_country_is_refused(flows: Path) -> None:
    number_bins(flows, "01632960002")
    with pytest.raises(BrokenFlow, match=r"with its country, as in \+441632960001"):
        load_lines(flows)


def test_two_lines_never_share_a_number(flows: Path) -> None:
    number_bins(flows, "+441632960002")
    a_second_line(flows)
    shared = (
        r"roads/flow.yaml:2:11: \+441632960002 reaches `bins` already; a number reaches one line"
    )
    with pytest.raises(BrokenFlow, match=shared):
        load_lines(flows)
    assert [re.search(shared, str(one)) is not None for one in shared_numbers(flows)] == [True]
