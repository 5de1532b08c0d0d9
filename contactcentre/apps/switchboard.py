"""The supervisors' switches as a media node or the caller's pages know them.

What was known last stays known: in memory while the live state is away, on the disk over a start
without it. Of two copies the one with the higher number stands.
"""

import structlog

from contactcentre.domain.errors import BadRequest, StateUnavailable
from contactcentre.domain.ids import LineId
from contactcentre.domain.ivr.switches import NEVER_TURNED, LineSwitches, Switches
from contactcentre.limits import SWITCHES_EVERY_MS
from contactcentre.ports.environment import Clock
from contactcentre.ports.switches import SwitchFile, SwitchState

log = structlog.get_logger()


class Switchboard:
    """The switches as this process knows them."""

    def __init__(self, state: SwitchState, file: SwitchFile, clock: Clock) -> None:
        self._state = state
        self._file = file
        self._clock = clock
        self._stands = file.read() or NEVER_TURNED

    @property
    def stands(self) -> Switches:
        """Return how all switches stand."""
        return self._stands

    def of(self, line: LineId) -> LineSwitches:
        """Return how a line's switches stand."""
        return self._stands.of(line)

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            await self.look()
            await self._clock.sleep_ms(SWITCHES_EVERY_MS)

    async def look(self) -> None:
        """Look once; while nobody can say, what was known stays."""
        try:
            seen = await self._state.look_switches()
        except StateUnavailable:
            return
        except BadRequest:
            log.warning("the switches in the live state cannot be read; those known here stay")
            return
        if seen is not None and seen.number > self._stands.number:
            self._stands = seen
            log.info("the switches have been turned", number=seen.number)
            await self._file.write(seen)
