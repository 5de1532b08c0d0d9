"""The live monitors: what is said when an invariant is seen broken, in one line and one number.

A monitor says what one process can see of a promise, and never mends anything.
"""

import structlog

from contactcentre.adapters.telemetry.metrics import count_violation

log = structlog.get_logger()


def violated(invariant: str, **facts: str | int | None) -> None:
    """Count and write down that an invariant ("I4") was seen broken, and of whom or what."""
    count_violation(invariant)
    log.error("an invariant is violated", invariant=invariant, **facts)
