"""What a flow says of itself."""

from dataclasses import replace

from contactcentre.domain.ids import LineId, OutcomeCode, StepName
from contactcentre.domain.ivr.flow import (
    Flow,
    Line,
    Outcome,
    QueueName,
    choices,
    key_labels,
    queue_id,
    without_input,
)
from contactcentre.domain.languages import Language


def test_a_queue_is_named_by_line_need_and_language() -> None:
    names = [queue_id(LineId("tax"), QueueName("paying"), language) for language in Language]
    assert names == ["tax.paying.en", "tax.paying.cy"]


def test_only_menus_and_deflections_ask_for_a_key(flow: Flow) -> None:
    asking = {name for name, step in flow.steps.items() if choices(step)}
    assert asking == {"reason", "report", "day"}


def test_a_deflection_is_accepted_with_1_and_declined_with_2(flow: Flow) -> None:
    assert choices(flow.steps[StepName("report")]) == {"1": "bye", "2": "person"}


def test_whoever_presses_nothing_is_led_on_until_a_queue_or_a_goodbye(flow: Flow) -> None:
    assert {name: without_input(step) for name, step in flow.steps.items()} == {
        "welcome": "reason",
        "reason": "person",
        "report": "person",
        "day": "person",
        "calendar": "bye",
        "person": None,
        "support": None,
        "bye": None,
    }


def test_a_line_has_its_queues_in_every_language(flow: Flow) -> None:
    told = Outcome(code=OutcomeCode("told"), titles={Language.ENGLISH: "Told"})
    line = Line(id=flow.line, titles={}, flow=flow, outcomes=(told,), flow_outcomes=())
    assert [queue.id for queue in line.queues] == [
        "bins.bins.en",
        "bins.bins.cy",
        "bins.support.en",
        "bins.support.cy",
    ]


def test_a_page_shows_every_key_that_leads_somewhere(flow: Flow) -> None:
    assert key_labels(flow, StepName("reason")) == {
        "1": "label_bins_reason_1",
        "2": "label_bins_reason_2",
        "0": "label_extra_support",
        "9": "label_other_language",
    }
    assert key_labels(flow, StepName("report")) == {
        "1": "label_accept",
        "2": "label_decline",
        "0": "label_extra_support",
        "9": "label_other_language",
    }


def test_a_page_shows_no_keys_where_none_is_asked_for(flow: Flow) -> None:
    assert key_labels(flow, StepName("person")) == {}


def test_a_page_offers_no_other_language_where_there_is_none(flow: Flow) -> None:
    assert "9" not in key_labels(replace(flow, languages=(Language.WELSH,)), StepName("reason"))
