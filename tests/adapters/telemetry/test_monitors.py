"""An invariant seen broken is heard: as a number and as a line."""

import logging
import re

import pytest
import structlog

from contactcentre.adapters.telemetry import monitors
from contactcentre.adapters.telemetry.metrics import metrics_page
from contactcentre.adapters.telemetry.monitors import violated


def test_what_must_never_be_is_counted_and_written_down_with_whom_it_is_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # others in this process may have had logging set up to say less
    says_all = structlog.make_filtering_bound_logger(logging.NOTSET)
    logger = structlog.wrap_logger(structlog.PrintLogger(), wrapper_class=says_all)
    monkeypatch.setattr(monitors, "log", logger)
    before = _count()  # other tests in this process have some of their own
    with structlog.testing.capture_logs() as lines:
        violated("I4", adviser="ada", calls_count=2)
        violated("I4", adviser="bob", calls_count=3)
    assert [line["adviser"] for line in lines] == ["ada", "bob"]
    assert {line["log_level"] for line in lines} == {"error"}
    assert {line["invariant"] for line in lines} == {"I4"}
    assert _count() == before + 2


def _count() -> float:
    """Return how often I4 was broken in this process, as its page of numbers says."""
    page, _ = metrics_page()
    found = re.search(rb'contactcentre_invariant_violations_total{invariant="I4"} (\S+)', page)
    return float(found[1]) if found else 0.0
