"""What a flow says of itself."""

from contactcentre.domain.ids import LineId, OutcomeCode, StepName
from contactcentre.domain.ivr.flow import (
    Flow,
    Line,
    Outcome,
    QueueName,
    choices,
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
