"""Every safeguard that the ablations take away stands where they say, and so do its tests."""

import pytest

from tests.ablations import ROOT
from tests.safeguard import Ablation
from tests.safeguards import ABLATIONS
from tests.simulated_safeguards import SIMULATED


@pytest.mark.parametrize("ablation", [*ABLATIONS, *SIMULATED], ids=lambda ablation: ablation.name)
def test_an_ablation_names_a_line_that_is_there_and_tests_that_are_there(
    ablation: Ablation,
) -> None:
    for file in ablation.files:
        assert (ROOT / file).read_text(encoding="utf-8").count(ablation.line) == 1
    for file, test in ablation.tests:
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")
