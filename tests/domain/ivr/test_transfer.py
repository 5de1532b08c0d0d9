"""To which queues a caller may be handed, and where whoever is handed waits."""

from dataclasses import replace

import pytest

from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_line
from contactcentre.domain.errors import QueueClosed, UnknownName
from contactcentre.domain.hours import Hours, Span
from contactcentre.domain.ids import LineId, QueueId
from contactcentre.domain.ivr.flow import Line, QueueName
from contactcentre.domain.ivr.switches import AS_PLANNED, LineSwitches
from contactcentre.domain.ivr.transfer import target_queue, targets

TAX = load_line(default_flows_dir(), LineId("tax"))
LINES = {TAX.id: TAX}
NIGHT_MS = 1_790_121_600_000
"""When a line of daytime hours is closed; the tax line is open round the clock."""
GENERAL = QueueId("tax.general.en")


def waits_in(
    queue: QueueId,
    *,
    stands: LineSwitches = AS_PLANNED,
    is_chat: bool = False,
    line: Line = TAX,
) -> QueueId:
    """Return where a caller waits who is handed to a queue."""
    lines = {line.id: line}
    return target_queue(lines, lambda _line: stands, queue, is_chat=is_chat, at_ms=NIGHT_MS).id


def by_day(line: Line) -> Line:
    """Return a line that is open by day alone."""
    spans = (Span(opens=8 * 60, closes=18 * 60),)
    hours = Hours(weekly=(spans,) * 7, single_days={}, is_bank_holiday=lambda _: False)
    return replace(line, flow=replace(line.flow, hours=hours))


def test_a_caller_may_be_handed_to_any_queue_for_calls_and_a_chat_to_one_for_chats() -> None:
    for is_chat in (False, True):
        found = targets(LINES, lambda _line: AS_PLANNED, is_chat=is_chat, at_ms=NIGHT_MS)
        named = [target.queue.id for target in found]
        of_kind = [one.id for one in TAX.queues if TAX.flow.is_chat(one.name) is is_chat]
        assert named == of_kind
    assert waits_in(GENERAL) == GENERAL
    with pytest.raises(UnknownName):
        waits_in(GENERAL, is_chat=True)
    with pytest.raises(UnknownName):
        waits_in(QueueId("tax.no-such.en"))


def test_nobody_is_handed_to_a_queue_that_is_closed_or_shut() -> None:
    with pytest.raises(QueueClosed):
        waits_in(GENERAL, line=by_day(TAX))
    with pytest.raises(QueueClosed):
        waits_in(GENERAL, stands=replace(AS_PLANNED, is_shut=True))


def test_whoever_is_handed_to_a_diverted_queue_waits_where_its_new_callers_wait() -> None:
    diverted = replace(AS_PLANNED, diverts={QueueName("general"): QueueName("paying")})
    assert waits_in(GENERAL, stands=diverted) == "tax.paying.en"
