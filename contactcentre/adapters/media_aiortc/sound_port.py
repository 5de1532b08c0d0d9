"""The sockets of a node's sound, all looked at in each tick.

To be woken for every packet costs more than twice as much as to take it when its time has come. How
long a packet has waited the system says, so that no figure of the network is the worse for it.
"""

import socket
from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray
from pylibsrtp import Session

from contactcentre.adapters.media_aiortc.batches import Batch, RingBatch, Rows, SocketBatch
from contactcentre.adapters.media_aiortc.listening import Leg, Listening, TakeSteady
from contactcentre.adapters.media_aiortc.mishaps import Mishaps
from contactcentre.adapters.media_aiortc.ring import RingFailed
from contactcentre.adapters.media_aiortc.slots import STAMPED, Place
from contactcentre.adapters.media_aiortc.speaking import Aimed, Speaking
from contactcentre.adapters.media_aiortc.srtp import InPlace, unprotector_at

PORTS_A_LEG = 2
"""A browser's leg may come by another socket than at first."""

SoundReceived = Callable[[bytes, Place, float], None]
"""Takes a packet, where it is from, and how long it has waited in seconds."""
Listen = Callable[[socket.socket, SoundReceived], "SoundPort"]
"""Opens a leg's port, with a socket that never waits. Raises OSError if there are no more."""


class SoundPort:
    """The port of one leg's sound."""

    __slots__ = (
        "_is_apart",
        "_ports",
        "_socket",
        "aimed",
        "leg",
        "lock",
        "received",
        "row",
        "there",
        "unlock",
    )

    def __init__(
        self,
        ports: "SoundPorts",
        row: int,
        opened: socket.socket,
        received: SoundReceived,
        leg: Leg,
    ) -> None:
        self._ports = ports
        self._socket = opened
        self.row = row
        self.leg = leg
        self.received = received
        self._is_apart = False
        self.there: Place | None = None
        self.lock: Session | None = None
        self.aimed: Aimed | None = None
        self.unlock: InPlace | None = None

    def stay_apart(self) -> None:
        """Leave packets to the carriage, which makes others of them; nothing is settled then."""
        self._is_apart = True

    def speak(self, there: Place | None, lock: Session | None = None) -> None:
        """Send the leg's sound there from the next tick on, encrypted or not; None: nowhere."""
        if not self._is_apart:
            self.there, self.lock, self.aimed = there, lock, None
            self._ports.note()

    def hear(self, place: Place | None, unlock: Session | None = None) -> None:
        """Take sound from a place (None: from anywhere) as the leg's, and ask nobody about it.

        What cannot be decrypted, and what is not sound, is passed on as before.
        """
        if not self._is_apart:
            self._ports.settle(self, place, unlock)

    def hear_all(self) -> None:
        """Pass on all that comes, to be asked about."""
        self._ports.unsettle(self)

    @property
    def heard_at_s(self) -> float:
        """Return when sound was last taken that nobody was asked about, by the node's clock."""
        return self._ports.heard_at_s(self)

    def send(self, data: bytes, there: Place) -> None:
        """Send; what the system does not take at once is lost."""
        try:
            self._socket.sendto(data, there)
        except OSError:  # likewise a port that nobody listens at: it is no end of a call
            return

    def close(self) -> None:
        """Close; to close it again does nothing."""
        self._ports.forget(self)
        self._socket.close()


