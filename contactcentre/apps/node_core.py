"""A media node without its listeners: its calls, and what other processes and browsers ask of it.

The process puts real sound, files and HTTP around it, a simulation something else; what is in here
is the same.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from contactcentre.adapters.state_redis.events import RedisEventStream
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.claims import SIGNED_MAX_CHARS, Signatures
from contactcentre.apps.admission import Admission
from contactcentre.apps.callback_dial import DialTools, WayBack
from contactcentre.apps.callback_dials import CallbackDials
from contactcentre.apps.dial_keepers import DialKeepers
from contactcentre.apps.leg_sockets import LegSockets
from contactcentre.apps.neighbours import Neighbours
from contactcentre.apps.node_calls import NodeCalls, NodePlace
from contactcentre.apps.node_tools import (
    CallbackTerms,
    NodeTools,
    Patience,
    RecordingTerms,
    Sign,
    Words,
)
from contactcentre.apps.overflow_watch import OverflowWatch
from contactcentre.apps.reach import HttpDesks, PeerWay
from contactcentre.apps.text_legs import WithTextLegs
from contactcentre.domain.call import TALKS
from contactcentre.domain.consulting import asked_about
from contactcentre.domain.errors import OutOfOrder, StateUnavailable
from contactcentre.domain.expecting import WaitErrors
from contactcentre.domain.ids import CallId, DeskId, LineId, QueueId
from contactcentre.domain.ivr.flow import Line
from contactcentre.domain.ivr.switches import LineSwitches
from contactcentre.domain.languages import Language
from contactcentre.domain.sites import SiteStanding
from contactcentre.journey.records import ship
from contactcentre.limits import BEAT_EVERY_MS, CLAIM_LIFE_S, REJOIN_MS
from contactcentre.ports.dialling import Dialler
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.media import Media
from contactcentre.ports.records import Spool
from contactcentre.ports.texts import NumberOf, Texts
from contactcentre.settings import Settings
from contactcentre.wire.claims import CallerClaim, CallMemory
from contactcentre.wire.cluster import AskRing, OfferCall, RingAgain
from contactcentre.wire.recording import RecordingStands, RecordingStep

log = structlog.get_logger()
Spawn = Callable[[Coroutine[None, None, None], str], None]

HAND_OVER_BEATS = 3
BEAT_REST_MS = 200
"""So long at least between the end of one report and the next."""


class KeptSpool(Spool, Protocol):
    """A spool that says how much is in it."""

    @property
    def pending_count(self) -> int:
        """Return how many events wait to become durable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeGround:
    """What a node stands on."""

    place: NodePlace
    media: Media
    state: RedisState
    spool: KeptSpool
    peers: PeerWay
    clock: Clock
    chance: Chance
    signatures: Signatures
    lines: Mapping[LineId, Line]
    switches: Callable[[LineId], LineSwitches]
    words: Words
    patience: Patience
    wait_errors: WaitErrors
    spawn: Callable[[Coroutine[None, None, None], str], None]
    """Runs something beside the node; its mistake ends the process."""
    desks_static: Mapping[DeskId, str] = field(default_factory=dict)
    tells_of_listening: bool = True
    callbacks: CallbackTerms | None = None
    recording: RecordingTerms | None = None
    is_strained: Callable[[], bool] = lambda: False
    texts: Callable[[Spawn, NumberOf], Texts] | None = None
    """Puts together how callers are texted: what runs something for one call, and who rings."""


