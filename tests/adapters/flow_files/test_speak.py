"""Words become sound, and a recording goes before a rendering."""

import shutil
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from contactcentre.adapters.flow_files.sounds import (
    lint_sounds,
    load_music,
    load_sounds,
    manifest_file,
    music_file,
    read_wav,
    recorded_file,
    rendered_file,
)
from contactcentre.adapters.flow_files.speak import speak, write_wav
from contactcentre.domain.errors import BrokenFlow, MediaUnavailable
from contactcentre.domain.ids import SoundName
from contactcentre.domain.languages import Language

BYE = SoundName("bye")
ENGLISH = Language.ENGLISH
WELSH = Language.WELSH

STAND_IN = """\
#!{python} -IS
import math, struct, sys, wave
options = sys.argv[1:]
words = open(options[options.index("-f") + 1], encoding="utf-8").read()
out = options[options.index("-o" if "flite" in sys.argv[0] else "-w") + 1]
slow = "duration_stretch=1.2" in options or "135" in options
pitch = 200 + sum(words.encode()) % 300
count = 16000 if slow else 12000
samples = [int(9000 * math.sin(i * pitch * math.tau / 16000)) for i in range(count)]
with wave.open(out, "wb") as sound:
    sound.setnchannels(1)
    sound.setsampwidth(2)
    sound.setframerate(16000)
    sound.writeframes(struct.pack("<%dh" % count, *samples))
"""
"""A voice for machines that have none: each text has a pitch of its own."""


@pytest.fixture
def voices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for voice in ("flite", "espeak-ng"):
        program = tmp_path / "voices" / voice
        program.parent.mkdir(exist_ok=True)
        program.write_text(STAND_IN.format(python=sys.executable), encoding="utf-8")
        program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path / "voices"), prepend=":")


@pytest.fixture
def words(tmp_path: Path) -> Path:
    write(tmp_path, ENGLISH, "bye: Goodbye.\n")
    write(tmp_path, WELSH, "bye: Hwyl fawr.\n")
    return tmp_path


def write(directory: Path, language: Language, text: str) -> None:
    (directory / "prompts").mkdir(exist_ok=True)
    (directory / "prompts" / f"{language}.yaml").write_text(text, encoding="utf-8")


def record(directory: Path, frequency_hz: int) -> Path:
    """Put a recording of the English goodbye in its place."""
    path = recorded_file(directory, ENGLISH, BYE)
    tone = 8_000 * np.sin(2 * np.pi * frequency_hz * np.arange(4_000) / 8_000)
    write_wav(path, tone.astype(np.int16))
    return path


@pytest.mark.skipif(
    shutil.which("flite") is None or shutil.which("espeak-ng") is None,
    reason="no voice on this machine: apt-get install flite espeak-ng",
)
def test_the_real_voices_speak_both_languages(words: Path) -> None:
    list(speak(words))
    assert lint_sounds(words) == ()
    assert all(3_000 < len(sound) < 16_000 for sound in load_sounds(words).values())


@pytest.mark.usefixtures("voices")
def test_every_prompt_is_spoken_in_its_language(words: Path) -> None:
    written = {rendered_file(words, language, BYE) for language in Language}
    assert set(speak(words)) == {*written, music_file(words)}
    assert set(load_sounds(words)) == {(ENGLISH, BYE), (WELSH, BYE)}
    assert len(load_music(words)) > 0
    assert lint_sounds(words) == ()


@pytest.mark.usefixtures("voices")
def test_only_what_is_new_or_changed_is_spoken_again(words: Path) -> None:
    list(speak(words))
    assert list(speak(words)) == []
    write(words, ENGLISH, "bye: Good night.\n")
    assert list(speak(words)) == [rendered_file(words, ENGLISH, BYE)]


@pytest.mark.usefixtures("voices")
def test_music_of_ones_own_is_left_alone(words: Path) -> None:
    write_wav(music_file(words), np.full(8_000, 2_000, dtype=np.int16))
    list(speak(words))
    assert np.array_equal(load_music(words), np.full(8_000, 2_000))


@pytest.mark.usefixtures("voices")
def test_a_slow_prompt_takes_longer(words: Path) -> None:
    list(speak(words))
    usual = {name: len(sound) for name, sound in load_sounds(words).items()}
    write(words, ENGLISH, "bye: {words: Goodbye., pace: slow}\n")
    write(words, WELSH, "bye: {words: Hwyl fawr., pace: slow}\n")
    list(speak(words))
    assert all(len(sound) > usual[name] for name, sound in load_sounds(words).items())


