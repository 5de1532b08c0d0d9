"""What a flow is: its steps, where each leads, and the queues a caller may reach from it.

A flow is only data. How a caller goes through it stands in `walk`, what no flow may do in `lint`.
Four keys mean the same everywhere, so that no step gives them a meaning of its own: 0 reaches extra
support, 9 changes the language, * repeats, # goes back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NewType

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.hours import Hours
from contactcentre.domain.ids import LineId, OutcomeCode, PhoneNumber, QueueId, SoundName, StepName
from contactcentre.domain.languages import Language
from contactcentre.domain.levels import LevelsAfter

QueueName = NewType("QueueName", str)
"""What a queue's callers want, whatever their language: with a line and a language, a queue."""
ServiceName = NewType("ServiceName", str)
"""An online service that would answer as well as an adviser."""

EXTRA_SUPPORT_KEY = "0"
LANGUAGE_KEY = "9"
REPEAT_KEY = "*"
BACK_KEY = "#"
ACCEPT_KEY = "1"
"""At a deflection: that was all I needed."""
DECLINE_KEY = "2"
"""At a deflection: I still want an adviser."""

EXTRA_SUPPORT_LABEL = SoundName("label_extra_support")
OTHER_LANGUAGE_LABEL = SoundName("label_other_language")
DEFLECT_LABELS: Mapping[str, SoundName] = MappingProxyType(
    {ACCEPT_KEY: SoundName("label_accept"), DECLINE_KEY: SoundName("label_decline")}
)
"""Words that are shown and never spoken stand among the others, by a name that no sound has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayStep:
    """Say something and go on."""

    prompts: tuple[SoundName, ...]
    next: StepName


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuStep:
    """Ask for a key."""

    prompts: tuple[SoundName, ...]
    again: tuple[SoundName, ...] = ()
    """What is said instead to whoever did not choose the first time: slower, shorter."""
    keys: Mapping[str, StepName]
    silence: StepName
    """Where whoever never chooses is taken: to a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeflectStep:
    """Offer an online service by voice; the caller's place with an adviser is kept meanwhile."""

    prompts: tuple[SoundName, ...]
    link: SoundName
    """The address, which is read twice."""
    service: ServiceName
    accepted: StepName
    declined: StepName


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStep:
    """Offer to text a link, to whose telephone takes texts; whoever else goes on at once."""

    prompts: tuple[SoundName, ...]
    text: SoundName
    """The words of the text, which nobody speaks."""
    link: SoundName
    """The address that stands in them."""
    service: ServiceName
    accepted: StepName
    """Whoever has the link and needs nothing else."""
    declined: StepName
    """Whoever has it and still wants an adviser."""
    otherwise: StepName
    """Whoever gets none: there the link is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStep:
    """Wait for an adviser."""

    queue: QueueName
    prompts: tuple[SoundName, ...] = ()
    """What is said first, once the caller has a place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpStep:
    """Say goodbye and end the call."""

    prompts: tuple[SoundName, ...]
    outcome: OutcomeCode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedStep:
    """Say that it is closed, when it opens and what there is online, and end the call."""

    prompts: tuple[SoundName, ...]
    extra_support: tuple[SoundName, ...] = ()
    """Said while extra support is open: 0 reaches it."""
    online: tuple[SoundName, ...]
    """Said in front of the address."""
    link: SoundName
    """The address, which is read twice."""
    outcome: OutcomeCode | None


Step = PlayStep | MenuStep | DeflectStep | TextStep | QueueStep | HangUpStep | ClosedStep


@dataclass(frozen=True, slots=True, kw_only=True)
class ToQueue:
    """Overflow into a queue of this line or of another one, in the caller's language."""

    line: LineId
    queue: QueueName


