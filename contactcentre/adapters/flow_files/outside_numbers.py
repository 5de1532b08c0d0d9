"""Whom we may ring, and under which names: one file, read at the start by nodes and desks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from contactcentre.domain.dialling import (
    ALLOWED_PREFIX,
    NEVER,
    PHONES_MAX,
    DialRules,
    OutsideNumber,
    allowed_number,
)
from contactcentre.domain.errors import BadRequest, NumberNotAllowed
from contactcentre.domain.ids import OutsideName, PhoneNumber
from contactcentre.domain.languages import Language
from contactcentre.toml_files import read_toml

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Own = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{8,14}$")]
Title = Annotated[str, Field(min_length=1, max_length=80)]


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(_Written):
    """One outside number."""

    number: str
    titles: Mapping[Language, Title]
    """What it is called, in each language of the desk."""

    @field_validator("titles")
    @classmethod
    def _all(cls, titles: Mapping[Language, str]) -> Mapping[Language, str]:
        missing = [language for language in Language if language not in titles]
        if missing:
            raise ValueError(f"there is none in {', '.join(missing)}")
        return titles


class Callers(_Written):
    """How callers are rung back."""

    allowed: Annotated[tuple[str, ...], Field(min_length=1)]
    """How their numbers begin that may be rung."""
    calls_max: Annotated[int, Field(ge=1, le=1_000)] = 20
    calls_per_minute: Annotated[int, Field(ge=1, le=1_000)] = 30

    @field_validator("allowed")
    @classmethod
    def _prefixes(cls, allowed: tuple[str, ...]) -> tuple[str, ...]:
        return _beginnings(allowed)


class NumbersFile(_Written):
    """The whole file."""

    own: Annotated[tuple[Own, ...], Field(min_length=1)]
    """Our own numbers, which the carrier has verified as ours; the first is shown."""
    allowed: tuple[str, ...] = ()
    """How numbers begin that may be rung."""
    country: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}$")] = "44"
    """Numbers that come without a country are of this one, at desks and nodes alike."""
    calls_max: Annotated[int, Field(ge=1, le=1_000)] = 20
    calls_per_minute: Annotated[int, Field(ge=1, le=1_000)] = 30
    phones_max: Annotated[int, Field(ge=1, le=1_000)] = PHONES_MAX
    numbers: Mapping[Name, Entry] = {}
    callbacks: Callers | None = None
    """Whom of the callers to be rung back the nodes ring themselves; nobody without it."""

    @field_validator("allowed")
    @classmethod
    def _prefixes(cls, allowed: tuple[str, ...]) -> tuple[str, ...]:
        return _beginnings(allowed)


def _beginnings(allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return how numbers may begin that are rung. Raises ValueError for what is not to be."""
    for one in allowed:
        if not ALLOWED_PREFIX.fullmatch(one):
            raise ValueError(f"{one} is no beginning of a number: write it as +441632")
        if one.startswith(NEVER):
            raise ValueError(f"{one}: premium and satellite numbers are never rung")
    return allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideNumbers:
    """What the file says."""

    rules: DialRules
    numbers: Mapping[OutsideName, OutsideNumber]
    callbacks: DialRules | None
    """By which callers are rung back; None: by hand."""


def read_outside_numbers(path: Path) -> OutsideNumbers:
    """Return what a file says. Raises BadRequest, which names every mistake at once."""
    file = read_toml(path, NumbersFile)
    rules = DialRules(
        allowed=file.allowed,
        own=tuple(map(PhoneNumber, file.own)),
        country=file.country,
        calls_max=file.calls_max,
        calls_per_minute=file.calls_per_minute,
        phones_max=file.phones_max,
    )
    return OutsideNumbers(
        rules=rules, numbers=_numbers(path, file, rules), callbacks=_of_callers(file, rules)
    )


def _of_callers(file: NumbersFile, rules: DialRules) -> DialRules | None:
    """Return the rules by which callers are rung back, if they are."""
    if file.callbacks is None:
        return None
    return replace(
        rules,
        allowed=file.callbacks.allowed,
        calls_max=file.callbacks.calls_max,
        calls_per_minute=file.callbacks.calls_per_minute,
    )


def _numbers(
    path: Path, file: NumbersFile, rules: DialRules
) -> Mapping[OutsideName, OutsideNumber]:
    """Return the numbers that have names. Raises BadRequest for those that may not be rung."""
    found, sentences = {}, []
    for name, entry in file.numbers.items():
        try:
            number = allowed_number(rules, entry.number)
        except NumberNotAllowed as refusal:
            sentences.append(f"{path}: numbers.{name}.number: {refusal}")
            continue
        outside = OutsideNumber(name=OutsideName(name), number=number, titles=entry.titles)
        found[outside.name] = outside
    if sentences:
        raise BadRequest("\n".join(sentences))
    return found
