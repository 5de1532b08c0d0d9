"""A line says whether its talks are recorded, and how callers hear of it."""

from pathlib import Path

import pytest

from contactcentre.adapters.flow_files.lines import load_line
from contactcentre.domain.errors import BrokenFlow
from contactcentre.domain.ids import SoundName
from contactcentre.domain.ivr.flow import RecordingRule
from tests.adapters.flow_files.test_lines import BINS, rewrite


def test_a_line_is_recorded_only_if_it_says_so_and_how_callers_hear_of_it(flows: Path) -> None:
    flow = flows / "lines/bins/flow.yaml"
    assert load_line(flows, BINS).flow.recording is None
    rewrite(flow, "queues:\n", "recording: {announced_by: goodbye}\nqueues:\n")
    rule = RecordingRule(announced_by=SoundName("goodbye"))
    assert load_line(flows, BINS).flow.recording == rule
    rewrite(flow, "recording: {announced_by: goodbye}", "recording: {}")
    with pytest.raises(BrokenFlow, match="nobody is told"):
        load_line(flows, BINS)