class SoundPorts:
    """All ports of a node."""

    def __init__(
        self,
        ports_max: int,
        *,
        packets: NDArray[np.uint8],
        take_steady: TakeSteady,
        clock: Callable[[], float],
        mishaps: Mishaps | None = None,
    ) -> None:
        self.mishaps = mishaps or Mishaps()
        self._listening = Listening(
            ports_max, take_steady=take_steady, mishaps=self.mishaps, clock=clock
        )
        self._speaking = Speaking(ports_max, packets)
        self._ports: list[SoundPort | None] = [None] * ports_max
        self._settled: dict[Leg, SoundPort] = {}
        self._sockets: dict[int, socket.socket] = {}
        self._free = list(range(ports_max))[::-1]
        self._rows: Rows = np.zeros(0, np.intp)
        self._batch: Batch | None = None

    @property
    def is_batched(self) -> bool:
        """Say whether one call of the system reads or writes all sockets."""
        return isinstance(self._batch, RingBatch)

    @property
    def dropped_count(self) -> int:
        """Return how many packets came on top of what a tick takes of their kind."""
        return self._listening.dropped_count

    def open(self, leg: Leg, opened: socket.socket, received: SoundReceived) -> SoundPort:
        """Return a leg's port, with a socket that never waits.

        Raises OSError if there are no more.
        """
        if not self._free:
            raise OSError("Every port for sound of this node is used.")
        if STAMPED:
            opened.setsockopt(socket.SOL_SOCKET, STAMPED, 1)
        if self._batch is None:
            self._batch = self._begun()
        row = self._free.pop()
        port = self._ports[row] = SoundPort(self, row, opened, received, leg)
        self._sockets[row] = opened
        self._listening.opened(row)
        self._batch.opened(row, opened)
        self._rows = np.append(self._rows, row)
        return port

    def forget(self, port: SoundPort) -> None:
        """Let a port go, before its socket is closed."""
        row = port.row
        if self._ports[row] is not port or self._batch is None:
            return
        self.unsettle(port)
        self.note()
        self._ports[row] = None
        del self._sockets[row]
        self._batch.closed(row)
        self._rows = self._rows[self._rows != row]
        self._free.append(row)

    def note(self) -> None:
        """Look anew at who is spoken to."""
        self._speaking.note()

    def settle(self, port: SoundPort, place: Place | None, unlock: Session | None) -> None:
        """Take what comes by a port from a place as its leg's sound."""
        row, leg = port.row, port.leg
        if self._ports[row] is not port or leg.row < 0:
            return
        before = self._settled.get(leg)
        if before is not None:
            self.unsettle(before)
        self._settled[leg] = port
        is_locked = unlock is not None
        if unlock is not None:
            port.unlock = unprotector_at(unlock, self._listening.address(row))
        self._listening.settle(row, leg=leg.row, place=place, is_locked=is_locked)
        leg.has_port = True

    def unsettle(self, port: SoundPort) -> None:
        """Take nothing that comes by a port for its leg's sound."""
        if self._settled.get(port.leg) is port:
            del self._settled[port.leg]
            self._listening.unsettle(port.row)
            port.leg.has_port = False

    def heard_at_s(self, port: SoundPort) -> float:
        """Return when a port's settled sound was last taken."""
        return float(self._listening.heard_at_s[port.row])

    def take(self) -> None:
        """Hear all ports."""
        if self._batch is not None and len(self._rows):
            try:
                self._listening.take(self._batch, self._rows, self._ports)
            except RingFailed:
                self._go_on_without_ring()

    @property
    def spoken_to(self) -> Collection[Leg]:
        """Return who is spoken to by a port, as it was last arranged."""
        return self._speaking.legs

    def arrange(self) -> bool:
        """Follow what has changed of who is spoken to, and say whether anything has."""
        return self._speaking.arrange(self._ports)

    def send(self) -> Rows:
        """Send all who are spoken to their packets, and return the rows of legs that went out."""
        if self._batch is not None:
            try:
                self._speaking.send(self._batch)
            except RingFailed:
                self._go_on_without_ring()
        return self._speaking.sent_rows

    def _begun(self) -> Batch:
        """Return the best way to read and write sockets that the system allows."""
        try:
            return RingBatch(self._listening.slots, self._speaking.slots)
        except OSError:
            return SocketBatch(self._listening.slots)

    def _go_on_without_ring(self) -> None:
        """Read and write each socket by itself from now on."""
        self._batch = SocketBatch(self._listening.slots)
        for row, opened in self._sockets.items():
            self._batch.opened(row, opened)
