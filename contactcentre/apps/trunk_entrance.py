"""A media node's entrance for calls from trunks, put together from the settings."""

from collections.abc import Callable, Coroutine

from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.media_aiortc.phone_ports import PhonePorts
from contactcentre.adapters.sip.door import Door, DoorPlace
from contactcentre.adapters.sip.trunks import Trunks, read_trunks
from contactcentre.adapters.telemetry.phone_metrics import count_trunk
from contactcentre.adapters.web.peers import Peers
from contactcentre.apps.node_core import NodeCore, NodeGround
from contactcentre.apps.trunk_calls import TrunkCalls
from contactcentre.apps.trunk_rescue import LIVES_WITHIN_MS, TrunkRescue
from contactcentre.domain.errors import BadRequest
from contactcentre.settings import Settings

EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - named, not listened on
Spawn = Callable[[Coroutine[None, None, None], str], None]


class TrunkEntrance:
    """The door, and the watch over the calls that came in by it."""

    def __init__(self, door: Door, rescue: TrunkRescue, spawn: Spawn) -> None:
        self._door = door
        self._rescue = rescue
        self._spawn = spawn

    async def open(self) -> None:
        """Listen, and look after what came in by it, here or at a node that is lost."""
        await self._door.open()
        self._spawn(self._rescue.keep(), "trunk calls kept")
        self._spawn(self._rescue.watch(), "trunk rescue")

    async def close(self) -> None:
        """Listen no more."""
        await self._door.close()


def trunk_entrance(
    settings: Settings, ground: NodeGround, core: NodeCore, *, media: AiortcMedia, peers: Peers
) -> TrunkEntrance | None:
    """Return the entrance of a node; None if the settings open none. Raises BadRequest."""
    if settings.sip_port is None:
        return None
    place, trunks = _place(settings, settings.sip_port), _trunks(settings)
    first, last = settings.rtp_range()
    calls = TrunkCalls(
        calls=core.calls,
        admission=core.admission,
        media=media,
        ports=PhonePorts(host=settings.sip_host, first=first, last=last),
        address=place.address,
        lines=ground.lines,
        clock=ground.clock,
        chance=ground.chance,
        spawn=core.spawn,
    )
    door = Door(place, trunks, calls, spawn=core.spawn, count=count_trunk)
    rescue = TrunkRescue(
        calls,
        ground.state,
        ground.state,
        ground.signatures,
        ground.clock,
        node=ground.place.node,
        adopt=door.adopt,
        lives=lambda url: peers.lives(url, deadline_ms=LIVES_WITHIN_MS),
        sees_most=lambda: ground.state.client.sees_majority,
    )
    return TrunkEntrance(door, rescue, ground.spawn)


def _place(settings: Settings, port: int) -> DoorPlace:
    """Return where trunks reach the node. Raises BadRequest."""
    address = settings.sip_address or settings.sip_host
    if address in EVERY_ADDRESS:
        raise BadRequest("Set CC_SIP_ADDRESS to the address at which trunks reach this node.")
    return DoorPlace(
        host=settings.sip_host, port=port, address=address, calls_per_s=settings.sip_calls_per_s
    )


def _trunks(settings: Settings) -> Trunks:
    """Return who may call. Raises BadRequest."""
    if settings.sip_trunks is None:
        raise BadRequest("CC_SIP_PORT is set, but not CC_SIP_TRUNKS: name the file of trunks.")
    return Trunks(read_trunks(settings.sip_trunks))