OverflowTarget = ToQueue
"""Where a queue may pass callers on to; what else there will be stands beside it here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowRule:
    """When a queue passes callers on, and where to; at least one of the bounds is there."""

    to: OverflowTarget
    waiting_max: int | None = None
    """More callers than this do not wait here."""
    per_adviser_max: int | None = None
    """Nor more than this for each adviser at work."""
    waited_ms: int | None = None
    """Whoever has waited for so long waits elsewhere from then on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDefinition:
    """One queue: a line, what its callers want, and the language they want it in."""

    id: QueueId
    line: LineId
    name: QueueName
    language: Language
    service_class: ServiceClass
    titles: Mapping[Language, str]
    hours: Hours | None = None
    """The queue's own hours; None if they are the line's."""
    levels_after_ms: LevelsAfter | None = None
    """From which waiting time on advisers of each level are asked; None: all at once, alike."""
    overflow: OverflowRule | None = None
    """When callers are passed on to another queue; None: never."""
    callbacks_max: int | None = None
    """How many callbacks may be promised in half an hour; None: it offers none."""

    @property
    def widest_ms(self) -> int:
        """Return from which waiting time on advisers of every level are asked."""
        return 0 if self.levels_after_ms is None else self.levels_after_ms[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRule:
    """That a line's talks are recorded, and how its callers hear of it."""

    announced_by: SoundName | None
    """What says so; whoever has not heard it by then hears it as the talk begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """All the steps of one line."""

    line: LineId
    languages: tuple[Language, ...]
    start: StepName
    extra_support: StepName
    """The queue step that 0 reaches."""
    steps: Mapping[StepName, Step]
    queues: Mapping[tuple[QueueName, Language], QueueDefinition]
    hours: Hours | None = None
    """When the line is open; None is always."""
    when_closed: StepName | None = None
    """Where whoever calls outside the hours is taken."""
    notices: tuple[SoundName, ...] = ()
    """What a supervisor may let be said before the menu."""
    chat: QueueName | None = None
    """The queue in which chats wait, and nothing else; None: the line has no chat."""
    recording: RecordingRule | None = None
    """How talks are recorded; None: they are not."""

    def is_chat(self, queue: QueueName) -> bool:
        """Say whether a queue is the one for chats."""
        return queue == self.chat

    def extra_support_queue(self, language: Language) -> QueueDefinition:
        """Return the queue that 0 leads to."""
        step = self.steps[self.extra_support]
        assert isinstance(step, QueueStep), "the linter lets no other step be extra support"
        return self.queues[step.queue, language]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One way a call may have ended, as the record has it and as people read it."""

    code: OutcomeCode
    titles: Mapping[Language, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A helpline: its flow, its queues, and how its calls may end."""

    id: LineId
    titles: Mapping[Language, str]
    flow: Flow
    outcomes: tuple[Outcome, ...]
    """What an adviser may choose in the wrap-up."""
    flow_outcomes: tuple[Outcome, ...]
    """What the flow itself gives a call that it ends."""
    numbers: tuple[PhoneNumber, ...] = ()
    """The telephone numbers that reach it."""

    @property
    def queues(self) -> tuple[QueueDefinition, ...]:
        """Return the line's queues in the order of the file."""
        return tuple(self.flow.queues.values())

    @property
    def call_queues(self) -> tuple[QueueDefinition, ...]:
        """Return those of them in which calls wait."""
        return tuple(queue for queue in self.queues if not self.flow.is_chat(queue.name))


def queue_id(line: LineId, name: QueueName, language: Language) -> QueueId:
    """Return the id of a line's queue in one language, as in `tax.paying.cy`."""
    return QueueId(f"{line}.{name}.{language.split('-', maxsplit=1)[0]}")


def line_of(lines: Mapping[LineId, Line], queue: QueueId) -> Line:
    """Return the line that has a queue."""
    return next(line for line in lines.values() if any(one.id == queue for one in line.queues))


def line_called(lines: Mapping[LineId, Line], number: str) -> Line | None:
    """Return the line that a telephone number reaches; None if it is none of ours."""
    return next((line for line in lines.values() if number in line.numbers), None)


def text_label(line: LineId, step: StepName) -> SoundName:
    """Return the name of the words of the text that a step offers."""
    return SoundName(f"{step_label(line, step)}_text")


def step_label(line: LineId, step: StepName) -> SoundName:
    """Return the name of the words by which an adviser reads that a caller was at a step."""
    return SoundName(f"label_{line}_{step}")


def key_labels(flow: Flow, name: StepName) -> Mapping[str, SoundName]:
    """Return the keys that a page shows at a step, each with the name of the words beside it."""
    step = flow.steps[name]
    if not choices(step) or isinstance(step, TextStep):  # a telephone shows nothing
        return {}
    if isinstance(step, DeflectStep):
        labels = dict(DEFLECT_LABELS)
    else:
        labels = {key: SoundName(f"{step_label(flow.line, name)}_{key}") for key in choices(step)}
    others = {LANGUAGE_KEY: OTHER_LANGUAGE_LABEL} if len(flow.languages) > 1 else {}
    return {**labels, EXTRA_SUPPORT_KEY: EXTRA_SUPPORT_LABEL, **others}


def choices(step: Step) -> Mapping[str, StepName]:
    """Return where each key of a step leads, the four that mean the same everywhere left out."""
    match step:
        case MenuStep(keys=keys):
            return keys
        case DeflectStep(accepted=accepted, declined=declined):
            return {ACCEPT_KEY: accepted, DECLINE_KEY: declined}
        case TextStep(accepted=accepted, otherwise=otherwise):
            return {ACCEPT_KEY: accepted, DECLINE_KEY: otherwise}
        case PlayStep() | QueueStep() | HangUpStep() | ClosedStep():
            return {}


def without_input(step: Step) -> StepName | None:
    """Return where a caller who presses nothing is taken in the end; None where the flow ends."""
    match step:
        case PlayStep(next=step_name) | MenuStep(silence=step_name):
            return step_name
        case DeflectStep(declined=step_name) | TextStep(otherwise=step_name):
            return step_name
        case QueueStep() | HangUpStep() | ClosedStep():
            return None
