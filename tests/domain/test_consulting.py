"""The name of a consultation says which call it is about."""

from contactcentre.domain.consulting import asked_about, consult_id, is_consult
from contactcentre.domain.ids import CallId

CALL = CallId("01JEXAMPLE0000000000000001")


def test_a_consultation_is_known_by_its_name_and_leads_to_its_call() -> None:
    asked = consult_id(CALL, "0123456789abcdef")
    assert is_consult(asked)
    assert asked_about(asked) == CALL
    assert not is_consult(CALL)
    assert asked_about(CALL) == CALL


def test_two_consultations_about_one_call_are_told_apart() -> None:
    assert consult_id(CALL, "a") != consult_id(CALL, "b")
