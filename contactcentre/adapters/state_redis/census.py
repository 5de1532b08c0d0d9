"""The live state as an operator looks at it: which server it is, and what is on its way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contactcentre.adapters.state_redis.blackboard import Blackboard, texts
from contactcentre.adapters.state_redis.dialogs import trunk_standings
from contactcentre.domain.ids import CallId, NodeId
from contactcentre.ports.phones import TrunkStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsLook:
    """The stream between the nodes and the record."""

    waiting_count: int
    """Events on it that are not in the record yet."""
    oldest: str | None
    """The first of them, by its id on the stream, which begins with when it was sent."""
    unread_count: int
    """Events that nobody could read, kept for a person to look at."""


class RedisCensus:
    """Questions to the live state that nobody asks but an operator."""

    def __init__(self, blackboard: Blackboard) -> None:
        self._blackboard = blackboard

    async def server(self) -> str:
        """Return where the server that answers is. Raises StateUnavailable."""
        said: str = (await self._blackboard.client.ask("CLIENT", "INFO")).decode()
        facts = dict(fact.partition("=")[::2] for fact in said.split())
        return facts.get("laddr", "an address that it does not tell")

    async def events(self) -> EventsLook:
        """Return what is on the stream. Raises StateUnavailable."""
        ask, keys = self._blackboard.client.ask, self._blackboard.keys
        first = await ask("XRANGE", keys.events, "-", "+", "COUNT", 1)
        return EventsLook(
            waiting_count=await ask("XLEN", keys.events),
            oldest=first[0][0].decode() if first else None,
            unread_count=await ask("LLEN", keys.unread),
        )

    async def held(self, nodes: Iterable[NodeId]) -> frozenset[CallId]:
        """Return the calls that these nodes hold. Raises StateUnavailable."""
        found: set[CallId] = set()
        for node in nodes:
            calls = await self._blackboard.client.ask("SMEMBERS", self._blackboard.keys.holds(node))
            found.update(map(CallId, texts(calls)))
        return frozenset(found)

    async def trunks(self, nodes: Iterable[NodeId]) -> Mapping[str, Mapping[NodeId, TrunkStanding]]:
        """Return how each trunk stands, as each of these nodes sees it. Raises StateUnavailable."""
        found: dict[str, dict[NodeId, TrunkStanding]] = {}
        for node in nodes:
            key = self._blackboard.keys.trunks(node)
            said: bytes | None = await self._blackboard.client.ask("GET", key)
            for name, standing in trunk_standings((said or b"").decode()).items():
                found.setdefault(name, {})[node] = standing
        return found