@pytest.mark.usefixtures("voices")
def test_words_in_another_language_are_spoken_by_its_voice(words: Path) -> None:
    write(words, ENGLISH, "bye: {words: Hwyl fawr., spoken_in: cy}\n")
    list(speak(words))
    sounds = load_sounds(words)
    assert np.array_equal(sounds[ENGLISH, BYE], sounds[WELSH, BYE])


@pytest.mark.usefixtures("voices")
def test_sound_that_no_words_are_left_for_is_taken_away(words: Path) -> None:
    write(words, ENGLISH, "bye: Goodbye.\nhello: Hello.\n")
    list(speak(words))
    write(words, ENGLISH, "bye: Goodbye.\n")
    (finding,) = lint_sounds(words)
    assert str(finding).endswith(
        "hello.wav: is never heard; take it away or run contactcentre flows speak."
    )
    list(speak(words))
    assert lint_sounds(words) == ()


@pytest.mark.usefixtures("voices")
def test_words_that_were_changed_after_they_were_spoken_are_told(words: Path) -> None:
    list(speak(words))
    write(words, WELSH, "bye: Nos da.\n")
    (finding,) = lint_sounds(words)
    assert str(finding) == (
        f"{rendered_file(words, WELSH, BYE)}: does not say the words as they stand;"
        " run contactcentre flows speak."
    )


@pytest.mark.usefixtures("voices")
def test_a_recording_is_heard_instead_of_the_rendering(words: Path) -> None:
    list(speak(words))
    recorded = record(words, 500)
    assert np.array_equal(load_sounds(words)[ENGLISH, BYE], read_wav(recorded))
    assert list(speak(words)) == [recorded]
    assert not rendered_file(words, ENGLISH, BYE).exists()
    assert lint_sounds(words) == ()


@pytest.mark.usefixtures("voices")
def test_a_recording_of_words_that_have_changed_is_told_until_it_is_made_anew(words: Path) -> None:
    recorded = record(words, 500)
    list(speak(words))
    write(words, ENGLISH, "bye: Good night.\n")
    list(speak(words))
    (finding,) = lint_sounds(words)
    assert str(finding) == (f"{recorded}: does not say the words as they stand; record it again.")
    record(words, 600)
    list(speak(words))
    assert lint_sounds(words) == ()


@pytest.mark.usefixtures("voices")
def test_sound_that_was_changed_by_hand_is_told(words: Path) -> None:
    list(speak(words))
    shutil.copy(rendered_file(words, WELSH, BYE), rendered_file(words, ENGLISH, BYE))
    (finding,) = lint_sounds(words)
    assert "does not say the words as they stand" in str(finding)


@pytest.mark.usefixtures("voices")
def test_silent_clipped_and_missing_sounds_are_told(words: Path) -> None:
    list(speak(words))
    write_wav(rendered_file(words, ENGLISH, BYE), np.zeros(4_000, dtype=np.int16))
    write_wav(rendered_file(words, WELSH, BYE), np.full(4_000, 32_767, dtype=np.int16))
    (words / "audio" / "music.wav").unlink()
    told = " ".join(str(finding) for finding in lint_sounds(words))
    assert "en-GB/bye.wav: is silent; run contactcentre flows speak." in told
    assert "cy/bye.wav: is clipped; run contactcentre flows speak." in told
    assert "music.wav: there is no such sound; run contactcentre flows speak." in told


def test_a_missing_voice_is_told_with_what_to_install(
    words: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(words))
    with pytest.raises(MediaUnavailable, match="install it with: apt-get install"):
        list(speak(words))


def test_a_voice_that_fails_is_told(words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for voice in ("flite", "espeak-ng"):
        failing = words / voice
        failing.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
        failing.chmod(0o700)
    monkeypatch.setenv("PATH", str(words), prepend=":")
    with pytest.raises(MediaUnavailable, match=r"cannot say “Hwyl fawr\.”"):
        list(speak(words))


def test_sound_in_another_form_is_told_with_the_form_it_must_have(tmp_path: Path) -> None:
    path = tmp_path / "music.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(44_100)
        sound.writeframes(bytes(400))
    with pytest.raises(BrokenFlow, match="has 44100 Hz, 16 bit, 2 channels; save it with 8000 Hz"):
        read_wav(path)


def test_a_file_that_is_no_sound_is_told(tmp_path: Path) -> None:
    path = tmp_path / "music.wav"
    path.write_bytes(b"not a sound")
    with pytest.raises(BrokenFlow, match="is no WAV file"):
        read_wav(path)


def test_a_manifest_that_cannot_be_read_is_told(words: Path) -> None:
    manifest_file(words).parent.mkdir()
    manifest_file(words).write_text("{", encoding="utf-8")
    with pytest.raises(BrokenFlow, match=r"manifest\.json: cannot be read"):
        lint_sounds(words)
