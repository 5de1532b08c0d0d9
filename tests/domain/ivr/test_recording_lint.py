"""Nobody is recorded who is not told."""

from dataclasses import replace

from contactcentre.domain.ids import SoundName
from contactcentre.domain.ivr.findings import Rule
from contactcentre.domain.ivr.flow import Flow, RecordingRule
from contactcentre.domain.ivr.lint import lint
from tests.domain.ivr.test_lint import WORDS

NAMED = SoundName("recorded")


def test_a_recording_that_is_not_announced_is_refused(flow: Flow) -> None:
    (found,) = lint(replace(flow, recording=RecordingRule(announced_by=None)), words=WORDS)
    assert found.rule is Rule.UNANNOUNCED_RECORDING
    assert "announced_by" in found.sentence


def test_the_announcement_has_words_in_every_language(flow: Flow) -> None:
    told = replace(flow, recording=RecordingRule(announced_by=NAMED))
    found = lint(told, words=WORDS)
    assert {one.rule for one in found} == {Rule.MISSING_PROMPT}
    assert len(found) == len(flow.languages)
    with_words = {language: {*sounds, NAMED} for language, sounds in WORDS.items()}
    assert lint(told, words=with_words) == ()
