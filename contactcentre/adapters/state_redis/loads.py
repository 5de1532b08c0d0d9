"""How full queues are, in Redis."""

from collections.abc import Sequence

from contactcentre.adapters.state_redis.blackboard import Blackboard
from contactcentre.adapters.state_redis.keys import AT_WORK_KEPT_S
from contactcentre.domain.ids import QueueId
from contactcentre.domain.overflow import Load
from contactcentre.ports.loads import Loads


class RedisLoads(Blackboard):
    """QueueLoads in Redis."""

    async def loads(self, queues: Sequence[QueueId]) -> Loads:
        """Return how full queues are; who is at work may be as of two seconds ago."""
        match await self.run(
            "look_loads",
            keys={
                "queue:": self.keys.any_queue,
                "call:": self.keys.any_call,
                "advisers": self.keys.advisers,
                "adviser:": self.keys.any_adviser,
                "lost_advisers": self.keys.lost_advisers,
                "at_work": self.keys.at_work,
            },
            argv={"kept_s": AT_WORK_KEPT_S, "queues...": queues},
        ):
            case ["loads", now_ms, *found]:
                now_ms = int(now_ms)
                return Loads(now_ms=now_ms, queues=dict(_load(one, now_ms) for one in found))
            case reply:
                raise AssertionError(reply)


def _load(said: list[str], now_ms: int) -> tuple[QueueId, Load]:
    queue, waiting_count, enqueued_ms, at_work_count = said
    return QueueId(queue), Load(
        waiting_count=int(waiting_count),
        oldest_ms=max(0, now_ms - int(enqueued_ms)) if enqueued_ms else 0,
        at_work_count=int(at_work_count),
    )
