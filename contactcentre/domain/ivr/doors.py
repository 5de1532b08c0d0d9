"""Which of a flow's queues are open at a moment: by their own hours, or by those of the line."""

from contactcentre.domain.hours import Hours, Standing, moment, standing
from contactcentre.domain.ivr.flow import Flow, QueueName
from contactcentre.domain.ivr.switches import LineSwitches

ALWAYS = Standing(is_open=True, changes_at=None)


def how_stands(flow: Flow, queue: QueueName | None, at_ms: int) -> Standing:
    """Return how a queue stands at a moment, or (None) the line as a whole."""
    hours = flow.hours if queue is None else _hours_of(flow, queue)
    return ALWAYS if hours is None else standing(hours, moment(at_ms))


def extra_support_is_open(flow: Flow, at_ms: int) -> bool:
    """Say whether 0 leads to somebody at a moment."""
    queue = flow.extra_support_queue(flow.languages[0])
    return how_stands(flow, queue.name, at_ms).is_open


def chat_is_open(flow: Flow, switches: LineSwitches, at_ms: int) -> bool:
    """Say whether the line has a chat and somebody answers it at a moment."""
    if flow.chat is None or switches.is_shut:
        return False
    return how_stands(flow, flow.chat, at_ms).is_open


def _hours_of(flow: Flow, queue: QueueName) -> Hours | None:
    """Return the hours of a queue, the same in every language."""
    own = flow.queues[queue, flow.languages[0]].hours
    return flow.hours if own is None else own
