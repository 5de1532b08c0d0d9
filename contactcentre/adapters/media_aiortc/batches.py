"""How a tick reads and writes all sockets of a node: by one call of the system, or by one each."""

import socket
import struct
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contactcentre.adapters.media_aiortc.ring import (
    ENTRY,
    ENTRY_WORDS,
    RECEIVE_MESSAGE,
    SEND_MESSAGE,
    Ring,
)
from contactcentre.adapters.media_aiortc.slots import (
    NAME_BYTES,
    SAID_BYTES,
    STAMPED,
    Place,
    Slots,
    addresses,
    name_of,
)

Rows = NDArray[np.intp]
_NO_SOCKET = -1
_stamp = struct.Struct("@ll")
_STAMP_SPACE = socket.CMSG_SPACE(_stamp.size) if STAMPED else 0


@dataclass(slots=True, kw_only=True)
class Sending:
    """What goes out in a tick, a place each in all of these."""

    rows: Rows
    """Of the outgoing slots, which say the same to the system."""
    places: list[Place]
    packets: list[memoryview]
    lengths: NDArray[np.uint64]
    """How much of each packet."""

    def only(self, are_chosen: NDArray[np.bool_]) -> "Sending":
        """Return some of it."""
        chosen = np.flatnonzero(are_chosen).tolist()
        return Sending(
            rows=self.rows[are_chosen],
            places=[self.places[at] for at in chosen],
            packets=[self.packets[at] for at in chosen],
            lengths=self.lengths[are_chosen],
        )


class Batch(Protocol):
    """Reads and writes sockets by their rows in the slots."""

    def opened(self, row: int, opened: socket.socket) -> None:
        """Take a socket in."""

    def closed(self, row: int) -> None:
        """Forget a socket."""

    def receive(self, rows: Rows) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Receive a packet of each; return lengths (below zero: none) and when each came.

        The time is the wall clock's in seconds, zero where the system does not say it.
        """

    def send(self, sending: "Sending") -> None:
        """Send; what the system does not take at once is lost, as late sound is of no use."""


class RingBatch:
    """One call of the system for all sockets. Raises OSError where that is not allowed."""

    def __init__(self, incoming: Slots, outgoing: Slots) -> None:
        self._ring = Ring()
        self._message, self._said = incoming["message"], incoming["said"]
        self._receiving = _entries(RECEIVE_MESSAGE, incoming)
        self._sending = _entries(SEND_MESSAGE, outgoing)
        self._receiving_words = self._receiving.view(np.uint64).reshape(-1, ENTRY_WORDS)
        self._sending_words = self._sending.view(np.uint64).reshape(-1, ENTRY_WORDS)

    def opened(self, row: int, opened: socket.socket) -> None:
        """Take a socket in."""
        self._receiving["descriptor"][row] = self._sending["descriptor"][row] = opened.fileno()

    def closed(self, row: int) -> None:
        """Forget a socket, whose number may soon be another's."""
        self._receiving["descriptor"][row] = self._sending["descriptor"][row] = _NO_SOCKET

    def receive(self, rows: Rows) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Receive a packet of each."""
        self._message["name_length"][rows] = NAME_BYTES
        self._message["said_length"][rows] = SAID_BYTES
        lengths = self._ring.run(self._receiving_words[rows])
        said = self._said[rows]
        came_s = said["s"] + said["ns"] / 1e9
        came_s[self._message["said_length"][rows] != SAID_BYTES] = 0.0
        return lengths, came_s

    def send(self, sending: Sending) -> None:
        """Send."""
        self._ring.run(self._sending_words[sending.rows])


class SocketBatch:
    """One call of the system for each socket, on any system."""

    def __init__(self, incoming: Slots) -> None:
        count = len(incoming)
        self._names = incoming["name"]
        self._packets = [memoryview(packet) for packet in incoming["packet"]]
        self._sockets: list[socket.socket | None] = [None] * count
        self._places: list[Place | None] = [None] * count

    def opened(self, row: int, opened: socket.socket) -> None:
        """Take a socket in."""
        self._sockets[row], self._places[row] = opened, None

    def closed(self, row: int) -> None:
        """Forget a socket."""
        self._sockets[row] = None

    def receive(self, rows: Rows) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Receive a packet of each."""
        lengths, came_s = np.full(len(rows), -1, np.int32), np.zeros(len(rows))
        for at, row in enumerate(rows.tolist()):
            opened = self._sockets[row]
            if opened is None:
                continue
            try:
                length, said, _, place = opened.recvmsg_into([self._packets[row]], _STAMP_SPACE)
            except OSError:  # there is none
                continue
            lengths[at] = length
            if said:
                came, came_ns = _stamp.unpack(said[0][2])
                came_s[at] = came + came_ns / 1e9
            if place != self._places[row]:
                self._places[row] = place
                self._names[row] = np.frombuffer(name_of(place[:2]), np.uint8)
        return lengths, came_s

    def send(self, sending: Sending) -> None:
        """Send."""
        rows, lengths = sending.rows.tolist(), sending.lengths.tolist()
        for row, place, packet, length in zip(
            rows, sending.places, sending.packets, lengths, strict=True
        ):
            opened = self._sockets[row]
            if opened is None:
                continue
            try:
                opened.sendto(packet[:length], place)
            except OSError:  # likewise a port that nobody listens at: it is no end of a call
                continue


def _entries(operation: int, slots: Slots) -> NDArray[np.void]:
    """Return what the ring is to do with each slot."""
    entries: NDArray[np.void] = np.zeros(len(slots), ENTRY)
    entries["operation"], entries["descriptor"] = operation, _NO_SOCKET
    entries["address"], entries["length"] = addresses(slots), 1
    entries["how"] = socket.MSG_DONTWAIT
    return entries
