"""A small folder of flows that is in order, to be broken by one change at a time."""

import shutil
from pathlib import Path

import pytest

from contactcentre.adapters.flow_files.folders import default_flows_dir

FLOW = """\
line: bins
titles: {en-GB: Bins, cy: Biniau}
languages: [en-GB, cy]
start: welcome
extra_support: support
queues:
  bins:
    service_class: P2
    titles: {en-GB: Bins, cy: Biniau}
  support:
    service_class: P0
    titles: {en-GB: Extra support, cy: Cymorth ychwanegol}
steps:
  welcome: {do: play, prompts: [welcome], next: reason}
  reason:
    do: menu
    prompts: [choose_paying]
    keys: {1: link, "2": person}
    labels: {"1": {en-GB: Missed bin, cy: Bin}, "2": {en-GB: Talk, cy: Siarad}}
    silence: person
  link:
    do: deflect
    service: missed_bin
    title: {en-GB: Missed a bin, cy: Heb gasglu bin}
    prompts: [cannot_pay_how]
    link: link_pay
    accepted: bye
    declined: person
  person: {do: queue, queue: bins}
  support: {do: queue, queue: support}
  bye: {do: hang_up, prompts: [goodbye], outcome: told}
"""
OUTCOMES = """\
adviser:
  answered: {en-GB: Answered, cy: Atebwyd}
flow:
  told: {en-GB: Told, cy: Dywedwyd}
"""
CALLS = """\
- call: a caller who declines the link still reaches a person
  keys: ["1", "2"]
  reaches: person
- call: a caller who presses nothing reaches a person
  keys: [silence, silence, silence]
  reaches: person
"""


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    line = tmp_path / "lines" / "bins"
    line.mkdir(parents=True)
    (line / "flow.yaml").write_text(FLOW, encoding="utf-8")
    (line / "outcomes.yaml").write_text(OUTCOMES, encoding="utf-8")
    (line / "calls.yaml").write_text(CALLS, encoding="utf-8")
    shutil.copy(default_flows_dir() / "labels.yaml", tmp_path)
    shutil.copytree(default_flows_dir() / "prompts", tmp_path / "prompts")
    return tmp_path
