"""The sound of every prompt: 8 kHz, 16-bit, mono; a recording goes before a rendering.

`audio/<language>/<name>.wav` is rendered from the words, `audio/<language>/recorded/<name>.wav` was
spoken by a person, `audio/music.wav` is heard while waiting. The manifest says of which words each
sound was made, so that words and sound cannot drift apart unnoticed.
"""

import hashlib
import wave
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, RootModel, ValidationError

from contactcentre.adapters.flow_files.prompts import Prompt, load_prompts
from contactcentre.domain.errors import BrokenFlow
from contactcentre.domain.ids import SoundName
from contactcentre.domain.languages import Language

RATE_HZ: Final = 8_000
BYTES_PER_SAMPLE: Final = 2
CLIPPED_AT: Final = 32_767
SILENT_BELOW: Final = 1_000
"""A sound whose loudest sample is lower is taken for silence."""

Samples = NDArray[np.int16]


class MadeOf(BaseModel):
    """Of what a sound was made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: str
    """SHA-256 of the words, their language and their pace."""
    sound: str
    """SHA-256 of the file."""
    by: str
    """The voice, or `recorded`."""


class Manifest(RootModel[Mapping[str, MadeOf]]):
    """Every sound by `<language>/<name>`."""


def load_sounds(directory: Path) -> Mapping[tuple[Language, SoundName], Samples]:
    """Return the sound of every prompt. Raises BrokenFlow."""
    return {
        (language, name): read_wav(sound_file(directory, language, name))
        for language, prompts in load_prompts(directory).items()
        for name in prompts
    }


def load_music(directory: Path) -> Samples:
    """Return the hold music, whose end goes over into its beginning. Raises BrokenFlow."""
    return read_wav(music_file(directory))


def durations_ms(directory: Path) -> Mapping[tuple[Language, SoundName], int]:
    """Return how long each sound is. Raises BrokenFlow."""
    return {
        name: len(samples) * 1_000 // RATE_HZ for name, samples in load_sounds(directory).items()
    }


def rendered_file(directory: Path, language: Language, name: SoundName) -> Path:
    """Return where the rendering of a prompt lies."""
    return directory / "audio" / language / f"{name}.wav"


def recorded_file(directory: Path, language: Language, name: SoundName) -> Path:
    """Return where the recording of a prompt lies if there is one."""
    return directory / "audio" / language / "recorded" / f"{name}.wav"


def sound_file(directory: Path, language: Language, name: SoundName) -> Path:
    """Return the file that is heard: the recording if there is one."""
    recorded = recorded_file(directory, language, name)
    return recorded if recorded.exists() else rendered_file(directory, language, name)


def music_file(directory: Path) -> Path:
    """Return where the hold music lies."""
    return directory / "audio" / "music.wav"


def manifest_file(directory: Path) -> Path:
    """Return where it is written of which words each sound was made."""
    return directory / "audio" / "manifest.json"


def read_wav(path: Path) -> Samples:
    """Return the samples of a sound file of ours. Raises BrokenFlow."""
    try:
        with wave.open(str(path), "rb") as sound:
            form = (sound.getframerate(), sound.getsampwidth(), sound.getnchannels())
            frames = sound.readframes(sound.getnframes())
    except FileNotFoundError as gone:
        raise BrokenFlow(
            f"{path}: there is no such sound; run contactcentre flows speak."
        ) from gone
    except (wave.Error, EOFError) as unreadable:
        raise BrokenFlow(f"{path}: is no WAV file: {unreadable}; save it as one.") from unreadable
    if form != (RATE_HZ, BYTES_PER_SAMPLE, 1):
        raise BrokenFlow(
            f"{path}: has {form[0]} Hz, {8 * form[1]} bit, {form[2]} channels;"
            " save it with 8000 Hz, 16 bit, 1 channel."
        )
    return np.frombuffer(frames, dtype="<i2").astype(np.int16)


def sha256_of_words(prompt: Prompt) -> str:
    """Return what tells a prompt's words from all others."""
    pace = "slow" if prompt.slow else "usual"
    return hashlib.sha256(f"{prompt.spoken_in}\n{pace}\n{prompt.said}".encode()).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return what tells a file from all others."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_manifest(directory: Path) -> Mapping[str, MadeOf]:
    """Return of which words each sound was made; empty before the first rendering."""
    path = manifest_file(directory)
    if not path.exists():
        return {}
    try:
        return Manifest.model_validate_json(path.read_bytes()).root
    except ValidationError as wrong:
        raise BrokenFlow(f"{path}: cannot be read; run contactcentre flows speak.") from wrong


def lint_sounds(directory: Path) -> tuple[BrokenFlow, ...]:
    """Return every sound that is missing, unfit, or says other words than are written."""
    return tuple(_wrong_sounds(directory))


def _wrong_sounds(directory: Path) -> Iterator[BrokenFlow]:
    manifest = read_manifest(directory)
    named = {music_file(directory)}
    for language, prompts in load_prompts(directory).items():
        for name, prompt in prompts.items():
            path = sound_file(directory, language, name)
            named.add(path)
            yield from _wrong_form(path)
            made_of = manifest.get(f"{language}/{name}")
            if path.exists() and not _belongs(made_of, prompt, path):
                yield BrokenFlow(f"{path}: does not say the words as they stand; {_remedy(path)}.")
    yield from _wrong_form(music_file(directory))
    for path in sorted((directory / "audio").rglob("*.wav")):
        if path not in named:
            yield BrokenFlow(
                f"{path}: is never heard; take it away or run contactcentre flows speak."
            )


def _wrong_form(path: Path) -> Iterator[BrokenFlow]:
    try:
        loudest = int(np.abs(read_wav(path).astype(np.int32)).max(initial=0))
    except BrokenFlow as wrong:
        yield wrong
        return
    if loudest < SILENT_BELOW:
        yield BrokenFlow(f"{path}: is silent; {_remedy(path)}.")
    if loudest >= CLIPPED_AT:
        yield BrokenFlow(f"{path}: is clipped; {_remedy(path)}.")


def _belongs(made_of: MadeOf | None, prompt: Prompt, path: Path) -> bool:
    return (
        made_of is not None
        and made_of.words == sha256_of_words(prompt)
        and made_of.sound == sha256_of_file(path)
    )


def _remedy(path: Path) -> str:
    return "record it again" if path.parent.name == "recorded" else "run contactcentre flows speak"
