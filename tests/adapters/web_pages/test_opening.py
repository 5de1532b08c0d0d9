"""Whether the line is open, and until when or from when on, as the home page says it."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from aiohttp.test_utils import TestClient, TestServer

from contactcentre.adapters.web.pages.content import opening
from contactcentre.adapters.web.pages.words import load_words
from contactcentre.domain.hours import ZONE, Hours, SingleDay, Span
from contactcentre.domain.ids import SoundName
from contactcentre.domain.ivr.flow import Line
from contactcentre.domain.ivr.switches import AS_PLANNED, LineSwitches
from contactcentre.domain.languages import Language
from tests.adapters.web_pages.house import House, StillClock

DAYTIME = Hours(
    weekly=((Span(opens=8 * 60, closes=18 * 60),),) * 5
    + ((Span(opens=10 * 60 + 30, closes=24 * 60),), (Span(opens=0, closes=2 * 60),)),
    single_days={
        date(2026, 12, day): SingleDay(spans=()) for day in (24, 25, 26, 27, 28, 29, 30, 31)
    },
    is_bank_holiday=lambda _: False,
)
TAX = House().line
WORDS = load_words()


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1_000)


def daytime(support: Hours | None = None) -> Line:
    queues = {
        key: replace(queue, hours=support if queue.name == "extra-support" else None)
        for key, queue in TAX.flow.queues.items()
    }
    return replace(TAX, flow=replace(TAX.flow, hours=DAYTIME, queues=queues))


@pytest.mark.parametrize(
    ("at", "is_open", "english", "welsh"),
    [
        ("2026-11-26 08:00", True,
         "Our advisers are here until 6pm today.",
         "Mae ein hymgynghorwyr yma tan 6yp heddiw."),
        ("2026-11-28 12:00", True,
         "Our advisers are here until 2am on Sunday.",
         "Mae ein hymgynghorwyr yma tan 2yb ddydd Sul."),
        ("2026-11-26 07:59", False,
         "Our advisers are not here at the moment. We open today at 8am.",
         "Nid yw ein hymgynghorwyr yma ar hyn o bryd. Byddwn yn agor heddiw am 8yb."),
        ("2026-11-27 18:00", False,
         "Our advisers are not here at the moment. We open tomorrow at 10:30am.",
         "Nid yw ein hymgynghorwyr yma ar hyn o bryd. Byddwn yn agor yfory am 10:30yb."),
        ("2026-12-26 09:00", False,
         "Our advisers are not here at the moment. We open on Friday at 8am.",
         "Nid yw ein hymgynghorwyr yma ar hyn o bryd. Byddwn yn agor ddydd Gwener am 8yb."),
        ("2026-12-23 18:00", False,
         "Our advisers are not here at the moment. We open on Friday 1 January at 8am.",
         ("Nid yw ein hymgynghorwyr yma ar hyn o bryd. Byddwn yn agor ddydd Gwener 1 Ionawr am"
         " 8yb.")),
    ],
)  # fmt: skip
def test_the_page_says_until_when_or_from_when_on(
    at: str, english: str, welsh: str, *, is_open: bool
) -> None:
    for language, said in ((Language.ENGLISH, english), (Language.WELSH, welsh)):
        shown = opening(daytime(), AS_PLANNED, WORDS[language], ms(at))
        assert (shown.is_open, shown.words) == (is_open, said)


def test_who_needs_extra_support_is_told_when_it_alone_is_open() -> None:
    always = replace(DAYTIME, weekly=((Span(opens=0, closes=24 * 60),),) * 7)
    shown = opening(daytime(always), AS_PLANNED, WORDS[Language.ENGLISH], ms("2026-11-26 20:00"))
    assert not shown.is_open
    assert shown.words.endswith("press 0.")


def test_a_line_that_never_closes_says_so() -> None:
    assert (
        opening(TAX, AS_PLANNED, WORDS[Language.ENGLISH], 0).words
        == "Our advisers are here day and night."
    )


@pytest.mark.parametrize(("hour", "said"), [(0, "midnight"), (12, "midday"), (21, "9pm")])
def test_times_are_shown_as_people_write_them(hour: int, said: str) -> None:
    single = {date(2026, 11, 27): SingleDay(spans=(Span(opens=hour * 60, closes=24 * 60),))}
    line = replace(TAX, flow=replace(TAX.flow, hours=replace(DAYTIME, single_days=single)))
    shown = opening(line, AS_PLANNED, WORDS[Language.ENGLISH], ms("2026-11-26 20:00"))
    assert shown.words.endswith(f"We open tomorrow at {said}.")


@pytest.mark.parametrize(("at", "shown"), [("2026-11-26 20:00", True), ("2026-11-26 10:00", False)])
async def test_the_home_page_shows_first_that_it_is_closed(at: str, *, shown: bool) -> None:
    house = House(clock=StillClock(ms(at))).with_waiting(paying=(3, 1))
    house.line = daytime()
    async with TestClient(TestServer(house.site().application())) as client:
        page = await (await client.get("/")).text()
    assert ("<p><b>Our advisers are not here at the moment." in page) is shown
    assert ("3 people are waiting" in page) is not shown
    assert ("until 6pm today" in page) is not shown


def test_a_line_that_a_supervisor_has_shut_names_no_next_opening() -> None:
    shut = LineSwitches(is_shut=True)
    shown = opening(daytime(), shut, WORDS[Language.ENGLISH], ms("2026-11-26 10:00"))
    assert not shown.is_open
    assert "We open" not in shown.words
    at_night = opening(daytime(), shut, WORDS[Language.ENGLISH], ms("2026-11-26 20:00"))
    assert at_night.words.endswith("We open tomorrow at 8am.")


@pytest.mark.parametrize(("path", "said"), [("/", "waits are long"), ("/cy", "yn hir")])
async def test_the_home_page_shows_a_notice_that_is_switched_on(path: str, said: str) -> None:
    house = House(switches=LineSwitches(notice=SoundName("notice_very_busy")))
    async with TestClient(TestServer(house.site().application())) as client:
        assert said in await (await client.get(path)).text()
    async with TestClient(TestServer(House().site().application())) as client:
        assert said not in await (await client.get(path)).text()
