"""Where the supervisors' switches are: the truth in the records, a copy in the live state."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from contactcentre.domain.ids import AdviserId
from contactcentre.domain.ivr.switches import Switches, Turn, Turned


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRecord:
    """The switches as the records have them."""

    stands: Switches
    last: Sequence[Turned]
    """The last turns, the latest first."""


class SwitchLedger(Protocol):
    """The turns of switches, each a row that is never changed. Raises LedgerUnavailable."""

    async def turn(self, turn: Turn, *, who: AdviserId, why: str, at_ms: int) -> SwitchRecord:
        """Write a turn down, and return how all switches stand after it."""

    async def read(self) -> SwitchRecord:
        """Return how all switches stand."""


class SwitchState(Protocol):
    """The copy that nodes and pages read. Raises StateUnavailable."""

    async def keep_switches(self, stands: Switches) -> Switches:
        """Put a copy there if it is newer than the one that is; return the one that is then."""

    async def look_switches(self) -> Switches | None:
        """Return the copy; None if there is none."""


class SwitchFile(Protocol):
    """The last copy that this process knew, on its own disk."""

    def read(self) -> Switches | None:
        """Return the copy; None if there is none that can be read."""

    async def write(self, stands: Switches) -> None:
        """Keep a copy, whole or not at all."""
