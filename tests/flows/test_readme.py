"""The grammar on one page says what the models say."""

from typing import get_args

import pytest

from contactcentre.adapters.flow_files import models
from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.domain.ivr.findings import Rule

README = (default_flows_dir() / "README.md").read_text(encoding="utf-8")
STEPS = [
    models.WrittenPlay,
    models.WrittenMenu,
    models.WrittenDeflect,
    models.WrittenQueue,
    models.WrittenHangUp,
    models.WrittenClosed,
]


@pytest.mark.parametrize("model", STEPS, ids=lambda model: model.__name__)
def test_each_step_is_explained_with_its_fields(model: type[models.Written]) -> None:
    (do,) = get_args(model.model_fields["do"].annotation)
    (row,) = [line for line in README.splitlines() if line.startswith(f"| `{do}` |")]
    fields = model.model_fields.keys() - {"do", "title"}
    assert [field for field in fields if f"`{field}`" not in row] == []


@pytest.mark.parametrize(
    "model",
    [
        models.WrittenFlow,
        models.WrittenRecording,
        models.WrittenQueueDefinition,
        models.WrittenHours,
        models.WrittenSingleDay,
        models.WrittenBankHolidays,
    ],
)
def test_each_field_of_a_flow_is_explained(model: type[models.Written]) -> None:
    assert [field for field in model.model_fields if f"`{field}`" not in README] == []


@pytest.mark.parametrize("field", models.WrittenPrompt.model_fields)
def test_each_field_of_a_prompt_is_shown(field: str) -> None:
    assert f"{field}: " in README


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_of_the_linter_is_explained(rule: Rule) -> None:
    assert f"| `{rule}` |" in README
