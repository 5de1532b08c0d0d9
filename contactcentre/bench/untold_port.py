"""A telephone's socket that nobody is woken by: the load of a bench must cost little itself."""

import socket
import struct
import time
from collections.abc import Callable

from contactcentre.adapters.media_aiortc.listening import TAKEN_MAX
from contactcentre.adapters.media_aiortc.slots import PACKET_MAX_BYTES, STAMPED, Place
from contactcentre.limits import TICK_MS

_TICK_S = TICK_MS / 1_000
_stamp = struct.Struct("@ll")
_STAMP_SPACE = socket.CMSG_SPACE(_stamp.size) if STAMPED else 0

Received = Callable[[bytes, Place, float], None]
"""Takes a packet, where it is from, and how long it has waited in seconds."""


class UntoldPort:
    """One socket that is only heard when it is looked at."""

    def __init__(self, opened: socket.socket, received: Received) -> None:
        if STAMPED:
            opened.setsockopt(socket.SOL_SOCKET, STAMPED, 1)
        self._socket = opened
        self._received = received

    def take(self) -> None:
        """Pass on what has come, up to the first packet that came within a tick.

        Behind that one there is hardly another, and to look costs as much as to find.
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