class NodeCore:
    """One media node's calls, and the ways to them."""

    dialler: Dialler | None = None
    """Rings outside numbers; set once there is a trunk to ring them over."""
    way_back: WayBack | None = None
    """Rings callers back; likewise."""
    number_of: NumberOf | None = None
    """Gives where a caller has rung from over a trunk; set once there is one."""

    def __init__(self, ground: NodeGround) -> None:
        self._ground = ground
        self._state = ground.state
        self._site = SiteStanding()
        self.spawn = _spawner(ground.spawn)
        """Runs something for one call; a mistake in it ends nothing else."""
        self.desks = HttpDesks(
            ground.peers,
            ground.state,
            ground.signatures,
            ground.clock,
            node=ground.place.node,
            node_url=ground.place.public_url,
            words=ground.words,
            titles=_titles(ground.lines),
            static=ground.desks_static,
        )
        overflow = OverflowWatch(ground.state, ground.lines, ground.switches, ground.clock)
        ground.spawn(overflow.watch(), "overflow")
        tools = NodeTools(
            node=ground.place.node,
            media=WithTextLegs(ground.media),
            queues=ground.state,
            rings=ground.state,
            desks=self.desks,
            spool=ground.spool,
            clock=ground.clock,
            chance=ground.chance,
            lines=ground.lines,
            switches=ground.switches,
            pass_on=overflow.pass_on,
            words=ground.words,
            sign=signer(ground.signatures, ground.clock),
            spawn=self.spawn,
            patience=ground.patience,
            wait_errors=ground.wait_errors,
            durable_seq=lambda: self.calls.durable_seq,
            tells_of_listening=ground.tells_of_listening,
            callbacks=ground.callbacks,
            recording=ground.recording,
            is_strained=ground.is_strained,
            dialler=lambda: self.dialler,
            texts=None if ground.texts is None else ground.texts(self.spawn, self._number_of),
        )
        self.calls = NodeCalls(ground.place, tools)
        self.admission = Admission(self.calls, tools, ground.signatures)
        place, dials = ground.place, self._dials(tools)
        self.sockets = LegSockets(
            self.calls, self.admission, ground.signatures, node=place.node, dials=dials
        )

    def _dials(self, tools: NodeTools) -> CallbackDials:
        """Return the door for advisers who have callers rung back."""
        keepers = DialKeepers(self._ground.peers, self._state)
        return CallbackDials(
            DialTools(calls=self.calls, tools=tools, keepers=keepers, way=lambda: self.way_back)
        )

    def _number_of(self, call: CallId) -> str | None:
        return None if self.number_of is None else self.number_of(call)

    async def take_offer(self, offer: OfferCall) -> None:
        """Take a router's offer up. Raises UnknownName, StaleToken, OutOfOrder."""
        await self.calls.take(offer)

    def ring_again(self, asked: AskRing) -> RingAgain:
        """Tell a desk that has taken an adviser up how the ring or talk stands.

        Raises UnknownName, StaleToken.
        """
        stands = self.calls.ring_again(asked)
        ring = self.desks.told(
            stands.call, stands.offered, ring_ms=stands.ring_ms, steps=stands.steps
        )
        return RingAgain(ring=ring, talking=stands.is_talk)

    def step(self, asked: RecordingStep) -> RecordingStands:
        """Let a step begin or end that nobody may record. Raises UnknownName, OutOfOrder."""
        call = self.calls.find(asked_about(asked.call))
        if call.call.state not in TALKS:
            raise OutOfOrder("Nobody talks with that caller now.")
        log.info("a payment step", call=call.call.id, on=asked.on)
        return call.recording.step(on=asked.on)

    async def drain(self, *, within_s: float) -> None:
        """Take nothing new; return once the last call is gone and its record is on its way.

        Callers go to other nodes as long as there are any, those who talk only when half of the
        time to drain is over. What is left when all of it is over goes on by its claim, as after a
        loss.
        """
        neighbours = Neighbours(self._state, self._ground.place.node)
        self._ground.spawn(neighbours.watch(), "neighbours")
        await self.calls.drain(
            talks_after_ms=int(within_s * 500), others_serve=lambda: neighbours.serve
        )
        await self._hand_over_records()
        try:
            await self._state.forget_node(self._ground.place.node)
        except StateUnavailable:
            log.warning("the node could not sign off")

    async def _hand_over_records(self) -> None:
        """Let the last events become durable; what does not in time is sent at the next start."""
        for _ in range(HAND_OVER_BEATS):
            if not self._ground.spool.pending_count:
                return
            await asyncio.sleep(BEAT_EVERY_MS / 1_000)  # the mark comes with a beat

    async def keep_reporting(self, shown: Callable[[], None]) -> None:
        """Report every beat; while the store is away, keep trying at the same pace.

        `shown` is called after each.
        """
        is_heard, clock = True, self._ground.clock
        while True:
            due_ms = clock.monotonic_ms() + BEAT_EVERY_MS
            was_heard, is_heard = is_heard, await self._is_heard()
            if was_heard and not is_heard:
                log.warning("the node cannot report; it goes on and tries again every beat")
            elif is_heard and not was_heard:
                log.info("the node reports again")
            shown()
            # on a slow line a report takes a while: that is no reason to be heard more seldom
            await asyncio.sleep(max(BEAT_REST_MS, due_ms - clock.monotonic_ms()) / 1_000)

    async def _is_heard(self) -> bool:
        """Report once; say whether the store has heard it."""
        try:
            await self.calls.beat()
        except StateUnavailable:
            is_heard = False
        else:
            is_heard = True
        sees_majority = self._state.client.sees_majority
        at_ms = self._ground.clock.monotonic_ms()
        self._site.see(is_heard=is_heard, sees_majority=sees_majority, at_ms=at_ms)
        return is_heard

    async def evacuate(self) -> None:
        """Send callers who do not talk to another site whenever this one is cut off, for ever."""
        clock = self._ground.clock
        await self.calls.evacuate(lambda: self._site.is_left(at_ms=clock.monotonic_ms()))

    async def ship(self) -> None:
        """Send what is written down on its way into the record, for ever."""
        stream = RedisEventStream(self._state)
        ground = self._ground
        await ship(ground.spool, stream, lambda: self.calls.durable_seq, ground.clock)


def patience_of(settings: Settings) -> Patience:
    """Return how long a node waits for whom."""
    return Patience(
        ring_ms=settings.ring_ms,
        leg_grace_ms=settings.leg_grace_ms,
        adviser_grace_ms=min(settings.leg_grace_ms, REJOIN_MS),
        wishes=settings.wish_ms > 0,
    )


def signer(signatures: Signatures, clock: Clock) -> Sign:
    """Return what signs a caller's claim, good for a while from now, with its memory sealed."""

    def sign(claim: CallerClaim, memory: CallMemory) -> str:
        exp = clock.now_ms() // 1_000 + CLAIM_LIFE_S
        fresh = {"exp": exp, "memory": signatures.seal(memory)}
        signed = signatures.sign_claim(claim.model_copy(update=fresh))
        if len(signed) > SIGNED_MAX_CHARS and memory.outside is not None:
            log.warning("an outside number is lost with its node: its dialog is long")
            return sign(claim, memory.model_copy(update={"outside": None}))
        return signed

    return sign


def _spawner(
    spawn: Callable[[Coroutine[None, None, None], str], None],
) -> Callable[[Coroutine[None, None, None], str], None]:
    """Return what runs things beside the node; a mistake in one call ends no other."""

    async def guarded(work: Coroutine[None, None, None], name: str) -> None:
        try:
            await work
        except Exception:
            log.exception("a task of this node failed", task=name)

    return lambda work, name: spawn(guarded(work, name), name)


def _titles(lines: Mapping[LineId, Line]) -> Mapping[QueueId, Mapping[Language, str]]:
    """Return how every queue is called."""
    return {queue.id: queue.titles for line in lines.values() for queue in line.queues}
