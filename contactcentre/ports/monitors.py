"""What says aloud that an invariant was seen broken."""

from typing import Protocol


class Violated(Protocol):
    """Count it and write it down; whoever sees it goes on as before."""

    def __call__(self, invariant: str, **facts: str | int | None) -> None:
        """Say that an invariant ("I4") was seen broken, and of whom or what: ids and counts."""
