"""The flows, words and sound that are delivered."""

import wave
from functools import cache
from itertools import product

import numpy as np
import pytest

from contactcentre.adapters.flow_files.check import check
from contactcentre.adapters.flow_files.folders import default_flows_dir, line_ids
from contactcentre.adapters.flow_files.lines import load_calls, load_line
from contactcentre.adapters.flow_files.prompts import load_words
from contactcentre.adapters.flow_files.sounds import durations_ms, load_music, load_sounds
from contactcentre.domain.ids import LineId, StepName
from contactcentre.domain.ivr.example import ExampleCall, arrives_at
from contactcentre.domain.ivr.flow import DeflectStep, Flow, MenuStep
from contactcentre.domain.languages import Language

FLOWS = default_flows_dir()
BYTES_MAX = 16_000_000
TAX = LineId("tax")


@cache
def flow_of(line: LineId) -> Flow:
    return load_line(FLOWS, line).flow


def every_call() -> list[tuple[LineId, ExampleCall, Language, bool]]:
    return [
        (line, call, language, patient)
        for line in line_ids(FLOWS)
        for call in load_calls(FLOWS, line)
        for language, patient in product(flow_of(line).languages, (True, False))
    ]


@pytest.mark.parametrize(
    ("line", "call", "language", "patient"),
    every_call(),
    ids=lambda value: value.call if isinstance(value, ExampleCall) else str(value),
)
def test_each_example_call_leads_where_it_says(
    line: LineId, call: ExampleCall, language: Language, *, patient: bool
) -> None:
    flow = flow_of(line)
    assert arrives_at(flow, call, language, patient=patient) == call.reaches


def test_nothing_is_to_mend() -> None:
    assert [str(finding) for finding in check(FLOWS)] == []


@pytest.fixture
def tax() -> Flow:
    return flow_of(TAX)


def test_every_step_of_the_tax_line_is_shown_by_an_example(tax: Flow) -> None:
    passed = {call.reaches for call in load_calls(FLOWS, TAX)}
    for call in load_calls(FLOWS, TAX):
        for upto in range(len(call.keys)):
            partly = ExampleCall(call=call.call, keys=call.keys[:upto], reaches=call.reaches)
            passed.add(arrives_at(tax, partly, Language.ENGLISH, patient=False))
    asking_or_last = {name for name, step in tax.steps.items() if not hasattr(step, "next")}
    assert passed == asking_or_last - {tax.when_closed}


@pytest.mark.parametrize(
    ("key", "topic"),
    [("1", "text_reference"), ("2", "sign_in"), ("3", "paying"), ("4", "wait_general")],
)
def test_the_opening_menu_leads_to_the_four_topics(tax: Flow, key: str, topic: str) -> None:
    menu = tax.steps[StepName("reason")]
    assert isinstance(menu, MenuStep)
    assert menu.keys[key] == topic


def test_every_key_of_a_menu_is_spoken_and_no_other(tax: Flow) -> None:
    words = load_words(FLOWS)
    for step, language in product(tax.steps.values(), tax.languages):
        if isinstance(step, MenuStep):
            for sounds in (step.prompts, step.again):
                said = " ".join(words[language][sound] for sound in sounds)
                assert {key for key in "12345678" if key in said} == set(step.keys), said


def test_an_address_is_shown_as_it_is_typed(tax: Flow) -> None:
    words = load_words(FLOWS)
    for step, language in product(tax.steps.values(), tax.languages):
        if isinstance(step, DeflectStep):
            assert words[language][step.link].startswith("riverside.example/")


def test_both_languages_have_the_same_sounds() -> None:
    words = load_words(FLOWS)
    assert words[Language.ENGLISH].keys() == words[Language.WELSH].keys()


def test_every_sound_is_8_khz_16_bit_mono() -> None:
    for path in sorted((FLOWS / "audio").rglob("*.wav")):
        with wave.open(str(path), "rb") as sound:
            form = (sound.getframerate(), sound.getsampwidth(), sound.getnchannels())
        assert form == (8_000, 2, 1), path


def test_every_sound_is_heard_and_as_loud_as_the_others() -> None:
    for name, sound in load_sounds(FLOWS).items():
        frames = sound[: len(sound) // 80 * 80].reshape(-1, 80).astype(float) / 32_767
        power = np.mean(frames**2, axis=1)
        loud = power[power > power.max() / 10**3.8]
        assert -24 < 10 * np.log10(loud.mean()) < -19, name
        assert 0.1 < np.abs(frames).max() < 0.95, name


def test_no_sound_is_too_short_to_hold_its_words() -> None:
    words = load_words(FLOWS)
    for (language, name), span_ms in durations_ms(FLOWS).items():
        letters = len(words[language][name])
        assert 30 * letters < span_ms < 700 + 260 * letters, (language, name)


def test_music_is_quieter_than_words() -> None:
    music = load_music(FLOWS).astype(float) / 32_767
    assert 10 * np.log10(np.mean(music**2)) < -24


def test_the_sound_is_small_enough_to_be_kept_with_the_code() -> None:
    total = sum(path.stat().st_size for path in (FLOWS / "audio").rglob("*.wav"))
    assert total <= BYTES_MAX
