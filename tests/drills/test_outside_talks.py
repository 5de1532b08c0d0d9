"""Whoever is outside is heard, or is found to be deaf; and is in the record once."""

import pytest

from contactcentre.drills import history as h
from contactcentre.drills.history import History
from contactcentre.drills.outside_talks import outside_deaf, wrongly_sent

CALL, NAME = "a", "left"


def saw(*, outside_until_ms: int, caller_until_ms: int) -> History:
    """Return a talk of 20 s, in which both ends hear each other again for its last second."""
    history = History()
    for fact in (
        h.OutsideAnswered(at_ms=0, name=NAME),
        h.OutsideVoiceHeard(at_ms=100, name=NAME, on=True),
        h.VoiceHeard(at_ms=100, call=CALL, on=True),
        h.LeftOutside(at_ms=1_000, adviser="ada", call=CALL, token=1, name=NAME),
        h.OutsideVoiceHeard(at_ms=outside_until_ms, name=NAME, on=False),
        h.VoiceHeard(at_ms=caller_until_ms, call=CALL, on=False),
        h.OutsideVoiceHeard(at_ms=19_000, name=NAME, on=True),
        h.VoiceHeard(at_ms=19_000, call=CALL, on=True),
        h.CallerHungUp(at_ms=20_000, call=CALL),
        h.OutsideOver(at_ms=20_000, name=NAME),
    ):
        history.note(fact)
    return history


@pytest.mark.parametrize(
    ("outside_until_ms", "caller_until_ms", "deaf"),
    [
        (15_000, 15_000, []),
        (13_000, 15_000, ["the outside number left heard nobody for 6000 ms"]),
        (15_000, 12_000, ["the caller of a heard nobody outside for 7000 ms"]),
    ],
)
def test_an_end_that_hears_nobody_for_longer_than_a_node_takes_is_deaf(
    outside_until_ms: int, caller_until_ms: int, deaf: list[str]
) -> None:
    history = saw(outside_until_ms=outside_until_ms, caller_until_ms=caller_until_ms)
    assert list(outside_deaf(history)) == deaf


@pytest.mark.parametrize(("sent", "wrong"), [({CALL: 1}, 0), ({}, 1), ({CALL: 2}, 1)])
def test_a_caller_who_was_left_outside_stands_so_once(sent: dict[str, int], wrong: int) -> None:
    history = saw(outside_until_ms=15_000, caller_until_ms=15_000)
    assert len(list(wrongly_sent(history, sent))) == wrong


def test_nobody_else_stands_as_left_outside() -> None:
    assert list(wrongly_sent(History(), {"b": 1, "c": 0})) == [
        "b was sent outside 1 times in the record"
    ]
