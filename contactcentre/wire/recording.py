"""What an adviser's page and a media node say to one another of the recording of a talk."""

from typing import Literal

from pydantic import Field

from contactcentre.wire.said import Said

NUMBER_MAX = 2**53 - 1
"""The greatest number that a browser reads as it was written."""
PAUSE_LEFT_MAX_MS = 60 * 60_000


class Record(Said):
    """The adviser lets the talk be recorded again, or pauses that."""

    kind: Literal["record"] = "record"
    on: bool


class RecordingNow(Said):
    """Adviser: the talk is recorded, or its recording is paused. Not said where none is."""

    kind: Literal["recording"] = "recording"
    on: bool
    left_ms: int | None
    """A pause ends by itself after so long; None while it is recorded."""
    is_forgotten: bool
    """A pause has just ended by itself."""
    act: int
    """Which beginning or end of a pause that was, counted over all nodes of the call."""


class RecordingSeen(Said):
    """What an adviser's page shows of the recording of the talk to which it comes back."""

    on: bool
    left_ms: int | None = Field(default=None, ge=0, le=PAUSE_LEFT_MAX_MS)
    """A pause ends by itself after so long, counted by the page since it was told."""
    act: int = Field(ge=0, le=NUMBER_MAX)
    """As the node has told that was lost: of two words the one with the higher number is newer."""
