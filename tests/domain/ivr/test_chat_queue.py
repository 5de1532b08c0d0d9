"""The queue for chats: open by its hours, closed by a supervisor, and never mixed with calls."""

from dataclasses import replace

import pytest

from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_line
from contactcentre.domain.errors import OutOfOrder
from contactcentre.domain.hours import Hours
from contactcentre.domain.ids import LineId
from contactcentre.domain.ivr.doors import chat_is_open
from contactcentre.domain.ivr.flow import QueueName
from contactcentre.domain.ivr.switches import (
    AS_PLANNED,
    LineSwitches,
    SwitchKind,
    Turn,
    refuse,
)
from contactcentre.domain.languages import Language

TAX = LineId("tax")
LINE = load_line(default_flows_dir(), TAX)
FLOW = LINE.flow
CHAT, PAYING = QueueName("chat"), QueueName("paying")
NOW_MS = 1_790_000_000_000
NEVER = Hours(weekly=((),) * 7, single_days={}, is_bank_holiday=lambda _: False)


def test_a_line_with_a_queue_for_chats_has_a_chat_while_that_is_open() -> None:
    assert chat_is_open(FLOW, AS_PLANNED, NOW_MS)
    assert not chat_is_open(replace(FLOW, chat=None), AS_PLANNED, NOW_MS)


def test_a_line_that_a_supervisor_has_shut_takes_no_chats() -> None:
    assert not chat_is_open(FLOW, LineSwitches(is_shut=True), NOW_MS)


def test_chats_have_hours_of_their_own() -> None:
    key = (CHAT, Language.ENGLISH)
    closed = replace(FLOW.queues[key], hours=NEVER)
    flow = replace(FLOW, queues={**FLOW.queues, key: closed})
    assert not chat_is_open(flow, AS_PLANNED, NOW_MS)


def test_no_call_waits_where_chats_do() -> None:
    assert {queue.name for queue in LINE.queues if queue not in LINE.call_queues} == {CHAT}


@pytest.mark.parametrize("kind", [SwitchKind.DIVERT, SwitchKind.DIVERT_ALL])
@pytest.mark.parametrize(("subject", "value"), [(CHAT, PAYING), (PAYING, CHAT)])
def test_chats_and_calls_are_never_diverted_to_one_another(
    kind: SwitchKind, subject: QueueName, value: QueueName
) -> None:
    with pytest.raises(OutOfOrder):
        refuse(FLOW, AS_PLANNED, Turn(line=TAX, kind=kind, subject=subject, value=value))
