"""What no flow may do to a caller. Every finding is a sentence with what to do about it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from contactcentre.domain.announcing import ANNOUNCEMENTS
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.ids import SoundName, StepName
from contactcentre.domain.ivr.example import answered
from contactcentre.domain.ivr.findings import Finding, Rule
from contactcentre.domain.ivr.flow import (
    BACK_KEY,
    EXTRA_SUPPORT_KEY,
    LANGUAGE_KEY,
    REPEAT_KEY,
    ClosedStep,
    DeflectStep,
    Flow,
    HangUpStep,
    MenuStep,
    QueueStep,
    TextStep,
    choices,
    without_input,
)
from contactcentre.domain.ivr.hours_lint import lint_hours, reasons
from contactcentre.domain.ivr.moves import (
    AwaitKey,
    InputTimedOut,
    JoinQueue,
    KeyPressed,
    PlayPrompts,
    PromptFinished,
    Texting,
    Walked,
)
from contactcentre.domain.ivr.opening_words import OPENING_SOUNDS, TIME_SOUNDS
from contactcentre.domain.ivr.overflow_lint import FlowOf, lint_overflow
from contactcentre.domain.ivr.walk import TEXT_PROMPTS, WALK_PROMPTS, begin, follow
from contactcentre.domain.languages import Language

LEVELS_MAX: Final = 3
CHOICES_MAX: Final = 4
"""Choices of one menu, the keys that mean the same everywhere not counted."""
BEFORE_QUEUE_MS_MAX: Final = 90_000
"""So long a caller may at most be spoken to before there is a place in a queue."""
NO_WAY_MS: Final = -(10**9)
"""Stands for a way that leads to no queue, and stays below nought whatever is added to it."""

Been = tuple[StepName, Texting | None]
Durations = Mapping[tuple[Language, SoundName], int]
"""How long each sound is, in milliseconds."""


def lint(
    flow: Flow,
    *,
    words: Mapping[Language, Collection[SoundName]],
    durations_ms: Durations | None = None,
    flow_of: FlowOf | None = None,
) -> tuple[Finding, ...]:
    """Return all that is wrong with a flow; without durations nothing is said about length.

    `flow_of` knows the other lines; without it there are none.
    """
    if broken := (*_routes_to_nowhere(flow), *_extra_support(flow)):
        return broken
    if loops := tuple(_endless_loops(flow)):
        return loops
    found = (
        *_unreachable_steps(flow),
        *_ways_to_a_person(flow),
        *_levels(flow),
        *_choices(flow),
        *_abrupt_ends(flow),
        *lint_hours(flow),
        *lint_overflow(flow, flow_of or {flow.line: flow}.get),
        *_unannounced(flow),
        *_missing_prompts(flow, words),
    )
    if found or durations_ms is None:
        return found
    return tuple(_too_long(flow, durations_ms))


def _routes_to_nowhere(flow: Flow) -> Iterator[Finding]:
    for name, step in flow.steps.items():
        for target in _leads_to(flow, name):
            if target not in flow.steps:
                yield _finding(
                    Rule.ROUTE_TO_NOWHERE,
                    name,
                    f"`{name}` leads to `{target}`, which is no step; write that step or another.",
                )
        if isinstance(step, QueueStep):
            for language in flow.languages:
                if (step.queue, language) not in flow.queues:
                    yield _finding(
                        Rule.ROUTE_TO_NOWHERE,
                        name,
                        f"`{name}` waits in `{step.queue}`, which is no queue in {language};"
                        " add it to `queues`.",
                    )
    if flow.when_closed is not None and flow.when_closed not in flow.steps:
        yield _finding(
            Rule.ROUTE_TO_NOWHERE,
            None,
            f"`when_closed` leads to `{flow.when_closed}`, which is no step; write that step or"
            " another.",
        )
    if flow.start not in flow.steps:
        yield _finding(
            Rule.ROUTE_TO_NOWHERE,
            None,
            f"the flow starts at `{flow.start}`, which is no step; write that step or another.",
        )


def _extra_support(flow: Flow) -> Iterator[Finding]:
    step = flow.steps.get(flow.extra_support)
    if isinstance(step, QueueStep) and all(
        queue.service_class is ServiceClass.P0
        for (name, _), queue in flow.queues.items()
        if name == step.queue
    ):
        return
    yield _finding(
        Rule.NO_EXTRA_SUPPORT,
        flow.extra_support if step else None,
        f"0 leads to `{flow.extra_support}`; it must lead to a queue step whose queue is P0.",
    )


def _endless_loops(flow: Flow) -> Iterator[Finding]:
    told: set[StepName] = set()
    for name in flow.steps:
        way = _way_of_silence(flow, name)
        again = without_input(flow.steps[way[-1]])
        if again is not None and not told & set(way):
            loop = way[way.index(again) :]
            yield _finding(
                Rule.ENDLESS_LOOP,
                again,
                f"who presses nothing goes round for ever: {' → '.join([*loop, again])};"
                " lead one of them to a queue.",
            )
            told.update(way)


def _unreachable_steps(flow: Flow) -> Iterator[Finding]:
    reached = {flow.start, flow.extra_support}
    reached |= set() if flow.when_closed is None else {flow.when_closed}
    ahead = list(reached)
    while ahead:
        for target in _leads_to(flow, ahead.pop()):
            if target not in reached:
                reached.add(target)
                ahead.append(target)
    for name in flow.steps:
        if name not in reached:
            yield _finding(
                Rule.UNREACHABLE_STEP,
                name,
                f"nobody reaches `{name}`; lead to it or take it out.",
            )
    steps = (flow.steps[name] for name in reached)
    waited_in = {step.queue for step in steps if isinstance(step, QueueStep)} | {flow.chat}
    rules = (queue.overflow for queue in flow.queues.values())
    waited_in |= {rule.to.queue for rule in rules if rule and rule.to.line == flow.line}
    for queue in dict.fromkeys(name for name, _ in flow.queues):
        if queue not in waited_in:
            yield _finding(
                Rule.UNREACHABLE_STEP,
                None,
                f"nobody reaches the queue `{queue}`; lead to it or take it out.",
            )


def _ways_to_a_person(flow: Flow) -> Iterator[Finding]:
    for name, step in flow.steps.items():
        way_of = step.declined if isinstance(step, TextStep) else name
        last = flow.steps[_way_of_silence(flow, way_of)[-1]]
        if choices(step) and isinstance(last, HangUpStep):
            yield _finding(
                Rule.NO_WAY_TO_A_PERSON,
                name,
                f"who does not choose at `{name}` is cut off; lead"
                f" `{'silence' if isinstance(step, MenuStep) else 'declined'}` to a queue.",
            )


def _levels(flow: Flow) -> Iterator[Finding]:
    level = {flow.start: 1}
    ahead = [flow.start]
    while ahead:
        name = ahead.pop(0)
        # a text and the link that is said in its place are one choice
        asks = bool(choices(flow.steps[name])) and not isinstance(flow.steps[name], TextStep)
        for target in _leads_to(flow, name):
            if target not in level:
                level[target] = level[name] + asks
                ahead.append(target)
    for name, step in flow.steps.items():
        if choices(step) and level[name] > LEVELS_MAX:
            yield _finding(
                Rule.TOO_MANY_LEVELS,
                name,
                f"`{name}` is the {level[name]}th choice in a row; a caller has at most"
                f" {LEVELS_MAX} to make.",
            )


def _choices(flow: Flow) -> Iterator[Finding]:
    everywhere = {EXTRA_SUPPORT_KEY, LANGUAGE_KEY, REPEAT_KEY, BACK_KEY}
    for name, step in flow.steps.items():
        keys = choices(step)
        if len(keys) > CHOICES_MAX:
            yield _finding(
                Rule.TOO_MANY_CHOICES,
                name,
                f"`{name}` offers {len(keys)} choices; nobody remembers more than {CHOICES_MAX}.",
            )
        for key in keys.keys() & everywhere:
            yield _finding(
                Rule.TAKEN_KEY,
                name,
                f"`{name}` gives {key} a meaning of its own; it means the same everywhere.",
            )


def _abrupt_ends(flow: Flow) -> Iterator[Finding]:
    for name, step in flow.steps.items():
        if isinstance(step, HangUpStep | ClosedStep) and not (step.outcome and step.prompts):
            lacking = "closing sentence (`prompts`)" if step.outcome else "`outcome`"
            yield _finding(Rule.ABRUPT_END, name, f"`{name}` hangs up without a {lacking}; add it.")


def _unannounced(flow: Flow) -> Iterator[Finding]:
    if flow.recording is not None and flow.recording.announced_by is None:
        yield _finding(
            Rule.UNANNOUNCED_RECORDING,
            None,
            "talks are recorded and nobody is told; name the prompt that says so in"
            " `recording: {announced_by: …}`.",
        )


def _missing_prompts(
    flow: Flow, words: Mapping[Language, Collection[SoundName]]
) -> Iterator[Finding]:
    wanted: dict[SoundName, StepName | None] = {}
    for name, step in flow.steps.items():
        again = step.again if isinstance(step, MenuStep) else ()
        link = (step.link,) if isinstance(step, DeflectStep | ClosedStep | TextStep) else ()
        more = (*step.extra_support, *step.online) if isinstance(step, ClosedStep) else ()
        wanted.update(dict.fromkeys((*step.prompts, *again, *link, *more), name))
    wanted.update(dict.fromkeys(flow.notices))
    if flow.recording is not None and flow.recording.announced_by is not None:
        wanted[flow.recording.announced_by] = None
    if flow.when_closed is not None:
        wanted.update(dict.fromkeys(sorted({*reasons(flow), *OPENING_SOUNDS})))
    if any(isinstance(step, TextStep) for step in flow.steps.values()):
        wanted.update(dict.fromkeys(sorted(TEXT_PROMPTS)))
    if any(queue.callbacks_max is not None for queue in flow.queues.values()):
        wanted.update(dict.fromkeys(sorted(TIME_SOUNDS)))
    wanted.update(dict.fromkeys(sorted(WALK_PROMPTS | ANNOUNCEMENTS)))
    for language in flow.languages:
        for sound, step_name in wanted.items():
            if sound not in words.get(language, ()):
                yield _finding(
                    Rule.MISSING_PROMPT,
                    step_name,
                    f"`{sound}` has no words in {language}; write them in prompts/{language}.yaml.",
                )


def _too_long(flow: Flow, durations_ms: Durations) -> Iterator[Finding]:
    for language in flow.languages:
        start = begin(flow, language)
        for caller, spent_ms in (
            ("who listens to everything", _longest_ms(flow, start, durations_ms)),
            ("who presses nothing", _silent_ms(flow, start, durations_ms)),
        ):
            if spent_ms > BEFORE_QUEUE_MS_MAX:
                yield _finding(
                    Rule.TOO_LONG_BEFORE_QUEUE,
                    None,
                    f"in {language} a caller {caller} has no place in a queue for"
                    f" {spent_ms // 1000} s; {BEFORE_QUEUE_MS_MAX // 1000} s is the most,"
                    " shorten the prompts.",
                )


def _silent_ms(flow: Flow, walked: Walked, durations_ms: Durations) -> int:
    """Return how long it takes until somebody who presses nothing has a place."""
    spent_ms = 0
    position, actions = walked = answered(flow, walked, texts=True)
    while not any(isinstance(action, JoinQueue) for action in actions):
        spent_ms += _spent_ms(walked, durations_ms)
        asked = any(isinstance(action, AwaitKey) for action in actions)
        onward = follow(flow, position, InputTimedOut() if asked else PromptFinished())
        position, actions = walked = answered(flow, onward, texts=True)
    return spent_ms


def _longest_ms(
    flow: Flow, walked: Walked, durations_ms: Durations, been: frozenset[Been] = frozenset()
) -> int:
    """Return the longest way to a place for somebody who hears all and then presses a key."""
    position, _ = walked = answered(flow, walked, texts=True)
    here = position.step, position.texting
    step = flow.steps[position.step]
    if isinstance(step, QueueStep):
        return 0
    if isinstance(step, HangUpStep) or here in been:
        return NO_WAY_MS
    heard, _ = asked = follow(flow, position, PromptFinished())
    onward = [follow(flow, heard, KeyPressed(key=key)) for key in choices(step)] or [asked]
    been |= {here}
    return _spent_ms(walked, durations_ms) + max(
        _longest_ms(flow, following, durations_ms, been) for following in onward
    )


def _spent_ms(walked: Walked, durations_ms: Durations) -> int:
    position, actions = walked
    return sum(
        sum(durations_ms[position.language, sound] for sound in action.sounds)
        if isinstance(action, PlayPrompts)
        else action.timeout_ms
        for action in actions
        if isinstance(action, PlayPrompts | AwaitKey)
    )


def _way_of_silence(flow: Flow, name: StepName) -> list[StepName]:
    """Return the steps of a caller who presses nothing, to the last or to where they repeat."""
    way = [name]
    while (onward := without_input(flow.steps[way[-1]])) is not None and onward not in way:
        way.append(onward)
    return way


def _leads_to(flow: Flow, name: StepName) -> tuple[StepName, ...]:
    step = flow.steps[name]
    onward = without_input(step)
    declined = (step.declined,) if isinstance(step, TextStep) else ()
    ways = (*choices(step).values(), *declined, *(() if onward is None else (onward,)))
    return tuple(dict.fromkeys(ways))


def _finding(rule: Rule, step: StepName | None, sentence: str) -> Finding:
    return Finding(rule=rule, step=step, sentence=sentence)
