"""What no flow may do: each rule is broken once, alone, and must be the one that is told."""

from collections.abc import Mapping
from dataclasses import replace

from contactcentre.domain.announcing import ANNOUNCEMENTS
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.ids import OutcomeCode, SoundName, StepName
from contactcentre.domain.ivr.findings import Finding, Rule
from contactcentre.domain.ivr.flow import (
    DeflectStep,
    Flow,
    HangUpStep,
    MenuStep,
    PlayStep,
    QueueName,
    Step,
)
from contactcentre.domain.ivr.lint import Durations, lint
from contactcentre.domain.ivr.walk import WALK_PROMPTS
from contactcentre.domain.languages import Language

SAID = frozenset(
    {
        SoundName("hello"),
        SoundName("choose"),
        SoundName("choose_slowly"),
        SoundName("report_how"),
        SoundName("report_link"),
        SoundName("which_day"),
        SoundName("calendar"),
        SoundName("crew"),
        SoundName("bye"),
    }
)
WORDS = dict.fromkeys(Language, SAID | WALK_PROMPTS | ANNOUNCEMENTS)


def changed(flow: Flow, **steps: Step) -> Flow:
    """Return a flow with other or further steps."""
    now = {StepName(name): step for name, step in steps.items()}
    return replace(flow, steps={**flow.steps, **now})


def menu(keys: Mapping[str, str], silence: str = "person") -> MenuStep:
    return MenuStep(
        prompts=(SoundName("choose"),),
        keys={key: StepName(step) for key, step in keys.items()},
        silence=StepName(silence),
    )


def play(onward: str) -> PlayStep:
    return PlayStep(prompts=(SoundName("hello"),), next=StepName(onward))


def found(flow: Flow, durations_ms: Durations | None = None) -> list[tuple[Rule, str | None]]:
    return [
        (finding.rule, finding.step)
        for finding in lint(flow, words=WORDS, durations_ms=durations_ms)
    ]


def every_sound_takes(span_ms: int, **others_ms: int) -> Durations:
    return {
        (language, sound): others_ms.get(sound, span_ms)
        for language, sounds in WORDS.items()
        for sound in sounds
    }


def test_a_good_flow_is_left_alone(flow: Flow) -> None:
    assert lint(flow, words=WORDS, durations_ms=every_sound_takes(3_000)) == ()


def test_a_key_may_not_lead_to_nowhere(flow: Flow) -> None:
    assert found(changed(flow, reason=menu({"1": "report", "2": "dya"}))) == [
        (Rule.ROUTE_TO_NOWHERE, "reason")
    ]


def test_a_finding_says_what_to_do(flow: Flow) -> None:
    assert lint(changed(flow, welcome=play("resaon")), words=WORDS) == (
        Finding(
            rule=Rule.ROUTE_TO_NOWHERE,
            step=StepName("welcome"),
            sentence="`welcome` leads to `resaon`, which is no step; write that step or another.",
        ),
    )


def test_a_flow_may_not_start_nowhere(flow: Flow) -> None:
    assert found(replace(flow, start=StepName("begin"))) == [(Rule.ROUTE_TO_NOWHERE, None)]


def test_a_queue_must_exist_in_every_language(flow: Flow) -> None:
    only_english = {key: queue for key, queue in flow.queues.items() if key != ("bins", "cy")}
    assert found(replace(flow, queues=only_english)) == [(Rule.ROUTE_TO_NOWHERE, "person")]


def test_0_must_lead_to_a_step(flow: Flow) -> None:
    assert found(replace(flow, extra_support=StepName("help"))) == [(Rule.NO_EXTRA_SUPPORT, None)]


def test_0_must_lead_to_a_queue(flow: Flow) -> None:
    assert found(replace(flow, extra_support=StepName("bye"))) == [(Rule.NO_EXTRA_SUPPORT, "bye")]


def test_extra_support_must_be_a_queue_that_is_never_shed(flow: Flow) -> None:
    shed = {
        key: replace(queue, service_class=ServiceClass.P1) for key, queue in flow.queues.items()
    }
    assert found(replace(flow, queues=shed)) == [(Rule.NO_EXTRA_SUPPORT, "support")]


def test_words_may_not_go_round_for_ever(flow: Flow) -> None:
    looping = changed(flow, calendar=play("notice"), notice=play("calendar"))
    assert found(looping) == [(Rule.ENDLESS_LOOP, "calendar")]


def test_silence_may_not_go_round_for_ever(flow: Flow) -> None:
    looping = changed(flow, day=menu({"1": "calendar", "2": "person"}, silence="welcome"))
    looping = changed(looping, reason=menu({"1": "report", "2": "day"}, silence="day"))
    (finding,) = lint(looping, words=WORDS)
    assert finding.rule is Rule.ENDLESS_LOOP
    assert "welcome → reason → day → welcome" in finding.sentence


def test_a_step_that_nobody_reaches_is_told(flow: Flow) -> None:
    assert found(changed(flow, attic=play("bye"))) == [(Rule.UNREACHABLE_STEP, "attic")]


