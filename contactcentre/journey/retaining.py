"""How long recordings are kept: by the class of their call, and then deleted, with a note of it.

What is looked at is the folder that this process sees. A part whose node keeps its recordings
elsewhere is left to a process that sees them.
"""

from collections.abc import Mapping
from typing import Protocol

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.errors import Outage
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.records import RecordedPart, Recordings

KEEP_DAYS = 90
"""For a class that nobody has said anything of."""
SWEEP_EVERY_MS = 15 * 60_000
RETRY_MS = 60_000
DAY_MS = 24 * 60 * 60_000
WHO = "retention"


class Archive(Protocol):
    """The folder of recordings, as this process sees it."""

    async def delete(self, part: RecordedPart) -> bool:
        """Delete a file; say whether it is gone for certain. Raises Outage where it stays."""


class Sweeper:
    """Deletes what is kept no longer."""

    def __init__(
        self,
        recordings: Recordings,
        archive: Archive,
        clock: Clock,
        chance: Chance,
        *,
        keep_days: Mapping[ServiceClass, int],
    ) -> None:
        self._recordings = recordings
        self._archive = archive
        self._clock = clock
        self._chance = chance
        self._keep_days = {one: keep_days.get(one, KEEP_DAYS) for one in ServiceClass}

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            try:
                await self.sweep()
            except Outage:
                pause_ms = RETRY_MS
            else:
                pause_ms = SWEEP_EVERY_MS
            await self._clock.sleep_ms(pause_ms + self._chance.jitter(RETRY_MS))

    async def sweep(self) -> None:
        """Delete what is due, once. Raises an Outage, after which the rest is still due."""
        now_ms = self._clock.now_ms()
        since_ms = {one: now_ms - days * DAY_MS for one, days in self._keep_days.items()}
        after = None
        while due := await self._recordings.due(since_ms, after=after):
            for part in due:
                if await self._archive.delete(part):
                    await self._recordings.deleted(
                        part.part, who=WHO, why="kept for long enough", at_ms=now_ms
                    )
            after = due[-1].part
