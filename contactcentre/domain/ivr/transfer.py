"""To which queues an adviser may hand a caller, and in which one the caller then waits.

Any queue of any line will do, as long as it is one for what the caller does, speak or write, and
somebody answers it today. Whoever is handed to a queue that a supervisor diverts waits where its
new callers wait.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from contactcentre.domain.errors import QueueClosed, UnknownName
from contactcentre.domain.ids import LineId, QueueId
from contactcentre.domain.ivr.doors import how_stands
from contactcentre.domain.ivr.flow import Line, QueueDefinition
from contactcentre.domain.ivr.switches import LineSwitches, diverted


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A queue that a caller may be handed to."""

    line: Line
    queue: QueueDefinition
    is_open: bool


def targets(
    lines: Mapping[LineId, Line],
    switches: Callable[[LineId], LineSwitches],
    *,
    is_chat: bool,
    at_ms: int,
) -> Iterator[Target]:
    """Yield the queues for callers who speak, or (`is_chat`) who write, those of a line together.

    `switches` says how the supervisors' switches of a line stand.
    """
    for line in lines.values():
        for queue in line.queues:
            if line.flow.is_chat(queue.name) is is_chat:
                is_open = how_stands(line.flow, queue.name, at_ms).is_open
                is_shut = switches(line.id).is_shut
                yield Target(line=line, queue=queue, is_open=is_open and not is_shut)


def target_queue(
    lines: Mapping[LineId, Line],
    switches: Callable[[LineId], LineSwitches],
    queue: QueueId,
    *,
    is_chat: bool,
    at_ms: int,
) -> QueueDefinition:
    """Return the queue in which whoever is handed to `queue` waits.

    Raises UnknownName, QueueClosed.
    """
    for target in targets(lines, switches, is_chat=is_chat, at_ms=at_ms):
        if target.queue.id == queue:
            if not target.is_open:
                raise QueueClosed("That queue is closed now. Choose another one.")
            line = target.line
            return diverted(line.flow, switches(line.id), queue) or target.queue
    raise UnknownName("There is no such queue. Choose one of those that are offered.")
