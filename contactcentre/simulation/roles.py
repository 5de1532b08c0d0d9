"""How each process of a simulated centre is put together, out of the parts that the real one has.

What stands here is what `apps` has in its listeners: which request goes to which part.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.telemetry.monitors import violated
from contactcentre.adapters.web.pages.redial import Redials
from contactcentre.adapters.web.pages.seen import SeenCentre
from contactcentre.adapters.web.sockets import Socket
from contactcentre.apps.desk import assemble_floor
from contactcentre.apps.desk_told import Signs
from contactcentre.apps.keeper import assemble_keeper
from contactcentre.apps.node_calls import NodePlace
from contactcentre.apps.node_core import NodeCore, NodeGround, patience_of
from contactcentre.apps.node_tools import CallbackTerms
from contactcentre.apps.records import assemble
from contactcentre.apps.router import Router
from contactcentre.apps.switchboard import Switchboard
from contactcentre.domain.errors import UnknownName
from contactcentre.domain.expecting import WaitErrors
from contactcentre.domain.ids import (
    AdviserId,
    CallId,
    LineId,
    NodeId,
    QueueId,
    RequestId,
)
from contactcentre.domain.ivr.flow import Line, QueueDefinition
from contactcentre.domain.ivr.switches import AS_PLANNED, LineSwitches
from contactcentre.domain.storm import StormBreaker
from contactcentre.journey.steering import Steering
from contactcentre.journey.supervision import Supervision
from contactcentre.journey.wrapup import WrapUps
from contactcentre.limits import CLAIM_LIFE_S
from contactcentre.ports.state import Reservation
from contactcentre.simulation.callback_links import CallbacksLink, PromisesLink
from contactcentre.simulation.client import SimulatedClient
from contactcentre.simulation.desk_door import DeskDoor
from contactcentre.simulation.disk import Disk, DiskSpool
from contactcentre.simulation.ground import Ground, Part
from contactcentre.simulation.lives import Answer, Life, Request
from contactcentre.simulation.steering import KeptCopy, SwitchLink
from contactcentre.simulation.tapes import RecordingMedia, recording_terms
from contactcentre.wire.claims import CallerClaim
from contactcentre.wire.cluster import AskRing, AttemptSaid, CallbackSaid, OfferCall
from contactcentre.wire.pages import GivenClaim, LivingNodes, NewClaim

LEGS_MAX = 200
DONE = Answer(status=204)

Start = Callable[[Ground, Life], Awaitable[None]]


class Noted(RedisState):
    """The live state of a router, of which it is noted whom it reserves and what it tells."""

    def __init__(self, client: SimulatedClient, ground: Ground) -> None:
        super().__init__(client)
        self._ground = ground

    async def match_advisers(
        self, advisers: Sequence[AdviserId], *, request: RequestId
    ) -> Sequence[Reservation]:
        """Reserve the best waiting heads of the advisers' queues."""
        found = await super().match_advisers(advisers, request=request)
        for made in found:
            self._note(made)
        return found

    async def match_queue(self, queue: QueueId, *, request: RequestId) -> Reservation | None:
        """Reserve a queue's head for the adviser who has been ready for longest."""
        made = await super().match_queue(queue, request=request)
        if made is not None:
            self._note(made)
        return made

    async def tell_storm(self) -> None:
        """Tell boards of a storm."""
        self._ground.storms.append(self._now_ms)
        await super().tell_storm()

    @property
    def _now_ms(self) -> int:
        return self._ground.simulation.now_us() // 1_000

    def _note(self, made: Reservation) -> None:
        self._ground.reservations.append((self._now_ms, made.call, made.token))


