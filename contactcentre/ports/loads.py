"""Live state: how full queues are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from contactcentre.domain.ids import QueueId
from contactcentre.domain.overflow import Load


@dataclass(frozen=True, slots=True, kw_only=True)
class Loads:
    """How full some queues are at one moment."""

    now_ms: int
    """By the store's clock, so that waits are differences of one clock."""
    queues: Mapping[QueueId, Load]


class QueueLoads(Protocol):
    """Who asks how full queues are."""

    async def loads(self, queues: Sequence[QueueId]) -> Loads:
        """Return how full queues are; who is at work may be as of two seconds ago.

        Raises StateUnavailable.
        """
