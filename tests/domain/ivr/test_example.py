"""Example calls: keys, and where they must lead."""

from dataclasses import replace

import pytest

from contactcentre.domain.ids import SoundName, StepName
from contactcentre.domain.ivr.example import SILENCE, ExampleCall, arrives_at
from contactcentre.domain.ivr.flow import Flow, PlayStep
from contactcentre.domain.languages import Language


def example(*keys: str) -> ExampleCall:
    return ExampleCall(call="a caller", keys=keys, reaches=StepName("person"))


@pytest.mark.parametrize("patient", [True, False])
@pytest.mark.parametrize(
    ("keys", "reaches"),
    [
        ((), "reason"),
        (("2", "2"), "person"),
        (("2", "1"), "bye"),
        ((SILENCE, SILENCE, SILENCE), "person"),
        (("1", SILENCE, "2"), "person"),
        (("9", "0"), "support"),
    ],
)
def test_an_example_arrives_where_its_keys_lead(
    flow: Flow, keys: tuple[str, ...], reaches: str, *, patient: bool
) -> None:
    assert arrives_at(flow, example(*keys), Language.ENGLISH, patient=patient) == reaches


def test_a_flow_that_speaks_for_ever_is_a_fault_of_ours(flow: Flow) -> None:
    round_and_round = PlayStep(prompts=(SoundName("hello"),), next=StepName("welcome"))
    looping = replace(flow, steps={**flow.steps, StepName("welcome"): round_and_round})
    with pytest.raises(AssertionError, match="speak for ever"):
        arrives_at(looping, example(), Language.ENGLISH, patient=True)
