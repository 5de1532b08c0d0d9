"""Where the media nodes are, and the centre as a whole."""

from collections.abc import Sequence

from contactcentre.adapters.state_redis.blackboard import Blackboard, texts
from contactcentre.adapters.state_redis.presences import standing
from contactcentre.domain.ids import AdviserId, NodeId, QueueId
from contactcentre.ports.state import NodeStanding, Overview, QueueStanding

ADVISERS_PER_LOOK = 500
"""So many in one step: a millisecond or two in which nobody else is served."""


class RedisAddressBook(Blackboard):
    """AddressBook in Redis."""

    async def nodes(self) -> Sequence[NodeStanding]:
        """Return the media nodes that have reported and have not been forgotten."""
        match await self.run(
            "look_nodes",
            keys={"nodes": self.keys.nodes, "node:": self.keys.any_node},
            argv={},
        ):
            case ["nodes", *found]:
                return sorted(
                    (_node(node, said) for node, *said in found), key=lambda node: node.node
                )
            case reply:
                raise AssertionError(reply)

    async def node(self, node: NodeId) -> NodeStanding | None:
        """Return one media node."""
        found = await self.client.ask("HMGET", self.keys.node(node), *NODE_FIELDS)
        match texts(found):
            case [None, *_]:
                return None
            case said:
                return _node(node, said)

    async def overview(self, queues: Sequence[QueueId]) -> Overview:
        """Return the whole centre: queues and advisers, hundreds at one moment, then the nodes."""
        match await self.run(
            "look_centre",
            keys={
                "queue:": self.keys.any_queue,
                "call:": self.keys.any_call,
                "ready_in:": self.keys.any_ready_in,
                "advisers": self.keys.advisers,
                "adviser:": self.keys.any_adviser,
            },
            argv={"advisers_max": ADVISERS_PER_LOOK, "queues...": queues},
        ):
            case ["centre", now_ms, waiting, people, others]:
                for start in range(0, len(others), ADVISERS_PER_LOOK):
                    people += await self._look_advisers(others[start : start + ADVISERS_PER_LOOK])
                return Overview(
                    now_ms=int(now_ms),
                    queues=[_queue(*said) for said in waiting],
                    advisers=sorted(
                        (AdviserId(adviser), standing(said)) for adviser, *said in people
                    ),
                    nodes=await self.nodes(),
                )
            case reply:
                raise AssertionError(reply)

    async def _look_advisers(self, advisers: Sequence[str]) -> list[list[str]]:
        """Return what the live state says of some advisers, who they are first."""
        match await self.run(
            "look_advisers",
            keys={"advisers": self.keys.advisers, "adviser:": self.keys.any_adviser},
            argv={"advisers...": advisers},
        ):
            case ["advisers", *people]:
                return people
            case reply:
                raise AssertionError(reply)


NODE_FIELDS = (
    "site",
    "beat",
    "internal_url",
    "public_url",
    "draining",
    "legs_count",
    "legs_max",
    "strained",
)


def _node(node: str, said: list[str]) -> NodeStanding:
    site, beat, internal_url, public_url, draining, legs_count, legs_max, strained = said
    return NodeStanding(
        node=NodeId(node),
        site=site,
        beat=int(beat),
        internal_url=internal_url,
        public_url=public_url,
        draining=draining == "1",
        legs_count=int(legs_count),
        legs_max=int(legs_max),
        strained=strained == "1",
    )


def _queue(queue: str, waiting_count: int, enqueued_ms: str, ready_count: int) -> QueueStanding:
    return QueueStanding(
        queue=QueueId(queue),
        waiting_count=waiting_count,
        oldest_enqueued_ms=int(enqueued_ms) if enqueued_ms else None,
        ready_count=ready_count,
    )
