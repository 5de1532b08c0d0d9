"""A supervisor steers: switches are turned in the records, a copy goes to who serves callers.

The records have the truth: while they are away nothing is turned. The copy in the live state is put
back by every desk process, every beat, so it is there again a beat after the state was emptied.
"""

from collections.abc import Mapping, Sequence

from contactcentre.domain.errors import (
    BadRequest,
    LedgerUnavailable,
    Outage,
    SwitchNotTurned,
    UnknownName,
)
from contactcentre.domain.ids import AdviserId, LineId
from contactcentre.domain.ivr.flow import Line
from contactcentre.domain.ivr.switches import (
    NEVER_TURNED,
    LineSwitches,
    Switches,
    Turn,
    Turned,
    refuse,
)
from contactcentre.limits import BEAT_EVERY_MS
from contactcentre.ports.environment import Clock
from contactcentre.ports.switches import SwitchLedger, SwitchState

READ_EVERY_BEATS = 10
"""How often the records are read again: another desk process may have turned a switch."""


class Steering:
    """The switches as this desk process knows them."""

    def __init__(
        self,
        lines: Mapping[LineId, Line],
        *,
        ledger: SwitchLedger,
        state: SwitchState,
        clock: Clock,
    ) -> None:
        self._lines = lines
        self._ledger = ledger
        self._state = state
        self._clock = clock
        self._stands: Switches | None = None
        self._beats = 0
        self.last: Sequence[Turned] = ()
        """The last turns, the latest first; none before the records were read once."""

    @property
    def stands(self) -> Switches | None:
        """Return how all switches stand; None before anybody could say."""
        return self._stands

    def of(self, line: LineId) -> LineSwitches:
        """Return how a line's switches stand; as planned before anybody could say."""
        return (self._stands or NEVER_TURNED).of(line)

    async def turn(self, turn: Turn, *, who: AdviserId, why: str) -> None:
        """Turn a switch. Raises UnknownName, OutOfOrder, SwitchNotTurned."""
        line = self._lines.get(turn.line)
        if line is None:
            raise UnknownName("There is no such line.")
        try:
            before = await self._ledger.read()
            refuse(line.flow, before.stands.of(turn.line), turn)
            record = await self._ledger.turn(turn, who=who, why=why, at_ms=self._clock.now_ms())
        except LedgerUnavailable as away:
            raise SwitchNotTurned(str(away)) from away
        self.last = record.last
        self._take(record.stands)
        await self._keep()

    async def keep(self) -> None:
        """Read the records now and then, and put the copy back every beat."""
        while True:
            await self.look()
            await self._clock.sleep_ms(BEAT_EVERY_MS)

    async def look(self) -> None:
        """Do one beat's part."""
        if self._stands is None or self._beats % READ_EVERY_BEATS == 0:
            await self._read()
        self._beats += 1
        await self._keep()

    async def _read(self) -> None:
        try:
            record = await self._ledger.read()
        except Outage:
            return
        self.last = record.last
        self._take(record.stands)

    async def _keep(self) -> None:
        """Put the copy there, or take the newer one that is there."""
        try:
            if self._stands is None:
                seen = await self._state.look_switches()
            else:
                seen = await self._state.keep_switches(self._stands)
        except (Outage, BadRequest):
            return
        if seen is not None:
            self._take(seen)

    def _take(self, seen: Switches) -> None:
        if self._stands is None or seen.number > self._stands.number:
            self._stands = seen
