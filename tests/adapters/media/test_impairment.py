"""A real caller over a bad network: nothing stalls, nothing is delayed for longer than it must.

The exact figures are proven in simulated time (test_jitter); here the same is heard at the other
end of a room, through sockets and encryption. For as long as the machine itself stood still,
nothing is asked of the network.
"""

import asyncio
import itertools
import time
from typing import Protocol

import numpy as np
import pytest

from contactcentre.adapters.media_aiortc.g711 import PCMU
from contactcentre.adapters.media_aiortc.media import AiortcMedia
from contactcentre.bench.peer import Peer, strongest_tone
from contactcentre.domain.ids import LegId

ADA = LegId("ada")
TONE_HZ = 440.0
BAD_S = 4.0
GAP_MAX_S = 0.080


class Rooms(Protocol):
    """What the fixture of the same name does."""

    async def caller(self, leg: str, *, hz: float | None = ...) -> Peer:
        """Bring a caller in."""

    def join(self, *legs: str) -> None:
        """Let legs hear one another."""


class Heard:
    """What came out at the other end while the network was bad."""

    def __init__(self, peer: Peer) -> None:
        assert peer.recording is not None
        self.arrivals_s = [at for at, _ in peer.recording]
        self.sequences = [packet[1] for _, packet in peer.recording]
        self.sound = PCMU.decode(b"".join(packet[4] for _, packet in peer.recording))
        self.frequency_hz, _ = strongest_tone(self.sound)

    @property
    def longest_gap_s(self) -> float:
        """Return the longest time without a packet."""
        return max(b - a for a, b in itertools.pairwise(self.arrivals_s))

    @property
    def longest_silence_s(self) -> float:
        """Return the longest time without the tone."""
        pieces = self.sound[: len(self.sound) // 80 * 80].astype(float).reshape(-1, 80)
        quiet = (pieces**2).mean(axis=1) < 8_000**2 / 2 / 16
        runs = [len(list(run)) for is_quiet, run in itertools.groupby(quiet) if is_quiet]
        return max(runs, default=0) * 0.01


async def stillness_s(seconds: float) -> float:
    """Return how long the machine stood still at most, over some time."""
    ends, longest = time.monotonic() + seconds, 0.0
    while (began := time.monotonic()) < ends:
        await asyncio.sleep(0.005)
        longest = max(longest, time.monotonic() - began - 0.005)
    return longest


async def test_loss_and_jitter_are_heard_as_an_unbroken_tone_and_leave_no_delay(
    media: AiortcMedia, rooms: Rooms
) -> None:
    ada, bob = await rooms.caller("ada", hz=TONE_HZ), await rooms.caller("bob")
    rooms.join("ada", "bob")
    assert await bob.hears(TONE_HZ)
    before = media.quality(ADA)
    ada.impair(loss=0.05, jitter_ms=40, seed=1)
    await asyncio.sleep(0.5)
    bob.recording = []
    allowed_s = GAP_MAX_S + await stillness_s(BAD_S)
    heard, after = Heard(bob), media.quality(ADA)
    ada.mend()
    ada.tone(None)
    assert before is not None
    assert after is not None
    assert after.lost_count - before.lost_count >= 3
    assert after.concealed_count - before.concealed_count >= 3
    assert set(np.diff(np.array(heard.sequences, np.uint16))) == {1}
    assert heard.longest_gap_s < allowed_s
    assert heard.longest_silence_s <= allowed_s
    assert heard.frequency_hz == pytest.approx(TONE_HZ, abs=10)
    assert await settles(media)


async def settles(media: AiortcMedia, within_s: int = 10) -> bool:
    """Say whether the delay comes back to normal, but for what the machine itself stands still."""
    stills_s: list[float] = []
    for _ in range(within_s):
        stills_s.append(await stillness_s(1))
        quality = media.quality(ADA)
        assert quality is not None
        if quality.delay_ms <= 60 + 1_000 * max(stills_s[-4:]):
            return True
    return False
