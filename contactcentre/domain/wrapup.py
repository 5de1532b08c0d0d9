"""The time an adviser has after a talk, for notes and outcome.

When the time is up the adviser goes on by itself only if an outcome has been chosen; otherwise the
desk waits on. So nobody is rung in the middle of a sentence, and no call goes without an outcome
because a timer was faster than a person.
"""

from dataclasses import dataclass, replace

MORE_TIME_MS = 60_000
"""What one press of "Add 1 minute" adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUp:
    """One wrap-up; its times are of the desk process's own monotonic clock."""

    began_ms: int
    until_ms: int


def begin(*, at_ms: int, allowed_ms: int) -> WrapUp:
    """Return the wrap-up that begins now."""
    return WrapUp(began_ms=at_ms, until_ms=at_ms + allowed_ms)


def longer(wrap_up: WrapUp, *, at_ms: int) -> WrapUp:
    """Return the wrap-up with a minute more, counted from now if its time was up already."""
    return replace(wrap_up, until_ms=max(wrap_up.until_ms, at_ms) + MORE_TIME_MS)


def left_ms(wrap_up: WrapUp, *, at_ms: int) -> int:
    """Return how much of the time is left."""
    return max(0, wrap_up.until_ms - at_ms)


def may_end_itself(wrap_up: WrapUp, *, at_ms: int, outcome_chosen: bool) -> bool:
    """Say whether the adviser goes on without a press."""
    return outcome_chosen and left_ms(wrap_up, at_ms=at_ms) == 0
