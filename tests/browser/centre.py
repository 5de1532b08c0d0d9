"""A running centre, as a browser test reaches it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """A running centre."""

    caller_url: str
    desk_url: str
    board_url: str
    passwords: Mapping[str, str]
    """The demo's people, and what they sign in with."""
    data: Path
