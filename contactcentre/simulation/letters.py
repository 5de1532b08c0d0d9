"""The texts of one chat as a page has them: what callers' and advisers' pages do in a browser.

One's own go to the node one after the other, the next one only once the one before is written. What
a node does not know, because another one was lost, is said again with the order that it had.
"""

from collections.abc import Callable
from dataclasses import dataclass

from contactcentre.domain.events import Writer
from contactcentre.drills.leg import Said

IN_A_MOMENT = frozenset({"too-many", "spool-full"})
"""After these the same text may do a moment later."""


@dataclass(slots=True, kw_only=True)
class OwnText:
    """One text of one's own."""

    id: str
    words: str
    order: int | None = None
    is_refused: bool = False


class Letters:
    """What one page knows of one chat."""

    def __init__(
        self,
        by: Writer,
        name: str,
        *,
        say: Callable[[Said], None],
        later: Callable[[Callable[[], None]], None],
        shown: Callable[[Said], None],
    ) -> None:
        """Begin; `name` begins the ids of one's own texts, `shown` hears of each once.

        And once more if a text is told with another order or other words than before.
        """
        self._by = by
        self._name = name
        self._say = say
        self._later = later
        self._shown = shown
        self._own: list[OwnText] = []
        self._told: set[str] = set()
        """Which of one's own the present node has."""
        self._known: set[tuple[str, str, int, str]] = set()
        self._is_open = False

    def write(self, words: str) -> None:
        """Write a text."""
        self._own.append(OwnText(id=f"{self._name}-{len(self._own):03d}", words=words))
        self._next()

    def opened(self) -> None:
        """Speak to a node that may know nothing."""
        self._told.clear()
        self._is_open = False

    def hear(self, said: Said) -> bool:
        """Take what a node says of texts; say whether it was about one."""
        match said["kind"]:
            case "so_far":
                self._is_open = True
            case "written":
                self._written(said)
            case "not_written" if said["code"] in IN_A_MOMENT:
                self._later(self._next)
                return True
            case "not_written":
                for one in self._own:
                    one.is_refused |= one.id == said["text"]
            case "typing":
                return True
            case _:
                return False
        self._next()
        return True

    def _written(self, said: Said) -> None:
        key = said["by"], said["text"], said["order"], said["words"]
        if key not in self._known:
            self._known.add(key)
            self._shown(said)
        if said["by"] == self._by:
            self._told.add(said["text"])
            for one in self._own:
                one.order = said["order"] if one.id == said["text"] else one.order

    def _next(self) -> None:
        """Say the next one, also if it was said before: the node takes it once."""
        if not self._is_open:
            return
        for one in self._own:
            if not one.is_refused and one.id not in self._told:
                said = {"kind": "write", "text": one.id, "words": one.words, "order": one.order}
                self._say(said)
                return
