"""Opening hours as a helpline's owner writes them."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from contactcentre.adapters.flow_files.bank_holidays import Nation, bank_holidays
from contactcentre.adapters.flow_files.lines import lint_line, load_line
from contactcentre.domain.errors import BrokenFlow
from contactcentre.domain.hours import standing
from contactcentre.domain.ids import LineId, SoundName
from contactcentre.domain.ivr.doors import how_stands
from contactcentre.domain.ivr.flow import Flow, QueueName

BINS = LineId("bins")
HOURS = """\
hours:
  weekly:
    monday: [08:00-12:30, 13:30-18:00]
    friday: [22:00-06:00]
    saturday: [09:00-24:00]
  bank_holidays: {nation: scotland, reason: closed_bank_holiday}
  days:
    2026-12-24: {hours: [08:00-13:00], reason: closed_now}
    2026-12-28: {hours: []}
when_closed: closed
"""
CLOSED = """\
  closed:
    do: closed
    prompts: [closed_now]
    extra_support: [closed_extra_support]
    online: [closed_online]
    link: link_home
    outcome: told
"""
SUPPORT = "    hours: {weekly: {sunday: [10:00-16:00]}}\n"


def write(flows: Path, hours: str = HOURS, closed: str = CLOSED) -> Path:
    flow = flows / "lines/bins/flow.yaml"
    text = flow.read_text(encoding="utf-8").replace("steps:\n", f"{hours}steps:\n") + closed
    support = "cy: Cymorth ychwanegol}\n"
    flow.write_text(text.replace(support, support + SUPPORT), encoding="utf-8")
    return flow


def opens_next(flow: Flow, queue: str | None, at: str) -> datetime | None:
    at_ms = int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() * 1_000)
    stands = how_stands(flow, None if queue is None else QueueName(queue), at_ms)
    return None if stands.is_open else stands.changes_at


@pytest.fixture
def flow(flows: Path) -> Flow:
    write(flows)
    assert lint_line(flows, BINS, durations_ms=None) == ()
    return load_line(flows, BINS).flow


def test_a_week_is_read_with_its_breaks_and_over_midnight(flow: Flow) -> None:
    assert opens_next(flow, None, "2026-12-07 12:30") == datetime(2026, 12, 7, 13, 30, tzinfo=UTC)
    assert opens_next(flow, None, "2026-12-05 05:59") is None
    assert opens_next(flow, None, "2026-12-05 06:00") == datetime(2026, 12, 5, 9, 0, tzinfo=UTC)
    assert opens_next(flow, None, "2026-12-05 23:59") is None


def test_a_single_day_and_its_reason_are_read(flow: Flow) -> None:
    assert flow.hours is not None
    afternoon = datetime(2026, 12, 24, 14, 0, tzinfo=UTC)
    assert standing(flow.hours, afternoon).reason == SoundName("closed_now")
    # 2 January is a Saturday and a bank holiday, 4 January the Monday that makes up for it
    assert opens_next(flow, None, "2026-12-27 12:00") == datetime(2027, 1, 8, 22, 0, tzinfo=UTC)


def test_the_bank_holidays_of_the_nation_are_kept(flow: Flow) -> None:
    assert flow.hours is not None
    saint_andrew = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
    assert standing(flow.hours, saint_andrew).reason == SoundName("closed_bank_holiday")


def test_a_queue_has_hours_of_its_own(flow: Flow) -> None:
    assert opens_next(flow, "support", "2026-12-06 12:00") is None
    assert opens_next(flow, "bins", "2026-12-06 12:00") is not None


@pytest.mark.parametrize(
    ("nation", "closed", "open_"),
    [
        (Nation.ENGLAND_AND_WALES, date(2027, 3, 29), date(2027, 3, 17)),
        (Nation.SCOTLAND, date(2027, 1, 4), date(2027, 3, 29)),
        (Nation.NORTHERN_IRELAND, date(2027, 3, 17), date(2027, 1, 4)),
    ],
)
def test_each_nation_has_bank_holidays_of_its_own(
    nation: Nation, closed: date, open_: date
) -> None:
    assert bank_holidays(nation)(closed)
    assert not bank_holidays(nation)(open_)


def test_what_falls_on_a_weekend_is_made_up_for_on_a_weekday() -> None:
    assert bank_holidays(Nation.ENGLAND_AND_WALES)(date(2027, 12, 27))
    assert bank_holidays(Nation.ENGLAND_AND_WALES)(date(2027, 12, 28))


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("22:00-06:00", "10pm-6am", "write from when to when, as in 08:00-18:00"),
        ("22:00-06:00", "22:00-24:30", "write from when to when, as in 08:00-18:00"),
        ("2026-12-28", "28.12.2026", "write the date with year, month and day"),
        ("2026-12-28", "2027-02-29", "`2027-02-29` is no day of the calendar; write another."),
        ("scotland", "wales", "write england-and-wales, scotland or northern-ireland"),
        ("friday:", "freitag:", "`freitag` has no meaning here"),
        ("09:00-24:00", "05:00-24:00", "22:00-06:00 on Friday and 05:00-24:00 on Saturday overlap"),
    ],
)
def test_hours_that_are_miswritten_are_refused_with_one_clear_sentence(
    flows: Path, written: str, instead: str, said: str
) -> None:
    flow = write(flows, HOURS.replace(written, instead))
    with pytest.raises(BrokenFlow, match=f"^{flow}:[0-9]+:[0-9]+: ") as refused:
        load_line(flows, BINS)
    assert said in str(refused.value)


def test_a_closed_step_with_an_unknown_outcome_is_refused(flows: Path) -> None:
    write(flows, closed=CLOSED.replace("told", "tolled"))
    with pytest.raises(BrokenFlow, match="`tolled` is no outcome"):
        load_line(flows, BINS)
