"""What goes into a walk through a flow and what comes out of it: positions, events, actions."""

from dataclasses import dataclass
from enum import StrEnum

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.ids import OutcomeCode, QueueId, SoundName, StepName
from contactcentre.domain.ivr.flow import QueueName, ServiceName
from contactcentre.domain.languages import Language


class Texting(StrEnum):
    """How it stands with a text that a step offers."""

    OFFERED = "offered"
    SENT = "sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where in a flow a caller is; small, and whole when written down and read again."""

    step: StepName
    language: Language
    tries: int = 0
    """How often the caller has failed to choose at this step."""
    history: tuple[StepName, ...] = ()
    """The menus behind, the last one last."""
    awaiting: bool = False
    """The prompt has been heard to its end and a key is awaited."""
    arrived_ms: int | None = None
    """When the call came in: the hours of that moment count to its end. None: it is always open."""
    closed: QueueName | None = None
    """The queue of whose hours a closed step tells; None if it is the line as a whole."""
    notice: SoundName | None = None
    """What a supervisor lets be said before all else."""
    texting: Texting | None = None
    """How it stands with the text that this step offers; None while it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFinished:
    """The last of the prompts has been heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed:
    """A key of 0-9, * or #; it may come while a prompt still plays."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputTimedOut:
    """No key came for as long as was waited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerHungUp:
    """The caller has gone; what comes back is only for the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextsKnown:
    """It is known whether the caller's telephone takes texts, or that it will not be known."""

    may: bool
    first: tuple[SoundName, ...]
    """As asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextWent:
    """A text is on its way, or could not be sent."""

    is_sent: bool


Event = PromptFinished | KeyPressed | InputTimedOut | CallerHungUp | TextsKnown | TextWent


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayPrompts:
    """Play these in the position's language; tell PromptFinished when the last has been heard."""

    sounds: tuple[SoundName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitKey:
    """Wait so long for a key; tell InputTimedOut when none came."""

    timeout_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepPlace:
    """If this caller waits later on, the wait counts from now; the first time counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinQueue:
    """Give the caller a place now, and then say the prompts; the flow is over."""

    queue: QueueId
    service_class: ServiceClass
    prompts: tuple[SoundName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End the call; the closing words have been heard."""

    outcome: OutcomeCode


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchLanguage:
    """From here on the caller is served in this language."""

    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDeflected:
    """The caller needs no adviser: the online service will do."""

    service: ServiceName


@dataclass(frozen=True, slots=True, kw_only=True)
class SeeIfTexts:
    """See whether the caller's telephone takes texts, and tell TextsKnown before long."""

    first: tuple[SoundName, ...]
    """Will be said in front of whatever comes then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendText:
    """Text the link to the caller, who has asked for it, and tell TextWent."""

    text: SoundName
    link: SoundName


Action = (
    PlayPrompts
    | AwaitKey
    | KeepPlace
    | JoinQueue
    | HangUp
    | SwitchLanguage
    | NoteDeflected
    | SeeIfTexts
    | SendText
)
Walked = tuple[Position, tuple[Action, ...]]
