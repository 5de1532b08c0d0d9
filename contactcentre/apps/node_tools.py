"""What every call of a media node shares."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass

from contactcentre.apps.caller_part import Sign, Words
from contactcentre.domain.ids import LineId, NodeId
from contactcentre.domain.ivr.flow import Line
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.live import Desks
from contactcentre.ports.media import Media
from contactcentre.ports.records import Spool
from contactcentre.ports.state import CallQueues


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
    sign: Sign
    spawn: Callable[[Coroutine[None, None, None], str], None]
    """Runs something beside the call, owned by the node."""
    ring_ms: int
    leg_grace_ms: int
    """How long a caller may be gone."""
    adviser_grace_ms: int
    """How long an adviser's browser may be gone from a talk."""
