"""How many offers one router has on their way at once: as many as their nodes take up soon.

A reservation that is taken up too late lapses, and while its caller is put back others go first. So
whoever sees offers take long sends fewer at once, down to a few, and more again as they go quickly:
one more for each round of quick ones, a half fewer for a round of slow ones. Time comes in.
"""

OFFERS_FIRST = 16
OFFERS_MIN = 4
OFFERS_MAX = 32
SOON_MS = 300
"""An offer that a node has taken up within this was on its way for a short time."""


class Window:
    """One router's bound."""

    def __init__(self) -> None:
        self._size = float(OFFERS_FIRST)

    @property
    def size(self) -> int:
        """Return how many may be on their way now."""
        return int(self._size)

    def note(self, took_ms: int) -> None:
        """Take in how long one of them took, whatever came of it."""
        if took_ms <= SOON_MS:
            self._size = min(OFFERS_MAX, self._size + 1 / self._size)
        else:
            self._size = max(OFFERS_MIN, self._size - 0.5)
