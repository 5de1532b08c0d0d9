"""Which of two legs of one call owns it.

Each resume raises the count; two resumes from one claim are told apart by the nonce. Compared as a
pair, so that of any two epochs everyone everywhere names the same owner.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class LegEpoch:
    """(count, nonce): the higher pair owns the call."""

    count: int
    nonce: str

    def next(self, nonce: str) -> "LegEpoch":
        """Return the epoch of a leg that comes after this one."""
        return LegEpoch(self.count + 1, nonce)


NOT_ADMITTED = LegEpoch(0, "")
"""The epoch in the claim of a call that no node has admitted yet."""
