"""A safeguard that may be taken away, and the tests that must miss it then."""

from collections.abc import Sequence
from dataclasses import dataclass

STATE = "contactcentre/adapters/state_redis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablation:
    """One safeguard, and what goes wrong without it."""

    name: str
    files: Sequence[str]
    line: str
    instead: str
    tests: Sequence[tuple[str, str]]
    """Each as its file and its name."""
