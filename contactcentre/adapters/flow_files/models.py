"""What may stand in the files of a line; flow.schema.json and the loader are made from this."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel

from contactcentre.adapters.flow_files.bank_holidays import Nation
from contactcentre.adapters.flow_files.forms import (
    Bound,
    Choice,
    Date,
    HowMany,
    Name,
    Number,
    Pressed,
    Seconds,
    SpanOfDay,
    Words,
)
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.languages import Language
from contactcentre.domain.levels import LEVEL_LAST

Titles = Mapping[Language, Words]
Prompts = Annotated[tuple[Name, ...], Field(min_length=1)]


class Written(BaseModel):
    """Something a person wrote by hand."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class WrittenPlay(Written):
    """Say something and go on."""

    do: Literal["play"]
    prompts: Prompts
    title: Titles | None = None
    """What an adviser reads of a caller who was here."""
    next: Name


class WrittenMenu(Written):
    """Ask for a key."""

    do: Literal["menu"]
    prompts: Prompts
    again: tuple[Name, ...] = ()
    """What is said instead to whoever did not choose the first time: slower, shorter."""
    keys: Annotated[Mapping[Choice, Name], Field(min_length=1)]
    labels: Mapping[Choice, Titles]
    """What the caller's page shows beside each key."""
    title: Titles | None = None
    """What an adviser reads of a caller who was here."""
    silence: Name
    """Where whoever never chooses is taken: to a person."""


class WrittenDeflect(Written):
    """Offer an online service by voice; the place with an adviser is kept meanwhile."""

    do: Literal["deflect"]
    prompts: Prompts
    link: Name
    """The address, which is read twice."""
    title: Titles | None = None
    """What an adviser reads of a caller who was here."""
    service: Name
    accepted: Name
    declined: Name


class WrittenText(Written):
    """Offer to text a link, to whose telephone takes texts; whoever else goes on at `otherwise`."""

    do: Literal["text"]
    prompts: Prompts
    """The offer: 1 texts the link, 2 goes on without it."""
    text: Titles
    """The words of the text; `{link}` stands in them for the address."""
    link: Name
    """The prompt whose words are the address."""
    service: Name
    accepted: Name
    """Whoever has the text and needs nothing else."""
    declined: Name
    """Whoever has it and still wants an adviser."""
    otherwise: Name
    """Where the link is said instead."""


class WrittenQueue(Written):
    """Wait for an adviser."""

    do: Literal["queue"]
    queue: Name
    prompts: tuple[Name, ...] = ()
    """What is said first, once the caller has a place."""


class WrittenHangUp(Written):
    """Say goodbye and end the call."""

    do: Literal["hang_up"]
    prompts: tuple[Name, ...] = ()
    outcome: Name | None = None
    """One of the outcomes under `flow:` in outcomes.yaml."""


class WrittenClosed(Written):
    """Say that it is closed, when it opens next and what there is online, and end the call."""

    do: Literal["closed"]
    prompts: Prompts
    """The reason and the next opening follow by themselves."""
    extra_support: tuple[Name, ...] = ()
    """Said while extra support is open: 0 reaches it."""
    online: Prompts
    """Said in front of the address."""
    link: Name
    """The address, which is read twice."""
    outcome: Name
    """One of the outcomes under `flow:` in outcomes.yaml."""


WrittenStep = Annotated[
    WrittenPlay
    | WrittenMenu
    | WrittenDeflect
    | WrittenText
    | WrittenQueue
    | WrittenHangUp
    | WrittenClosed,
    Field(discriminator="do"),
]


class WrittenWeek(Written):
    """The hours of each weekday; a day that is left out is closed."""

    monday: tuple[SpanOfDay, ...] = ()
    tuesday: tuple[SpanOfDay, ...] = ()
    wednesday: tuple[SpanOfDay, ...] = ()
    thursday: tuple[SpanOfDay, ...] = ()
    friday: tuple[SpanOfDay, ...] = ()
    saturday: tuple[SpanOfDay, ...] = ()
    sunday: tuple[SpanOfDay, ...] = ()


class WrittenBankHolidays(Written):
    """Closed on the bank holidays of one nation."""

    nation: Nation
    reason: Name | None = None
    """Said to whoever calls on such a day."""


class WrittenSingleDay(Written):
    """The hours of one date, which go before all others; [] is closed."""

    hours: tuple[SpanOfDay, ...]
    reason: Name | None = None
    """Said to whoever calls while it is closed on that day."""


class WrittenHours(Written):
    """When it is open, by the clock in the United Kingdom."""

    weekly: WrittenWeek
    bank_holidays: WrittenBankHolidays | None = None
    days: Mapping[Date, WrittenSingleDay] = Field(default_factory=dict)


