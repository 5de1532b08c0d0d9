"""How a caller walks a flow."""

from dataclasses import replace

import pytest

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.ids import OutcomeCode, QueueId, SoundName, StepName
from contactcentre.domain.ivr.flow import Flow, PlayStep, QueueName, QueueStep, ServiceName
from contactcentre.domain.ivr.moves import (
    Action,
    AwaitKey,
    CallerHungUp,
    Event,
    HangUp,
    InputTimedOut,
    JoinQueue,
    KeepPlace,
    KeyPressed,
    NoteDeflected,
    PlayPrompts,
    Position,
    PromptFinished,
    SwitchLanguage,
)
from contactcentre.domain.ivr.walk import HISTORY_MAX, INPUT_TIMEOUT_MS, begin, follow, resume
from contactcentre.domain.languages import Language

HEARD = PromptFinished()
SILENCE = InputTimedOut()
AWAIT = AwaitKey(timeout_ms=INPUT_TIMEOUT_MS)
LINK = ("report_how", "report_link", "once_more", "report_link", "did_that_cover_it")


def key(pressed: str) -> KeyPressed:
    return KeyPressed(key=pressed)


def play(*sounds: str) -> PlayPrompts:
    return PlayPrompts(sounds=tuple(SoundName(sound) for sound in sounds))


def join(queue: str, *prompts: str, service_class: ServiceClass = ServiceClass.P2) -> JoinQueue:
    return JoinQueue(
        queue=QueueId(queue),
        service_class=service_class,
        prompts=tuple(SoundName(prompt) for prompt in prompts),
    )


SUPPORT = join("bins.support.en", service_class=ServiceClass.P0)


def at(
    step: str,
    *,
    language: Language = Language.ENGLISH,
    tries: int = 0,
    history: tuple[str, ...] = (),
    awaiting: bool = False,
) -> Position:
    return Position(
        step=StepName(step),
        language=language,
        tries=tries,
        history=tuple(StepName(behind) for behind in history),
        awaiting=awaiting,
    )


def walk(
    flow: Flow, *events: Event, position: Position | None = None
) -> tuple[Position, tuple[Action, ...]]:
    """Let events happen one after another, from the beginning or from a position."""
    walked = begin(flow, Language.ENGLISH) if position is None else (position, ())
    for event in events:
        walked = follow(flow, walked[0], event)
    return walked


def test_a_caller_is_greeted_first(flow: Flow) -> None:
    assert begin(flow, Language.WELSH) == (
        Position(step=StepName("welcome"), language=Language.WELSH),
        (play("hello"),),
    )


def test_nobody_is_greeted_in_a_language_the_line_does_not_serve(flow: Flow) -> None:
    with pytest.raises(AssertionError, match="bins is not served in cy"):
        begin(replace(flow, languages=(Language.ENGLISH,)), Language.WELSH)


def test_after_the_greeting_comes_the_menu(flow: Flow) -> None:
    assert walk(flow, HEARD) == (at("reason"), (play("choose"),))


def test_after_the_menu_a_key_is_awaited(flow: Flow) -> None:
    assert walk(flow, HEARD, HEARD) == (at("reason", awaiting=True), (AWAIT,))


def test_a_key_leads_on_after_the_prompt_and_in_the_middle_of_it_alike(flow: Flow) -> None:
    later = walk(flow, HEARD, HEARD, key("2"))
    assert later == walk(flow, HEARD, key("2"))
    assert later == (at("day", history=("reason",)), (play("which_day"),))


def test_a_key_pressed_during_the_greeting_is_for_the_menu(flow: Flow) -> None:
    assert walk(flow, key("2"))[0] == at("day", history=("reason",))


def test_a_wrong_key_during_the_greeting_is_answered_by_the_menu(flow: Flow) -> None:
    assert walk(flow, key("7")) == (
        at("reason", tries=1),
        (play("wrong_key", "choose_slowly"),),
    )


def test_any_key_ends_words_that_lead_to_no_menu(flow: Flow) -> None:
    assert walk(flow, key("5"), position=at("calendar")) == (at("bye"), (play("bye"),))


def test_the_menu_is_repeated_more_slowly_to_whoever_presses_nothing(flow: Flow) -> None:
    assert walk(flow, HEARD, HEARD, SILENCE) == (
        at("reason", tries=1),
        (play("nothing_pressed", "choose_slowly"),),
    )


