"""The places of callers who have left the queue and call again, in Redis."""

from contactcentre.adapters.state_redis.blackboard import Blackboard
from contactcentre.adapters.state_redis.keys import CLOSED_KEPT_S, PASSED_KEPT_S
from contactcentre.domain.ids import CallId
from contactcentre.domain.redialling import LAST_WORD_MAX_MS, UNSERVED
from contactcentre.limits import REDIAL_KEEP_MAX_MS

assert min(CLOSED_KEPT_S, PASSED_KEPT_S) * 1_000 > REDIAL_KEEP_MAX_MS + LAST_WORD_MAX_MS, (
    "how a call ended, and who has its place, is known for as long as anybody may ask for it"
)


class RedisPlaces(Blackboard):
    """Places in Redis."""

    async def pass_place(self, *, earlier: CallId, page: str, call: CallId) -> CallId | None:
        """Pass the place of a call that has ended unserved on to one new call, and return that."""
        match await self.run(
            "pass_place",
            keys={"call": self.keys.call(earlier), "passed": self.keys.passed(earlier)},
            argv={
                "page": page,
                "new_call": call,
                "kept_s": PASSED_KEPT_S,
                "unserved...": sorted(UNSERVED),
            },
        ):
            case ["passed", taker]:
                return CallId(taker)
            case ["refused"]:
                return None
            case reply:
                raise AssertionError(reply)
