"""The live state as it lies in the store, read in one go and by none of our own adapters.

Every step of a long walk is followed by such a look; it must cost little.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redis import Redis

from contactcentre.adapters.state_redis.keys import Keys
from contactcentre.domain.ids import AdviserId, CallId, DeskId, NodeId, QueueId


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What there is."""

    queues: Mapping[QueueId, list[str]]
    ready_in: Mapping[QueueId, set[str]]
    holds: Mapping[NodeId, set[str]]
    calls: Mapping[CallId, Mapping[str, str]]
    """Each by its fields; none if the call is not known."""
    advisers: Mapping[AdviserId, Mapping[str, str]]
    ready: set[str]
    reservations: list[str]
    seats: set[str]
    lost: set[str]
    lost_advisers: set[str]
    calls_count: int
    """Of all that are known, also such as should not be."""

    def places(self, call: CallId) -> int:
        """Return in how many places a call stands: each queue is one, a reservation another."""
        queues = [members.count(call) for members in self.queues.values()]
        return sum(queues) + self.reservations.count(call)


class Looker:
    """Looks at one centre's keys."""

    def __init__(
        self,
        url: str,
        keys: Keys,
        *,
        queues: Sequence[QueueId],
        nodes: Sequence[NodeId],
        desk: DeskId,
        calls: Sequence[CallId],
        advisers: Sequence[AdviserId],
    ) -> None:
        self._redis = Redis.from_url(url, decode_responses=True, protocol=2)
        self._keys = keys
        self._queues, self._nodes, self._desk = queues, nodes, desk
        self._calls, self._advisers = calls, advisers

    def look(self) -> Seen:
        """Return what there is now."""
        keys = self._keys
        with self._redis.pipeline(transaction=True) as asked:
            for queue in self._queues:
                asked.zrange(keys.queue(queue), 0, -1)
                asked.zrange(keys.ready_in(queue), 0, -1)
            for node in self._nodes:
                asked.smembers(keys.holds(node))
            for call in self._calls:
                asked.hgetall(keys.call(call))
            for adviser in self._advisers:
                asked.hgetall(keys.adviser(adviser))
            asked.zrange(keys.ready, 0, -1)
            asked.zrange(keys.reservations, 0, -1)
            asked.smembers(keys.seats(self._desk))
            asked.zrange(keys.lost, 0, -1)
            asked.zrange(keys.lost_advisers, 0, -1)
            asked.keys(f"{keys.any_call}*")
            told = iter(asked.execute())
        by_queue = [(queue, next(told), set(next(told))) for queue in self._queues]
        return Seen(
            queues={queue: waiting for queue, waiting, _ in by_queue},
            ready_in={queue: ready for queue, _, ready in by_queue},
            holds={node: set(next(told)) for node in self._nodes},
            calls={call: next(told) for call in self._calls},
            advisers={adviser: next(told) for adviser in self._advisers},
            ready=set(next(told)),
            reservations=next(told),
            seats=set(next(told)),
            lost=set(next(told)),
            lost_advisers=set(next(told)),
            calls_count=len(next(told)),
        )

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()
