"""How one process of ours reaches another: over HTTP, at the address it has in the live state."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, TypeVar

from pydantic import BaseModel

from contactcentre.adapters.web.claims import Signatures
from contactcentre.apps.journey_strip import journey
from contactcentre.domain.call import Call
from contactcentre.domain.consulting import is_consult
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.errors import PeerUnavailable, StateUnavailable
from contactcentre.domain.events import CallEvent, LapseReason
from contactcentre.domain.ids import (
    AdviserId,
    CallId,
    DeskId,
    NodeId,
    QueueId,
    SoundName,
    Token,
)
from contactcentre.domain.languages import Language
from contactcentre.limits import TICKET_LIFE_S
from contactcentre.ports.environment import Clock
from contactcentre.ports.live import Offered
from contactcentre.ports.state import Presences
from contactcentre.wire.claims import AdviserTicket
from contactcentre.wire.cluster import (
    AskRing,
    AttemptSaid,
    CallbackSaid,
    OfferCall,
    Ring,
    RingAgain,
    RingOver,
    Talk,
)
from contactcentre.wire.recording import RecordingStands, RecordingStep

RING_DEADLINE_MS = 1_500
NOWHERE: Mapping[DeskId, str] = MappingProxyType({})

Answer = TypeVar("Answer", bound=BaseModel)


class PeerWay(Protocol):
    """The way to other processes of ours: one try under a deadline."""

    async def post(self, base_url: str, path: str, body: BaseModel, *, deadline_ms: int) -> None:
        """Tell a peer something. Raises what the peer refuses, or PeerUnavailable."""

    async def ask(
        self, base_url: str, path: str, body: BaseModel, *, gives: type[Answer], deadline_ms: int
    ) -> Answer:
        """Ask a peer something. Raises what the peer refuses, or PeerUnavailable."""


class HttpNodes:
    """The media nodes, as routers and desks reach them."""

    def __init__(self, peers: PeerWay) -> None:
        self._peers = peers

    async def offer(
        self,
        *,
        node_url: str,
        call: CallId,
        adviser: AdviserId,
        desk: DeskId,
        token: Token,
        within_ms: int,
    ) -> None:
        """Tell a call's node of its reservation."""
        said = OfferCall(call=call, adviser=adviser, desk=desk, token=token)
        await self._peers.post(node_url, "/offers", said, deadline_ms=within_ms)

    async def again(self, node_url: str, ask: AskRing) -> RingAgain:
        """Return how a ring or talk stands at its call's node, which speaks to that desk from then.

        Raises PeerUnavailable and what the node refuses.
        """
        return await self._peers.ask(
            node_url, "/rings/again", ask, gives=RingAgain, deadline_ms=RING_DEADLINE_MS
        )

    async def step(self, node_url: str, step: RecordingStep) -> RecordingStands:
        """Let a step begin or end that nobody may record; return how it stands at the call's node.

        Raises PeerUnavailable and what the node refuses.
        """
        return await self._peers.ask(
            node_url,
            "/recordings/steps",
            step,
            gives=RecordingStands,
            deadline_ms=RING_DEADLINE_MS,
        )


class HttpKeepers:
    """The keepers of callbacks, as desks reach them."""

    def __init__(self, peers: PeerWay) -> None:
        self._peers = peers

    async def say(self, keeper_url: str, said: CallbackSaid) -> None:
        """Tell a keeper what an adviser does. Raises PeerUnavailable and what it refuses."""
        await self._peers.post(keeper_url, "/callbacks/words", said, deadline_ms=RING_DEADLINE_MS)

    async def write_down(self, keeper_url: str, said: AttemptSaid) -> None:
        """Have a keeper write down how an attempt has ended, whoever keeps that callback.

        Raises PeerUnavailable, LedgerUnavailable, UnknownName.
        """
        await self._peers.post(
            keeper_url, "/callbacks/attempts", said, deadline_ms=RING_DEADLINE_MS
        )


