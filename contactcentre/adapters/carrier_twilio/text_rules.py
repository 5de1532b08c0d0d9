"""How callers may be texted: one file, read at the start."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from contactcentre.toml_files import read_toml

Prefix = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{0,6}$")]
Sender = Annotated[
    str, Field(pattern=r"^(\+[1-9][0-9]{6,14}|MG[0-9a-f]{32}|[A-Za-z][A-Za-z0-9 ]{2,10})$")
]


class TextRules(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sender: Sender
    """A number of ours, a name of 3 to 11 letters and digits that begins with a letter, or a
    messaging service (`MG…`)."""
    countries: Annotated[tuple[Prefix, ...], Field(min_length=1)]
    """Only numbers that begin so are texted, as in ["+44"]."""
    per_number_a_day: Annotated[int, Field(ge=1, le=20)] = 3
    per_minute: Annotated[int, Field(ge=1, le=10_000)] = 60
    """Of the whole centre: so many cost nobody a fortune before somebody looks."""

    def allow(self, number: str) -> bool:
        """Say whether a number may be texted."""
        return number[:1] == "+" and number[1:].isdecimal() and number.startswith(self.countries)


def read_text_rules(path: Path) -> TextRules:
    """Return the rules of a file. Raises BadRequest, which names every mistake at once."""
    return read_toml(path, TextRules)
