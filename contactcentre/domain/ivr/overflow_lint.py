"""What no overflow may be: unbounded, to nowhere, in a circle, of extra support, chat to call."""

from collections.abc import Callable, Iterator

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.ids import LineId
from contactcentre.domain.ivr.findings import Finding, Rule
from contactcentre.domain.ivr.flow import Flow, OverflowRule, QueueDefinition
from contactcentre.domain.languages import Language

FlowOf = Callable[[LineId], Flow | None]
"""Returns the flow of a line, None if there is no such line."""


def lint_overflow(flow: Flow, flow_of: FlowOf) -> Iterator[Finding]:
    """Yield all that is wrong with the overflow of a line's queues, each queue told once."""
    told = set()
    for (name, language), queue in flow.queues.items():
        if queue.overflow is None or name in told:
            continue
        for finding in _of_queue(queue, queue.overflow, language, flow_of):
            told.add(name)
            yield finding


def _of_queue(
    queue: QueueDefinition, rule: OverflowRule, language: Language, flow_of: FlowOf
) -> Iterator[Finding]:
    here = f"the overflow of the queue `{queue.name}`"
    if rule.waiting_max is rule.per_adviser_max is rule.waited_ms is None:
        yield _finding(
            Rule.WRONG_OVERFLOW,
            f"{here} has no bound; write `waiting`, `per_adviser` or `waited_s`.",
        )
    target = _target(rule, language, flow_of)
    if target is None:
        yield _finding(
            Rule.ROUTE_TO_NOWHERE,
            f"{here} leads to `{rule.to.queue}`, which is no queue of the line `{rule.to.line}` in"
            f" {language}; write that queue or another.",
        )
        return
    if ServiceClass.P0 in (queue.service_class, target.service_class):
        yield _finding(
            Rule.WRONG_OVERFLOW,
            f"{here} leads from `{queue.name}` to `{target.name}`, and a P0 queue keeps its"
            " callers and its advisers to itself; take it out.",
        )
    if _is_chat(queue, flow_of) is not _is_chat(target, flow_of):
        yield _finding(Rule.WRONG_OVERFLOW, _mixes(here, queue, target, flow_of))
    way = _way(queue, language, flow_of)
    if queue.id == way[-1].id and len(way) > 1:
        round_trip = " → ".join(f"{one.line}.{one.name}" for one in way)
        yield _finding(
            Rule.ENDLESS_LOOP, f"{here} comes back to it: {round_trip}; end one of them."
        )


def _is_chat(queue: QueueDefinition, flow_of: FlowOf) -> bool:
    flow = flow_of(queue.line)
    return flow is not None and flow.is_chat(queue.name)


def _mixes(here: str, queue: QueueDefinition, target: QueueDefinition, flow_of: FlowOf) -> str:
    """Say that chats and calls wait apart."""
    if _is_chat(queue, flow_of):
        whom, what, other = "chats", "calls", "another queue for chats"
    else:
        whom, what, other = "calls", "chats", "another queue for calls"
    return (
        f"{here} leads {whom} to `{target.name}`, where {what} wait: whoever writes is not"
        f" spoken to; lead to {other}, or take it out."
    )


def _target(rule: OverflowRule, language: Language, flow_of: FlowOf) -> QueueDefinition | None:
    flow = flow_of(rule.to.line)
    return None if flow is None else flow.queues.get((rule.to.queue, language))


def _way(begin: QueueDefinition, language: Language, flow_of: FlowOf) -> list[QueueDefinition]:
    """Return a queue and those that it leads on to, up to the first that is there already."""
    way = [begin]
    while (rule := way[-1].overflow) is not None:
        onward = _target(rule, language, flow_of)
        if onward is None:
            break
        is_known = any(onward.id == one.id for one in way)
        way.append(onward)
        if is_known:
            break
    return way


def _finding(rule: Rule, sentence: str) -> Finding:
    return Finding(rule=rule, step=None, sentence=sentence)
