"""Log lines: where they come from is in them, who called is not."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from contactcentre.adapters.telemetry.logs import COVERED, cover, log_context, start_logs
from contactcentre.adapters.telemetry.metrics import metrics_page, record_loop_lag


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave the tests that follow with the logs they had."""
    handlers = logging.getLogger().handlers[:]
    level = logging.getLogger().level
    yield
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.mark.parametrize(
    "number",
    ["+441632960001", "07700 900123", "01632 960 001", "0808 157 0123", "(01632) 960001",
     "0044 1632 960001"],
)  # fmt: skip
def test_a_telephone_number_is_covered_however_it_is_written(number: str) -> None:
    line = cover(None, "info", {"why": f"no route to {number} today", "of": [{"x": number}]})
    assert not any(digit in json.dumps(line) for digit in "123456789")
    assert COVERED in line["why"]


@pytest.mark.parametrize("field", ["keys", "digits", "notes", "password", "claim", "number"])
def test_what_a_person_keyed_or_wrote_is_covered(field: str) -> None:
    assert cover(None, "info", {field: "4"}) == {field: COVERED}


@pytest.mark.parametrize(
    "harmless",
    ["2026-11-22T05:42:30.730343Z", "c0ffee0012345678", "http://127.0.0.1:8080", 1_795_327_075_046],
)
def test_times_ids_and_addresses_are_left_alone(harmless: object) -> None:
    assert cover(None, "info", {"of": harmless}) == {"of": harmless}


def test_every_line_says_where_it_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    start_logs("info")
    log_context(role="media", node="media-1", site="north")
    structlog.get_logger().info("offer lapsed", call="c1")
    structlog.get_logger().debug("too much to say")
    logging.getLogger("a.library").warning("no way to +441632960001")
    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert ours.items() >= {"event": "offer lapsed", "call": "c1", "level": "info"}.items()
    assert all(line["node"] == "media-1" and line["site"] == "north" for line in (ours, theirs))
    assert theirs["event"] == f"no way to {COVERED}"


def test_the_page_of_numbers_is_what_was_recorded() -> None:
    record_loop_lag(0.25)
    body, content_type = metrics_page()
    assert b"contactcentre_process_loop_lag_last_seconds 0.25\n" in body
    assert content_type.startswith("text/plain")
