"""Calls that wait for one adviser alone: for a while, after a talk of the two broke."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from contactcentre.domain.ids import AdviserId, CallId, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One call that waits for one adviser."""

    call: CallId
    adviser: AdviserId
    token: Token
    """Of the talk that broke."""


class Wishes(Protocol):
    """What routers do with wishes; each times by its own clock what it sees unchanged."""

    async def wishes(self) -> Sequence[Wish]:
        """Return the calls that wait for one adviser alone, the oldest wish first."""

    async def lapse_wish(self, wish: Wish) -> None:
        """Let a call wait in its queue, where it has its old place; nothing if it is over."""
