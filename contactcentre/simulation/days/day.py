"""A day as data: who calls when, how patient callers are, how many advisers there are.

A day also holds what others have said of such a day, to stand beside what is simulated.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import isclose
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contactcentre.adapters.flow_files.strict_yaml import read
from contactcentre.domain.errors import BadRequest, UnknownName

FOLDER = Path(__file__).parent / "files"
FAULTS = Path(__file__).parent / "faults.yaml"
SHARES_APART_MAX = 0.01
HOUR_S = 3_600

Share = Annotated[float, Field(ge=0, le=1)]
Span = Annotated[float, Field(gt=0, le=24 * HOUR_S)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Model = TypeVar("Model", bound=BaseModel)


class Queue(StrEnum):
    """What becomes of those who wait when a site is lost."""

    KEPT = "kept"
    """They are back at the other site, each in the old place."""
    DROPPED = "dropped"
    """They are cut, and nobody is let in until the site is back: the contrast."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pool(_Part):
    """Advisers who serve one queue and no other."""

    name: Name
    calls: int = Field(ge=1, le=1_000_000)
    """How many call for it in the day, on average, calls that end in the menus included."""
    advisers: list[Annotated[int, Field(ge=0, le=10_000)]]
    """How many are there in each interval."""


class Handling(_Part):
    """How long an adviser is busy with a call: talk and wrap-up, log-normal."""

    mean_s: Span
    cv: float = Field(gt=0, le=5)
    """The standard deviation as a part of the mean."""


class Menu(_Part):
    """What comes before a queue."""

    mean_s: Span
    ended_share: Share
    """How many end there: with an online service, an answer of the machine, or by hanging up."""


class Redial(_Part):
    """How many call again, and after how long, on average."""

    share: Share
    mean_s: Span


class Beside(_Part):
    """What somebody else has said of such a day."""

    source: str
    fault: str = ""
    """Of the day with that fault; of the day without any if empty."""
    queue: Queue = Queue.KEPT
    figures: dict[str, float]


class Day(_Part):
    """One day, from the first interval to the last."""

    title: str
    why: str
    share: list[Share] = Field(min_length=1, max_length=24)
    """Which part of the day's calls comes in each interval."""
    interval_s: Span = HOUR_S
    pools: list[Pool] = Field(min_length=1, max_length=20)
    handling: Handling
    menu: Menu
    patience_mean_s: Span
    """How long callers wait before they leave, exponential."""
    redial: Redial | None = None
    """Who calls again after leaving a queue."""
    extra_support_share: Share = 0.0
    """How many of those who wait go ahead of all others."""
    answered_within_s: Span = 300
    beside: list[Beside] = Field(default_factory=list)

    @model_validator(mode="after")
    def _intervals_fit(self) -> "Day":
        intervals_count = len(self.share)
        if not isclose(sum(self.share), 1, abs_tol=SHARES_APART_MAX):
            raise ValueError("share adds up to 1")
        for pool in self.pools:
            if len(pool.advisers) != intervals_count:
                raise ValueError(
                    f"pool {pool.name} says its advisers for {intervals_count} intervals"
                )
        return self

    @property
    def length_s(self) -> float:
        """How long calls come in."""
        return len(self.share) * self.interval_s

    def scaled(self, scale: float) -> "Day":
        """Return the same day with fewer callers and advisers."""
        pools = [
            pool.model_copy(
                update={
                    "calls": max(1, round(pool.calls * scale)),
                    "advisers": [max(1, round(n * scale)) if n else 0 for n in pool.advisers],
                }
            )
            for pool in self.pools
        ]
        return self.model_copy(update={"pools": pools})


class Fault(_Part):
    """What a day may be broken by."""

    title: str
    at_s: float = Field(ge=0, le=24 * HOUR_S)
    """When, after the doors have opened."""
    for_s: Span
    callers_back_s: tuple[float, float]
    """How long it takes a caller of the lost site to be at the other one, at least and at most."""
    advisers_back_s: tuple[float, float]
    redial: Redial
    """Who calls again after being cut or not let in, where the queue is dropped."""


def names() -> Sequence[str]:
    """Return the days that come with the program."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read_day(name: str) -> Day:
    """Return a day by its name, or by the path of its file. Raises UnknownName, BadRequest."""
    path = FOLDER / f"{name}.yaml" if name in names() else Path(name)
    if not path.is_file():
        raise UnknownName(
            f"There is no day {name!r}. Give the path of a file, or one of: {', '.join(names())}."
        )
    return _understood(path, Day, read(path).value)


def read_faults() -> Mapping[str, Fault]:
    """Return the faults that come with the program, by name."""
    found = read(FAULTS).value
    return {name: _understood(FAULTS, Fault, value) for name, value in found.items()}


def read_fault(name: str, day: Day) -> Fault:
    """Return a fault by its name. Raises UnknownName; BadRequest if it comes after the day."""
    faults = read_faults()
    if name not in faults:
        raise UnknownName(f"There is no fault {name!r}. Choose one of: {', '.join(faults)}.")
    fault = faults[name]
    if fault.at_s + fault.for_s > day.length_s:
        raise BadRequest(
            f"The fault {name!r} is over {(fault.at_s + fault.for_s) / HOUR_S:.1f} h after the "
            f"doors open, and this day has {day.length_s / HOUR_S:.1f} h: choose a longer day."
        )
    return fault


def _understood(path: Path, model: type[Model], value: Any) -> Model:
    """Return what a file says. Raises BadRequest, which names what is wrong in it first."""
    try:
        return model.model_validate(value)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise BadRequest(f"{path}: {where}: {first['msg']}") from wrong
