"""The words of every sound, and with them all that is shown, by language."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contactcentre.adapters.flow_files.labels import load_labels
from contactcentre.adapters.flow_files.models import WrittenPrompts
from contactcentre.adapters.flow_files.strict_yaml import read, understand
from contactcentre.domain.errors import BrokenFlow
from contactcentre.domain.ids import SoundName
from contactcentre.domain.languages import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What is said, in which language, and how fast."""

    words: str
    """As it is shown."""
    said: str
    """As a voice reads it."""
    spoken_in: Language
    slow: bool


def load_prompts(directory: Path) -> Mapping[Language, Mapping[SoundName, Prompt]]:
    """Return every prompt of every language that has a file. Raises BrokenFlow."""
    files = sorted((directory / "prompts").glob("*.yaml"))
    if not files:
        raise BrokenFlow(f"{directory / 'prompts'}: no words in it; write <language>.yaml.")
    return {_language_of(file): _prompts_of(file) for file in files}


def load_words(directory: Path) -> Mapping[Language, Mapping[SoundName, str]]:
    """Return the words of every sound and every label by language. Raises BrokenFlow."""
    labels = load_labels(directory)
    return {
        language: {**{name: prompt.words for name, prompt in prompts.items()}, **labels[language]}
        for language, prompts in load_prompts(directory).items()
    }


def _language_of(file: Path) -> Language:
    try:
        return Language(file.stem)
    except ValueError as unknown:
        known = ", ".join(f"{language}.yaml" for language in Language)
        raise BrokenFlow(f"{file}: no language is called so; name it one of {known}.") from unknown


def _prompts_of(file: Path) -> Mapping[SoundName, Prompt]:
    language = _language_of(file)
    written = understand(read(file), WrittenPrompts).root
    return {
        SoundName(name): Prompt(
            words=" ".join(prompt.words.split()),
            said=" ".join((prompt.said or prompt.words).split()),
            spoken_in=prompt.spoken_in or language,
            slow=prompt.pace == "slow",
        )
        for name, prompt in written.items()
    }
