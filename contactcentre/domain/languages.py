"""The languages a caller may be served in."""

from enum import StrEnum


class Language(StrEnum):
    """A language tag as in BCP 47; the first in `Language` is what a line falls back to."""

    ENGLISH = "en-GB"
    WELSH = "cy"
