"""Live state: calls from telephones, whose callers have no page to carry what belongs to them.

What a web caller's page would keep, the claim with the call's memory in it, is kept here as well as
at the node that has the call. Every method raises StateUnavailable.
"""

from dataclasses import dataclass
from typing import Protocol

from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.ids import CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedWay:
    """A way for a caller's sound that has not been opened before."""

    attempt: int
    """How many ways were opened for this call before."""
    claim: str | None
    """The last claim that a node has kept; None if none has."""


class PhoneClaims(Protocol):
    """What is kept of calls from telephones."""

    async def open_way(self, call: CallId, *, nonce: str) -> OpenedWay | None:
        """Let a caller's sound flow by a pass, once; None if that very pass was used before."""

    async def keep_claim(self, call: CallId, *, epoch: LegEpoch, claim: str) -> bool:
        """Keep a call's claim; say False if a newer leg's claim is kept already."""

    async def kept_claim(self, call: CallId) -> str | None:
        """Return the claim that is kept; None if there is none."""

    async def pull(self, call: CallId, *, epoch: LegEpoch) -> bool:
        """Say whether whoever asks is to pull a call off its lost node: one at a time.

        Nobody is, where the call has gone on with another leg or has ended.
        """

    async def is_pulled(self, call: CallId, *, epoch: LegEpoch) -> bool:
        """Say whether somebody pulls, or has just pulled, the call off that leg."""
