"""Making sound of words: flite reads English, espeak-ng reads Welsh, on the author's machine.

The sound is committed, so an installation needs no voice. What a person has recorded is left alone.
"""

import subprocess
import tempfile
import wave
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, assert_never

import numpy as np

from contactcentre.adapters.flow_files.music import compose
from contactcentre.adapters.flow_files.prompts import Prompt, load_prompts
from contactcentre.adapters.flow_files.shaping import FULL_SCALE, Signal, to_prompt
from contactcentre.adapters.flow_files.sounds import (
    BYTES_PER_SAMPLE,
    RATE_HZ,
    MadeOf,
    Manifest,
    Samples,
    manifest_file,
    music_file,
    read_manifest,
    recorded_file,
    rendered_file,
    sha256_of_file,
    sha256_of_words,
)
from contactcentre.domain.errors import MediaUnavailable
from contactcentre.domain.ids import SoundName
from contactcentre.domain.languages import Language

VOICES: Mapping[Language, str] = MappingProxyType(
    {Language.ENGLISH: "flite awb", Language.WELSH: "espeak-ng cy"}
)
RECORDED: Final = "recorded"
SENTENCE_ENDS: Final = (".", ":", "?")
SPEAKING_MS_MAX: Final = 60_000
SLOWER: Final = "1.2"
"""How much longer flite takes at the slow pace."""
WORDS_PER_MINUTE: Final = ("162", "135")
"""espeak-ng's pace, usual and slow."""


def speak(directory: Path) -> Iterator[Path]:
    """Render what is new or changed, and yield each file that is new.

    Music that is there is left alone: it may be somebody's own.
    Raises BrokenFlow, MediaUnavailable if a voice is not installed.
    """
    before = read_manifest(directory)
    now: dict[str, MadeOf] = {}
    wanted = {music_file(directory)}
    for language, prompts in load_prompts(directory).items():
        for name, prompt in prompts.items():
            known = before.get(f"{language}/{name}")
            path, made_of = _voiced(directory, language, name, prompt, known)
            wanted.add(path)
            now[f"{language}/{name}"] = made_of
            if made_of != known:
                yield path
    for path in sorted((directory / "audio").glob("*/*.wav")):
        if path not in wanted:
            path.unlink()
    if not music_file(directory).exists():
        write_wav(music_file(directory), compose())
        yield music_file(directory)
    written = Manifest(root=now).model_dump_json(indent=1)
    manifest_file(directory).write_text(written + "\n", encoding="utf-8")


def _voiced(
    directory: Path, language: Language, name: SoundName, prompt: Prompt, known: MadeOf | None
) -> tuple[Path, MadeOf]:
    """Return the sound file of a prompt and of what it was made, rendering it if need be."""
    recorded = recorded_file(directory, language, name)
    if recorded.exists():
        sound = sha256_of_file(recorded)
        if known is not None and known.by == RECORDED and known.sound == sound:
            return recorded, known
        return recorded, MadeOf(words=sha256_of_words(prompt), sound=sound, by=RECORDED)
    path, words, voice = (
        rendered_file(directory, language, name),
        sha256_of_words(prompt),
        VOICES[prompt.spoken_in],
    )
    if not (
        known is not None
        and (known.words, known.by) == (words, voice)
        and path.exists()
        and sha256_of_file(path) == known.sound
    ):
        write_wav(path, to_prompt(*_say(prompt), whole=prompt.said.endswith(SENTENCE_ENDS)))
    return path, MadeOf(words=words, sound=sha256_of_file(path), by=voice)


def _say(prompt: Prompt) -> tuple[Signal, int]:
    """Return a prompt as its voice says it, and at which rate."""
    with tempfile.TemporaryDirectory() as folder:
        words, sound = Path(folder, "words.txt"), Path(folder, "sound.wav")
        words.write_text(prompt.said + "\n", encoding="utf-8")
        command = _command(prompt, words, sound)
        try:
            subprocess.run(  # noqa: S603 - no shell, and the words come in a file
                command, check=True, capture_output=True, timeout=SPEAKING_MS_MAX / 1_000
            )
        except FileNotFoundError as gone:
            raise MediaUnavailable(
                f"{command[0]} is not installed, so there is no voice for {prompt.spoken_in};"
                f" install it with: apt-get install {command[0]}"
            ) from gone
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failed:
            raise MediaUnavailable(f"{command[0]} cannot say “{prompt.said}”: {failed}") from failed
        with wave.open(str(sound), "rb") as raw:
            frames = raw.readframes(raw.getnframes())
            return np.frombuffer(frames, dtype="<i2") / FULL_SCALE, raw.getframerate()


def _command(prompt: Prompt, words: Path, sound: Path) -> list[str]:
    match prompt.spoken_in:
        case Language.ENGLISH:
            stretch = ["--setf", f"duration_stretch={SLOWER}"] if prompt.slow else []
            return ["flite", "-voice", "awb", *stretch, "-f", str(words), "-o", str(sound)]
        case Language.WELSH:
            pace = WORDS_PER_MINUTE[prompt.slow]
            return ["espeak-ng", "-v", "cy", "-s", pace, "-f", str(words), "-w", str(sound)]
        case _:
            assert_never(prompt.spoken_in)


def write_wav(path: Path, samples: Samples) -> None:
    """Write a sound file of ours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(BYTES_PER_SAMPLE)
        sound.setframerate(RATE_HZ)
        sound.writeframes(samples.astype("<i2").tobytes())
