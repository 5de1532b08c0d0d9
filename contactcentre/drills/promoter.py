"""Promotes the standby of a drill's record once the site of the primary is lost.

    python -m contactcentre.drills.promoter FILE

In earnest this is Patroni's part. It is a process of its own at the standby's site, and goes by
what can be seen from there. It promotes once, when

- the primary has taken no connection for some seconds, and
- most Sentinels answer, and call a Redis elsewhere than at the primary's site the primary.

So the record goes on where the calls go on. A site that is cut off promotes nobody, and a primary
that is away alone is waited for. What a primary without its standby has not confirmed to anybody is
not missed: it stands on the nodes' disks.
"""

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from contactcentre.adapters.embedded.standby import promote
from contactcentre.adapters.state_redis.sentinels import find_primary, read_group
from contactcentre.domain.errors import Outage, StateUnavailable
from contactcentre.drills.history import now_ms

LOOK_EVERY_S = 0.5
ANSWERS_WITHIN_S = 1.0
AWAY_MS = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is watched over."""

    primary_host: str
    primary_port: int
    standby_url: str
    sentinels_url: str
    away_ms: int = AWAY_MS
    """For how long the primary must have taken no connection."""

    def write(self, file: Path) -> None:
        """Write it down where nobody else reads it: it has passwords."""
        file.touch(mode=0o600)
        file.write_bytes(_WATCH.dump_json(self))


_WATCH = TypeAdapter(Watch)


async def keep(watch: Watch) -> None:
    """Watch until the standby has been promoted."""
    there_ms = now_ms()
    while True:
        asked_ms = now_ms()
        is_there, is_elsewhere = await asyncio.gather(
            takes_connections(watch), is_primary_elsewhere(watch)
        )
        if is_there:
            there_ms = asked_ms
        elif is_elsewhere and asked_ms - there_ms >= watch.away_ms:
            with suppress(Outage):  # its own server may be away too, for a while
                await promote(watch.standby_url)
                return
        await asyncio.sleep(LOOK_EVERY_S)


async def takes_connections(watch: Watch) -> bool:
    """Say whether the primary does, as far as it can be reached."""
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            _, writer = await asyncio.open_connection(watch.primary_host, watch.primary_port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def is_primary_elsewhere(watch: Watch) -> bool:
    """Say whether most Sentinels answer, and call a Redis at another site the primary."""
    try:
        found = await find_primary(read_group(watch.sentinels_url), within_s=ANSWERS_WITHIN_S)
    except StateUnavailable:
        return False
    return found.is_majority and found.primary[0] != watch.primary_host


if __name__ == "__main__":
    asyncio.run(keep(_WATCH.validate_json(Path(sys.argv[1]).read_bytes())))
