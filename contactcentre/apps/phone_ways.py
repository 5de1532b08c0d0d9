"""Where the sound of a caller on a telephone is to go, as the public process decides it.

A caller in a browser has a page that looks for another node when its own is lost. A telephone has
its carrier, which asks us: so here it is seen whether a call has ended, whether its node still has
it, and which other one may.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

import structlog

from contactcentre.adapters.web.pages.seen import SeenCentre
from contactcentre.adapters.web.peers import Peers
from contactcentre.domain.errors import Outage, PeerUnavailable, Refusal, StateUnavailable
from contactcentre.domain.headroom import for_new_calls
from contactcentre.domain.ids import CallId, NodeId
from contactcentre.ports.environment import Chance
from contactcentre.ports.state import CallQueues, CallStanding, NodeStanding
from contactcentre.wire.phones import AskPhone, Here, PhoneStands

log = structlog.get_logger()

ASK_WITHIN_MS = 500
"""A node that does not say for so long how a call stands is not waited for."""
LEFT_WITHIN_MS = 2_000
LEFT_TRIES_MAX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A node to which the sound may flow."""

    node: NodeId
    leg_url: str


class NoWay(Enum):
    """Why there is none."""

    OVER = auto()
    """The call has ended."""
    FULL = auto()
    """Every node carries as many calls as it may."""
    DOWN = auto()
    """No node is there."""


class PhoneWays:
    """The nodes, as callers on telephones get to them."""

    def __init__(
        self,
        *,
        centre: SeenCentre,
        queues: CallQueues,
        peers: Peers,
        chance: Chance,
        nodes_static: Mapping[str, str],
        site: str,
    ) -> None:
        self._centre = centre
        self._queues = queues
        self._peers = peers
        self._chance = chance
        self._site = site
        self._static = [Way(node=NodeId(name), leg_url=url) for name, url in nodes_static.items()]

    async def for_new(self, call: CallId, *, avoid: NodeId | None) -> Way | NoWay:
        """Return where a call goes that no node has taken in, as far as anybody knows."""
        nodes = self._centre.standings()
        if nodes is None:
            return self._one_of(self._static, avoid)
        others = [node for node in nodes if node.node != avoid]
        ways = [_way(node) for node in for_new_calls(others) or for_new_calls(nodes)]
        if nodes and not ways:
            log.warning("a call from a telephone is refused: every node is full", call=call)
            return NoWay.FULL
        return self._one_of(ways, None)

    @property
    def is_one_of_several(self) -> bool:
        """Say whether another site is known, which may see nodes that are not seen from here."""
        return any(site != self._site for site in self._centre.sites().values())

    async def for_known(
        self, call: CallId, *, last: NodeId | None, avoid: NodeId | None
    ) -> Way | NoWay:
        """Return where a call goes on: where it was, if that node has it, or at another one.

        `last` is the node that it was sent to last, `avoid` one that has just not taken it.
        """
        stands = await self.standing(call)
        if stands is not None and stands.state == "closed" and not stands.is_presumed:
            return NoWay.OVER
        own = (stands and stands.node) or last
        here = await self._look(call, own)
        if here is Here.OVER:
            return NoWay.OVER
        nodes = self._centre.standings() or ()
        its_own = [_way(node) for node in nodes if node.node == own]
        if here is Here.HERE and own != avoid and its_own:
            return its_own[0]
        if not nodes:
            return self._one_of(self._static, own)
        left = {node.site for node in nodes if node.node == own and here is Here.LEAVING}
        others = [node for node in nodes if node.node not in {own, avoid}]
        for wanted in (
            for_new_calls(node for node in others if node.site not in left),
            for_new_calls(others),
            others,
        ):
            ways = [_way(node) for node in wanted]
            if ways:
                return self._one_of(ways, None)
        return self._one_of([_way(node) for node in nodes], None)

    async def standing(self, call: CallId) -> CallStanding | None:
        """Return how a call stands; None if nobody knows it, or nobody can say."""
        try:
            found = await self._queues.look_calls([call])
        except StateUnavailable:
            return None
        return found[0] if found else None

    async def left(self, call: CallId) -> bool:
        """Tell its node, or any that can end it, that a caller has gone; say whether one knew."""
        stands = await self.standing(call)
        if stands is not None and stands.state == "closed" and not stands.is_presumed:
            return True
        own = None if stands is None else stands.node
        nodes = sorted(self._centre.standings() or (), key=lambda node: node.node != own)
        for node in nodes[:LEFT_TRIES_MAX]:
            try:
                await self._peers.post(
                    node.internal_url,
                    "/phones/left",
                    AskPhone(call=call),
                    deadline_ms=LEFT_WITHIN_MS,
                )
            except (Refusal, Outage) as error:
                log.info("a node cannot end a call", call=call, node=node.node, why=error.code)
            else:
                return True
        return False

    async def _look(self, call: CallId, own: NodeId | None) -> Here:
        """Return how a call stands at the node that should have it."""
        nodes = self._centre.standings() or ()
        url = next((node.internal_url for node in nodes if node.node == own), None)
        if url is None:
            return Here.UNKNOWN
        try:
            stands = await self._peers.ask(
                url,
                "/phones/look",
                AskPhone(call=call),
                gives=PhoneStands,
                deadline_ms=ASK_WITHIN_MS,
            )
        except (PeerUnavailable, Refusal):
            return Here.UNKNOWN
        return stands.here

    def _one_of(self, ways: Sequence[Way], avoid: NodeId | None) -> Way | NoWay:
        """Return one of them by chance, another one than that to avoid if there is any."""
        chosen = [way for way in ways if way.node != avoid] or ways
        return chosen[self._chance.jitter(len(chosen) - 1)] if chosen else NoWay.DOWN


def _way(node: NodeStanding) -> Way:
    return Way(node=node.node, leg_url=node.public_url)
