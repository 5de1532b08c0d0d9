"""Which of two legs of one call owns it.

Each resume raises the count, and more so the oftener its page has tried with the same claim: a node
that it had asked before may have taken the call up without its hearing of it. Two resumes from one
claim by two pages are told apart by the nonce. Compared as a pair, so that of any two epochs
everyone everywhere names the same owner.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class LegEpoch:
    """(count, nonce): the higher pair owns the call."""

    count: int
    nonce: str

    def next(self, nonce: str, *, attempt: int = 0) -> "LegEpoch":
        """Return the epoch of a leg that comes after this one, and after earlier attempts at it."""
        return LegEpoch(self.count + 1 + attempt, nonce)


NOT_ADMITTED = LegEpoch(0, "")
"""The epoch in the claim of a call that no node has admitted yet."""
