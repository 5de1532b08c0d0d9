"""A media node's entrance for calls from trunks, put together from the settings."""

from collections.abc import Callable, Coroutine
from functools import partial

from contactcentre.adapters.flow_files.outside_numbers import read_outside_numbers
from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.media_aiortc.phone_ports import PhonePorts
from contactcentre.adapters.sip.door import Door, DoorPlace
from contactcentre.adapters.sip.keepalive import answers
from contactcentre.adapters.sip.tls import TlsFiles, TlsKeys
from contactcentre.adapters.sip.trunks import Trunks, read_trunks
from contactcentre.adapters.telemetry.phone_metrics import count_rung, count_trunk
from contactcentre.adapters.web.peers import Peers
from contactcentre.apps.callback_dial import WayBack
from contactcentre.apps.dialling import NodeDialler, WayOut
from contactcentre.apps.node_core import NodeCore, NodeGround
from contactcentre.apps.outside_rescue import NobodyRung, OutsideRescue
from contactcentre.apps.trunk_calls import TrunkCalls
from contactcentre.apps.trunk_rescue import LIVES_WITHIN_MS, TrunkRescue
from contactcentre.apps.trunk_watch import TrunkWatch
from contactcentre.domain.errors import BadRequest
from contactcentre.domain.ids import CallId
from contactcentre.ports.dialling import Dialler
from contactcentre.settings import Settings

EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - named, not listened on
Spawn = Callable[[Coroutine[None, None, None], str], None]


class TrunkEntrance:
    """The door, and the watch over the calls that came in by it."""

    def __init__(
        self,
        door: Door,
        rescue: TrunkRescue,
        watch: TrunkWatch,
        spawn: Spawn,
        *,
        way_back: WayBack | None,
        number_of: Callable[[CallId], str | None],
    ) -> None:
        self.way_back = way_back
        """Rings callers back; None where nobody is to be rung."""
        self.dialler: Dialler | None = None if way_back is None else way_back.dialler
        """Rings numbers over a trunk."""
        self.number_of = number_of
        """Gives where a caller rings from, if the network shows it."""
        self._door = door
        self._rescue = rescue
        self._watch = watch
        self._spawn = spawn

    async def open(self) -> None:
        """Listen, and look after what came in by it, here or at a node that is lost."""
        await self._door.open()
        self._spawn(self._rescue.keep(), "trunk calls kept")
        self._spawn(self._rescue.watch(), "trunk rescue")
        self._spawn(self._watch.watch(), "trunks watched")

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
    keys, outward = _keys(settings, trunks), _outward(settings, trunks)
    first, last = settings.rtp_range()
    ports = PhonePorts(host=settings.sip_host, first=first, last=last)
    calls = TrunkCalls(
        calls=core.calls,
        admission=core.admission,
        media=media,
        ports=ports,
        address=place.address,
        lines=ground.lines,
        clock=ground.clock,
        chance=ground.chance,
        spawn=core.spawn,
    )
    door = Door(place, trunks, calls, spawn=core.spawn, count=count_trunk, keys=keys)
    way_back = None
    if outward is not None:
        dialler = NodeDialler(
            door,
            outward,
            phone_of=calls.phone_of,
            media=media,
            ports=ports,
            address=place.address,
            clock=ground.clock,
            spawn=core.spawn,
            count=count_rung,
        )
        way_back = WayBack(dialler=dialler, callers=calls)
    return TrunkEntrance(
        door,
        _rescue(ground, calls, door, way_back, peers),
        _watch(ground, door, trunks),
        ground.spawn,
        way_back=way_back,
        number_of=calls.number_of,
    )


