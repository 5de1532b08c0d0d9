"""What a node tells a browser of the sound it gets from it."""

from collections import deque
from typing import Final

from contactcentre.domain.voice_quality import mos
from contactcentre.ports.media import LegQuality
from contactcentre.wire.legs import Quality

TOLD_EVERY_MS: Final = 2_500
LOOKS_BACK: Final = 2
"""Loss is told over so many intervals, five seconds."""


class QualityMeter:
    """Turns the counts of one leg into what was lost of late."""

    def __init__(self) -> None:
        self._seen: deque[LegQuality] = deque(maxlen=LOOKS_BACK + 1)

    def tell(self, now: LegQuality) -> Quality:
        """Return what to tell, from the counts as they stand."""
        self._seen.append(now)
        before = self._seen[0]
        lost = now.lost_count - before.lost_count
        expected = lost + now.received_count - before.received_count
        loss_ratio = max(0.0, lost / expected) if expected > 0 else 0.0
        return Quality(
            loss_ratio=loss_ratio,
            jitter_ms=now.jitter_ms,
            delay_ms=now.delay_ms,
            level_dbov=now.level_dbov,
            round_trip_ms=now.round_trip_ms,
            mos=mos(
                loss_ratio=loss_ratio, buffered_ms=now.delay_ms, round_trip_ms=now.round_trip_ms
            ),
        )
