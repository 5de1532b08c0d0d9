"""A step that offers a link as a text: who is offered it, and what may follow."""

from dataclasses import replace

import pytest

from contactcentre.domain.ids import SoundName, StepName
from contactcentre.domain.ivr.findings import Rule
from contactcentre.domain.ivr.flow import Flow, MenuStep, ServiceName, TextStep
from contactcentre.domain.ivr.lint import lint
from contactcentre.domain.ivr.moves import (
    AwaitKey,
    CallerHungUp,
    InputTimedOut,
    JoinQueue,
    KeepPlace,
    KeyPressed,
    NoteDeflected,
    PlayPrompts,
    PromptFinished,
    SeeIfTexts,
    SendText,
    TextsKnown,
    TextWent,
    Walked,
)
from contactcentre.domain.ivr.walk import TEXT_PROMPTS, WALK_PROMPTS, begin, follow, resume
from contactcentre.domain.languages import Language
from tests.domain.ivr.test_lint import WORDS, changed, menu

OFFER = TextStep(
    prompts=(SoundName("offer"),),
    text=SoundName("text"),
    link=SoundName("report_link"),
    service=ServiceName("missed_bin"),
    accepted=StepName("bye"),
    declined=StepName("person"),
    otherwise=StepName("report"),
)
MAY = TextsKnown(may=True, first=())
MAY_NOT = TextsKnown(may=False, first=())


@pytest.fixture
def texting(flow: Flow) -> Flow:
    """Give a flow whose menu leads to the offer of a text with 1."""
    reason = flow.steps[StepName("reason")]
    assert isinstance(reason, MenuStep)
    keys = {**reason.keys, "1": StepName("offer")}
    steps = {**flow.steps, StepName("reason"): replace(reason, keys=keys), StepName("offer"): OFFER}
    return replace(flow, steps=steps)


def asked(flow: Flow) -> Walked:
    """Return a caller who has come to the offer, before anything is known of the telephone."""
    walked = begin(flow, Language.ENGLISH)
    return press(flow, walked, "1")


def press(flow: Flow, walked: Walked, *keys: str) -> Walked:
    for key in keys:
        walked = follow(flow, walked[0], KeyPressed(key=key))
    return walked


def sounds(walked: Walked) -> tuple[str, ...]:
    """Return what is said."""
    return tuple(one for act in walked[1] if isinstance(act, PlayPrompts) for one in act.sounds)


def sent(flow: Flow) -> Walked:
    """Return a caller whose text is on its way."""
    offered = follow(flow, asked(flow)[0], MAY)
    return follow(flow, press(flow, offered, "1")[0], TextWent(is_sent=True))


def test_before_a_text_is_offered_it_is_seen_whether_the_telephone_takes_any(
    texting: Flow,
) -> None:
    walked = asked(texting)
    assert walked[1] == (SeeIfTexts(first=()),)
    assert press(texting, walked, "1")[1] == (), (
        "a key is for the offer, and nothing is offered yet"
    )
    offered = follow(texting, walked[0], MAY)
    assert offered[1] == (KeepPlace(), PlayPrompts(sounds=(SoundName("offer"),)))


def test_whoever_takes_no_texts_hears_the_link_and_not_a_word_of_texts(texting: Flow) -> None:
    walked = follow(texting, asked(texting)[0], MAY_NOT)
    assert walked[0].step == "report"
    assert sounds(walked)[:2] == ("report_how", "report_link")


def test_a_text_is_sent_only_to_whoever_presses_1(texting: Flow) -> None:
    offered = follow(texting, asked(texting)[0], MAY)
    assert press(texting, offered, "1")[1] == (
        SendText(text=SoundName("text"), link=SoundName("report_link")),
    )
    awaiting = follow(texting, offered[0], PromptFinished())
    assert isinstance(awaiting[1][0], AwaitKey)
    for other in (press(texting, offered, "2"), follow(texting, awaiting[0], InputTimedOut())):
        assert other[0].step == "report"
        assert sounds(other)[0] == "report_how"


def test_wrong_keys_lead_to_the_link_in_the_end(texting: Flow) -> None:
    walked = press(texting, follow(texting, asked(texting)[0], MAY), "7")
    assert sounds(walked) == ("wrong_key", "offer")
    assert press(texting, walked, "7", "7")[0].step == "report"


