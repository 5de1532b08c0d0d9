"""Many telephones at once: the load of the bench, sent, taken and timed as arrays.

They are read and written as the node's own sockets are (`sound_port.py`): one by one in Python, the
telephones of a node would keep a core busier than the node is.
"""

import time
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from contactcentre.adapters.media_aiortc.batches import Rows
from contactcentre.adapters.media_aiortc.g711 import PCMU, Codes
from contactcentre.adapters.media_aiortc.packets import HEADER_LENGTH, PACKET_LENGTH, VERSION
from contactcentre.adapters.media_aiortc.sound_port import SoundPort, SoundPorts
from contactcentre.bench.peer import tone_codes
from contactcentre.bench.phone import PhonePeer
from contactcentre.limits import SAMPLES_PER_TICK

LATE_AFTER_S = 0.040
"""A packet later than this is missed by a usual browser's buffer."""
TONE_FRAMES = 50
_SAMPLES_PER_S = 8_000
_NEVER = -1


class Voice:
    """One telephone of a choir, as its port knows it."""

    def __init__(self, row: int) -> None:
        self.row = row
        self.is_connected = True
        self.has_port = False

    def packet_came(self, data: bytes, waited_s: float = 0.0, /) -> None:
        """Drop what is not 20 ms of sound: the node sends nothing else."""


class Choir:
    """Telephones that send in step, each a tone of its own, and what they get."""

    def __init__(self, numbers: Sequence[int]) -> None:
        count = len(numbers)
        self._packets: Codes = np.zeros((count, PACKET_LENGTH), np.uint8)
        self._packets[:, 0] = VERSION
        self._packets[:, 8:12] = np.array(numbers, ">u4").view(np.uint8).reshape(count, 4)
        tones = [b"".join(tone_codes(400.0 + at, frames=TONE_FRAMES)) for at in numbers]
        sound = np.frombuffer(b"".join(tones), np.uint8)
        self._sound = sound.reshape(count, TONE_FRAMES, SAMPLES_PER_TICK).swapaxes(0, 1).copy()
        self._sent = 0
        self._ports = SoundPorts(
            count, packets=self._packets, take_steady=self._came, clock=time.monotonic
        )
        self.peers = [PhonePeer(law=PCMU) for _ in numbers]
        self._opened = [self._open(row, peer) for row, peer in enumerate(self.peers)]
        self.forget()

    def forget(self) -> None:
        """Count from now on."""
        count = len(self.peers)
        self.received_count = self.late_count = self.sound_count = 0
        self._first: NDArray[np.int64] = np.full(count, _NEVER, np.int64)
        self._highest = self._first.copy()
        self._fastest_s = np.full(count, np.inf)

    def begin(self) -> None:
        """Send to where the node has said, and hear whoever sends."""
        for peer, port in zip(self.peers, self._opened, strict=True):
            port.speak(peer.there)
            port.hear(None)
        self._ports.arrange()

    def tick(self) -> None:
        """Hear what waits to be heard, and send the packets that are due."""
        self._ports.take()
        self._sent += 1
        timestamp = self._sent * SAMPLES_PER_TICK & 0xFFFF_FFFF
        head = (self._sent & 0xFFFF).to_bytes(2, "big") + timestamp.to_bytes(4, "big")
        self._packets[:, 2:8] = np.frombuffer(head, np.uint8)
        self._packets[:, HEADER_LENGTH:] = self._sound[self._sent % TONE_FRAMES]
        self._ports.send()

    @property
    def expected_count(self) -> int:
        """Return how many packets there were, by their numbers."""
        return int((self._highest - self._first + 1)[self._first >= 0].sum())

    def _open(self, row: int, peer: PhonePeer) -> SoundPort:
        """Open a telephone's port."""
        return peer.open_by(partial(self._ports.open, Voice(row)))

    def _came(
        self, rows: Rows, packets: NDArray[np.uint8], now: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Time packets against the streams that they belong to."""
        sequence = packets[:, 2:4].view(">u2")[:, 0].astype(np.int64)
        timestamp = packets[:, 4:8].view(">u4")[:, 0].astype(np.int64)
        way_s = (now - timestamp) / _SAMPLES_PER_S
        fastest_s = np.minimum(self._fastest_s[rows], way_s)
        self._fastest_s[rows] = fastest_s
        self.late_count += int((way_s - fastest_s > LATE_AFTER_S).sum())
        is_silent = (packets[:, HEADER_LENGTH:] == PCMU.silence[0]).all(axis=1)
        self.sound_count += int((~is_silent).sum())
        self.received_count += len(rows)
        are_new = self._first[rows] < 0
        self._first[rows[are_new]] = self._highest[rows[are_new]] = sequence[are_new]
        highest = self._highest[rows]
        step = (sequence - highest + 0x8000 & 0xFFFF) - 0x8000
        self._highest[rows] = highest + np.maximum(0, step)
        return np.ones(len(rows), np.bool_)
