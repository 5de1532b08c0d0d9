"""The media nodes that a caller's page knows, in the order in which they will be tried.

This is the page's own list (assets/call/nodes.js) once more: a caller of a drill comes back no more
cleverly than a browser.
"""

from collections.abc import Mapping, Sequence
from random import Random
from types import MappingProxyType

BACK_OFF_FIRST_S = 0.25
BACK_OFF_MAX_S = 10.0
DOUBLINGS_MAX = 10
UNLISTED_MAX = 20
PATIENCE_MAX = 4


class KnownNodes:
    """The nodes that one page knows."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._listed: list[str] = []
        self._unlisted: list[str] = []
        self._preferred: str | None = None
        self._tried: set[str] = set()
        self._sites: dict[str, str] = {}
        self._unreached: str | None = None

    def has(self, url: str | None) -> bool:
        """Say whether a node is on the list."""
        return url in self._listed

    @property
    def count(self) -> int:
        """Return how many are on the list."""
        return len(self._listed)

    def put(self, urls: Sequence[str], sites: Mapping[str, str] = MappingProxyType({})) -> None:
        """Take a new list: what is still in it keeps its turn, what is new comes in at random."""
        self._sites |= sites
        left = [url for url in self._listed if url not in urls]
        kept = [url for url in self._listed if url in urls]
        for url in dict.fromkeys(urls):
            if url not in kept:
                kept.insert(self._chance.randint(0, len(kept)), url)
        before = [url for url in self._unlisted if url not in urls]
        self._listed, self._unlisted = kept, [*left, *before][:UNLISTED_MAX]

    def next(self) -> str | None:
        """Return whose turn it is; None if none is known."""
        untried = [url for url in self._listed if url not in self._tried]
        elsewhere = filter(self._is_elsewhere, untried)
        fresh = next(elsewhere, untried[0] if untried else None)
        chosen = self._preferred if self.has(self._preferred) else fresh
        self._preferred = None
        if chosen is None:
            self._tried.clear()
            chosen = next(iter([*self._unlisted, *self._listed]), None)
        if chosen is None:
            return None
        for urls in (self._listed, self._unlisted):
            if chosen in urls:
                urls.append(urls.pop(urls.index(chosen)))
        if self.has(chosen):
            self._tried.add(chosen)
        return chosen

    def elsewhere(self, url: str) -> str | None:
        """Return a node of another site than one's, the next of those; None if none is known."""
        site = self._sites.get(url)
        if site is None:
            return None
        return next((one for one in self._listed if self._sites.get(one, site) != site), None)

    def unreached(self, url: str) -> None:
        """Take note that one could not be reached: those of another site come first."""
        self._unreached = url

    def prefer(self, url: str | None) -> None:
        """Let one be next, if it is known then."""
        self._tried.clear()
        self._unreached = None
        self._preferred = url

    def avoid(self, url: str | None) -> None:
        """Let one be the last: the node that the call was lost with."""
        self._tried.clear()
        self._preferred = self._unreached = None
        if url in self._listed:
            self._listed.append(self._listed.pop(self._listed.index(url)))

    def _is_elsewhere(self, url: str) -> bool:
        lost = self._sites.get(self._unreached or "")
        return lost is None or self._sites.get(url) != lost

    def open_within_s(self, failures: int, first_ms: int) -> float:
        """Return how long a socket may take to open after so many failures in a row."""
        return first_ms * min(failures + 1, PATIENCE_MAX) / 1_000

    def pause_s(self, failures: int) -> float:
        """Return how long to wait: every node has its turn before the wait grows."""
        rounds = min(max(0, failures - 1) // max(1, self.count), DOUBLINGS_MAX)
        longest_s: float = min(BACK_OFF_MAX_S, BACK_OFF_FIRST_S * 2**rounds)
        return self._chance.random() * longest_s
