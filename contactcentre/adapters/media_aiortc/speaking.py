"""What goes out by a node's ports in a tick: each leg's packet, from where the engine wrote it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

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


class Aimed(NamedTuple):
    """Where a port's packets lie, where they go, and what encrypts them."""

    packet: memoryview
    place: Place
    seal: InPlace | None


class Spoken(Protocol):
    """A port as far as it is spoken by."""

    row: int
    leg: Leg
    there: Place | None
    """Where sound goes; None for nowhere."""
    lock: Session | None
    """What encrypts it; None for the clear."""
    aimed: Aimed | None
    """What has come of these; None when they have changed."""


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
        self.sent_rows = self.leg_rows
        """Those of them that were sent a packet last."""

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
        rows: list[int] = []
        leg_rows: list[int] = []
        for port in ports:
            if port is None or not port.leg.is_connected or port.leg in self.legs:
                continue
            aimed = port.aimed or self._aim(port)
            if aimed is None:
                continue
            if aimed.seal is not None:
                self._seals.append((len(rows), aimed.seal))
            self.legs.add(port.leg)
            leg_rows.append(port.leg.row)
            rows.append(port.row)
            sending.places.append(aimed.place)
            sending.packets.append(aimed.packet)
        self.leg_rows = np.array(leg_rows, np.intp)
        sending.rows = np.array(rows, np.intp)
        sending.lengths = np.full(len(rows), PACKET_LENGTH, np.uint64)
        return True

    def send(self, batch: Batch) -> None:
        """Send every leg that is spoken to its packet, unless that cannot be encrypted."""
        sending, self.sent_rows = self._sending, self.leg_rows
        if not len(sending.rows):
            return
        for at, seal in self._seals:
            sending.lengths[at] = max(0, seal(PACKET_LENGTH))
        is_sealed = sending.lengths > 0
        if not is_sealed.all():
            sending, self.sent_rows = sending.only(is_sealed), self.leg_rows[is_sealed]
        self.slots["piece"]["length"][sending.rows] = sending.lengths
        batch.send(sending)

    def _aim(self, port: Spoken) -> Aimed | None:
        """Write where a port's packets lie and where they go, if they go anywhere."""
        if port.there is None:
            return None
        row, packet, name = port.row, self._packets[port.leg.row], name_of(port.there)
        self.slots["piece"]["base"][row] = address_of(packet)
        self.slots["message"]["name_length"][row] = name_length(name)
        self.slots["name"][row] = np.frombuffer(name, np.uint8)
        seal = None if port.lock is None else protector_at(port.lock, address_of(packet))
        port.aimed = Aimed(memoryview(packet), port.there, seal)
        return port.aimed


def _nothing() -> Sending:
    return Sending(rows=np.zeros(0, np.intp), places=[], packets=[], lengths=np.zeros(0, np.uint64))
