"""What pages, desk processes and media nodes say to one another of the recording of a talk.

POST {desk}/api/payment-steps   payment page → desk process   PaymentStep
    200 PaymentStepNow, 403 a wrong key, 409 the adviser has no talk, 503 nobody knows how it stands

The desk process tells the call's node; adviser's page and node speak over the adviser's leg.
"""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from contactcentre.domain.ids import AdviserId, CallId
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


class Recorded(StrEnum):
    """Whether a talk is recorded."""

    NOT = "not"
    """It is of a line, or at a node, that records nothing."""
    ON = "on"
    PAUSED = "paused"


class RecordingStep(Said):
    """A desk process tells a call's node that a step begins which nobody may record, or is over."""

    call: CallId
    on: bool


class RecordingStands(Said):
    """How the recording of a call stands at its node."""

    recorded: Recorded
    left_ms: int | None
    """A pause ends by itself after so long; None if there is none."""


class PaymentStep(Said):
    """A payment page begins to ask for a card number in an adviser's talk, or is done with it."""

    adviser: AdviserId
    on: bool


class PaymentStepNow(Said):
    """From now on it is so: a card number may be asked for, unless the talk is recorded."""

    call: CallId
    recorded: Recorded
    left_ms: int | None
    """The pause ends by itself after so long, if the page does not begin the step anew."""
