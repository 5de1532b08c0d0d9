"""Text messages to callers: who may have one, and that nobody gets the same one twice."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from contactcentre.domain.ids import CallId, SoundName, StepName
from contactcentre.domain.languages import Language

NumberOf = Callable[[CallId], str | None]
"""Gives the number of a caller whose network has shown it to the node; None of any other."""


class TextMark(StrEnum):
    """Whether a text may go to a number now, and if not, why."""

    OPEN = "open"
    """It may, as far as is known; nothing is taken yet."""
    TAKEN = "taken"
    """It may, once: whoever asks next is told that it is tried already."""
    SENT = "sent"
    """It was sent."""
    UNSURE = "unsure"
    """It was tried, and nobody knows whether it was sent."""
    NUMBER_FULL = "number-full"
    """That number has had as many as it may in a day."""
    MINUTE_FULL = "minute-full"
    """So many have been sent within a minute that no more are."""
    LOOK_UPS_FULL = "look-ups-full"
    """So many numbers have been looked up within a minute that no more are."""


class TextMarks(Protocol):
    """What the live state knows of texts. Every method raises StateUnavailable."""

    async def may_text(
        self, number: str, *, number_max: int, minute_max: int, is_paid: bool
    ) -> TextMark:
        """Say whether a number may be texted, and count the look-up if one is to be paid for.

        `number` is a digest of the caller's number; `minute_max` holds for look-ups by themselves.
        """

    async def take_text(
        self, call: CallId, step: StepName, *, number: str, number_max: int, minute_max: int
    ) -> TextMark:
        """Take the right to send a step's text; `number` is a digest of the caller's number."""

    async def settle_text(self, call: CallId, step: StepName, *, is_sent: bool) -> None:
        """Say that the text was sent, or that it certainly was not."""


class Texts(Protocol):
    """Texts to the telephones of this node's callers. Nothing here raises an Outage."""

    def expect(self, call: CallId) -> None:
        """Begin to find out what must be known before a caller may be offered a text."""

    async def may_text(self, call: CallId) -> bool:
        """Say whether a text may be offered; False where that cannot be found out in time."""

    async def text(
        self, call: CallId, step: StepName, *, language: Language, text: SoundName, link: SoundName
    ) -> bool:
        """Send a step's text; say whether it is on its way, from now or from before."""

    def forget(self, call: CallId) -> None:
        """Keep nothing of a caller any longer."""
