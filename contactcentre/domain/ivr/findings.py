"""What the linter may find in a flow."""

from dataclasses import dataclass
from enum import StrEnum

from contactcentre.domain.ids import StepName


class Rule(StrEnum):
    """The rules, by the code that stands in front of a finding."""

    ROUTE_TO_NOWHERE = "route-to-nowhere"
    NO_EXTRA_SUPPORT = "no-extra-support"
    ENDLESS_LOOP = "endless-loop"
    UNREACHABLE_STEP = "unreachable-step"
    NO_WAY_TO_A_PERSON = "no-way-to-a-person"
    TOO_MANY_LEVELS = "too-many-levels"
    TOO_MANY_CHOICES = "too-many-choices"
    TAKEN_KEY = "taken-key"
    MISSING_PROMPT = "missing-prompt"
    ABRUPT_END = "abrupt-end"
    TOO_LONG_BEFORE_QUEUE = "too-long-before-queue"
    NO_CLOSED_STEP = "no-closed-step"
    OVERLAPPING_HOURS = "overlapping-hours"
    NEVER_OPEN = "never-open"
    UNSAID_OPENING = "unsaid-opening"
    WRONG_OVERFLOW = "wrong-overflow"
    UNANNOUNCED_RECORDING = "unannounced-recording"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a flow."""

    rule: Rule
    step: StepName | None
    """The step to mend; None if it is the flow as a whole."""
    sentence: str
