"""The forms that texts in flow files may have, and how each is explained to their author."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import StringConstraints, WithJsonSchema

from contactcentre.domain.levels import AFTER_MAX_S

NAME_PATTERN = r"^[a-z][a-z0-9_-]{0,39}$"
CHOICE_PATTERN = r"^[1-8]$"
PRESSED_PATTERN = r"^([0-9*#]|silence)$"
WORDS_PATTERN = r"\S"
SPAN_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
DATE_PATTERN = r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
HOW_MANY_PATTERN = r"^[1-9][0-9]{0,3}$"
SECONDS_PATTERN = r"^[0-9]{1,4}$"
BOUND_PATTERN = r"^[1-9][0-9]{0,3}$"
BOUND_MAX = 9_999
NUMBER_PATTERN = r"^\+[1-9][0-9]{6,14}$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""A line, step, queue, sound, service or outcome."""
Choice = Annotated[str, StringConstraints(pattern=CHOICE_PATTERN)]
"""A key that a menu may give a meaning."""
Pressed = Annotated[str, StringConstraints(pattern=PRESSED_PATTERN)]
"""A key in an example call, or the lack of one."""
Words = Annotated[str, StringConstraints(pattern=WORDS_PATTERN)]
"""What is said or shown."""
SpanOfDay = Annotated[str, StringConstraints(pattern=SPAN_PATTERN)]
"""From one time of day to another; over midnight if the second is not later than the first."""
Date = Annotated[str, StringConstraints(pattern=DATE_PATTERN)]
"""A day of the calendar."""
Number = Annotated[str, StringConstraints(pattern=NUMBER_PATTERN)]
"""A telephone number with its country (E.164)."""
Seconds = Annotated[
    str,
    StringConstraints(pattern=SECONDS_PATTERN),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": AFTER_MAX_S}),
]
"""A span of time; to an editor it is the number that it looks like."""
Bound = Annotated[
    str,
    StringConstraints(pattern=BOUND_PATTERN),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": BOUND_MAX}),
]
"""A number that is not to be passed, of callers or of seconds."""
HowMany = Annotated[
    str,
    StringConstraints(pattern=HOW_MANY_PATTERN),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 9_999}),
]

EXPLAINED: Mapping[str, str] = MappingProxyType(
    {
        NAME_PATTERN: "a name is lower-case letters, digits, _ and -, beginning with a letter",
        CHOICE_PATTERN: "a menu's keys are 1 to 8; 0 is extra support and 9 the other language",
        PRESSED_PATTERN: "write a key, 0 to 9, * or #, or the word silence",
        WORDS_PATTERN: "write the words",
        SPAN_PATTERN: "write from when to when, as in 08:00-18:00; a whole day is 00:00-24:00",
        DATE_PATTERN: "write the date with year, month and day, as in 2026-12-24",
        HOW_MANY_PATTERN: "write a whole number, 1 to 9999",
        SECONDS_PATTERN: f"write whole seconds, 0 to {AFTER_MAX_S}",
        NUMBER_PATTERN: "write the number with its country, as in +441632960001",
        BOUND_PATTERN: f"write a whole number, 1 to {BOUND_MAX}",
    }
)
