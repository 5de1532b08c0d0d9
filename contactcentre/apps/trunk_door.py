"""A media node's door for calls from trunks, put together from the settings."""

from collections.abc import Callable, Coroutine, Mapping

from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.adapters.media_aiortc.phone_ports import PhonePorts
from contactcentre.adapters.sip.door import Door, DoorPlace
from contactcentre.adapters.sip.trunks import Trunks, read_trunks
from contactcentre.adapters.telemetry.phone_metrics import count_trunk
from contactcentre.apps.node_core import NodeCore
from contactcentre.apps.trunk_calls import TrunkCalls
from contactcentre.domain.errors import BadRequest
from contactcentre.domain.ids import LineId
from contactcentre.domain.ivr.flow import Line
from contactcentre.ports.environment import Chance, Clock
from contactcentre.settings import Settings

EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - named, not listened on


def trunk_door(
    settings: Settings,
    *,
    core: NodeCore,
    media: AiortcMedia,
    lines: Mapping[LineId, Line],
    clock: Clock,
    chance: Chance,
    spawn: Callable[[Coroutine[None, None, None], str], None],
) -> Door | None:
    """Return the door of a node; None if the settings open none. Raises BadRequest."""
    if settings.sip_port is None:
        return None
    if settings.sip_trunks is None:
        raise BadRequest("CC_SIP_PORT is set, but not CC_SIP_TRUNKS: name the file of trunks.")
    address = settings.sip_address or settings.sip_host
    if address in EVERY_ADDRESS:
        raise BadRequest("Set CC_SIP_ADDRESS to the address at which trunks reach this node.")
    first, last = settings.rtp_range()
    calls = TrunkCalls(
        calls=core.calls,
        admission=core.admission,
        media=media,
        ports=PhonePorts(host=settings.sip_host, first=first, last=last),
        address=address,
        lines=lines,
        clock=clock,
        chance=chance,
        spawn=spawn,
    )
    place = DoorPlace(
        host=settings.sip_host,
        port=settings.sip_port,
        address=address,
        calls_per_s=settings.sip_calls_per_s,
    )
    trunks = Trunks(read_trunks(settings.sip_trunks))
    return Door(place, trunks, calls, spawn=spawn, count=count_trunk)
