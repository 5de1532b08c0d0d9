"""How a caller walks a flow: an event comes in, a new position and what to do come out.

A position is all there is to know; a node that is given one goes on where another stopped.
Actions that come back replace whatever was going on: sound that still plays is stopped, a wait for
a key is over. No actions: all goes on as it was. Nobody is ever left in silence or cut off for not
pressing a key: whoever does not choose is asked twice more and then taken to a person.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from contactcentre.domain import announcing
from contactcentre.domain.hours import moment
from contactcentre.domain.ids import SoundName, StepName
from contactcentre.domain.ivr.doors import extra_support_is_open, how_stands
from contactcentre.domain.ivr.flow import (
    ACCEPT_KEY,
    BACK_KEY,
    DECLINE_KEY,
    EXTRA_SUPPORT_KEY,
    EXTRA_SUPPORT_LABEL,
    LANGUAGE_KEY,
    OTHER_LANGUAGE_LABEL,
    REPEAT_KEY,
    ClosedStep,
    DeflectStep,
    Flow,
    HangUpStep,
    MenuStep,
    PlayStep,
    QueueName,
    QueueStep,
    Step,
    TextStep,
    choices,
    key_labels,
    without_input,
)
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
    SeeIfTexts,
    SendText,
    SwitchLanguage,
    Texting,
    TextsKnown,
    TextWent,
    Walked,
)
from contactcentre.domain.ivr.opening_words import opening_words
from contactcentre.domain.ivr.switches import AS_PLANNED, LineSwitches
from contactcentre.domain.languages import Language

INPUT_TIMEOUT_MS: Final = 7_000
"""How long a caller may think after the last word of a menu."""
TRIES_MAX: Final = 3
"""So often a caller may fail to choose; then a person takes over."""
HISTORY_MAX: Final = 8
"""So many menus can be gone back through."""

NOTHING_PRESSED = SoundName("nothing_pressed")
WRONG_KEY = SoundName("wrong_key")
OFFER_EXTRA_SUPPORT = SoundName("offer_extra_support")
TO_A_PERSON = SoundName("to_a_person")
ONCE_MORE = SoundName("once_more")
DID_THAT_COVER_IT = SoundName("did_that_cover_it")
TEXT_SENT = SoundName("text_sent")
TEXT_NOT_SENT = SoundName("text_not_sent")
TEXT_PROMPTS: frozenset[SoundName] = frozenset({TEXT_SENT, TEXT_NOT_SENT})
"""What a flow that offers texts may say besides."""

WALK_PROMPTS: frozenset[SoundName] = frozenset(
    {
        NOTHING_PRESSED,
        WRONG_KEY,
        OFFER_EXTRA_SUPPORT,
        TO_A_PERSON,
        ONCE_MORE,
        DID_THAT_COVER_IT,
        announcing.APOLOGY_MOVED,
    }
)
"""What any flow may say without naming it."""


def begin(
    flow: Flow,
    language: Language,
    *,
    arrived_ms: int | None = None,
    switches: LineSwitches = AS_PLANNED,
) -> Walked:
    """Return where a caller starts, and what is heard first: outside the hours, when it opens."""
    assert language in flow.languages, f"{flow.line} is not served in {language}"
    start = Position(
        step=flow.start,
        language=language,
        arrived_ms=arrived_ms,
        notice=switches.notice if switches.notice in flow.notices else None,
    )
    is_shut = switches.is_shut and flow.when_closed is not None
    if is_shut or not _is_open(flow, None, start):
        return _turn_away(flow, start, None, _notice(start))
    return _enter(flow, start, flow.start, _notice(start))


def resume(flow: Flow, position: Position) -> Walked:
    """Go on where another node stopped: an apology, and the step again from its first word."""
    if position.step not in flow.steps:  # the flow has been changed since
        position = replace(position, step=flow.start, tries=0, history=())
    position = replace(position, awaiting=False)
    first = () if is_closed(flow, position) else (announcing.APOLOGY_MOVED,)
    return position, _open(flow, position, first)


def is_closed(flow: Flow, position: Position) -> bool:
    """Say whether the caller is being told that it is closed."""
    return isinstance(flow.steps.get(position.step), ClosedStep)


def keys_shown(flow: Flow, position: Position) -> Mapping[str, SoundName]:
    """Return the keys that do something, each with the name of the words beside it."""
    if not is_closed(flow, position):
        return key_labels(flow, position.step)
    others = {LANGUAGE_KEY: OTHER_LANGUAGE_LABEL} if len(flow.languages) > 1 else {}
    if not _offers_extra_support(flow, position):
        return others
    return {EXTRA_SUPPORT_KEY: EXTRA_SUPPORT_LABEL, **others}


def follow(flow: Flow, position: Position, event: Event) -> Walked:
    """Return the position after an event, and what is to be done because of it."""
    match event:
        case PromptFinished():
            return _prompt_finished(flow, position)
        case KeyPressed(key=key):
            return _key_pressed(flow, position, key)
        case InputTimedOut():
            return _nothing_pressed(flow, position) if position.awaiting else (position, ())
        case CallerHungUp():
            return position, _note_of_a_heard_link(flow, position)
        case TextsKnown() | TextWent():
            return _texting_goes_on(flow, position, event)


def _texting_goes_on(flow: Flow, position: Position, event: TextsKnown | TextWent) -> Walked:
    """Offer a text, or tell that it is sent; without it the caller hears the link instead."""
    step = flow.steps[position.step]
    assert isinstance(step, TextStep), "no other step asks about texts"
    match event:
        case TextsKnown(may=True, first=first):
            offered = replace(position, texting=Texting.OFFERED)
            return offered, (KeepPlace(), _say(flow, offered, first))
        case TextWent(is_sent=True):
            sent = replace(position, texting=Texting.SENT, tries=0)
            return sent, (KeepPlace(), _say(flow, sent))
        case TextsKnown(first=first):
            return _enter(flow, position, step.otherwise, first)
        case TextWent():
            return _enter(flow, _remember(flow, position), step.otherwise, (TEXT_NOT_SENT,))


def _enter(
    flow: Flow, position: Position, step: StepName, first: tuple[SoundName, ...] = ()
) -> Walked:
    """Go to a step and begin it, saying `first` before its own words; join no closed queue."""
    target = flow.steps[step]
    if isinstance(target, QueueStep) and not _is_open(flow, target.queue, position):
        return _turn_away(flow, position, target.queue)
    closed = position.closed if isinstance(target, ClosedStep) else None
    texting = position.texting if step == position.step else None
    entered = replace(position, step=step, tries=0, awaiting=False, closed=closed, texting=texting)
    return entered, _open(flow, entered, first)


def _notice(position: Position) -> tuple[SoundName, ...]:
    return () if position.notice is None else (position.notice,)


def _turn_away(
    flow: Flow, position: Position, queue: QueueName | None, first: tuple[SoundName, ...] = ()
) -> Walked:
    """Tell that a queue, or (None) the line, is closed."""
    assert flow.when_closed is not None, "the linter lets no line have hours without that step"
    return _enter(flow, replace(position, closed=queue), flow.when_closed, first)


def _is_open(flow: Flow, queue: QueueName | None, position: Position) -> bool:
    arrived_ms = position.arrived_ms
    return arrived_ms is None or how_stands(flow, queue, arrived_ms).is_open


def _offers_extra_support(flow: Flow, position: Position) -> bool:
    return position.arrived_ms is None or extra_support_is_open(flow, position.arrived_ms)


def _open(flow: Flow, position: Position, first: tuple[SoundName, ...]) -> tuple[Action, ...]:
    """Return what a step does when it begins."""
    match flow.steps[position.step]:
        case DeflectStep():
            return KeepPlace(), _say(flow, position, first)
        case TextStep() if position.texting is Texting.SENT:
            return KeepPlace(), _say(flow, position, first)
        case TextStep():
            return (SeeIfTexts(first=first),)
        case QueueStep(queue=name, prompts=prompts):
            queue = flow.queues[name, position.language]
            return (
                JoinQueue(
                    queue=queue.id, service_class=queue.service_class, prompts=first + prompts
                ),
            )
        case PlayStep() | MenuStep() | HangUpStep() | ClosedStep():
            return (_say(flow, position, first),)


def _say(flow: Flow, position: Position, first: tuple[SoundName, ...] = ()) -> PlayPrompts:
    step = flow.steps[position.step]
    if isinstance(step, ClosedStep):
        return PlayPrompts(sounds=first + _words_when_closed(flow, position, step))
    if position.texting is Texting.SENT:
        return PlayPrompts(sounds=(*first, TEXT_SENT, DID_THAT_COVER_IT))
    return PlayPrompts(sounds=first + words_of(step, again=position.tries > 0))


def _words_when_closed(flow: Flow, position: Position, step: ClosedStep) -> tuple[SoundName, ...]:
    """Return what a closed step says: the reason, the next opening, and the ways that are open."""
    opening: tuple[SoundName, ...] = ()
    if position.arrived_ms is not None:
        stands = how_stands(flow, position.closed, position.arrived_ms)
        opening = () if stands.reason is None else (stands.reason,)
        if stands.changes_at is not None and not stands.is_open:
            opening += opening_words(moment(position.arrived_ms), stands.changes_at)
    help_now = step.extra_support if _offers_extra_support(flow, position) else ()
    online = (*step.online, step.link, ONCE_MORE, step.link)
    return (*step.prompts, *opening, *help_now, *online, announcing.GOODBYE)


def words_of(
    step: PlayStep | MenuStep | DeflectStep | TextStep | QueueStep | HangUpStep,
    *,
    again: bool = False,
) -> tuple[SoundName, ...]:
    """Return what a step says from beginning to end, `again` to whoever has failed to choose."""
    match step:
        case MenuStep(prompts=prompts, again=other_words):
            return other_words if again and other_words else prompts
        case DeflectStep(prompts=prompts, link=link):
            return (*prompts, link, ONCE_MORE, link, DID_THAT_COVER_IT)
        case (
            PlayStep(prompts=prompts)
            | HangUpStep(prompts=prompts)
            | QueueStep(prompts=prompts)
            | TextStep(prompts=prompts)
        ):
            return prompts


def _prompt_finished(flow: Flow, position: Position) -> Walked:
    step = flow.steps[position.step]
    match step:
        case PlayStep(next=following):
            return _enter(flow, position, following)
        case MenuStep() | DeflectStep() | TextStep():
            return replace(position, awaiting=True), (AwaitKey(timeout_ms=INPUT_TIMEOUT_MS),)
        case QueueStep():
            return position, ()
        case HangUpStep(outcome=outcome) | ClosedStep(outcome=outcome):
            assert outcome is not None, "the linter lets no flow hang up without an outcome"
            return position, (HangUp(outcome=outcome),)


def _key_pressed(flow: Flow, position: Position, key: str) -> Walked:
    if key == EXTRA_SUPPORT_KEY and position.step != flow.extra_support:
        return _enter(flow, _remember(flow, position), flow.extra_support)
    step = flow.steps[position.step]
    if isinstance(step, QueueStep) or (isinstance(step, TextStep) and position.texting is None):
        return position, ()
    match key:
        case _ if key == LANGUAGE_KEY and len(flow.languages) > 1:
            return _switch_language(flow, position)
        case _ if key == REPEAT_KEY:
            return replace(position, awaiting=False), (_say(flow, position),)
        case _ if key == BACK_KEY:
            return _go_back(flow, position)
        case _:
            return _choose(flow, position, key)


def _choose(flow: Flow, position: Position, key: str) -> Walked:
    """Take the way of a key; one pressed while a greeting plays is for the menu that follows."""
    step = flow.steps[position.step]
    match step:
        case PlayStep(next=following):
            entered, actions = _enter(flow, position, following)
            if isinstance(
                flow.steps[entered.step], QueueStep | HangUpStep | ClosedStep | TextStep
            ):  # what a text step will ask is not known yet
                return entered, actions
            return _choose(flow, entered, key)
        case TextStep(text=text, link=link) if key == ACCEPT_KEY and not _is_sent(position):
            return replace(position, awaiting=False), (SendText(text=text, link=link),)
        case MenuStep() | DeflectStep() | TextStep():
            chosen = _ways(step, position).get(key)
            if chosen is None:
                return _fail(flow, position, WRONG_KEY)
            entered, actions = _enter(flow, _remember(flow, position), chosen)
            if isinstance(step, DeflectStep | TextStep) and key == ACCEPT_KEY:
                actions = (NoteDeflected(service=step.service), *actions)
            return entered, actions
        case QueueStep() | HangUpStep() | ClosedStep():
            return position, ()


def _ways(step: Step, position: Position) -> Mapping[str, StepName]:
    """Return where each key leads now."""
    if isinstance(step, TextStep) and _is_sent(position):
        return {ACCEPT_KEY: step.accepted, DECLINE_KEY: step.declined}
    return choices(step)


def _is_sent(position: Position) -> bool:
    return position.texting is Texting.SENT


def _nothing_pressed(flow: Flow, position: Position) -> Walked:
    """Ask again; whoever says nothing to the offer of a text goes on without it."""
    step = flow.steps[position.step]
    if isinstance(step, TextStep) and not _is_sent(position):
        return _enter(flow, _remember(flow, position), step.otherwise)
    return _fail(flow, position, NOTHING_PRESSED)


def _fail(flow: Flow, position: Position, why: SoundName) -> Walked:
    """Ask again, the second time with an offer of extra support; the third time find a person."""
    failed = replace(position, tries=position.tries + 1, awaiting=False)
    if failed.tries >= TRIES_MAX:
        step = flow.steps[failed.step]
        if isinstance(step, TextStep) and not _is_sent(failed):
            return _enter(flow, _remember(flow, failed), step.otherwise)
        to_a_person = step.declined if isinstance(step, TextStep) else without_input(step)
        assert to_a_person is not None, "only where a key is awaited can a caller fail"
        return _enter(flow, _remember(flow, failed), to_a_person, (TO_A_PERSON,))
    offer = (OFFER_EXTRA_SUPPORT,) if failed.tries == TRIES_MAX - 1 else ()
    return failed, (_say(flow, failed, (why, *offer)),)


def _switch_language(flow: Flow, position: Position) -> Walked:
    following = (flow.languages.index(position.language) + 1) % len(flow.languages)
    language = flow.languages[following]
    spoken = replace(position, language=language)
    switched, actions = _enter(flow, spoken, position.step, _notice(spoken))
    return switched, (SwitchLanguage(language=language), *actions)


def _remember(flow: Flow, position: Position) -> Position:
    """Put the step that is being left among those that # goes back to, if it asked for a key."""
    if not choices(flow.steps[position.step]):
        return position
    return replace(position, history=(*position.history, position.step)[-HISTORY_MAX:])


def _go_back(flow: Flow, position: Position) -> Walked:
    behind = [step for step in position.history if step in flow.steps]
    if not behind:
        first = position.step if is_closed(flow, position) else flow.start
        return _enter(flow, replace(position, history=()), first)
    return _enter(flow, replace(position, history=tuple(behind[:-1])), behind[-1])


def _note_of_a_heard_link(flow: Flow, position: Position) -> tuple[Action, ...]:
    """Return a note if the caller heard a link to its end, or has it as a text, and then went."""
    step = flow.steps[position.step]
    is_heard = position.awaiting if isinstance(step, DeflectStep) else _is_sent(position)
    if isinstance(step, DeflectStep | TextStep) and is_heard:
        return (NoteDeflected(service=step.service),)
    return ()
