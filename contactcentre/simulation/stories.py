"""What a scenario may say besides its faults: how the centre is set up, who comes, who steers.

A scenario without a story has callers and advisers who come and behave by chance.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from contactcentre.adapters.flow_files.models import WrittenHours
from contactcentre.adapters.flow_files.opening import read_hours
from contactcentre.adapters.flow_files.strict_yaml import Document
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.hours import Hours
from contactcentre.domain.ids import AdviserId, QueueId, SoundName
from contactcentre.domain.ivr.flow import QueueName
from contactcentre.domain.ivr.switches import SwitchKind
from contactcentre.domain.seats import person_of

TELLS_MS = 3_000
"""So long after a move either of two rosters may hold for a ring that is on its way."""


class Part(BaseModel):
    """A part of a scenario's file."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def _span(written: object) -> object:
    """Return `2-8` as two numbers, and one number as a span without a width."""
    if not isinstance(written, str):
        return written
    first, _, last = written.partition("-")
    return first, last or first


Span = Annotated[tuple[float, float], BeforeValidator(_span)]
"""From so many seconds to so many, by chance in between."""
Second = Annotated[float, Field(ge=0, le=6_000)]


class PromiseName(StrEnum):
    """What the checker proves over what the people saw; see `simulation.promises`."""

    RANKS_KEPT = "ranks_kept"
    """Whatever happens to a call, its wait counts from when it first joined."""
    FAIR_HEADS = "fair_heads"
    """Each adviser gets the best of all who wait in the adviser's queues, by class and age."""
    OWN_QUEUES = "own_queues"
    """Nobody is rung for a queue that is not theirs."""
    LEVELS_WIDEN = "levels_widen"
    """A level is asked when its time has come, and only while no better one is ready."""
    LONGEST_READY_FIRST = "longest_ready_first"
    """Of two who are ready the one is rung who has been ready for longer."""
    LEAST_OCCUPIED_FIRST = "least_occupied_first"
    """Of two who are ready the one is rung who has worked less."""
    SAME_ADVISER_AGAIN = "same_adviser_again"
    """Whose talk broke gets the same adviser, if that one is ready again in time."""
    MOVED_TOGETHER = "moved_together"
    """Who waits in a queue that is diverted waits on in the other one, with the same time."""
    PLACE_IS_KEPT = "place_is_kept"
    """Who leaves and calls again waits since the first time."""
    SET_ASIDE = "set_aside"
    """A call that breaks desks is kept from them for a while, and is served in the end."""
    STORM_PASSES = "storm_passes"
    """While every ring breaks a desk one at a time is tried; soon after it all is as before."""
    HONEST_WAITS = "honest_waits"
    """Places only fall, and the waits that are told are those that come."""
    RUNG_BACK_IN_TURN = "rung_back_in_turn"
    """Who books a callback is rung when the call would have been, or from the time chosen on."""
    RINGS_AGAIN = "rings_again"
    """A ring that nobody answered is followed by another for the same caller, who moves up."""


class Setting(Part):
    """How the centre is set up, where that is not as it comes."""

    begins_at: datetime | None = None
    """What the clocks show at the beginning."""
    next_adviser: Literal["longest_idle", "least_occupied"] = "longest_idle"
    wish_s: Second = 20.0
    """How long whose talk broke waits for the same adviser; 0: not at all."""
    callbacks: bool = False
    """Whoever waits is offered a callback."""
    hours: WrittenHours | None = None
    """When the line is open; always, if it says nothing."""
    queue_hours: Mapping[QueueName, WrittenHours] = Field(default_factory=dict)
    service_class: Mapping[QueueName, ServiceClass] = Field(default_factory=dict)
    """The classes of queues, where they are others than the line's file says."""


class AdviserAtWork(Part):
    """One adviser."""

    name: str = Field(pattern=r"^[a-z]{2,20}$")
    queues: Mapping[QueueName, Annotated[int, Field(ge=1, le=3)]] = Field(min_length=1)
    """What the adviser serves, and at which level."""
    thinks_s: Span = (0.3, 2.0)
    """How long it rings before the adviser answers."""
    talks_s: Span = (3.0, 8.0)
    writes_s: Span = (0.3, 1.5)
    lets_ring: bool = False
    """Lets every ring go unanswered."""


class CallersWhoCome(Part):
    """One caller, or some who come one after the other and want the same."""

    who: str = Field(pattern=r"^[a-z_]{2,40}$")
    at_s: Second
    count: int = Field(default=1, ge=1, le=500)
    every_s: Second = 0.0
    key: Literal["0", "2", "3", "4"] = "4"
    """What they press: 4 general, 3 paying, 2 signing in, 0 extra support."""
    writes: bool = False
    """They chat, and press nothing."""
    hangs_up_after_s: Second | None = None
    """Who has not been served by then leaves."""
    calls_again_after_s: Second | None = None
    """Who has left calls again, and stays."""
    rung_back: Literal["in_turn", "later"] | None = None
    """They book a callback once they are offered one, in their turn or for the next half hour."""
    finds: Literal["service", "callback", "closed", "nobody"] = "service"
    """What becomes of them: a talk, a callback, word that it is closed, or an early leave."""
    hears: SoundName | None = None
    """Words that each of them hears before choosing."""
    never_hears: SoundName | None = None


class TurnOfSwitch(Part):
    """A supervisor turns a switch."""

    at_s: Second
    turn: SwitchKind
    subject: QueueName | None = None
    value: str | None = None


class Move(Part):
    """An adviser is given other queues."""

    at_s: Second
    adviser: str
    queues: Mapping[QueueName, Annotated[int, Field(ge=1, le=3)]] = Field(min_length=1)


class Story(Part):
    """Everything that a scenario says of the centre and its people."""

    setting: Setting = Setting()
    advisers: list[AdviserAtWork] = Field(min_length=1)
    callers: list[CallersWhoCome] = Field(min_length=1)
    turns: list[TurnOfSwitch] = []
    moves: list[Move] = []
    promises: list[PromiseName] = []
    over_within_s: Second = 300.0
    """How long it may take after the last caller has come until everybody is served."""

    @property
    def last_s(self) -> float:
        """Return when the last thing happens that the story itself says."""
        comes_s = [one.at_s + (one.count - 1) * one.every_s for one in self.callers]
        turns_s = [one.at_s for one in self.turns]
        return max(*comes_s, *turns_s, *(one.at_s for one in self.moves), 0.0)

    def rosters(self, adviser: str, at_ms: int) -> Iterator[Mapping[QueueId, int]]:
        """Yield what an adviser, or a seat, may have served at a moment: two around a move."""
        who = person_of(AdviserId(adviser))
        first = next(one.queues for one in self.advisers if one.name == who)
        begins = [(0.0, first)]
        begins += [(one.at_s * 1_000, one.queues) for one in self.moves if one.adviser == who]
        begins.sort(key=lambda one: one[0])
        for number, (from_ms, queues) in enumerate(begins):
            until_ms = begins[number + 1][0] if number + 1 < len(begins) else float("inf")
            if from_ms <= at_ms < until_ms + TELLS_MS:
                yield {queue_of(name): level for name, level in queues.items()}


def queue_of(name: str) -> QueueId:
    """Return the queue in which the callers of a story wait who want that."""
    return QueueId(f"tax.{name}.en")


def hours_of(written: WrittenHours) -> Hours | None:
    """Return hours as a flow has them."""
    return read_hours(Document(path=Path("scenario"), value=None, marks={}), (), written)
