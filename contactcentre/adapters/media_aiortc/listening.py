"""What comes by a node's ports in a tick: what is expected as arrays, anything else one by one.

A port is settled once it is known whose sound comes by it. A packet that is what was expected of a
settled port needs no step of Python of its own.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contactcentre.adapters.media_aiortc.batches import Batch, Rows
from contactcentre.adapters.media_aiortc.mishaps import Mishaps
from contactcentre.adapters.media_aiortc.packets import (
    HEADER_LENGTH,
    PACKET_LENGTH,
    RTCP_FIRST,
    RTCP_LAST,
    RTP_FIRST,
    RTP_LAST,
)
from contactcentre.adapters.media_aiortc.slots import (
    INCOMING,
    NAME_BYTES,
    Place,
    address_of,
    made,
    name_of,
    place_of,
)
from contactcentre.adapters.media_aiortc.srtp import InPlace
from contactcentre.limits import SAMPLES_PER_TICK, TICK_MS

TAKEN_MAX = 32
"""Packets that one port gives up in one tick: a flood of one leg does not hold up the others."""
ODD_MAX = 512
"""Packets that one tick takes of those that are no sound, or none from where a port's sound comes.

Each is taken apart by itself. What is more than that is dropped: whoever means it sends it again.
"""
_TICK_S = TICK_MS / 1_000
_SAMPLES_PER_S = SAMPLES_PER_TICK * 1_000 // TICK_MS

Lengths = NDArray[np.int32]
Times = NDArray[np.float64]
TakeSteady = Callable[[Rows, NDArray[np.uint8], NDArray[np.int64]], NDArray[np.bool_]]
"""Takes packets of some legs that came then (in samples), and says which of them it has taken."""


class Leg(Protocol):
    """Whose sound a port carries."""

    row: int
    is_connected: bool
    has_port: bool
    """Whether its sound comes by a settled port."""

    def packet_came(self, data: bytes, waited_s: float = 0.0, /) -> None:
        """Take a packet in the clear."""


class Heard(Protocol):
    """A port as far as it is listened to."""

    leg: Leg
    unlock: InPlace | None
    """Decrypts what lies in the port's slot."""
    received: Callable[[bytes, Place, float], None]
    """Takes what is not known to be the leg's sound, where it is from, how long it has waited."""