def _node(ground: Ground, life: Life, part: Part, spool: DiskSpool) -> NodeCore:
    """Return what a media node is without its listeners."""
    place = NodePlace(
        node=NodeId(life.name),
        site=life.names[0],
        internal_url=f"http://{life.name}",
        public_url=ground.nodes_static[life.name],
        legs_max=LEGS_MAX,
    )
    media = RecordingMedia(ground.air, life, legs_max=LEGS_MAX, said=ground.witness.said)
    reels = ground.reels.setdefault(life.name, {})
    return NodeCore(
        NodeGround(
            place=place,
            media=media,
            recording=recording_terms(media, reels, spool, part.clock, life),
            state=part.state,
            spool=spool,
            peers=part.peers,
            clock=part.clock,
            chance=part.chance,
            signatures=part.signatures,
            lines=ground.lines,
            switches=_switches(ground, life, part),
            words=ground.words,
            patience=patience_of(part.settings),
            wait_errors=WaitErrors(lambda _queue, _ratio: None),
            spawn=life.spawn,
            desks_static=ground.desks_static,
            callbacks=_callbacks(ground, part),
        )
    )


def _callbacks(ground: Ground, part: Part) -> CallbackTerms | None:
    """Return how callers may book callbacks."""
    if ground.offers is None:
        return None
    return CallbackTerms(promises=PromisesLink(part.ledger), rule=ground.offers)


def _switches(ground: Ground, life: Life, part: Part) -> Callable[[LineId], LineSwitches]:
    """Return how a node knows the switches; where nobody steers they are as planned."""
    if not ground.is_steered:
        return lambda _: AS_PLANNED
    copy = ground.copies.setdefault(life.name, KeptCopy())
    board = Switchboard(part.state, copy, part.clock)
    life.spawn(board.watch(), "switches")
    return board.of


async def start_media(ground: Ground, life: Life) -> None:
    """Start a media node."""
    part = Part(ground, life)
    disk = ground.disks.setdefault(life.name, Disk())
    spool = DiskSpool(disk, node=NodeId(life.name), now_ms=part.clock.now_ms())
    core = _node(ground, life, part, spool)

    async def serve(request: Request) -> Answer:
        match request.path:
            case "/offers":
                await core.take_offer(OfferCall.model_validate_json(request.body))
                return DONE
            case "/rings/again":
                again = core.ring_again(AskRing.model_validate_json(request.body))
                return Answer(status=200, body=again.model_dump_json().encode())
            case _:
                raise UnknownName("There is no such path.")

    async def leg(socket: Socket, _: str) -> None:
        await core.sockets.serve(socket)

    life.spawn(spool.keep_writing(), "spool")
    life.spawn(core.ship(), "shipping")
    life.spawn(core.keep_reporting(lambda: None), "node beat")
    life.spawn(core.evacuate(), "evacuation")
    life.spawn(part.client.watch(), "sentinels")
    life.drain = partial(core.drain, within_s=part.settings.drain_s)
    life.listen(serve, {"/leg": leg})


async def start_router(ground: Ground, life: Life) -> None:
    """Start a router."""
    part = Part(ground, life, needs_majority=True)
    router = Router(
        state=Noted(part.client, ground),
        peers=part.peers,
        clock=part.clock,
        chance=part.chance,
        grace_ms=part.settings.orphan_grace_ms,
        wish_ms=part.settings.wish_ms,
        breaker=StormBreaker(
            advisers_min=part.settings.storm_advisers, window_ms=part.settings.storm_window_ms
        ),
        violated=violated,
    )
    life.spawn(part.client.watch(), "sentinels")
    life.spawn(router.work(), "router")


async def start_desk(ground: Ground, life: Life) -> None:
    """Start a desk process."""
    part = Part(ground, life)
    supervision = Supervision(
        addresses=part.state,
        lost=part.state,
        storm=part.state,
        reports=part.ledger,
        clock=part.clock,
        queues=[queue.id for queue in _queues(ground.lines)],
    )
    floor, beat = assemble_floor(
        part.settings,
        internal_url=f"http://{life.name}",
        spawn=life.spawn,
        state=part.state,
        peers=part.peers,
        supervision=supervision,
        wrap_ups=WrapUps(part.ledger, part.clock),
        signs=Signs(ground.lines.values()),
        clock=part.clock,
    )
    door = DeskDoor(floor, ground.accounts)

    async def serve(request: Request) -> Answer:
        answer = await door.serve(request)
        ground.was_told(request)
        return answer

    async def drain() -> None:
        floor.close()
        await beat.report_last()

    if ground.is_steered:
        link = SwitchLink(ground.turns, part.ledger)
        steering = Steering(ground.lines, ledger=link, state=part.state, clock=part.clock)
        ground.steerings[life.name] = steering
        life.spawn(steering.keep(), "switches")
    await supervision.look()
    await supervision.count()
    life.spawn(supervision.keep_counting(), "counts")
    life.spawn(beat.keep_beating(), "desk beat")
    life.drain = drain
    life.listen(serve, {"/api/live": door.live})