def test_a_menu_without_other_words_repeats_its_own(flow: Flow) -> None:
    _, actions = walk(flow, SILENCE, position=at("day", awaiting=True))
    assert actions == (play("nothing_pressed", "which_day"),)


def test_the_second_time_extra_support_is_offered(flow: Flow) -> None:
    position, actions = walk(flow, HEARD, HEARD, SILENCE, HEARD, SILENCE)
    assert position.tries == 2
    assert actions == (play("nothing_pressed", "offer_extra_support", "choose_slowly"),)


def test_the_third_time_a_person_takes_over(flow: Flow) -> None:
    position, actions = walk(flow, HEARD, *3 * (HEARD, SILENCE))
    assert position == at("person", history=("reason",))
    assert actions == (join("bins.bins.en", "to_a_person", "crew"),)


def test_wrong_keys_count_like_silence(flow: Flow) -> None:
    said = [walk(flow, HEARD, HEARD, *keys)[1] for keys in ((key("8"),), (key("8"), key("7")))]
    assert said == [
        (play("wrong_key", "choose_slowly"),),
        (play("wrong_key", "offer_extra_support", "choose_slowly"),),
    ]
    assert walk(flow, HEARD, HEARD, SILENCE, key("8"), key("7"))[0].step == "person"


def test_tries_begin_anew_at_the_next_menu(flow: Flow) -> None:
    assert walk(flow, HEARD, key("8"), key("7"), key("2"))[0].tries == 0


@pytest.mark.parametrize("step", ["welcome", "reason", "report", "day", "calendar", "bye"])
def test_0_reaches_extra_support_from_everywhere(flow: Flow, step: str) -> None:
    position, actions = walk(flow, key("0"), position=at(step))
    assert position.step == "support"
    assert actions == (SUPPORT,)


def test_0_reaches_extra_support_from_another_queue(flow: Flow) -> None:
    assert walk(flow, key("0"), position=at("person"))[1] == (SUPPORT,)


@pytest.mark.parametrize("pressed", "0123456789*#")
def test_no_key_takes_a_caller_out_of_extra_support(flow: Flow, pressed: str) -> None:
    assert walk(flow, key(pressed), position=at("support")) == (at("support"), ())


@pytest.mark.parametrize("pressed", "123456789*#")
def test_no_other_key_takes_a_caller_out_of_a_queue(flow: Flow, pressed: str) -> None:
    assert walk(flow, key(pressed), position=at("person")) == (at("person"), ())


def test_9_goes_on_in_welsh_and_back_in_english(flow: Flow) -> None:
    position, actions = walk(flow, HEARD, key("9"))
    assert position == at("reason", language=Language.WELSH)
    assert actions == (SwitchLanguage(language=Language.WELSH), play("choose"))
    back = follow(flow, position, key("9"))
    assert back == (at("reason"), (SwitchLanguage(language=Language.ENGLISH), play("choose")))


def test_who_chose_welsh_waits_in_the_welsh_queue(flow: Flow) -> None:
    _, actions = walk(flow, key("9"), key("2"), key("2"))
    assert actions == (join("bins.bins.cy", "crew"),)


def test_9_is_a_wrong_key_where_there_is_one_language(flow: Flow) -> None:
    alone = replace(flow, languages=(Language.ENGLISH,))
    assert walk(alone, HEARD, key("9"))[1] == (play("wrong_key", "choose_slowly"),)


def test_star_repeats_without_counting_as_a_failure(flow: Flow) -> None:
    assert walk(flow, HEARD, HEARD, key("*")) == (at("reason"), (play("choose"),))


def test_star_repeats_a_link_and_keeps_the_place_as_it_was(flow: Flow) -> None:
    assert walk(flow, HEARD, key("1"), key("*"))[1] == (play(*LINK),)


def test_hash_goes_back_to_the_menu_before(flow: Flow) -> None:
    there = walk(flow, HEARD, key("2"))[0]
    assert follow(flow, there, key("#")) == (at("reason"), (play("choose"),))


def test_hash_goes_back_to_the_beginning_where_nothing_is_behind(flow: Flow) -> None:
    assert walk(flow, HEARD, key("#")) == (at("welcome"), (play("hello"),))


