"""A slow line: a program that packets of any kind go through, late, and some of them never.

It stands behind a tunnel device: each packet is read from it, held for a while and given back, so
that TCP and UDP are slowed alike and need know nothing of it. Packets keep their order, as on a
line; what is lost, is late and is too much is decided by one seed.
"""

import os
import select
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from random import Random

PACKET_MAX_BYTES = 65_536
HELD_MAX = 5_000
"""Packets under way at once; what comes when there are so many is lost, as with any router."""
STOP_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowness:
    """How slow a line is, in each direction."""

    delay_ms: int
    jitter_ms: int = 0
    loss: float = 0.0
    """Which share of the packets vanishes."""
    seed: int = 0


class Held:
    """The packets that are under way."""

    def __init__(self, slowness: Slowness) -> None:
        self._slowness = slowness
        self._chance = Random(slowness.seed)  # noqa: S311 - the same seed, the same line
        self._held: deque[tuple[float, bytes]] = deque()
        self._last_at_s = 0.0

    def take(self, packet: bytes, *, at_s: float) -> None:
        """Take a packet that has come, or lose it."""
        slowness = self._slowness
        if self._chance.random() < slowness.loss or len(self._held) >= HELD_MAX:
            return
        late_ms = slowness.delay_ms + self._chance.random() * slowness.jitter_ms
        self._last_at_s = max(self._last_at_s, at_s + late_ms / 1_000)
        self._held.append((self._last_at_s, packet))

    def due(self, *, at_s: float) -> list[bytes]:
        """Return the packets that have arrived by now, the first one first."""
        arrived = []
        while self._held and self._held[0][0] <= at_s:
            arrived.append(self._held.popleft()[1])
        return arrived

    def next_in_s(self, *, at_s: float) -> float | None:
        """Return how long it is until the next one arrives; None if none is under way."""
        return max(0.0, self._held[0][0] - at_s) if self._held else None


class SlowLine:
    """A slow line while it runs, as a process of its own: a drill must not be late with it."""

    def __init__(self, device: int, slowness: Slowness) -> None:
        """Start it; `device` is where packets are read and given back, and is its from then on."""
        words = [device, slowness.delay_ms, slowness.jitter_ms, slowness.loss, slowness.seed]
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "contactcentre.drills.slow_line", *map(str, words)],
            pass_fds=[device],
            stdin=subprocess.PIPE,
        )
        os.close(device)

    def close(self) -> None:
        """Let it end: it does so when nobody holds its input open any more."""
        assert self._process.stdin is not None, "started with it"
        self._process.stdin.close()
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def carry(device: int, slowness: Slowness, *, until: int) -> None:
    """Carry packets until `until` can be read or is closed."""
    held = Held(slowness)
    while True:
        ready, _, _ = select.select([device, until], [], [], held.next_in_s(at_s=time.monotonic()))
        if until in ready:
            return
        if device in ready:
            held.take(os.read(device, PACKET_MAX_BYTES), at_s=time.monotonic())
        for packet in held.due(at_s=time.monotonic()):
            with suppress(OSError):  # a line that is being taken down takes nothing
                os.write(device, packet)


if __name__ == "__main__":
    _device, _delay_ms, _jitter_ms, _loss, _seed = sys.argv[1:]
    carry(
        int(_device),
        Slowness(
            delay_ms=int(_delay_ms),
            jitter_ms=int(_jitter_ms),
            loss=float(_loss),
            seed=int(_seed),
        ),
        until=sys.stdin.fileno(),
    )
