"""A caller on hold, or handed to another queue, is neither deaf nor cut off; one who is lost is."""

from contactcentre.drills import history as h
from tests.drills.saw import Saw, found

LATER_MS = 20_000


def talks_and_hears_nothing(saw: Saw, *, held: tuple[bool, ...] = ()) -> None:
    """Let two talk and hear nothing of each other after a second, with the caller held then."""
    saw.comes("a", 0, place=1)
    saw.rings("a", "ada", 1_000, token=1)
    saw.talks("a", "ada", 2_000, token=1)
    for at, on in enumerate(held):
        saw.note(h.Held(at_ms=3_000 + 4_000 * at, adviser="ada", call="a", token=1, on=on))
    saw.note(
        h.VoiceHeard(at_ms=3_000, call="a", on=False),
        h.CallerVoiceHeard(at_ms=3_000, adviser="ada", call="a", token=1, on=False),
    )
    saw.ends("a", "ada", 11_000, token=1)


def test_nobody_is_deaf_while_the_caller_is_on_hold(saw: Saw) -> None:
    talks_and_hears_nothing(saw, held=(True,))
    assert found(saw) == {}


def test_who_is_not_heard_after_the_hold_is_in_a_deaf_talk(saw: Saw) -> None:
    talks_and_hears_nothing(saw, held=(True, False))
    assert found(saw) == {"deaf_talks": 2}


def test_a_caller_who_is_handed_to_another_queue_is_in_no_talk_that_broke(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.rings("a", "ada", 1_000, token=1)
    saw.talks("a", "ada", 2_000, token=1)
    saw.note(
        h.CallerHanded(at_ms=5_000, adviser="ada", call="a", token=1),
        h.StageHeard(at_ms=5_100, call="a", state="waiting"),
        h.AdviserLegOver(at_ms=5_100, adviser="ada", call="a", token=1),
    )
    saw.stands("ada", "ready", 6_000)
    saw.rings("a", "bob", 7_000, token=2)
    saw.talks("a", "bob", 8_000, token=2)
    saw.ends("a", "bob", 10_000, token=2)
    assert found(saw) == {}


def test_a_caller_who_waits_again_long_after_a_transfer_was_asked_for_was_in_one(saw: Saw) -> None:
    saw.comes("a", 0, place=1)
    saw.rings("a", "ada", 1_000, token=1)
    saw.talks("a", "ada", 2_000, token=1)
    saw.note(
        h.CallerHanded(at_ms=5_000, adviser="ada", call="a", token=1),
        h.StageHeard(at_ms=LATER_MS, call="a", state="waiting"),
        h.AdviserLegOver(at_ms=LATER_MS, adviser="ada", call="a", token=1),
    )
    saw.rings("a", "ada", LATER_MS + 1_000, token=2)
    saw.talks("a", "ada", LATER_MS + 2_000, token=2)
    saw.ends("a", "ada", LATER_MS + 3_000, token=2)
    assert found(saw) == {"talks_broken": 1}
