"""The texts of one chat: each once, in one order, and no more of them than a person writes.

A text has an id from its writer and its place in the order from the node that first wrote it down.
A page says again what it has not heard of as written; said again, a text changes nothing.
"""

from dataclasses import dataclass

from contactcentre.domain.errors import OutOfOrder, TooMany
from contactcentre.domain.events import Writer
from contactcentre.domain.ids import TextId
from contactcentre.limits import TEXT_EVERY_MS, TEXTS_AT_ONCE_MAX, TEXTS_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text."""

    by: Writer
    id: TextId
    order: int
    words: str
    at_ms: int


class Texts:
    """What has been written in one chat."""

    def __init__(self) -> None:
        self._texts: dict[tuple[Writer, TextId], Text] = {}
        self._spent_ms: dict[Writer, int] = {}
        """Until when each writer's texts would have taken, one every so often."""

    def find(self, by: Writer, text: TextId) -> Text | None:
        """Return a text that is written already."""
        return self._texts.get((by, text))

    def in_order(self) -> list[Text]:
        """Return all of them, the first one first."""
        return sorted(self._texts.values(), key=lambda one: (one.order, one.id))

    def allow(self, by: Writer, *, at_ms: int, is_repeat: bool) -> None:
        """Let one more text be written; one that a node had before costs its writer nothing.

        `at_ms` is by a monotonic clock. Raises TooMany while the writer is too fast, OutOfOrder
        once the chat is full.
        """
        if len(self._texts) >= TEXTS_MAX:
            raise OutOfOrder("This chat is full. End it and start another one.")
        if is_repeat:
            return
        spent_ms = max(self._spent_ms.get(by, at_ms), at_ms) + TEXT_EVERY_MS
        if spent_ms - at_ms > TEXTS_AT_ONCE_MAX * TEXT_EVERY_MS:
            raise TooMany("That is too fast. It is sent in a moment.")
        self._spent_ms[by] = spent_ms

    def add(self, text: Text) -> None:
        """Take a text in."""
        self._texts[text.by, text.id] = text