def _rescue(
    ground: NodeGround, calls: TrunkCalls, door: Door, way_back: WayBack | None, peers: Peers
) -> TrunkRescue:
    """Return who looks after the calls that came in, here or at a node that is lost."""
    return TrunkRescue(
        calls,
        ground.state,
        ground.state,
        ground.signatures,
        ground.clock,
        node=ground.place.node,
        adopt=door.adopt,
        outside=_outside_rescue(ground, door, way_back),
        lives=lambda url: peers.lives(url, deadline_ms=LIVES_WITHIN_MS),
        sees_most=lambda: ground.state.client.sees_majority,
    )


def _outside_rescue(ground: NodeGround, door: Door, way_back: WayBack | None) -> OutsideRescue:
    """Return what keeps outside numbers; those of lost nodes are seen to in any case."""
    return OutsideRescue(
        NobodyRung() if way_back is None else way_back.dialler,
        ground.state,
        ground.signatures,
        ground.clock,
        node=ground.place.node,
        adopt=door.adopt,
    )


def _watch(ground: NodeGround, door: Door, trunks: Trunks) -> TrunkWatch:
    """Return who looks whether the trunks that we call out over are there."""
    return TrunkWatch(
        {
            name: partial(answers, door.ours, out.transport, out.peer)
            for name, out in trunks.outward.items()
        },
        ground.state,
        node=ground.place.node,
        clock=ground.clock,
        chance=ground.chance,
        is_misnamed=lambda name: door.ours.ways.is_misnamed(trunks.outward[name].peer),
    )


def _place(settings: Settings, port: int) -> DoorPlace:
    """Return where trunks reach the node. Raises BadRequest."""
    address = settings.sip_address or settings.sip_host
    if address in EVERY_ADDRESS:
        raise BadRequest("Set CC_SIP_ADDRESS to the address at which trunks reach this node.")
    return DoorPlace(
        host=settings.sip_host,
        port=port,
        tls_port=settings.sip_tls_port,
        address=address,
        calls_per_s=settings.sip_calls_per_s,
    )


def _keys(settings: Settings, trunks: Trunks) -> TlsKeys | None:
    """Return what TLS is spoken with, if it is. Raises BadRequest."""
    if settings.sip_tls_port is None:
        if trunks.need_tls:
            named = ", ".join(trunks.need_tls)
            raise BadRequest(f"Trunks that speak over TLS ({named}) need CC_SIP_TLS_PORT.")
        return None
    if settings.sip_tls_cert is None or settings.sip_tls_key is None:
        raise BadRequest(
            "CC_SIP_TLS_PORT is set: name the certificate and its key by CC_SIP_TLS_CERT and "
            "CC_SIP_TLS_KEY."
        )
    return TlsKeys(
        TlsFiles(
            certificate=settings.sip_tls_cert,
            key=settings.sip_tls_key,
            authorities=settings.sip_tls_ca,
        )
    )


def _outward(settings: Settings, trunks: Trunks) -> WayOut | None:
    """Return whom a node may ring, and how; None if nobody. Raises BadRequest."""
    if settings.outside_numbers is None:
        return None
    numbers = read_outside_numbers(settings.outside_numbers)
    outward = trunks.outward
    if not outward:
        raise BadRequest(
            "CC_OUTSIDE_NUMBERS is set, but no trunk of CC_SIP_TRUNKS says where our calls go: "
            "write [trunks.NAME.out] for one of them."
        )
    if len({one.law for one in outward.values()}) > 1:
        raise BadRequest("Give every [trunks.NAME.out] the same law: a call may go over any.")
    return WayOut(
        trunks=tuple(outward.values()),
        rules=numbers.rules,
        numbers=numbers.numbers,
        refer={name: one for name, one in outward.items() if one.refer},
        callbacks=numbers.callbacks,
    )


def _trunks(settings: Settings) -> Trunks:
    """Return who may call. Raises BadRequest."""
    if settings.sip_trunks is None:
        raise BadRequest("CC_SIP_PORT is set, but not CC_SIP_TRUNKS: name the file of trunks.")
    return Trunks(read_trunks(settings.sip_trunks))
