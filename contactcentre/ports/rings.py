"""Live state: how the last rings of the whole centre ended, and whether that is a storm."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from contactcentre.domain.ids import AdviserId, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class RingEnded:
    """How one ring ended."""

    token: Token
    adviser: AdviserId
    is_failed: bool
    """Whether the adviser's desk failed on it; a ring that a person leaves unanswered is none."""


class RingNotes(Protocol):
    """Where nodes write down how rings ended. Every method raises StateUnavailable."""

    async def note_ring(self, ended: RingEnded) -> None:
        """Write down how a ring has ended; the oldest such note is dropped."""


class StormSign(Protocol):
    """Where boards see that there is a storm."""

    async def is_storm(self) -> bool:
        """Say whether a router has said so in the last seconds. Raises StateUnavailable."""


class Rings(RingNotes, StormSign, Protocol):
    """What routers make of it."""

    async def rings_ended(self) -> Sequence[RingEnded]:
        """Return how the last rings ended, the latest first."""

    async def tell_storm(self) -> None:
        """Say that there is a storm; that is forgotten a few seconds after it was last said."""


class Brake(Protocol):
    """What keeps a router from matching."""

    async def look(self) -> None:
        """Look whether there is a reason to. Raises StateUnavailable."""

    @property
    def is_on(self) -> bool:
        """Say whether advisers are to be matched one at a time."""

    def allows(self) -> bool:
        """Say whether one more may be matched now."""

    def tried(self) -> None:
        """Note that one is matched."""
