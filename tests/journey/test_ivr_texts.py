"""A text that a menu offers, as a caller meets it."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from contactcentre.adapters.environment.machine import MachineClock
from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_line
from contactcentre.domain.events import CallDeflected, StepReached
from contactcentre.domain.ids import CallId, LineId, SoundName, StepName
from contactcentre.domain.languages import Language
from contactcentre.journey.ivr import Finished, FlowWalk
from contactcentre.ports.texts import Texts
from tests.journey.stage import StagedCall, StagedQueues


@dataclass
class StagedTexts:
    """Texts that are only written down (ports.texts.Texts)."""

    takes: bool
    known: list[CallId] = field(default_factory=list)
    sent: list[tuple[StepName, Language, SoundName, SoundName]] = field(default_factory=list)

    def expect(self, call: CallId) -> None:
        """Know a caller."""
        self.known.append(call)

    async def may_text(self, call: CallId) -> bool:
        """Say what the test wants."""
        assert call in self.known
        return self.takes

    async def text(
        self, call: CallId, step: StepName, *, language: Language, text: SoundName, link: SoundName
    ) -> bool:
        """Write it down."""
        assert call in self.known
        self.sent.append((step, language, text, link))
        return True

    def forget(self, call: CallId) -> None:
        """Know nothing."""
        self.known.remove(call)


async def walked(texts: Texts | None, *keys: str) -> StagedCall:
    """Return a call whose caller presses these keys to the end."""
    live = StagedCall(prompt_s=0.02)
    for key in keys:
        live.keys.put_nowait(key)
    flow = load_line(Path(default_flows_dir()), LineId("tax")).flow
    walk = FlowWalk(live, flow, queues=StagedQueues(), clock=MachineClock(), texts=texts)
    assert isinstance(await walk.run(), Finished)
    return live


def steps(live: StagedCall) -> list[StepName]:
    """Return the steps that were written down."""
    return [one.step for one in live.steps if isinstance(one, StepReached)]


async def test_whoever_has_the_link_as_a_text_needs_no_adviser_and_is_forgotten() -> None:
    texts = StagedTexts(takes=True)
    live = await walked(texts, "1", "1", "1")
    text = SoundName("label_tax_text_reference_text")
    assert texts.sent == [
        (StepName("text_reference"), Language.ENGLISH, text, SoundName("link_reference"))
    ]
    assert "text_reference" in steps(live)
    assert [one.service for one in live.steps if isinstance(one, CallDeflected)] == [
        "tax_reference"
    ]
    assert texts.known == []


@pytest.mark.parametrize("texts", [None, StagedTexts(takes=False)], ids=["browser", "landline"])
async def test_a_step_that_is_passed_by_is_none_of_the_calls_steps(
    texts: StagedTexts | None,
) -> None:
    live = await walked(texts, "1", "1")
    assert "reference" in steps(live)
    assert "text_reference" not in steps(live)