class DeskRings:
    """What desks are told of a ring and of what becomes of it, whoever conducts it.

    Each method raises PeerUnavailable, StateUnavailable and what the desk refuses.
    """

    def __init__(
        self, peers: PeerWay, presences: Presences, static: Mapping[DeskId, str] = NOWHERE
    ) -> None:
        self._peers = peers
        self._presences = presences
        self._known: dict[DeskId, str] = dict(static)
        """Where desks were last; at first where the settings say that they are."""

    async def ring(self, offered: Offered, ring: Ring) -> None:
        """Let an adviser's desk ring."""
        url = await self._url(offered.desk)
        await self._peers.post(url, "/rings", ring, deadline_ms=RING_DEADLINE_MS)

    async def bridged(self, call: CallId, offered: Offered, epoch: LegEpoch) -> None:
        """Tell the desk that its adviser has the call."""
        said = Talk(call=call, adviser=offered.adviser, token=offered.token, epoch=epoch)
        await self._tell(offered, "bridged", said)

    async def moved(self, offered: Offered, ring: Ring) -> None:
        """Tell the desk where its call goes on."""
        await self._tell(offered, "moved", ring)

    async def over(
        self, call: CallId, offered: Offered, epoch: LegEpoch, *, lapse: LapseReason | None
    ) -> None:
        """Tell the desk that the ring came to nothing, or (None) that all of it has ended."""
        said = RingOver(
            call=call, adviser=offered.adviser, token=offered.token, epoch=epoch, lapse=lapse
        )
        await self._tell(offered, "over", said)

    async def _tell(self, offered: Offered, what: str, said: Talk | Ring | RingOver) -> None:
        url = await self._url(offered.desk)
        path = f"/rings/{offered.token}/{what}"
        await self._peers.post(url, path, said, deadline_ms=RING_DEADLINE_MS)

    async def _url(self, desk: DeskId) -> str:
        """Return where a desk is; where it was last, while the address book does not say.

        Raises PeerUnavailable if there is none, StateUnavailable if nobody can say.
        """
        try:
            standing = await self._presences.desk(desk)
        except StateUnavailable:
            if desk not in self._known:
                raise
            standing = None
        if standing is not None:
            self._known[desk] = standing.internal_url
        if desk not in self._known:
            raise PeerUnavailable(f"There is no desk process {desk}.")
        return self._known[desk]


class HttpDesks:
    """The advisers' desks, as a media node reaches them."""

    def __init__(
        self,
        peers: PeerWay,
        presences: Presences,
        signatures: Signatures,
        clock: Clock,
        *,
        node: NodeId,
        node_url: str,
        words: Mapping[Language, Mapping[SoundName, str]],
        titles: Mapping[QueueId, Mapping[Language, str]],
        static: Mapping[DeskId, str] = NOWHERE,
    ) -> None:
        self._words = words
        self._titles = titles
        self._rings = DeskRings(peers, presences, static)
        self._signatures = signatures
        self._clock = clock
        self._node = node
        self._node_url = node_url

    async def ring(
        self, call: Call, offered: Offered, *, ring_ms: int, steps: Sequence[CallEvent]
    ) -> None:
        """Let an adviser's desk ring, with a ticket to the leg that its browser will open."""
        await self._rings.ring(offered, self.told(call, offered, ring_ms=ring_ms, steps=steps))

    def told(
        self, call: Call, offered: Offered, *, ring_ms: int, steps: Sequence[CallEvent]
    ) -> Ring:
        """Return a ring, or with `ring_ms` 0 a talk, as its desk is told of it."""
        assert call.queue is not None, "only a queued call rings"
        assert call.enqueued_ms is not None, "only a queued call rings"
        now_ms = self._clock.now_ms()
        waited_until_ms = call.bridged_at_ms if ring_ms == 0 else None
        ticket = AdviserTicket(
            call=call.id,
            adviser=offered.adviser,
            token=offered.token,
            node=self._node,
            exp=now_ms // 1_000 + TICKET_LIFE_S,
        )
        return Ring(
            call=call.id,
            adviser=offered.adviser,
            token=offered.token,
            node=self._node,
            node_url=self._node_url,
            ticket=self._signatures.sign_ticket(ticket),
            line=call.line,
            queue=call.queue,
            language=call.language,
            waited_ms=max(0, (waited_until_ms or now_ms) - call.enqueued_ms),
            ring_ms=ring_ms,
            epoch=call.epoch,
            journey=journey(call.line, steps, self._words, self._titles),
            consulted_by=call.adviser if is_consult(call.id) else None,
        )

    async def bridged(self, call: Call, offered: Offered) -> None:
        """Tell the desk that the talk has begun."""
        await self._rings.bridged(call.id, offered, call.epoch)

    async def moved(self, call: Call, offered: Offered, *, steps: Sequence[CallEvent]) -> None:
        """Tell the desk that the talk goes on here, with a ticket to the leg at this node."""
        await self._rings.moved(offered, self.told(call, offered, ring_ms=0, steps=steps))

    async def over(self, call: Call, offered: Offered, *, lapse: LapseReason | None) -> None:
        """Tell the desk that the ring or the talk has ended."""
        await self._rings.over(call.id, offered, call.epoch, lapse=lapse)