class WrittenToQueue(Written):
    """A queue to wait in instead, in the caller's language."""

    queue: Name
    line: Name | None = None
    """The line that has the queue; without it this one."""


class WrittenOverflow(Written):
    """When callers are passed on, and where to: with the first bound that is reached."""

    to: WrittenToQueue
    waiting: Bound | None = None
    """More callers than this do not wait here."""
    per_adviser: Bound | None = None
    """Nor more than this for each adviser at work."""
    waited_s: Bound | None = None
    """Whoever has waited for so long waits elsewhere from then on."""


class WrittenQueueDefinition(Written):
    """What a queue is for; there is one of it for each of the line's languages."""

    service_class: ServiceClass
    titles: Titles
    hours: WrittenHours | None = None
    """The queue's own hours, if they are not the line's."""
    levels_after_s: Annotated[tuple[Seconds, ...], Field(max_length=LEVEL_LAST)] | None = None
    """From which waiting time on advisers of level 1, 2 and 3 are asked; without it all at once."""
    overflow: WrittenOverflow | None = None
    """When callers are passed on to another queue; without it never."""
    callbacks_per_half_hour: HowMany | None = None
    """How many callbacks may be promised in half an hour; without it none is offered."""


class WrittenRecording(Written):
    """That talks are recorded, where the node has a folder for it."""

    announced_by: Name | None = None
    """The prompt that says so; whoever has not heard it by then hears it as the talk begins."""


class WrittenFlow(Written):
    """The flow of one helpline."""

    line: Name
    """The name of the folder."""
    titles: Titles
    numbers: tuple[Number, ...] = ()
    """The telephone numbers that reach it."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    start: Name
    extra_support: Name
    """The queue step that 0 reaches from everywhere."""
    hours: WrittenHours | None = None
    """When the line is open; always, if it says nothing."""
    when_closed: Name | None = None
    """The closed step, to which whoever calls outside the hours is taken."""
    notices: tuple[Name, ...] = ()
    """Prompts, one of which a supervisor may let be said before the menu."""
    chat: Name | None = None
    """The queue in which chats wait, and no calls; without it the page offers no chat."""
    recording: WrittenRecording | None = None
    """Without it no talk is recorded."""
    queues: Annotated[Mapping[Name, WrittenQueueDefinition], Field(min_length=1)]
    steps: Annotated[Mapping[Name, WrittenStep], Field(min_length=1)]


class WrittenLabels(Written):
    """What every line's page shows beside the keys that mean the same everywhere."""

    extra_support: Titles
    """0"""
    other_language: Titles
    """9"""
    accept: Titles
    """1 at a deflection."""
    decline: Titles
    """2 at a deflection."""
    callback: Titles
    """1 while waiting, where a callback is offered."""
    callback_done: Titles
    """# behind a number that is keyed."""
    callback_leave: Titles
    """* there."""
    callback_right: Titles
    """1 where a number is read back."""
    callback_again: Titles
    """2 there."""
    callback_turn: Titles
    """1 where the time is chosen."""
    callback_choose: Titles
    """2 there."""
    callback_later: Titles
    """5 where half hours are told."""
    callback_slot: Titles
    """Such a half hour: `{from}` and `{to}` are times by the clock."""


class WrittenOutcomes(Written):
    """How calls of a line may end."""

    adviser: Annotated[Mapping[Name, Titles], Field(min_length=1, max_length=15)]
    """What an adviser may choose in the wrap-up."""
    flow: Mapping[Name, Titles]
    """What the flow gives a call that it ends itself."""


class WrittenCall(Written):
    """One example of a call, run as a test in each of the line's languages."""

    call: Words
    """What it shows, as a sentence."""
    keys: tuple[Pressed, ...]
    reaches: Name
    """The step at which the caller arrives."""
    telephone: Literal["takes texts"] | None = None
    """There if the caller rings from a telephone that does."""


class WrittenCalls(RootModel[tuple[WrittenCall, ...]]):
    """The example calls of a line."""


class WrittenPrompt(Written):
    """The words of one sound."""

    words: Words
    said: Words | None = None
    """How a voice reads it, where that is not as it is written."""
    spoken_in: Language | None = None
    """Set where the words are in another language than the file."""
    pace: Literal["usual", "slow"] = "usual"


def _bare_words(value: object) -> object:
    return {"words": value} if isinstance(value, str) else value


class WrittenPrompts(
    RootModel[Mapping[Name, Annotated[WrittenPrompt, BeforeValidator(_bare_words)]]]
):
    """The words of every sound in one language."""
