"""What an adviser reads of the way a caller came."""

from typing import get_args

from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.prompts import load_words
from contactcentre.apps.journey_strip import CHOSEN, PASSED_ON, PHRASES, TOLD, journey
from contactcentre.domain import events as e
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.ids import AdviserId, CallId, LineId, NodeId, QueueId, StepName, Token
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
    for said in (*PHRASES.values(), *CHOSEN.values(), *PASSED_ON.values()):
        assert said.keys() == set(Language)
    assert CHOSEN.keys() == set(Language)
    assert PASSED_ON.keys() == set(e.OverflowWhy)


def test_what_is_told_is_an_event_of_a_call() -> None:
    assert set(get_args(e.CallEvent)) >= TOLD
    assert e.PlaceTold not in TOLD, "an hour of announcements would push out where a caller was"


def test_the_way_is_told_in_both_languages_with_its_times() -> None:
    steps: list[e.CallEvent] = [
        ARRIVED,
        e.LanguageChosen(call=CALL, at_ms=2, language=Language.WELSH),
        e.StepReached(call=CALL, at_ms=3, step=StepName("paying")),
    ]
    told = journey(TAX, steps, load_words(default_flows_dir()), {})
    assert [step.at_ms for step in told] == [1, 2, 3]
    assert [step.words[Language.ENGLISH] for step in told] == [
        "Called from the web page",
        "Chose Welsh",
        "Asked about paying",
    ]
    assert all(step.words.keys() == set(Language) for step in told)


def test_a_step_without_words_of_its_own_is_left_out() -> None:
    step = e.StepReached(call=CALL, at_ms=3, step=StepName("no such step"))
    assert journey(TAX, [step], load_words(default_flows_dir()), {}) == []


PAYING, GENERAL = QueueId("tax.paying.en"), QueueId("tax.general.en")
TITLES = {
    PAYING: {Language.ENGLISH: "Paying", Language.WELSH: "Talu"},
    GENERAL: {Language.ENGLISH: "General", Language.WELSH: "Cyffredinol"},
}


def test_an_adviser_reads_which_queue_passed_the_caller_on_where_to_and_why() -> None:
    step = e.CallOverflowed(
        call=CALL,
        at_ms=4,
        from_queue=PAYING,
        queue=GENERAL,
        service_class=ServiceClass.P1,
        enqueued_ms=2,
        why=e.OverflowWhy.WAITED,
    )
    (told,) = journey(TAX, [step], load_words(default_flows_dir()), TITLES)
    assert told.words == {
        Language.ENGLISH: "Passed on from “Paying” to “General” after a long wait; kept the time",
        Language.WELSH: "Symud o “Talu” i “Cyffredinol” ar ôl aros yn hir; cadw'r amser",
    }


def test_an_adviser_reads_from_which_queue_to_which_another_has_transferred_the_caller() -> None:
    step = e.CallTransferred(
        call=CALL,
        at_ms=4,
        adviser=AdviserId("ada"),
        token=Token(7),
        from_queue=PAYING,
        queue=GENERAL,
        service_class=ServiceClass.P1,
        enqueued_ms=2,
    )
    (told,) = journey(TAX, [step], load_words(default_flows_dir()), TITLES)
    assert told.words == {
        Language.ENGLISH: "Transferred by an adviser from “Paying” to “General”; kept the time",
        Language.WELSH: "Trosglwyddwyd gan gynghorydd o “Talu” i “Cyffredinol”; cadw'r amser",
    }
