"""What no overflow may be: each mistake is made once, alone, and must be the one that is told."""

from dataclasses import replace

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.ids import LineId
from contactcentre.domain.ivr.findings import Rule
from contactcentre.domain.ivr.flow import Flow, OverflowRule, QueueName, ToQueue, queue_id
from contactcentre.domain.ivr.lint import lint
from contactcentre.domain.ivr.overflow_lint import lint_overflow
from tests.domain.ivr.conftest import LINE, queues
from tests.domain.ivr.test_lint import WORDS

PARKS = LineId("parks")


def rule(to: str, *, line: LineId = LINE, waiting: int | None = 10) -> OverflowRule:
    return OverflowRule(to=ToQueue(line=line, queue=QueueName(to)), waiting_max=waiting)


def leading(flow: Flow, **rules: OverflowRule) -> Flow:
    """Return a flow whose queues overflow so, and which has two more of them."""
    there = {
        **flow.queues,
        **queues("crew", ServiceClass.P2),
        **queues("depot", ServiceClass.P3),
    }
    now = {
        (name, language): replace(queue, overflow=rules.get(name), line=flow.line)
        for (name, language), queue in there.items()
    }
    return replace(flow, queues=now)


def parks(flow: Flow, **rules: OverflowRule) -> Flow:
    """Return the flow of another line."""
    other = leading(replace(flow, line=PARKS), **rules)
    named = {
        key: replace(queue, id=queue_id(PARKS, *key), line=PARKS)
        for key, queue in other.queues.items()
    }
    return replace(other, queues=named)


def found(flow: Flow, *others: Flow) -> list[tuple[Rule, str]]:
    flows = {one.line: one for one in (flow, *others)}
    return [(one.rule, one.sentence) for one in lint_overflow(flow, flows.get)]


def test_a_chain_of_queues_is_in_order(flow: Flow) -> None:
    assert found(leading(flow, bins=rule("crew"), crew=rule("depot"))) == []


def test_a_queue_that_only_full_ones_lead_to_is_reached(flow: Flow) -> None:
    told = lint(leading(flow, bins=rule("crew")), words=WORDS)
    assert [one.sentence for one in told] == [
        "nobody reaches the queue `depot`; lead to it or take it out."
    ]


def test_an_overflow_without_a_bound_is_told(flow: Flow) -> None:
    ((told, sentence),) = found(leading(flow, bins=rule("crew", waiting=None)))
    assert told is Rule.WRONG_OVERFLOW
    assert sentence.endswith("no bound; write `waiting`, `per_adviser` or `waited_s`.")


def test_an_overflow_to_nowhere_is_told(flow: Flow) -> None:
    other_line = leading(flow, bins=rule("bins", line=LineId("moon")))
    for broken, where in ((leading(flow, bins=rule("moon")), "bins"), (other_line, "moon")):
        ((told, sentence),) = found(broken)
        assert told is Rule.ROUTE_TO_NOWHERE
        assert f"which is no queue of the line `{where}` in en-GB" in sentence


def test_extra_support_neither_passes_callers_on_nor_takes_them(flow: Flow) -> None:
    for broken in (leading(flow, support=rule("bins")), leading(flow, bins=rule("support"))):
        ((told, sentence),) = found(broken)
        assert told is Rule.WRONG_OVERFLOW
        assert "a P0 queue keeps its callers and its advisers to itself" in sentence


def test_chats_are_passed_on_to_chats_alone_and_calls_to_calls(flow: Flow) -> None:
    chatting = replace(flow, chat=QueueName("depot"))
    for broken, whom, other in (
        (leading(chatting, bins=rule("depot")), "calls to `depot`, where chats", "for calls"),
        (leading(chatting, depot=rule("crew")), "chats to `crew`, where calls", "for chats"),
    ):
        ((told, sentence),) = found(broken)
        assert told is Rule.WRONG_OVERFLOW
        assert f"leads {whom} wait: " in sentence
        assert sentence.endswith(f"lead to another queue {other}, or take it out.")
    elsewhere = leading(chatting, depot=rule("depot", line=PARKS))
    assert found(elsewhere, replace(parks(flow), chat=QueueName("depot"))) == []
    ((told, _),) = found(elsewhere, parks(flow))
    assert told is Rule.WRONG_OVERFLOW


def test_queues_that_lead_in_a_circle_are_told_with_the_way_round(flow: Flow) -> None:
    told = found(leading(flow, bins=rule("crew"), crew=rule("depot"), depot=rule("crew")))
    assert [one for one, _ in told] == [Rule.ENDLESS_LOOP] * 2
    for (_, sentence), way in zip(
        told, ("crew → depot → crew", "depot → crew → depot"), strict=True
    ):
        assert way.replace("→ ", "→ bins.") in sentence


def test_a_queue_that_leads_to_itself_is_a_circle(flow: Flow) -> None:
    ((told, sentence),) = found(leading(flow, bins=rule("bins")))
    assert (told, "bins.bins → bins.bins" in sentence) == (Rule.ENDLESS_LOOP, True)


def test_a_circle_through_another_line_is_told(flow: Flow) -> None:
    ours = leading(flow, bins=rule("crew", line=PARKS))
    assert found(ours, parks(flow)) == []
    ((told, sentence),) = found(ours, parks(flow, crew=rule("bins", line=LINE)))
    assert told is Rule.ENDLESS_LOOP
    assert "bins.bins → parks.crew → bins.bins" in sentence
