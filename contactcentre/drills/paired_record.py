"""The record of a centre at two sites: a primary, a synchronous standby, and who promotes it."""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

from contactcentre.adapters.embedded.server import Place, ServerProgram
from contactcentre.adapters.embedded.standby import PostgresPair, ask, start_pair
from contactcentre.domain.errors import Outage
from contactcentre.drills.promoter import Watch

POLL_S = 0.1


class PairedRecord:
    """Two PostgreSQLs, of which one is at the site that is lost."""

    def __init__(self, pair: PostgresPair, promoter: ServerProgram) -> None:
        self._pair = pair
        self._promoter = promoter
        self._has_changed = False

    @property
    def url(self) -> str:
        """Return where both are."""
        return self._pair.url

    def lose(self, place: Place) -> None:
        """Kill the server of one place."""
        for one in (self._pair.primary, self._pair.standby):
            if one.home.stands.host == place.host:
                one.kill()

    async def until_promoted(self) -> None:
        """Wait until the standby takes writes."""
        while True:
            with suppress(Outage):
                if not await ask(self._pair.standby, "SELECT pg_is_in_recovery()"):
                    self._pair.change_places()
                    self._has_changed = True
                    return
            await asyncio.sleep(POLL_S)

    async def rejoin(self) -> None:
        """Let the former primary, if there is one, follow: Patroni's part once its site is back."""
        if self._has_changed:
            self._pair.standby.kill()
            await self._pair.rejoin()

    async def stop(self) -> None:
        """Let all end."""
        await self._promoter.stop()
        await self._pair.stop()


async def start_paired_record(
    folder: Path, *, primary: Place, standby: Place, sentinels_url: str
) -> PairedRecord:
    """Start both servers, and beside the standby who promotes it. Raises Refusal or Outage."""
    pair = await start_pair(folder, places=(primary, standby))
    file = folder / "promoter.json"
    Watch(
        primary_host=primary.host,
        primary_port=pair.primary.port,
        standby_url=pair.standby.url,
        sentinels_url=sentinels_url,
    ).write(file)
    promoter = ServerProgram(
        [sys.executable, "-m", "contactcentre.drills.promoter", file],
        folder=Path(),
        log=folder / "promoter.log",
        stop=signal.SIGTERM,
        place=standby,
    )
    return PairedRecord(pair, promoter)
