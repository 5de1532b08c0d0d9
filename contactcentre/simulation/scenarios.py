"""Scenarios: files that say how large a centre is, and which faults come when."""

from collections.abc import Collection, Sequence
from pathlib import Path

from pydantic import Field

from contactcentre.adapters.flow_files.strict_yaml import read, understand
from contactcentre.domain.errors import BadRequest, UnknownName
from contactcentre.simulation.faults import Fault, Kind
from contactcentre.simulation.many import Job
from contactcentre.simulation.stories import Part, Story
from contactcentre.simulation.world import Size

FOLDER = Path(__file__).parent / "scenarios"


class FaultOfFile(Part):
    """One fault, as it is written."""

    at_s: float = Field(ge=0, le=6_000)
    do: Kind
    target: str = "everything"
    for_s: float = Field(default=0.0, ge=0, le=600)
    amount: float = 0.0
    again_every_s: float | None = Field(default=None, gt=0)
    """Put it in again and again, so many seconds apart."""
    times: int = Field(default=1, ge=1, le=100)

    def faults(self) -> Sequence[Fault]:
        """Return each time that it comes."""
        return [
            Fault(
                at_s=self.at_s + number * (self.again_every_s or 0.0),
                kind=self.do,
                target=self.target,
                span_s=self.for_s,
                amount=self.amount,
            )
            for number in range(self.times)
        ]


class SizeOfFile(Part):
    """How large the centre is."""

    media: int = Field(default=3, ge=1, le=8)
    routers: int = Field(default=2, ge=1, le=8)
    desks: int = Field(default=2, ge=1, le=8)
    records: int = Field(default=2, ge=1, le=8)
    advisers: int = Field(default=6, ge=1, le=60)
    caller_every_s: float = Field(default=1.5, gt=0.05, le=60)
    overflow_at: int | None = Field(default=None, ge=1, le=1_000)
    """More callers than this in the general queue are passed on to the one for signing in."""


class Scenario(Part):
    """One scenario."""

    title: str
    why: str
    seeds: list[int] = Field(min_length=1, max_length=20)
    size: SizeOfFile = SizeOfFile()
    faults: list[FaultOfFile]
    is_long: bool = False
    """Takes too long to be run with the tests."""
    story: Story | None = None
    """Who comes, what the centre is like and what is promised; by chance without it."""


def names() -> Sequence[str]:
    """Return the scenarios that come with the program."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read_scenario(name: str) -> Scenario:
    """Return a scenario by its name, or by the path of its file. Raises UnknownName, BadRequest."""
    path = FOLDER / f"{name}.yaml" if name in names() else Path(name)
    if not path.is_file():
        raise UnknownName(
            f"There is no scenario {name!r}. Give the path of a file, or one of: "
            f"{', '.join(names())}."
        )
    return understand(read(path), Scenario)


def jobs_of(name: str) -> Sequence[Job]:
    """Return the runs of a scenario. Raises UnknownName, BadRequest."""
    scenario = read_scenario(name)
    faults = sorted(
        (fault for one in scenario.faults for fault in one.faults()), key=lambda one: one.at_s
    )
    size = Size(**scenario.size.model_dump())
    story = scenario.story
    _refuse_unknown_targets(name, faults, _known(size, story))
    return [
        Job(seed=seed, scenario=name, faults=faults, size=size, story=story)
        for seed in scenario.seeds
    ]


def _known(size: Size, story: Story | None) -> Collection[str]:
    """Return what a fault may name."""
    if story is None:
        return {*size.names(), *OTHER_TARGETS}
    people = {*(one.name for one in story.advisers), *(one.who for one in story.callers)}
    return {*size.roles(), *people, *OTHER_TARGETS}


def _refuse_unknown_targets(name: str, faults: Sequence[Fault], known: Collection[str]) -> None:
    """Raise BadRequest where a fault names something that a centre of that size does not have."""
    for fault in faults:
        parts = fault.target.replace(">", "|").split("|")
        unknown = [part for part in parts if part not in known]
        if unknown:
            raise BadRequest(
                f"Scenario {name}: {fault.kind} names {unknown[0]!r}, which is not there. "
                f"There are: {', '.join(sorted(known))}."
            )


OTHER_TARGETS = (
    "anyone",
    "centre",
    "everything",
    "north",
    "people",
    "record",
    "south",
    "store",
    "store-north",
    "store-south",
    "store-witness",
    "witness",
)
