"""A supervisor's switches in a simulated centre: the rows of their turns, and a node's own copy."""

from dataclasses import dataclass, field

from contactcentre.domain.ids import AdviserId
from contactcentre.domain.ivr.switches import Switches, Turn, Turned, standing_of
from contactcentre.ports.switches import SwitchRecord
from contactcentre.simulation.ledger import LedgerLink


@dataclass(slots=True)
class Turns:
    """Every turn of a switch, the earliest first."""

    rows: list[Turned] = field(default_factory=list)


class SwitchLink:
    """One process's way to the turns: SwitchLedger."""

    def __init__(self, turns: Turns, ledger: LedgerLink) -> None:
        self._turns = turns
        self._ledger = ledger

    async def turn(self, turn: Turn, *, who: AdviserId, why: str, at_ms: int) -> SwitchRecord:
        """Write a turn down, and return how all switches stand after it."""
        return await self._ledger.ask(lambda: self._written(turn, who, why, at_ms))

    async def read(self) -> SwitchRecord:
        """Return how all switches stand."""
        return await self._ledger.ask(self._record)

    def _written(self, turn: Turn, who: AdviserId, why: str, at_ms: int) -> SwitchRecord:
        rows = self._turns.rows
        rows.append(Turned(number=len(rows) + 1, turn=turn, who=who, why=why, at_ms=at_ms))
        return self._record()

    def _record(self) -> SwitchRecord:
        rows = self._turns.rows
        stands = standing_of((row.turn for row in rows), number=len(rows))
        return SwitchRecord(stands=stands, last=rows[::-1])


class KeptCopy:
    """The last copy that a node knew, on its own disk: SwitchFile."""

    def __init__(self) -> None:
        self._stands: Switches | None = None

    def read(self) -> Switches | None:
        """Return the copy; None if there is none."""
        return self._stands

    async def write(self, stands: Switches) -> None:
        """Keep a copy."""
        self._stands = stands
