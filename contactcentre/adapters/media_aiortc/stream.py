"""A stream of packets that is steady: what of it passes between a jitter buffer and all of them."""

from typing import NamedTuple


class Stream(NamedTuple):
    """Packets that have come one after another: what waits of them, and how they have come."""

    sequence: int
    """What the next packet has, as also of the next two."""
    timestamp: int
    source: int
    waiting: bytes
    end: int
    play: int
    fastest: int
    fastest_lately: int
    fastest_before: int
    window_ends: int
    transit: int
    peak: int
    target: int
    delay: int
    frames_since_splice: int
    jitter: float
