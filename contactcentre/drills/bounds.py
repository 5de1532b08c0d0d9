"""What each drill promises, and which of its promises were broken."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from contactcentre.drills.checker import Findings
from contactcentre.drills.faults import Drill, How
from contactcentre.drills.measures import HEARD_GAP_MS, Measures, percentile

RESUME_P99_MAX_MS: Mapping[How, int] = {
    How.KILL: 5_000,
    How.STOP: 8_000,
    How.HANG: 8_000,
}
BACK_MAX_MS = 3_000
MATCH_MAX_MS = 4_000
SWITCH_MAX_MS = 5_000
UNHEARD = frozenset({Drill.LOSE_ROUTER, Drill.LOSE_DESK, Drill.LOSE_RECORDS})
"""No caller hears anything of these."""
STATE_LOST = frozenset({Drill.LOSE_REDIS, Drill.FLUSH_REDIS})


def figures_of(findings: Findings, measures: Measures) -> dict[str, Any]:
    """Return the figures of one drill, as they are printed."""
    counts: dict[str, Any] = {name: len(each) for name, each in asdict(findings).items()}
    return counts | shown(measures)


def shown(measures: Measures) -> dict[str, Any]:
    """Return what was measured, as it is printed."""
    resumes = measures.resume_ms
    return {
        "moved": measures.moved_count,
        "resumed": len(resumes),
        "resume_ms": {"p50": percentile(resumes, 0.5), "p99": percentile(resumes, 0.99)},
        "gap_ms": measures.gap_ms,
        "back_ms": measures.back_ms,
        "match_ms": measures.match_ms,
        "pause_ms": measures.pause_ms,
    }


def broken_promises(findings: Findings) -> Iterator[str]:
    """Yield a sentence for each thing that must never be and was."""
    for name, each in asdict(findings).items():
        for sentence in each:
            yield f"{name}: {sentence}"


def broken_bounds(drill: Drill, how: How, measures: Measures) -> Iterator[str]:
    """Yield a sentence for each bound that was exceeded."""
    p99 = percentile(measures.resume_ms, 0.99)
    if drill is Drill.LOSE_MEDIA_NODE and p99 is not None and p99 > RESUME_P99_MAX_MS[how]:
        yield f"{drill} ({how}): the slowest callers heard nothing for {p99} ms"
    if drill in UNHEARD and measures.gap_ms > HEARD_GAP_MS:
        yield f"{drill} ({how}): a caller heard nothing for {measures.gap_ms} ms"
    if drill in STATE_LOST:
        yield from _over(
            f"{drill} ({how}): waiting callers were back", measures.back_ms, BACK_MAX_MS
        )
        yield from _over(f"{drill} ({how}): the next ring came", measures.match_ms, MATCH_MAX_MS)
    if drill is Drill.SWITCH_REDIS:
        yield from _over(f"{drill} ({how}): the next ring came", measures.pause_ms, SWITCH_MAX_MS)


def _over(words: str, taken_ms: int | None, most_ms: int) -> Iterator[str]:
    if taken_ms is not None and taken_ms > most_ms:
        yield f"{words} only after {taken_ms} ms"
