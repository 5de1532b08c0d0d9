"""A socket that sound comes in by, looked at in each tick.

To be woken for every packet costs more than twice as much as to take it when its time has come. How
long a packet has waited the system says, so that no figure of the network is the worse for it.
"""

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from contactcentre.limits import TICK_MS

PACKET_MAX_BYTES = 2_048
TAKEN_MAX = 32
"""Packets that one port gives up in one tick: a flood of one leg does not hold up the others."""
_TICK_S = TICK_MS / 1_000
_STAMPED = 35 if sys.platform == "linux" else 0
"""SO_TIMESTAMPNS: the system says of each packet when it came."""
_stamp = struct.Struct("@ll")
_STAMP_SPACE = socket.CMSG_SPACE(_stamp.size) if _STAMPED else 0

Place = tuple[str, int]
SoundReceived = Callable[[bytes, Place, float], None]
"""Takes a packet, where it is from, and how long it has waited in seconds."""


class SoundPort:
    """The port of one leg's sound."""

    def __init__(self, opened: socket.socket, received: SoundReceived) -> None:
        if _STAMPED:
            opened.setsockopt(socket.SOL_SOCKET, _STAMPED, 1)
        self._socket = opened
        self._received = received

    def take(self) -> None:
        """Pass on what has come, up to the first packet that came within a tick.

        Behind that one there is hardly another, and to look costs as much as to find. What is
        there all the same is taken a tick later, for which `jitter.FRAMES_MIN` has room.
        """
        for _ in range(TAKEN_MAX):
            try:
                data, said, _, address = self._socket.recvmsg(PACKET_MAX_BYTES, _STAMP_SPACE)
            except OSError:  # there is no more, or the port is closed
                return
            waited_s = 0.0
            if said:
                came_s, came_ns = _stamp.unpack(said[0][2])
                waited_s = max(0.0, time.time() - came_s - came_ns / 1e9)
            self._received(data, address[:2], waited_s)
            if said and waited_s < _TICK_S:
                return

    def send(self, data: bytes, there: Place) -> None:
        """Send; what the system does not take at once is lost, as late sound is of no use."""
        try:
            self._socket.sendto(data, there)
        except OSError:  # likewise a port that nobody listens at: it is no end of a call
            return

    def close(self) -> None:
        """Close."""
        self._socket.close()


class Listener(Protocol):
    """Whoever has listened to a socket until now, and goes on to."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""

    def datagram_received(self, data: bytes, address: Place, waited_s: float = 0.0, /) -> None:
        """Take a datagram."""

    def connection_lost(self, error: Exception | None) -> None:
        """Take note that the socket is closed."""


class SoundTransport(asyncio.DatagramTransport):
    """A socket of the loop's that is looked at in each tick from now on, with the same listener."""

    def __init__(self, instead_of: asyncio.DatagramTransport, listener: Listener) -> None:
        opened = instead_of.get_extra_info("socket").dup()
        super().__init__({"socket": opened, "sockname": opened.getsockname()})
        opened.settimeout(0)
        instead_of.set_protocol(asyncio.DatagramProtocol())
        instead_of.close()
        self._listener = listener
        self._is_closing = False
        self._port = SoundPort(opened, listener.datagram_received)
        self.take = self._port.take
        listener.connection_made(self)

    @staticmethod
    def can_replace(transport: asyncio.DatagramTransport) -> bool:
        """Say whether a transport has a socket to itself, as one by way of a relay has not."""
        return transport.get_extra_info("socket") is not None

    def sendto(self, data: Any, address: Any = None) -> None:
        """Send, or lose what the system does not take at once."""
        self._port.send(data, address)

    def is_closing(self) -> bool:
        """Say whether it is closed."""
        return self._is_closing

    def close(self) -> None:
        """Close, and let the listener know in the loop's next round."""
        if not self._is_closing:
            self._is_closing = True
            self._port.close()
            asyncio.get_running_loop().call_soon(self._listener.connection_lost, None)

    def abort(self) -> None:
        """Close."""
        self.close()