async def start_records(ground: Ground, life: Life) -> None:
    """Start a records process."""
    part = Part(ground, life)
    recorder, reconciler = assemble(
        part.state,
        part.ledger,
        part.ledger,
        reader=life.name,
        clock=part.clock,
        chance=part.chance,
        grace_ms=part.settings.orphan_grace_ms,
    )
    keeper, door = assemble_keeper(
        part.settings,
        internal_url=f"http://{life.name}",
        state=part.state,
        callbacks=CallbacksLink(part.ledger),
        peers=part.peers,
        clock=part.clock,
        chance=part.chance,
    )
    ground.keepers[life.name] = keeper

    async def serve(request: Request) -> Answer:
        match request.path:
            case "/offers":
                await door.take_offer(OfferCall.model_validate_json(request.body))
                return DONE
            case "/rings/again":
                again = door.ring_again(AskRing.model_validate_json(request.body))
                return Answer(status=200, body=again.model_dump_json().encode())
            case "/callbacks/words":
                door.hear(CallbackSaid.model_validate_json(request.body))
                return DONE
            case "/callbacks/attempts":
                await door.write_down(AttemptSaid.model_validate_json(request.body))
                return DONE
            case _:
                raise UnknownName("There is no such path.")

    life.spawn(reconciler.run(), "reconciling")
    life.spawn(keeper.run(), "callbacks")
    life.spawn(recorder.run(), "records")
    life.listen(serve, {})


async def start_public(ground: Ground, life: Life) -> None:
    """Start a process that gives claims to callers' pages."""
    part = Part(ground, life)
    centre = SeenCentre(
        part.state,
        [queue.id for queue in _queues(ground.lines)],
        nodes_static=ground.nodes_static,
        clock=part.clock,
    )
    redials = Redials(part.signatures, part.state, part.clock, keep_ms=part.settings.redial_keep_ms)

    async def serve(request: Request) -> Answer:
        if request.path == "/api/nodes":
            nodes = LivingNodes(
                nodes=list(centre.nodes_for_calls_kept()), sites=dict(centre.sites())
            )
            return Answer(status=200, body=nodes.model_dump_json().encode())
        asked = NewClaim.model_validate_json(request.body)
        call, kept = await redials.begin(asked, CallId(part.chance.nonce()))
        claim = CallerClaim(
            call=call,
            line=asked.line,
            language=asked.language,
            epoch_count=0,
            epoch_nonce="",
            chat=asked.chat or None,
            page=asked.page,
            kept=kept,
            exp=part.clock.now_ms() // 1_000 + CLAIM_LIFE_S,
        )
        given = GivenClaim(
            claim=part.signatures.sign_claim(claim),
            call=call,
            life_ms=CLAIM_LIFE_S * 1_000,
            nodes=list(centre.nodes_for_new_calls()),
            sites=dict(centre.sites()),
            place_kept=kept is not None,
        )
        return Answer(status=200, body=given.model_dump_json().encode())

    await centre.look()
    life.spawn(centre.watch(), "watch")
    life.listen(serve, {})


def _queues(lines: Mapping[LineId, Line]) -> Sequence[QueueDefinition]:
    return [queue for line in lines.values() for queue in line.queues]


STARTS: Mapping[str, Start] = MappingProxyType(
    {
        "media": start_media,
        "router": start_router,
        "desk": start_desk,
        "records": start_records,
        "public": start_public,
    }
)
"""How a process of each role starts."""