def test_a_queue_that_nobody_reaches_is_told(flow: Flow) -> None:
    pest = {
        (QueueName("pests"), language): flow.queues[QueueName("bins"), language]
        for language in Language
    }
    (finding,) = lint(replace(flow, queues={**flow.queues, **pest}), words=WORDS)
    assert (finding.rule, finding.step) == (Rule.UNREACHABLE_STEP, None)
    assert "`pests`" in finding.sentence


def test_whoever_says_nothing_in_a_menu_must_reach_a_person(flow: Flow) -> None:
    assert found(changed(flow, day=menu({"1": "calendar", "2": "person"}, silence="bye"))) == [
        (Rule.NO_WAY_TO_A_PERSON, "day")
    ]


def test_whoever_declines_a_link_must_reach_a_person(flow: Flow) -> None:
    step = flow.steps[StepName("report")]
    assert isinstance(step, DeflectStep)
    assert found(changed(flow, report=replace(step, declined=StepName("bye")))) == [
        (Rule.NO_WAY_TO_A_PERSON, "report")
    ]


def test_three_choices_in_a_row_are_enough(flow: Flow) -> None:
    deep = changed(
        flow,
        day=menu({"1": "calendar", "2": "week"}),
        week=menu({"1": "person", "2": "month"}),
    )
    assert found(changed(deep, month=play("person"))) == []
    assert found(changed(deep, month=menu({"1": "person"}))) == [(Rule.TOO_MANY_LEVELS, "month")]


def test_a_menu_within_reach_of_a_short_way_is_not_too_deep(flow: Flow) -> None:
    deep = changed(
        flow,
        reason=menu({"1": "report", "2": "day", "3": "month"}),
        day=menu({"1": "calendar", "2": "week"}),
        week=menu({"1": "person", "2": "month"}),
        month=menu({"1": "person"}),
    )
    assert found(deep) == []


def test_four_choices_in_a_menu_are_enough(flow: Flow) -> None:
    keys = {"1": "report", "2": "day", "3": "person", "4": "person"}
    assert found(changed(flow, reason=menu(keys))) == []
    assert found(changed(flow, reason=menu({**keys, "5": "person"}))) == [
        (Rule.TOO_MANY_CHOICES, "reason")
    ]


def test_the_keys_that_mean_the_same_everywhere_are_taken(flow: Flow) -> None:
    for key in "09*#":
        taken = menu({"1": "report", "2": "day", key: "person"})
        assert found(changed(flow, reason=taken)) == [(Rule.TAKEN_KEY, "reason")]


def test_a_call_is_not_ended_without_an_outcome(flow: Flow) -> None:
    silent = HangUpStep(prompts=(SoundName("bye"),), outcome=None)
    assert found(changed(flow, bye=silent)) == [(Rule.ABRUPT_END, "bye")]


def test_a_call_is_not_ended_without_a_closing_sentence(flow: Flow) -> None:
    silent = HangUpStep(prompts=(), outcome=OutcomeCode("told"))
    assert found(changed(flow, bye=silent)) == [(Rule.ABRUPT_END, "bye")]


def test_every_sound_has_words_in_every_language_of_the_line(flow: Flow) -> None:
    for sound in ("hello", "choose_slowly", "report_link", "crew", "wrong_key", "hold_intro"):
        welsh = WORDS[Language.WELSH] - {SoundName(sound)}
        findings = lint(flow, words={**WORDS, Language.WELSH: welsh})
        assert [finding.rule for finding in findings] == [Rule.MISSING_PROMPT]
        assert f"`{sound}` has no words in cy" in findings[0].sentence


def test_a_language_the_line_is_not_served_in_needs_no_words(flow: Flow) -> None:
    english = replace(flow, languages=(Language.ENGLISH,))
    assert lint(english, words={Language.ENGLISH: WORDS[Language.ENGLISH]}) == ()


def test_who_listens_to_everything_has_a_place_within_a_minute_and_a_half(flow: Flow) -> None:
    long = every_sound_takes(1_000, which_day=88_001)
    (english, welsh) = lint(flow, words=WORDS, durations_ms=long)
    assert english.rule is welsh.rule is Rule.TOO_LONG_BEFORE_QUEUE
    assert "in en-GB a caller who listens to everything" in english.sentence
    assert lint(flow, words=WORDS, durations_ms=every_sound_takes(1_000, which_day=88_000)) == ()


def test_a_link_counts_twice_towards_the_wait_for_a_place(flow: Flow) -> None:
    long = every_sound_takes(1_000, report_link=43_000)
    assert found(flow, long) == 2 * [(Rule.TOO_LONG_BEFORE_QUEUE, None)]
    assert found(flow, every_sound_takes(1_000, report_link=42_000)) == []


def test_who_presses_nothing_has_a_place_within_a_minute_and_a_half(flow: Flow) -> None:
    long = every_sound_takes(1_000, choose_slowly=33_000)
    (english, _) = lint(flow, words=WORDS, durations_ms=long)
    assert "in en-GB a caller who presses nothing" in english.sentence
    assert found(flow, every_sound_takes(1_000, choose_slowly=32_000)) == []


def test_menus_that_lead_to_one_another_are_measured_once(flow: Flow) -> None:
    circle = changed(flow, day=menu({"1": "calendar", "2": "person", "3": "reason"}))
    assert found(circle, every_sound_takes(3_000)) == []
