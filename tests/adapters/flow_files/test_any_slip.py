"""Whatever somebody writes into the files of a line, it is read or refused, never a fault."""

import copy
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.models import (
    WrittenCalls,
    WrittenFlow,
    WrittenLabels,
    WrittenOutcomes,
    WrittenPrompts,
)
from contactcentre.adapters.flow_files.strict_yaml import read, understand
from contactcentre.domain.errors import BrokenFlow

TEXTS = st.sampled_from(["", "person", "play", "queue", "do", "en-GB", "P0", "0", "no", "ŵ", "A b"])
SLIPS = st.recursive(
    TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
MODELS: dict[str, type[BaseModel]] = {
    "lines/tax/flow.yaml": WrittenFlow,
    "labels.yaml": WrittenLabels,
    "lines/tax/calls.yaml": WrittenCalls,
    "lines/tax/outcomes.yaml": WrittenOutcomes,
    "prompts/cy.yaml": WrittenPrompts,
}


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every mapping or list with each of its keys or places."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


@cache
def delivered(file: str) -> Any:
    """Return what stands in a file as it is delivered; reading it is most of a try's time."""
    return read(default_flows_dir() / file).value


@pytest.mark.parametrize("file", MODELS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_slip_is_read_or_refused_with_its_place(file: str, data: st.DataObject) -> None:
    value = copy.deepcopy(delivered(file))
    container, key = data.draw(st.sampled_from(list(places(value))), label="place")
    container[key] = data.draw(SLIPS, label="slip")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "slip.yaml")
        path.write_text(yaml.safe_dump(value, allow_unicode=True), encoding="utf-8")
        try:
            understand(read(path), MODELS[file])
        except BrokenFlow as refused:
            assert str(refused).startswith(f"{path}:")  # noqa: PT017 - it may also be read
