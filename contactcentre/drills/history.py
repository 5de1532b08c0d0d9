"""What callers and advisers saw, fact by fact, on one monotonic clock: that of the drill's process.

Nothing that a server says of itself stands here. A fact is never changed, only followed by another.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TypeVar


class FactClock:
    """The clock that facts are dated by; a simulation puts its own time in."""

    def __init__(self) -> None:
        self.read_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000


CLOCK = FactClock()


def now_ms() -> int:
    """Return the drill's time."""
    return CLOCK.read_ms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that was seen or done."""

    at_ms: int


# What callers see and do


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerFact(Fact):
    """Something that a caller saw or did."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerCame(CallerFact):
    """A caller has a claim and calls."""

    dialled_ms: int
    """When the caller pressed Call."""
    leg: str = "web"
    """What the caller has: a page, or a telephone on a trunk or at Twilio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageHeard(CallerFact):
    """The caller's page was told where the call is."""

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsHeard(CallerFact):
    """The caller's page shows other words than before."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHeard(CallerFact):
    """The caller was told another place or wait than before."""

    place: int
    wait_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSeen(CallerFact):
    """The caller's page was given a claim, which says the place in clear."""

    queue: str | None
    enqueued_ms: int | None
    node: str = ""
    """The leg socket that it came from: where the call is now, as the page knows."""


class SoundCame(CallerFact):
    """The caller heard the platform for the first time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundGap(CallerFact):
    """The caller heard nothing from `began_ms` until now."""

    began_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceHeard(CallerFact):
    """In a talk the caller hears the adviser, or does not any longer."""

    on: bool


class DialledLate(CallerFact):
    """A call was answered when its telephone had been let through elsewhere already, or nowhere."""


class CallerLegLost(CallerFact):
    """The caller's page has lost its node."""


class CallerHungUp(CallerFact):
    """The caller has hung up."""


class CallbackAsked(CallerFact):
    """The caller has said that the number is right: it is being booked that the caller is rung."""


class CallbackHeard(CallerFact):
    """The caller was told that a callback is booked."""


class CallbackCancelled(CallerFact):
    """The caller wants no callback any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerGone(CallerFact):
    """The caller's page is at its end."""

    why: str
    """over, hung_up or refused."""
    said: str = ""
    """How the platform calls it: an ending, or a code of refusal."""


class DialUnanswered(Fact):
    """A telephone's call was not answered in time; whether it is one, it does not know."""


# What advisers see and do


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviserFact(Fact):
    """Something that an adviser saw or did."""

    adviser: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceHeard(AdviserFact):
    """The desk said how the adviser stands."""

    state: str
    reason: str | None


class DeskLost(AdviserFact):
    """The desk's socket is lost; how the adviser stands is not known until it is back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuesHeard(AdviserFact):
    """The desk said how many wait in each queue."""

    waiting: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviserCallFact(AdviserFact):
    """Something about one reservation."""

    call: str
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RingHeard(AdviserCallFact):
    """The desk rings."""

    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RingOver(AdviserCallFact):
    """The ring has ended without a talk."""

    lapse: str


class AnswerPressed(AdviserCallFact):
    """The adviser answers the ring, now or as soon as the leg is there."""


class AdviserLegUp(AdviserCallFact):
    """The adviser's leg is connected, for a ring or a talk."""


class Bridged(AdviserCallFact):
    """The adviser's leg was told that both hear each other; again after each new leg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(AdviserCallFact):
    """The adviser's leg was told whether the caller is on hold; again after each new leg."""

    on: bool


class Consulting(AdviserCallFact):
    """The adviser talks with another one about the caller."""


class CallbackTaken(AdviserCallFact):
    """The adviser has a callback, and rings the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSaid(AdviserCallFact):
    """The adviser says how it ended that the number was rung."""

    attempt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerVoiceHeard(AdviserCallFact):
    """In a talk the adviser hears the caller, or does not any longer."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviserLegLost(AdviserCallFact):
    """The adviser's leg has broken; nothing was heard on it after `heard_ms`."""

    heard_ms: int


class AdviserLegOver(AdviserCallFact):
    """The node, or the desk, said that the adviser's part is over."""


class AdviserHungUp(AdviserCallFact):
    """The adviser has ended the talk."""


class CallerHanded(AdviserCallFact):
    """The adviser hands the caller to a queue, to wait again; said again until it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutside(AdviserCallFact):
    """The adviser has left the caller to an outside number."""

    name: str


# What outside numbers hear


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideFact(Fact):
    """Something at the phone of an outside number."""

    name: str


class OutsideAnswered(OutsideFact):
    """It was rung, and has answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideVoiceHeard(OutsideFact):
    """It hears an adviser or a caller, or nobody any longer."""

    on: bool


class OutsideOver(OutsideFact):
    """The other side has hung up, or the drill is over."""


# What the drill itself does, and how well it could see


@dataclass(frozen=True, slots=True, kw_only=True)
class Broke(Fact):
    """A fault was put in."""

    what: str
    host: str = ""
    """No other place of the centre reaches anything at this address, until it has healed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Fact):
    """The store that was broken answers again."""

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Healed(Fact):
    """Everything is ready again."""

    what: str


class AllOver(Fact):
    """Every caller of the drill has come to an end, or the time is up."""


class LastRound(Fact):
    """As many callers as there are advisers come now: every adviser must be rung once more."""


class LastRoundOver(Fact):
    """The last round is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoodStill(Fact):
    """The drill's own process did not run from `began_ms` until now: it can have heard nothing."""

    began_ms: int


Kind = TypeVar("Kind", bound=Fact)


class History:
    """All facts, in the order in which they were seen."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._watched: dict[str, Callable[[AdviserCallFact], None]] = {}

    def note(self, fact: Fact) -> None:
        """Write a fact down."""
        self.facts.append(fact)
        if isinstance(fact, AdviserCallFact) and fact.call in self._watched:
            self._watched[fact.call](fact)

    def watch(self, call: str, told: Callable[[AdviserCallFact], None]) -> None:
        """Let somebody be told of what advisers see of a call."""
        self._watched[call] = told

    def of(self, kind: type[Kind]) -> Iterator[Kind]:
        """Yield every fact of a kind."""
        return (fact for fact in self.facts if isinstance(fact, kind))

    def lines(self) -> Iterator[str]:
        """Yield every fact as a line of JSON."""
        for fact in self.facts:
            yield json.dumps({"fact": type(fact).__name__} | asdict(fact))

    def by_call(self) -> Mapping[str, list[CallerFact]]:
        """Return what each caller saw."""
        calls: dict[str, list[CallerFact]] = {}
        for fact in self.of(CallerFact):
            calls.setdefault(fact.call, []).append(fact)
        return calls

    def by_adviser(self) -> Mapping[str, list[AdviserFact]]:
        """Return what each adviser saw."""
        advisers: dict[str, list[AdviserFact]] = {}
        for fact in self.of(AdviserFact):
            advisers.setdefault(fact.adviser, []).append(fact)
        return advisers