class Listening:
    """The incoming slots of all ports, and what is known of who sends to them."""

    def __init__(
        self,
        ports_max: int,
        *,
        take_steady: TakeSteady,
        mishaps: Mishaps,
        clock: Callable[[], float],
    ) -> None:
        self.slots = made(ports_max, INCOMING)
        self._packet: NDArray[np.uint8] = self.slots["packet"]
        self._names: NDArray[np.uint64] = self.slots["name"].view(np.uint64)
        self._take_steady = take_steady
        self._mishaps = mishaps
        self._clock = clock
        self._legs: Rows = np.zeros(ports_max, np.intp)
        self._is_settled = np.zeros(ports_max, np.bool_)
        self._is_locked = np.zeros(ports_max, np.bool_)
        self._from_anywhere = np.zeros(ports_max, np.bool_)
        self._settled_names: NDArray[np.uint64] = np.zeros((ports_max, NAME_BYTES // 8), np.uint64)
        self.heard_at_s: Times = np.zeros(ports_max)
        """When each port's settled place was heard last, by the node's clock."""
        self.dropped_count = 0
        """Packets that came on top of what a tick takes of their kind."""
        self._odd_left = ODD_MAX

    def opened(self, row: int) -> None:
        """Forget whom a former socket of a port has heard: a shorter name would not cover it."""
        self._names[row] = 0

    def address(self, row: int) -> int:
        """Return where in memory the packets of a port come to lie."""
        return address_of(self._packet[row])

    def settle(self, row: int, *, leg: int, place: Place | None, is_locked: bool) -> None:
        """Take what comes from a place, or from anywhere, as the sound of a leg."""
        self._legs[row] = leg
        self._from_anywhere[row] = place is None
        if place is not None:
            self._settled_names[row] = np.frombuffer(name_of(place), np.uint64)
        self._is_locked[row] = is_locked
        self._is_settled[row] = True

    def unsettle(self, row: int) -> None:
        """Take nothing for known."""
        self._is_settled[row] = False

    def take(self, batch: Batch, rows: Rows, ports: Sequence[Heard | None]) -> None:
        """Pass on what has come, up to the first packet of each port that came within a tick.

        Behind that one there is hardly another, and to look costs as much as to find. What is
        there all the same is taken a tick later, for which `jitter.FRAMES_MIN` has room.
        """
        self._odd_left = ODD_MAX
        for _ in range(TAKEN_MAX):
            if not len(rows):
                return
            lengths, came_s = batch.receive(rows)
            have_come = np.flatnonzero(lengths >= 0)
            rows, lengths, came_s = rows[have_come], lengths[have_come], came_s[have_come]
            waited_s = np.where(came_s > 0, np.maximum(0.0, time.time() - came_s), 0.0)
            self._pass_on(rows, lengths, waited_s, ports)
            rows = rows[(waited_s >= _TICK_S) | (came_s == 0)]

    def _pass_on(
        self, rows: Rows, lengths: Lengths, waited_s: Times, ports: Sequence[Heard | None]
    ) -> None:
        """Give away what is expected at once, and anything else to whoever takes it apart."""
        now_s = self._clock()
        are_sound = self._are_sound(rows, lengths)
        known = self._known(rows, are_sound)
        for at in np.flatnonzero(known & self._is_locked[rows]).tolist():
            port = ports[rows[at]]
            length = -1 if port is None or port.unlock is None else port.unlock(int(lengths[at]))
            known[at] = length >= 0
            if length >= 0:
                lengths[at] = length
        self.heard_at_s[rows[known]] = now_s
        is_open = self._within_bound(~known & (self._is_settled[rows] | ~are_sound))
        usual = np.flatnonzero(known & (lengths == PACKET_LENGTH))
        if len(usual):
            came_at = ((now_s - waited_s[usual]) * _SAMPLES_PER_S).astype(np.int64)
            packets = self._packet[rows[usual], :PACKET_LENGTH]
            is_open[usual] = ~self._take_steady(self._legs[rows[usual]], packets, came_at)
        for at in np.flatnonzero(is_open).tolist():
            row, port = int(rows[at]), ports[rows[at]]
            if port is None:
                continue
            data = self._packet[row, : lengths[at]].tobytes()
            with self._mishaps:
                if known[at]:
                    port.leg.packet_came(data, float(waited_s[at]))
                else:
                    port.received(data, place_of(self._names[row].tobytes()), float(waited_s[at]))

    def _within_bound(self, are_odd: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Say which packets this tick still takes; the others are counted."""
        is_open = np.ones(len(are_odd), np.bool_)
        odd = np.flatnonzero(are_odd)
        is_open[odd[self._odd_left :]] = False
        self.dropped_count += max(0, len(odd) - self._odd_left)
        self._odd_left = max(0, self._odd_left - len(odd))
        return is_open

    def _are_sound(self, rows: Rows, lengths: Lengths) -> NDArray[np.bool_]:
        """Say which packets look like sound."""
        heads = self._packet[rows, :2]
        first, second = heads[:, 0], heads[:, 1]
        are_sound: NDArray[np.bool_] = lengths >= HEADER_LENGTH
        are_sound &= (first >= RTP_FIRST) & (first <= RTP_LAST)
        are_sound &= (second < RTCP_FIRST) | (second > RTCP_LAST)
        return are_sound

    def _known(self, rows: Rows, are_sound: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Say which packets are sound, from where the sound of a settled port comes."""
        are_there: NDArray[np.bool_] = (self._names[rows] == self._settled_names[rows]).all(axis=1)
        known: NDArray[np.bool_] = are_sound & self._is_settled[rows]
        known &= self._from_anywhere[rows] | are_there
        return known
