"""What a caller hears outside the hours, and where keys lead then."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

import pytest

from contactcentre.domain.announcing import ANNOUNCEMENTS
from contactcentre.domain.hours import ZONE, Hours, SingleDay, Span
from contactcentre.domain.ids import OutcomeCode, QueueId, SoundName, StepName
from contactcentre.domain.ivr.findings import Rule
from contactcentre.domain.ivr.flow import ClosedStep, Flow, QueueDefinition, QueueName
from contactcentre.domain.ivr.lint import lint
from contactcentre.domain.ivr.moves import (
    HangUp,
    JoinQueue,
    KeyPressed,
    PlayPrompts,
    PromptFinished,
    SwitchLanguage,
    Walked,
)
from contactcentre.domain.ivr.opening_words import OPENING_SOUNDS
from contactcentre.domain.ivr.walk import WALK_PROMPTS, begin, follow, is_closed, keys_shown, resume
from contactcentre.domain.languages import Language

BINS, SUPPORT = QueueName("bins"), QueueName("support")
CLOSED = ClosedStep(
    prompts=(SoundName("closed"),),
    extra_support=(SoundName("help_now"),),
    online=(SoundName("online"),),
    link=SoundName("home"),
    outcome=OutcomeCode("told_closed"),
)
ONLINE = ("online", "home", "once_more", "home", "goodbye")
EIGHT_TOMORROW = ("opens_again", "opens_tomorrow", "time_8", "part_morning")
EVENING = "2026-11-26 19:00"  # a Thursday


def span(opens_h: float, closes_h: float) -> Span:
    return Span(opens=int(opens_h * 60), closes=int(closes_h * 60))


def daily(*spans: Span, days: Mapping[date, SingleDay] | None = None) -> Hours:
    return Hours(weekly=(spans,) * 7, single_days=days or {}, is_bank_holiday=lambda _: False)


DAYTIME = daily(span(8, 18))


def with_hours(flow: Flow, hours: Hours | None = DAYTIME, **queues: Hours) -> Flow:
    def own(queue: QueueDefinition) -> QueueDefinition:
        return replace(queue, hours=queues.get(queue.name))

    return replace(
        flow,
        hours=hours,
        when_closed=StepName("closed"),
        steps={**flow.steps, StepName("closed"): CLOSED},
        queues={key: own(queue) for key, queue in flow.queues.items()},
    )


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1_000)


def call(flow: Flow, at: str, *keys: str) -> Walked:
    """Call at a time and press keys."""
    walked = begin(flow, Language.ENGLISH, arrived_ms=ms(at))
    for key in keys:
        walked = follow(flow, walked[0], KeyPressed(key=key))
    return walked


def heard(walked: Walked) -> tuple[str, ...]:
    (play,) = (action for action in walked[1] if isinstance(action, PlayPrompts))
    return play.sounds


def queue_joined(walked: Walked) -> QueueId:
    (join,) = walked[1]
    assert isinstance(join, JoinQueue)
    return join.queue


def test_a_caller_within_the_hours_notices_nothing_of_them(flow: Flow) -> None:
    assert heard(call(with_hours(flow), "2026-11-26 08:00")) == ("hello",)
    assert queue_joined(call(with_hours(flow), "2026-11-26 17:59", "2", "2")) == "bins.bins.en"


def test_a_caller_outside_the_hours_hears_when_it_opens_and_what_there_is_online(
    flow: Flow,
) -> None:
    walked = call(with_hours(flow), EVENING)
    assert heard(walked) == ("closed", *EIGHT_TOMORROW, *ONLINE)
    position, actions = follow(with_hours(flow), walked[0], PromptFinished())
    assert actions == (HangUp(outcome=OutcomeCode("told_closed")),)
    assert is_closed(flow=with_hours(flow), position=position)


def test_the_reason_of_the_day_is_said_before_the_next_opening(flow: Flow) -> None:
    day = SingleDay(spans=(), reason=SoundName("training"))
    line = with_hours(flow, daily(span(8, 18), days={date(2026, 11, 26): day}))
    assert heard(call(line, "2026-11-26 10:00"))[:2] == ("closed", "training")


def test_where_no_opening_is_in_sight_none_is_told(flow: Flow) -> None:
    day = SingleDay(spans=(span(8, 18),))
    line = with_hours(flow, daily(days={date(2026, 11, 25): day}))
    assert heard(call(line, EVENING)) == ("closed", *ONLINE)


def test_extra_support_is_offered_and_reached_while_it_alone_is_open(flow: Flow) -> None:
    line = with_hours(flow, support=daily(span(0, 24)))
    walked = call(line, EVENING)
    assert heard(walked) == ("closed", *EIGHT_TOMORROW, "help_now", *ONLINE)
    assert keys_shown(line, walked[0]).keys() == {"0", "9"}
    assert queue_joined(call(line, EVENING, "0")) == "bins.support.en"


def test_extra_support_that_is_closed_as_well_is_not_offered(flow: Flow) -> None:
    line = with_hours(flow, support=daily(span(9, 12)))
    position, _ = call(line, EVENING)
    assert keys_shown(line, position).keys() == {"9"}
    pressed = call(line, EVENING, "0")
    assert heard(pressed) == (
        "closed", "opens_again", "opens_tomorrow", "time_9", "part_morning", *ONLINE
    )  # fmt: skip


def test_a_queue_that_closes_earlier_tells_of_its_own_hours_and_the_menu_stays(flow: Flow) -> None:
    line = with_hours(flow, bins=daily(span(8, 16)))
    walked = call(line, "2026-11-26 17:00", "2", "2")
    assert heard(walked) == ("closed", *EIGHT_TOMORROW, "help_now", *ONLINE)
    assert call(line, "2026-11-26 17:00", "2", "2", "#")[0].step == "day"
    assert queue_joined(call(line, "2026-11-26 17:00", "2", "2", "0")) == "bins.support.en"


def test_nobody_who_presses_nothing_is_promised_a_queue_that_is_closed(flow: Flow) -> None:
    line = with_hours(flow, bins=daily(span(8, 16)))
    walked = call(line, "2026-11-26 17:00", "2", "7", "7", "7")
    assert walked[0].step == "closed"
    assert "to_a_person" not in heard(walked)


def test_who_is_turned_away_may_change_the_language_and_hear_it_again(flow: Flow) -> None:
    line = with_hours(flow)
    welsh = call(line, EVENING, "9")
    assert welsh[1][0] == SwitchLanguage(language=Language.WELSH)
    for key in ("*", "#"):
        assert heard(follow(line, welsh[0], KeyPressed(key=key))) == heard(call(line, EVENING))
    assert follow(line, welsh[0], KeyPressed(key="1")) == (welsh[0], ())


def test_who_is_told_on_another_node_hears_it_from_the_beginning(flow: Flow) -> None:
    line = with_hours(flow)
    walked = call(line, EVENING)
    assert heard(resume(line, walked[0])) == heard(walked)


def test_the_hours_of_the_moment_of_calling_count_to_the_end_of_the_call(flow: Flow) -> None:
    position, _ = call(with_hours(flow), "2026-11-26 17:59")
    reached = follow(with_hours(flow), position, KeyPressed(key="0"))
    assert queue_joined(reached) == "bins.support.en"


# What the linter says of hours

WORDS = dict.fromkeys(
    Language,
    WALK_PROMPTS
    | ANNOUNCEMENTS
    | OPENING_SOUNDS
    | {
        SoundName(name)
        for name in (
            "hello", "choose", "choose_slowly", "report_how", "report_link", "which_day",
            "calendar", "crew", "bye", "closed", "help_now", "online", "home",
        )
    },
)  # fmt: skip


def found(flow: Flow) -> list[tuple[Rule, str]]:
    return [(finding.rule, finding.sentence) for finding in lint(flow, words=WORDS)]


def test_good_hours_are_left_alone(flow: Flow) -> None:
    assert found(with_hours(flow, support=daily(span(0, 24)))) == []
    assert found(with_hours(flow, daily(span(8, 12), span(12, 18)))) == []
    assert found(with_hours(flow, None)) == []


@pytest.mark.parametrize(
    ("hours", "rule", "sentence"),
    [
        (daily(span(8, 12), span(11, 18)), Rule.OVERLAPPING_HOURS,
         "the line on Monday: 08:00-12:00 and 11:00-18:00 overlap; make them one."),
        (daily(span(7, 8), span(22, 31.5)), Rule.OVERLAPPING_HOURS,
         "the line: 22:00-07:30 on Monday and 07:00-08:00 on Tuesday overlap; make them one."),
        (daily(span(8, 18), days={date(2026, 12, 24): SingleDay(spans=(span(20, 33),))}),
         Rule.OVERLAPPING_HOURS,
         ("the line: 20:00-09:00 on 2026-12-24 and 08:00-18:00 on 2026-12-25 overlap;"
         " make them one.")),
        (daily(), Rule.NEVER_OPEN,
         "the line is never open; give it hours on at least one day, or take it out."),
        (daily(span(8.25, 18)), Rule.UNSAID_OPENING,
         ("the line opens at 08:15 on Monday; openings are said aloud, and there are sounds for"
         " whole and half hours only.")),
    ],
    ids=["twice at once", "over midnight", "a single day", "never", "a quarter past"],
)  # fmt: skip
def test_hours_that_cannot_be_kept_are_refused_with_a_clear_sentence(
    flow: Flow, hours: Hours, rule: Rule, sentence: str
) -> None:
    told = found(with_hours(flow, hours))
    assert {one for one, _ in told} == {rule}
    assert told[0][1] == sentence


def test_the_hours_of_a_queue_are_looked_at_as_well(flow: Flow) -> None:
    ((rule, sentence),) = found(with_hours(flow, support=daily()))
    assert rule is Rule.NEVER_OPEN
    assert sentence.startswith("the queue `support` is never open")


def test_a_single_day_overlaps_with_the_night_before_it(flow: Flow) -> None:
    day = {date(2026, 12, 24): SingleDay(spans=(span(5, 9),))}
    (overlap,) = found(with_hours(flow, daily(span(22, 30), days=day)))
    assert overlap == (
        Rule.OVERLAPPING_HOURS,
        "the line: 22:00-06:00 on 2026-12-23 and 05:00-09:00 on 2026-12-24 overlap; make them one.",
    )


def test_hours_without_a_closed_step_are_refused(flow: Flow) -> None:
    line = with_hours(flow)
    for when_closed in (None, StepName("bye")):
        told = [rule for rule, _ in found(replace(line, when_closed=when_closed))]
        assert Rule.NO_CLOSED_STEP in told
    missing = replace(line, when_closed=StepName("nowhere"))
    assert [rule for rule, _ in found(missing)] == [Rule.ROUTE_TO_NOWHERE]


def test_a_closed_step_that_nobody_is_taken_to_is_refused(flow: Flow) -> None:
    line = replace(with_hours(flow), hours=None, when_closed=None)
    assert [rule for rule, _ in found(line)] == [Rule.UNREACHABLE_STEP]


def test_every_sound_of_a_closed_line_must_have_words(flow: Flow) -> None:
    day = {date(2026, 12, 24): SingleDay(spans=(), reason=SoundName("training"))}
    line = with_hours(flow, daily(span(8, 18), days=day))
    assert {rule for rule, _ in found(line)} == {Rule.MISSING_PROMPT}
    assert all("`training`" in sentence for _, sentence in found(line))
