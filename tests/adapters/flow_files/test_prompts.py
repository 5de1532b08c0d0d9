"""The words of every sound."""

from pathlib import Path

import pytest

from contactcentre.adapters.flow_files.lines import load_line
from contactcentre.adapters.flow_files.prompts import Prompt, load_prompts, load_words
from contactcentre.domain.errors import BrokenFlow
from contactcentre.domain.ids import LineId, SoundName, StepName
from contactcentre.domain.ivr.flow import key_labels, step_label
from contactcentre.domain.languages import Language


def write(directory: Path, language: str, text: str) -> Path:
    path = directory / "prompts" / f"{language}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_bare_words_are_read_as_they_are_written(tmp_path: Path) -> None:
    write(tmp_path, "cy", "goodbye: >-\n  Diolch\n  am ffonio.\n")
    assert load_prompts(tmp_path) == {
        Language.WELSH: {
            SoundName("goodbye"): Prompt(
                words="Diolch am ffonio.",
                said="Diolch am ffonio.",
                spoken_in=Language.WELSH,
                slow=False,
            )
        }
    }


def test_a_prompt_may_be_said_otherwise_than_written_in_another_language_and_slowly(
    tmp_path: Path,
) -> None:
    text = "link: {words: a.example, said: a dot example, spoken_in: cy, pace: slow}\n"
    write(tmp_path, "en-GB", text)
    assert load_prompts(tmp_path)[Language.ENGLISH][SoundName("link")] == Prompt(
        words="a.example", said="a dot example", spoken_in=Language.WELSH, slow=True
    )


def test_a_page_shows_the_words_of_sounds_as_written(flows: Path) -> None:
    write(flows, "en-GB", "link: {words: a.example, said: a dot example}\nbye: Goodbye.\n")
    english = load_words(flows)[Language.ENGLISH]
    assert english[SoundName("link")] == "a.example"
    assert english[SoundName("bye")] == "Goodbye."


def test_a_page_shows_words_beside_every_key(flows: Path) -> None:
    words = load_words(flows)
    flow = load_line(flows, LineId("bins")).flow
    reason = key_labels(flow, StepName("reason"))
    assert {key: words[Language.WELSH][label] for key, label in reason.items()} == {
        "1": "Bin",
        "2": "Siarad",
        "0": "Cymorth ychwanegol",
        "9": "English",
    }
    link = key_labels(flow, StepName("link"))
    assert {key: words[Language.ENGLISH][label] for key, label in link.items()} == {
        "1": "That is all I need",
        "2": "Keep my place with an adviser",
        "0": "Extra support",
        "9": "Cymraeg",
    }


def test_an_adviser_reads_where_a_caller_has_been(flows: Path) -> None:
    label = step_label(LineId("bins"), StepName("link"))
    assert load_words(flows)[Language.ENGLISH][label] == "Missed a bin"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("bye:\n", "1:1: `` cannot stand at `words`; write the words."),
        ("bye: {said: Bye}\n", "1:1: `words:` is missing; add it."),
        ("bye: {words: Bye, pace: fast}\n", "1:19: `fast` cannot stand at `pace`; write usual or"),
        ("- Goodbye\n", "1:1: `the file` wants names with values, as in `name: value`."),
        ("bye: [Goodbye]\n", "1:1: `bye` wants names with values, as in `name: value`."),
        ("Bye: Goodbye\n", "1:1: `Bye` cannot stand at `Bye`; a name is lower-case letters,"),
        ("bye: One\nbye: Two\n", "2:1: `bye` stands here a second time; keep one of them."),
    ],
)
def test_broken_words_are_told(tmp_path: Path, text: str, sentence: str) -> None:
    path = write(tmp_path, "en-GB", text)
    with pytest.raises(BrokenFlow) as refused:
        load_prompts(tmp_path)
    assert str(refused.value).startswith(f"{path}:{sentence}")


def test_a_file_in_no_language_we_know_is_told(tmp_path: Path) -> None:
    write(tmp_path, "fr", "bye: Au revoir.\n")
    with pytest.raises(BrokenFlow, match=r"name it one of en-GB\.yaml, cy\.yaml"):
        load_prompts(tmp_path)


def test_a_folder_without_words_is_told(tmp_path: Path) -> None:
    with pytest.raises(BrokenFlow, match=r"no words in it; write <language>\.yaml"):
        load_prompts(tmp_path)
