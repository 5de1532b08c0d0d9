"""What an adviser reads of the way a caller came."""

from typing import get_args

from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.prompts import load_words
from contactcentre.apps.journey_strip import CHOSEN, PHRASES, TOLD, journey
from contactcentre.domain import events as e
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.ids import CallId, LineId, NodeId, StepName
from contactcentre.domain.languages import Language

CALL, TAX = CallId("c1"), LineId("tax")
ARRIVED = e.CallArrived(
    call=CALL,
    at_ms=1,
    line=TAX,
    language=Language.ENGLISH,
    node=NodeId("n1"),
    epoch=LegEpoch(1, "a"),
)


def test_every_phrase_is_there_in_every_language() -> None:
    for said in (*PHRASES.values(), *CHOSEN.values()):
        assert said.keys() == set(Language)
    assert CHOSEN.keys() == set(Language)


def test_what_is_told_is_an_event_of_a_call() -> None:
    assert set(get_args(e.CallEvent)) >= TOLD
    assert e.PlaceTold not in TOLD, "an hour of announcements would push out where a caller was"


def test_the_way_is_told_in_both_languages_with_its_times() -> None:
    steps: list[e.CallEvent] = [
        ARRIVED,
        e.LanguageChosen(call=CALL, at_ms=2, language=Language.WELSH),
        e.StepReached(call=CALL, at_ms=3, step=StepName("paying")),
    ]
    told = journey(TAX, steps, load_words(default_flows_dir()))
    assert [step.at_ms for step in told] == [1, 2, 3]
    assert [step.words[Language.ENGLISH] for step in told] == [
        "Called from the web page",
        "Chose Welsh",
        "Asked about paying",
    ]
    assert all(step.words.keys() == set(Language) for step in told)


def test_a_step_without_words_of_its_own_is_left_out() -> None:
    step = e.StepReached(call=CALL, at_ms=3, step=StepName("no such step"))
    assert journey(TAX, [step], load_words(default_flows_dir())) == []
