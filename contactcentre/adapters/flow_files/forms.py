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
SECONDS_PATTERN = r"^[0-9]{1,4}$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""A line, step, queue, sound, service or outcome."""
Choice = Annotated[str, StringConstraints(pattern=CHOICE_PATTERN)]
"""A key that a menu may give a meaning."""
Pressed = Annotated[str, StringConstraints(pattern=PRESSED_PATTERN)]
"""A key in an example call, or the lack of one."""
Words = Annotated[str, StringConstraints(pattern=WORDS_PATTERN)]
"""What is said or shown."""
Seconds = Annotated[
    str,
    StringConstraints(pattern=SECONDS_PATTERN),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": AFTER_MAX_S}),
]
"""A span of time; to an editor it is the number that it looks like."""

EXPLAINED: Mapping[str, str] = MappingProxyType(
    {
        NAME_PATTERN: "a name is lower-case letters, digits, _ and -, beginning with a letter",
        CHOICE_PATTERN: "a menu's keys are 1 to 8; 0 is extra support and 9 the other language",
        PRESSED_PATTERN: "write a key, 0 to 9, * or #, or the word silence",
        WORDS_PATTERN: "write the words",
        SECONDS_PATTERN: f"write whole seconds, 0 to {AFTER_MAX_S}",
    }
)
