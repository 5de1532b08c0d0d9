"""The words of a text that a step offers: in each language, with the place of the address."""

from pathlib import Path

import pytest

from contactcentre.adapters.flow_files.lines import TEXT_CHARS_MAX, lint_line, load_line
from contactcentre.adapters.flow_files.prompts import load_words
from contactcentre.domain.errors import BrokenFlow
from contactcentre.domain.ids import SoundName, StepName
from contactcentre.domain.ivr.flow import ServiceName, TextStep
from contactcentre.domain.languages import Language
from tests.adapters.flow_files.test_lines import BINS, rewrite

TEXT = '{en-GB: "Your bin: {link} Goodbye.", cy: "Eich bin: {link}"}'


def offer(flows: Path, text: str = TEXT) -> None:
    """Let the flow offer a text in front of its deflection."""
    flow = flows / "lines/bins/flow.yaml"
    rewrite(flow, "{1: link,", "{1: offer,")
    step = (
        f"  offer: {{do: text, prompts: [cannot_pay_how], text: {text}, link: link_pay,"
        " service: missed_bin, accepted: bye, declined: person, otherwise: link}\n"
    )
    rewrite(flow, "  person: {do", f"{step}  person: {{do")


def test_a_step_that_offers_a_text_is_read_with_its_words(flows: Path) -> None:
    offer(flows)
    step = load_line(flows, BINS).flow.steps[StepName("offer")]
    assert step == TextStep(
        prompts=(SoundName("cannot_pay_how"),),
        text=SoundName("label_bins_offer_text"),
        link=SoundName("link_pay"),
        service=ServiceName("missed_bin"),
        accepted=StepName("bye"),
        declined=StepName("person"),
        otherwise=StepName("link"),
    )
    words = load_words(flows)
    assert words[Language.WELSH][SoundName("label_bins_offer_text")] == "Eich bin: {link}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{en-GB: "Your bin: {link}"}', "there is no `cy:` here; add it."),
        ('{en-GB: "Your bin.", cy: "{link}"}', "the text must say {link} once"),
        ('{en-GB: "{link}", cy: "{link} {link}"}', "the text must say {link} once"),
        (f'{{en-GB: "{{link}} {"x" * TEXT_CHARS_MAX}", cy: "{{link}}"}}', "257 characters; 250"),
    ],
)
def test_words_that_make_no_text_are_refused(flows: Path, text: str, why: str) -> None:
    offer(flows, text)
    with pytest.raises(BrokenFlow) as refused:
        load_line(flows, BINS)
    assert why in str(refused.value)


def test_an_example_may_be_of_somebody_whose_telephone_takes_texts(flows: Path) -> None:
    offer(flows)
    (flows / "lines/bins/calls.yaml").write_text(
        '- {call: whoever takes texts gets one, telephone: takes texts, keys: ["1", "1"],'
        " reaches: offer}\n"
        '- {call: whoever takes none hears the link, keys: ["1"], reaches: link}\n'
    )
    assert lint_line(flows, BINS, durations_ms=None) == ()
