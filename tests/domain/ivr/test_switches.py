"""The supervisors' switches: what turns come to, and which are refused."""

from dataclasses import replace

import pytest

from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_line
from contactcentre.domain.errors import OutOfOrder, UnknownName
from contactcentre.domain.ids import LineId, QueueId, SoundName, StepName
from contactcentre.domain.ivr.flow import Flow, QueueName
from contactcentre.domain.ivr.moves import KeyPressed, PlayPrompts, Walked
from contactcentre.domain.ivr.switches import (
    AS_PLANNED,
    LineSwitches,
    SwitchKind,
    Turn,
    diverted,
    moved,
    refuse,
    standing_of,
)
from contactcentre.domain.ivr.walk import begin, follow
from contactcentre.domain.languages import Language

TAX = LineId("tax")
PAYING, GENERAL, SUPPORT = QueueName("paying"), QueueName("general"), QueueName("extra-support")
FLOW = load_line(default_flows_dir(), TAX).flow
BUSY = SoundName("notice_very_busy")


def notice(name: str | None) -> Turn:
    return Turn(line=TAX, kind=SwitchKind.NOTICE, value=name)


def shut(*, on: bool) -> Turn:
    return Turn(line=TAX, kind=SwitchKind.SHUT, value="shut" if on else None)


def divert(queue: str, to: str | None) -> Turn:
    return Turn(line=TAX, kind=SwitchKind.DIVERT, subject=QueueName(queue), value=to)


def divert_all(queue: str, to: str | None) -> Turn:
    return replace(divert(queue, to), kind=SwitchKind.DIVERT_ALL)


def after(*turns: Turn) -> LineSwitches:
    return standing_of(turns, number=len(turns)).of(TAX)


def heard(walked: Walked) -> tuple[str, ...]:
    (play,) = (action for action in walked[1] if isinstance(action, PlayPrompts))
    return play.sounds


def test_the_last_turn_of_each_switch_stands() -> None:
    stands = after(notice("a"), shut(on=True), divert("paying", "general"), notice(BUSY))
    assert stands == LineSwitches(notice=BUSY, is_shut=True, diverts={PAYING: GENERAL})
    assert after(shut(on=True), shut(on=False), notice("a"), notice(None)) == AS_PLANNED
    assert after(divert("paying", "general"), divert("paying", None)) == AS_PLANNED


def test_a_line_that_nobody_has_switched_is_as_planned() -> None:
    assert standing_of([notice(BUSY)], number=7).of(LineId("bins")) == AS_PLANNED


@pytest.mark.parametrize(
    ("turn", "kind"),
    [
        (notice("made_up"), UnknownName),
        (divert("paying", "made-up"), UnknownName),
        (divert("made-up", "paying"), UnknownName),
        (divert("extra-support", "general"), OutOfOrder),
        (divert("paying", "paying"), OutOfOrder),
        (divert("paying", "sign-in"), OutOfOrder),
    ],
)
def test_what_cannot_be_switched_is_refused(turn: Turn, kind: type[Exception]) -> None:
    stands = after(divert("sign-in", "general"), divert("general", "paying"))
    with pytest.raises(kind, match=r"\."):
        refuse(FLOW, stands, turn)


def test_a_line_without_a_closed_step_cannot_be_shut() -> None:
    with pytest.raises(OutOfOrder, match="when_closed"):
        refuse(replace(FLOW, when_closed=None), AS_PLANNED, shut(on=True))
    refuse(replace(FLOW, when_closed=None), AS_PLANNED, shut(on=False))


@pytest.mark.parametrize(
    "turn", [notice(BUSY), notice(None), shut(on=True), divert("paying", "general")]
)
def test_what_can_be_switched_is_not_refused(turn: Turn) -> None:
    refuse(FLOW, AS_PLANNED, turn)


def test_new_callers_of_a_diverted_queue_wait_elsewhere_in_their_own_language() -> None:
    stands = after(divert("paying", "general"))
    found = diverted(FLOW, stands, QueueId("tax.paying.cy"))
    assert found is not None
    assert found.id == "tax.general.cy"
    assert diverted(FLOW, stands, QueueId("tax.sign-in.cy")) is None


def test_a_diversion_leads_on_to_where_that_queue_is_diverted() -> None:
    stands = after(divert("sign-in", "paying"), divert("paying", "general"))
    found = diverted(FLOW, stands, QueueId("tax.sign-in.en"))
    assert found is not None
    assert found.name == GENERAL


def test_who_waits_is_moved_only_by_a_diversion_for_all() -> None:
    waits = QueueId("tax.paying.cy")
    for turns in (
        [],
        [divert("paying", "general")],
        [divert_all("paying", "general"), divert("paying", "general")],
        [divert_all("paying", "general"), divert_all("paying", None)],
    ):
        assert moved(FLOW, after(*turns), waits) is None
    found = moved(FLOW, after(divert("paying", None), divert_all("paying", "general")), waits)
    assert found is not None
    assert found.id == "tax.general.cy"
    with pytest.raises(OutOfOrder):
        refuse(FLOW, AS_PLANNED, divert_all("extra-support", "general"))


def test_a_diversion_to_a_queue_that_the_flow_no_longer_has_is_let_be() -> None:
    assert diverted(FLOW, after(divert("paying", "gone")), QueueId("tax.paying.en")) is None


# What a caller hears of it


def call(switches: LineSwitches, flow: Flow = FLOW, *keys: str) -> Walked:
    walked = begin(flow, Language.ENGLISH, arrived_ms=0, switches=switches)
    for key in keys:
        walked = follow(flow, walked[0], KeyPressed(key=key))
    return walked


def test_a_notice_is_said_before_the_menu_and_again_in_the_other_language() -> None:
    switches = LineSwitches(notice=BUSY)
    assert heard(call(switches))[:2] == (BUSY, "welcome")
    assert BUSY not in heard(call(switches, FLOW, "3"))
    assert heard(call(switches, FLOW, "9"))[0] == BUSY


def test_a_notice_that_the_flow_no_longer_has_is_not_said() -> None:
    assert heard(call(LineSwitches(notice=SoundName("gone"))))[0] == "welcome"


def test_a_line_that_is_shut_says_so_without_a_time_and_keeps_extra_support() -> None:
    walked = call(LineSwitches(is_shut=True, notice=BUSY))
    assert walked[0].step == FLOW.when_closed
    assert heard(walked)[:3] == (BUSY, "closed_now", "closed_extra_support")
    assert call(LineSwitches(is_shut=True), FLOW, "0")[0].step == FLOW.extra_support


def test_a_line_that_is_opened_again_takes_new_callers_as_before() -> None:
    opened, planned, closed = (
        heard(begin(FLOW, Language.ENGLISH, arrived_ms=0, switches=switches))
        for switches in (after(shut(on=True), shut(on=False)), AS_PLANNED, after(shut(on=True)))
    )
    assert opened == planned != closed


def test_a_line_that_has_nothing_to_say_when_closed_is_not_shut() -> None:
    never_closed = replace(FLOW, hours=None, when_closed=None)
    assert call(LineSwitches(is_shut=True), never_closed)[0].step == StepName("welcome")
