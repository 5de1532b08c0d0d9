"""The commands for authors of flows."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.sounds import load_music
from contactcentre.adapters.flow_files.speak import write_wav
from contactcentre.apps.flow_commands import flows_app


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_flows_dir(), tmp_path / "ivr_flows"))


def run(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(flows_app, [str(word) for word in words])
    return result.exit_code, result.output


def test_the_flows_that_are_delivered_have_nothing_to_mend() -> None:
    assert run("lint") == (0, "nothing to mend\n")


def test_every_finding_is_told_and_the_command_fails(flows: Path) -> None:
    flow = flows / "lines/tax/flow.yaml"
    text = flow.read_text(encoding="utf-8").replace("silence: wait_paying", "silence: goodbye")
    flow.write_text(text, encoding="utf-8")
    (flows / "flow.schema.json").write_text("{}", encoding="utf-8")
    (flows / "audio" / "music.wav").unlink()
    code, output = run("lint", flows)
    assert code == 1
    assert "who does not choose at `paying` is cut off; lead `silence` to a queue." in output
    assert "flow.schema.json: is not what the models say; run contactcentre flows schema." in output
    assert "music.wav: there is no such sound; run contactcentre flows speak." in output
    assert output.endswith("3 to mend\n")


def test_a_recording_that_takes_too_long_is_told(flows: Path) -> None:
    recorded = flows / "audio" / "en-GB" / "recorded" / "welcome.wav"
    minute_and_a_half = np.tile(load_music(flows), 4)[: 90 * 8_000]
    write_wav(recorded, minute_and_a_half)
    assert run("speak", flows) == (0, f"{recorded}\n")
    code, output = run("lint", flows)
    assert code == 1
    assert "in en-GB a caller who listens to everything has no place in a queue for" in output
    assert output.endswith("2 to mend\n")


def test_a_line_that_cannot_be_read_does_not_hide_the_others(flows: Path) -> None:
    shutil.copytree(flows / "lines/tax", flows / "lines/vat")
    (flows / "lines/tax/flow.yaml").write_text("line: [", encoding="utf-8")
    code, output = run("lint", flows)
    assert code == 1
    assert "lines/tax/flow.yaml:1:8: this is not YAML" in output
    assert "lines/vat/flow.yaml:3:1: the folder is called `vat`; call the line so too." in output


def test_a_folder_without_flows_is_told(tmp_path: Path) -> None:
    code, output = run("lint", tmp_path)
    assert code == 1
    assert "no words in it" in output


def test_the_schema_is_written_where_editors_look_for_it(flows: Path) -> None:
    schema = flows / "flow.schema.json"
    before = schema.read_text(encoding="utf-8")
    schema.unlink()
    assert run("schema", flows) == (0, f"{schema}\n")
    assert schema.read_text(encoding="utf-8") == before


def test_speaking_again_what_is_spoken_changes_nothing(flows: Path) -> None:
    assert run("speak", flows) == (0, "")


def test_speaking_without_words_is_told(tmp_path: Path) -> None:
    code, output = run("speak", tmp_path)
    assert code == 1
    assert "no words in it" in output
