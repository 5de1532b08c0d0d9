"""What goes out by a node's ports in a tick: each leg's packet, from where the engine wrote it."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pylibsrtp import Session

from contactcentre.adapters.media_aiortc.batches import Batch, Rows, Sending
from contactcentre.adapters.media_aiortc.listening import Leg
from contactcentre.adapters.media_aiortc.packets import PACKET_LENGTH
from contactcentre.adapters.media_aiortc.slots import (
    OUTGOING,
    Place,
    address_of,
    made,
    name_length,
    name_of,
)
from contactcentre.adapters.media_aiortc.srtp import InPlace, protector_at


class Spoken(Protocol):
    """A port as far as it is spoken by."""

    row: int
    leg: Leg
    there: Place | None
    """Where sound goes; None for nowhere."""
    lock: Session | None
    """What encrypts it; None for the clear."""


class Speaking:
    """The outgoing slots of all ports.

    `packets` is where the engine writes what each leg is to hear, a leg a row, with room behind
    it for what encryption adds.
    """

    def __init__(self, ports_max: int, packets: NDArray[np.uint8]) -> None:
        self.slots = made(ports_max, OUTGOING)
        self._packets = packets
        self._seals: list[tuple[int, InPlace]] = []
        self._has_changed = False
        self._sending = _nothing()
        self.legs: set[Leg] = set()
        """Who is spoken to by a port."""
        self.leg_rows: Rows = np.zeros(0, np.intp)

    def note(self) -> None:
        """Look anew at who is spoken to, before the next packet is sent."""
        self._has_changed = True

    def arrange(self, ports: Sequence[Spoken | None]) -> bool:
        """Follow what has changed of who is spoken to, and where; say whether anything has."""
        if not self._has_changed:
            return False
        self._has_changed = False
        self._seals.clear()
        self.legs.clear()
        sending = self._sending = _nothing()
        spoken = [port for port in ports if port is not None and port.leg.is_connected]
        rows: list[int] = []
        leg_rows: list[int] = []
        for port in spoken:
            if port.there is None or port.leg in self.legs:
                continue
            packet = self._packets[port.leg.row]
            if port.lock is not None:
                self._seals.append((len(rows), protector_at(port.lock, address_of(packet))))
            self.legs.add(port.leg)
            leg_rows.append(port.leg.row)
            rows.append(port.row)
            sending.places.append(port.there)
            sending.packets.append(memoryview(packet))
            self._aim(port.row, packet, name_of(port.there))
        self.leg_rows = np.array(leg_rows, np.intp)
        sending.rows = np.array(rows, np.intp)
        sending.lengths = np.full(len(rows), PACKET_LENGTH, np.uint64)
        return True

    def send(self, batch: Batch) -> None:
        """Send every leg that is spoken to its packet."""
        sending = self._sending
        if not len(sending.rows):
            return
        for at, seal in self._seals:
            sending.lengths[at] = max(0, seal(PACKET_LENGTH))
        self.slots["piece"]["length"][sending.rows] = sending.lengths
        batch.send(sending)

    def _aim(self, row: int, packet: NDArray[np.uint8], name: bytes) -> None:
        """Write where a port's packets lie and where they go."""
        self.slots["piece"]["base"][row] = address_of(packet)
        self.slots["message"]["name_length"][row] = name_length(name)
        self.slots["name"][row] = np.frombuffer(name, np.uint8)


def _nothing() -> Sending:
    return Sending(rows=np.zeros(0, np.intp), places=[], packets=[], lengths=np.zeros(0, np.uint64))