def test_once_it_is_sent_the_caller_is_asked_whether_that_was_all(texting: Flow) -> None:
    walked = sent(texting)
    assert walked[1][0] == KeepPlace()
    assert sounds(walked) == ("text_sent", "did_that_cover_it")
    done = press(texting, walked, "1")
    assert done[0].step == "bye"
    assert done[1][0] == NoteDeflected(service=ServiceName("missed_bin"))
    person = press(texting, walked, "2")
    assert isinstance(person[1][0], JoinQueue)


def test_whoever_says_nothing_after_the_text_reaches_a_person(texting: Flow) -> None:
    walked = sent(texting)
    for _ in range(3):
        awaiting = follow(texting, walked[0], PromptFinished())
        walked = follow(texting, awaiting[0], InputTimedOut())
    (joined,) = walked[1]
    assert isinstance(joined, JoinQueue)
    assert joined.prompts[0] == "to_a_person"


def test_a_text_that_cannot_be_sent_is_made_up_for_by_the_link(texting: Flow) -> None:
    offered = follow(texting, asked(texting)[0], MAY)
    walked = follow(texting, press(texting, offered, "1")[0], TextWent(is_sent=False))
    assert walked[0].step == "report"
    assert sounds(walked)[:2] == ("text_not_sent", "report_how")


def test_whoever_hangs_up_with_the_text_was_helped_and_without_it_was_not(texting: Flow) -> None:
    offered = follow(texting, asked(texting)[0], MAY)
    heard = follow(texting, offered[0], PromptFinished())
    assert follow(texting, heard[0], CallerHungUp())[1] == ()
    noted = follow(texting, sent(texting)[0], CallerHungUp())[1]
    assert noted == (NoteDeflected(service=ServiceName("missed_bin")),)


def test_on_another_node_it_is_seen_again_but_nothing_is_sent_again(texting: Flow) -> None:
    offered = follow(texting, asked(texting)[0], MAY)
    assert resume(texting, offered[0])[1] == (SeeIfTexts(first=(SoundName("apology_moved"),)),)
    again = resume(texting, sent(texting)[0])
    assert sounds(again) == ("apology_moved", "text_sent", "did_that_cover_it")


def test_in_the_other_language_a_text_that_is_sent_stays_sent(texting: Flow) -> None:
    walked = press(texting, sent(texting), "9")
    assert walked[0].language is Language.WELSH
    assert sounds(walked) == ("text_sent", "did_that_cover_it")


def test_a_text_in_front_of_a_link_is_no_further_choice_to_make(texting: Flow) -> None:
    words = {
        language: {*WORDS[language], SoundName("offer"), *TEXT_PROMPTS} for language in Language
    }
    deep = changed(
        texting,
        reason=menu({"1": "person", "2": "day"}),
        day=menu({"1": "offer", "2": "calendar"}),
    )
    assert lint(deep, words=words) == ()
    deeper = changed(deep, day=menu({"1": "week", "2": "calendar"}), week=menu({"1": "offer"}))
    assert {one.step for one in lint(deeper, words=words)} == {"offer", "report"}


def test_the_linter_wants_a_person_behind_a_text_and_the_words_for_it(texting: Flow) -> None:
    offer = SoundName("offer")
    words = {language: {*WORDS[language], offer, *TEXT_PROMPTS} for language in Language}
    assert lint(texting, words=words) == ()
    cut_off = {**texting.steps, StepName("offer"): replace(OFFER, declined=StepName("bye"))}
    (found,) = lint(replace(texting, steps=cut_off), words=words)
    assert found.rule is Rule.NO_WAY_TO_A_PERSON
    nowhere = {**texting.steps, StepName("offer"): replace(OFFER, declined=StepName("none"))}
    assert lint(replace(texting, steps=nowhere), words=words)[0].rule is Rule.ROUTE_TO_NOWHERE
    mute = {language: {*WORDS[language], offer} for language in Language}
    missing = lint(texting, words=mute)
    assert {one.rule for one in missing} == {Rule.MISSING_PROMPT}
    assert WALK_PROMPTS.isdisjoint(TEXT_PROMPTS), "flows without texts need no words for them"
