"""How good a line sounds, as a mean opinion score by the E-model (ITU-T G.107), for G.711.

The score is what people would say on the average, from 1 (bad) to 4.4: the most that a telephone
line reaches. Loss and delay lower it; what is lost is concealed, which G.113 puts into one figure.
"""

from typing import Final

BEST: Final = 93.2
"""R of a line without loss or delay."""
ROBUST: Final = 25.1
"""Bpl of G.711 with concealment, for losses at random (G.113)."""
WORST_LOSS: Final = 95.0
TALKED_INTO_MS: Final = 177.3
"""From this delay one way on people begin to talk into one another's words."""
PACKET_MS: Final = 20.0
"""A packet is full before it is sent, and the other side plays it as late."""
BUFFERED_MAX_MS: Final = 200.0
"""No sound waits longer before it is played: what seems to is a pause of the other side."""
ONE: Final = 1.0
R_MAX: Final = 100.0


def mos(*, loss_ratio: float, buffered_ms: float, round_trip_ms: float | None) -> float:
    """Return the score of what comes in on a line; without a round trip its way counts as none."""
    buffered_ms = min(max(buffered_ms, 0.0), BUFFERED_MAX_MS)
    delay_ms = (round_trip_ms or 0.0) / 2 + buffered_ms + PACKET_MS
    return opinion(BEST - _of_delay(delay_ms) - _of_loss(loss_ratio))


def opinion(rating: float) -> float:
    """Return the mean opinion score of a rating R."""
    r = min(max(rating, 0.0), R_MAX)
    return max(ONE, ONE + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def _of_delay(delay_ms: float) -> float:
    return 0.024 * delay_ms + 0.11 * max(0.0, delay_ms - TALKED_INTO_MS)


def _of_loss(loss_ratio: float) -> float:
    percent = 100 * min(max(loss_ratio, 0.0), 1.0)
    return WORST_LOSS * percent / (percent + ROBUST)
