"""How a simulated caller asks for a callback: by what stands beside the keys, each time once."""

import asyncio
from collections.abc import Mapping, Sequence
from random import Random
from typing import cast

from contactcentre.drills.caller import CallerPage
from contactcentre.drills.spans import WAITING
from contactcentre.simulation.people import CHOOSE, IN_TURN, OFFERED, RIGHT, ask_for_callback

LABELS = {sound: sound for sound in (OFFERED, RIGHT, IN_TURN, CHOOSE)}
OFFER = {"1": OFFERED, "0": "Extra support"}
NUMBER = {"#": "That is all", "*": "Go on waiting"}
CHECK = {"1": RIGHT, "2": "Again", "*": "Go on waiting"}
WHEN = {"1": IN_TURN, "2": CHOOSE, "*": "Go on waiting"}
SLOTS = {"1": "12:30 to 13:00", "2": "13:00 to 13:30", "*": "Go on waiting"}


class Hurried(Random):
    """A caller who does not think."""

    def uniform(self, a: float, b: float) -> float:
        """Return no time at all."""
        del a, b
        return 0.0


class Page:
    """A page that asks one question after another, each for as long as for two looks at it."""

    def __init__(self, questions: Sequence[Mapping[str, str]]) -> None:
        self._shown = [shown for one in questions for shown in [dict(one)] * 2]
        self.stage = WAITING
        self.has_talked = asyncio.Event()
        self.pressed: list[str] = []

    @property
    def is_booked(self) -> bool:
        """Say whether there is no more to ask."""
        return not self._shown

    @property
    def keys(self) -> Mapping[str, str]:
        """Return what the keys do now."""
        return self._shown.pop(0)

    def ask_for_callback(self) -> None:
        """Take note that the next key may book."""
        self.pressed.append("booking")

    async def press(self, key: str) -> None:
        """Remember a key."""
        self.pressed.append(key)


async def pressed(questions: Sequence[Mapping[str, str]], *, is_later: bool) -> str:
    """Return what somebody presses who is asked these questions."""
    page = Page(questions)
    asks = ask_for_callback(
        cast("CallerPage", page), "01", Hurried(), labels=LABELS, is_later=is_later
    )
    await asks
    return " ".join(page.pressed)


async def test_whoever_wants_to_be_rung_in_their_turn_chooses_no_half_hour() -> None:
    asked = [OFFER, NUMBER, CHECK, SLOTS, {}, OFFER, NUMBER, CHECK, WHEN]
    in_turn = "1 0 1 booking 1"
    assert await pressed(asked, is_later=False) == f"{in_turn} * {in_turn} booking 1"


async def test_whoever_wants_to_be_rung_later_chooses_the_next_half_hour() -> None:
    asked = [OFFER, NUMBER, CHECK, WHEN, SLOTS]
    assert await pressed(asked, is_later=True) == "1 0 1 booking 1 2 booking 1"


async def test_a_question_that_is_asked_again_is_answered_again() -> None:
    assert await pressed([NUMBER, NUMBER], is_later=False) == "0 1 0 1"
