"""Recordings are kept as long as their class says, by whoever sees their files."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.errors import LedgerUnavailable
from contactcentre.domain.ids import CallId, RecordingPart
from contactcentre.journey.retaining import DAY_MS, KEEP_DAYS, Sweeper
from contactcentre.ports.records import RecordedPart


def part(name: str) -> RecordedPart:
    """Return a part that is due."""
    return RecordedPart(
        part=RecordingPart(name),
        call=CallId("c1"),
        file=f"n1/2026-09-21/{name}.rec",
        started_at_ms=0,
        duration_ms=1,
        gaps_ms=0,
        is_cut=False,
        key="2026",
        size_bytes=1,
        sha256="",
        deleted_at_ms=None,
    )


@dataclass
class StagedRecordings:
    """The record's parts that are due, and what it was told."""

    pages: list[list[RecordedPart]]
    asked: list[Mapping[ServiceClass, int]] = field(default_factory=list)
    afters: list[str | None] = field(default_factory=list)
    gone: list[tuple[str, str]] = field(default_factory=list)

    async def parts(self, call: CallId | None, *, count_max: int) -> Sequence[RecordedPart]:
        """Return nothing: nobody asks here."""
        raise AssertionError("nobody lists", call, count_max)

    async def exported(self, part: RecordingPart, *, who: str, why: str, at_ms: int) -> None:
        """Take nothing: nobody exports here."""
        raise AssertionError("nobody exports", part, who, why, at_ms)

    async def due(
        self, since_ms: Mapping[ServiceClass, int], *, after: RecordingPart | None
    ) -> Sequence[RecordedPart]:
        """Return the next page."""
        self.asked.append(since_ms)
        self.afters.append(after)
        return self.pages.pop(0)

    async def deleted(self, part: RecordingPart, *, who: str, why: str, at_ms: int) -> None:
        """Remember it."""
        assert why
        assert at_ms
        self.gone.append((part, who))


@dataclass
class StagedArchive:
    """A folder that has some files."""

    elsewhere: set[str] = field(default_factory=set)
    away: int = 0

    async def delete(self, part: RecordedPart) -> bool:
        """Delete a file, unless it is elsewhere or the disk is away."""
        if self.away:
            self.away -= 1
            raise LedgerUnavailable("The disk is away.")
        return part.part not in self.elsewhere


def sweeper(recordings: StagedRecordings, archive: StagedArchive, **days: int) -> Sweeper:
    """Return a sweeper of a centre that keeps some classes for so many days."""
    keep = {ServiceClass(name): count for name, count in days.items()}
    return Sweeper(recordings, archive, MachineClock(), MachineChance(), keep_days=keep)


async def test_what_is_deleted_is_written_down_and_what_is_elsewhere_is_left() -> None:
    recordings = StagedRecordings([[part("a"), part("b")], [part("c")], []])
    await sweeper(recordings, StagedArchive(elsewhere={"b"})).sweep()
    assert recordings.gone == [("a", "retention"), ("c", "retention")]
    assert recordings.afters == [None, "b", "c"], "what is left holds up nothing"


async def test_a_class_that_is_not_named_is_kept_as_usual() -> None:
    recordings = StagedRecordings([[]])
    await sweeper(recordings, StagedArchive(), P0=365).sweep()
    (since,) = recordings.asked
    assert since[ServiceClass.P4] - since[ServiceClass.P0] == (365 - KEEP_DAYS) * DAY_MS
    assert since[ServiceClass.P4] == since[ServiceClass.P2]


async def test_a_disk_that_is_away_is_tried_again() -> None:
    class Soon(MachineClock):
        async def sleep_ms(self, span_ms: int) -> None:
            assert span_ms
            await asyncio.sleep(0)

    recordings = StagedRecordings([[part("a")], [part("a")], [], []])
    one = Sweeper(recordings, StagedArchive(away=1), Soon(), MachineChance(), keep_days={})
    running = asyncio.create_task(one.run())
    async with asyncio.timeout(5):
        while not recordings.gone:  # noqa: ASYNC110 - the sweeper tells nobody
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])
    assert recordings.gone[0] == ("a", "retention")