def test_hash_goes_back_past_menus_that_are_no_more(flow: Flow) -> None:
    position = at("report", history=("reason", "gone"))
    assert walk(flow, key("#"), position=position)[0] == at("reason")


def test_only_so_many_menus_are_remembered(flow: Flow) -> None:
    walked = begin(flow, Language.ENGLISH)
    for _ in range(HISTORY_MAX + 3):
        walked = follow(flow, replace(walked[0], step=StepName("reason")), key("1"))
    assert len(walked[0].history) == HISTORY_MAX


def test_a_link_is_read_twice_and_the_place_is_kept_meanwhile(flow: Flow) -> None:
    position, actions = walk(flow, HEARD, key("1"))
    assert position == at("report", history=("reason",))
    assert actions == (KeepPlace(), play(*LINK))


def test_who_declines_a_link_waits_for_a_person(flow: Flow) -> None:
    assert walk(flow, HEARD, key("1"), key("2"))[1] == (join("bins.bins.en", "crew"),)


def test_who_says_nothing_after_a_link_waits_for_a_person(flow: Flow) -> None:
    _, actions = walk(flow, HEARD, key("1"), *3 * (HEARD, SILENCE))
    assert actions == (join("bins.bins.en", "to_a_person", "crew"),)


def test_who_accepts_a_link_is_noted_and_hears_goodbye_before_the_end(flow: Flow) -> None:
    position, actions = walk(flow, HEARD, key("1"), key("1"))
    assert actions == (NoteDeflected(service=ServiceName("missed_bin")), play("bye"))
    assert follow(flow, position, HEARD)[1] == (HangUp(outcome=OutcomeCode("told")),)


def test_a_key_during_the_goodbye_changes_nothing(flow: Flow) -> None:
    assert walk(flow, key("1"), position=at("bye")) == (at("bye"), ())


def test_who_hangs_up_after_a_link_is_noted_as_served_by_it(flow: Flow) -> None:
    _, actions = walk(flow, HEARD, key("1"), HEARD, CallerHungUp())
    assert actions == (NoteDeflected(service=ServiceName("missed_bin")),)


def test_who_hangs_up_before_the_link_is_heard_is_not(flow: Flow) -> None:
    assert walk(flow, HEARD, key("1"), CallerHungUp())[1] == ()
    assert walk(flow, HEARD, HEARD, CallerHungUp())[1] == ()


def test_the_end_of_words_said_in_a_queue_changes_nothing(flow: Flow) -> None:
    assert walk(flow, HEARD, position=at("person")) == (at("person"), ())


def test_a_silence_that_comes_while_words_play_is_none(flow: Flow) -> None:
    assert walk(flow, HEARD, SILENCE) == (at("reason"), ())


def test_another_node_goes_on_at_the_same_menu_after_an_apology(flow: Flow) -> None:
    there = walk(flow, HEARD, HEARD, SILENCE, HEARD)[0]
    position, actions = resume(flow, there)
    assert position == at("reason", tries=1)
    assert actions == (play("apology_moved", "choose_slowly"),)


def test_another_node_keeps_the_place_of_a_caller_who_hears_a_link(flow: Flow) -> None:
    there = walk(flow, HEARD, key("1"), HEARD)[0]
    assert resume(flow, there)[1] == (KeepPlace(), play("apology_moved", *LINK))


def test_another_node_takes_a_waiting_caller_into_the_same_queue(flow: Flow) -> None:
    there = walk(flow, HEARD, key("2"), key("2"))[0]
    assert resume(flow, there)[1] == (join("bins.bins.en", "apology_moved", "crew"),)


def test_a_caller_whose_step_has_been_taken_out_meanwhile_begins_again(flow: Flow) -> None:
    gone = at("gone", tries=2, history=("reason",), language=Language.WELSH)
    assert resume(flow, gone) == (
        at("welcome", language=Language.WELSH),
        (play("apology_moved", "hello"),),
    )


def test_words_may_lead_straight_to_a_queue(flow: Flow) -> None:
    steps = {
        **flow.steps,
        StepName("welcome"): PlayStep(prompts=(SoundName("hello"),), next=StepName("person")),
        StepName("person"): QueueStep(queue=QueueName("bins")),
    }
    short = replace(flow, steps=steps)
    assert walk(short, HEARD)[1] == walk(short, key("3"))[1] == (join("bins.bins.en"),)
