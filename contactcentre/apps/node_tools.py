"""What every call of a media node shares."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass

from contactcentre.apps.caller_part import Words
from contactcentre.domain.ids import LineId, NodeId
from contactcentre.domain.ivr.flow import Line
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.live import Desks
from contactcentre.ports.media import Media
from contactcentre.ports.records import Spool
from contactcentre.ports.state import CallQueues
from contactcentre.wire.claims import CallerClaim


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTools:
    """What every call of a node shares."""

    node: NodeId
    media: Media
    queues: CallQueues
    desks: Desks
    spool: Spool
    clock: Clock
    chance: Chance
    lines: Mapping[LineId, Line]
    words: Words
    sign: Callable[[CallerClaim], str]
    """Signs a claim, with a fresh expiry."""
    spawn: Callable[[Coroutine[None, None, None], str], None]
    """Runs something beside the call, owned by the node."""
    ring_ms: int
    leg_grace_ms: int
