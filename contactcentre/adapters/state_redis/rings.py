"""How the last rings ended, in Redis."""

from collections.abc import Sequence

from contactcentre.adapters.state_redis.blackboard import Blackboard, texts
from contactcentre.adapters.state_redis.keys import RINGS_KEPT_S, STORM_KEPT_S
from contactcentre.domain.ids import AdviserId, Token
from contactcentre.limits import STORM_TOLD_EVERY_MS
from contactcentre.ports.rings import RingEnded

RINGS_MAX = 100
assert STORM_TOLD_EVERY_MS * 2 < STORM_KEPT_S * 1_000, "one word of a storm may be late"
FAILED, WELL = "failed", "well"


class RedisRings(Blackboard):
    """Rings in Redis."""

    async def note_ring(self, ended: RingEnded) -> None:
        """Write down how a ring has ended; the oldest such note is dropped."""
        how = FAILED if ended.is_failed else WELL
        match await self.run(
            "note_ring",
            keys={"rings": self.keys.rings},
            argv={
                "ended": f"{ended.token} {how} {ended.adviser}",
                "count_max": RINGS_MAX,
                "kept_s": RINGS_KEPT_S,
            },
        ):
            case ["noted"]:
                return
            case reply:
                raise AssertionError(reply)

    async def rings_ended(self) -> Sequence[RingEnded]:
        """Return how the last rings ended, the latest first."""
        found = await self.client.ask("LRANGE", self.keys.rings, 0, RINGS_MAX - 1)
        return [_ended(note) for note in texts(found) if note is not None]

    async def tell_storm(self) -> None:
        """Say that there is a storm; that is forgotten a few seconds after it was last said."""
        await self.client.ask("SET", self.keys.storm, 1, "EX", STORM_KEPT_S)

    async def is_storm(self) -> bool:
        """Say whether a router sees a storm."""
        return await self.client.ask("GET", self.keys.storm) is not None


def _ended(note: str) -> RingEnded:
    token, how, adviser = note.split(" ")
    return RingEnded(token=Token(int(token)), adviser=AdviserId(adviser), is_failed=how == FAILED)
