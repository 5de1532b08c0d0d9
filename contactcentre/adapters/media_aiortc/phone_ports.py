"""The ports that phones' sound comes in by: a pair for each leg, sound on the even one.

No port of sound wakes the loop: each tick looks at all of them, which costs half as much. How long
a packet has waited there the system says, so that no figure of the network is the worse for it.
"""

import asyncio
import errno
import secrets
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any, cast

from contactcentre.limits import TICK_MS

TRIES_MAX = 64
"""Ports may be taken by others on the machine; so many in a row are not."""
RECEIVE_BUFFER_BYTES = 65_536
PACKET_MAX_BYTES = 2_048
TAKEN_MAX = 32
"""Packets that one port gives up in one tick: a flood of one leg does not hold up the others."""
_TICK_S = TICK_MS / 1_000
_STAMPED = 35 if sys.platform == "linux" else 0
"""SO_TIMESTAMPNS: the system says of each packet when it came."""
_stamp = struct.Struct("@ll")
_STAMP_SPACE = socket.CMSG_SPACE(_stamp.size) if _STAMPED else 0

Place = tuple[str, int]
Received = Callable[[bytes, Place], None]
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


class PhoneSocket(asyncio.DatagramProtocol):
    """A socket that the loop listens to."""

    def __init__(self, received: Received) -> None:
        self._received = received
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop's is one by its ways

    def datagram_received(self, data: bytes, address: tuple[str | Any, int]) -> None:
        """Pass a packet on, with where it is from."""
        self._received(data, (address[0], address[1]))

    def error_received(self, _error: Exception) -> None:
        """Go on: a port that nobody listens at is no end of a call."""

    def send(self, data: bytes, there: tuple[str, int]) -> None:
        """Send, while the socket is open."""
        if self._transport is not None:
            self._transport.sendto(data, there)

    def close(self) -> None:
        """Close."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None


class PhonePorts:
    """The range of ports on one address, of which each leg has a pair."""

    def __init__(self, *, host: str, first: int, last: int) -> None:
        assert first % 2 == 0
        assert first < last
        self._host = host
        self._pairs = range(first, last, 2)
        self._taken: set[int] = set()

    async def open(
        self, packet_came: SoundReceived, report_came: Received
    ) -> tuple[int, SoundPort, PhoneSocket]:
        """Return the even port of a pair, and the sockets of both. Raises OSError if there is none.

        Where a search begins is drawn: whoever would send into a call must not know its port.
        """
        count = len(self._pairs)
        begin = secrets.randbelow(count)
        tried = 0
        for step in range(count):
            port = self._pairs[(begin + step) % count]
            if port in self._taken:
                continue
            self._taken.add(port)
            try:
                return port, *await self._pair(port, packet_came, report_came)
            except OSError as error:
                self._taken.discard(port)
                tried += 1
                if error.errno != errno.EADDRINUSE or tried >= TRIES_MAX:
                    raise
        raise OSError(errno.EADDRINUSE, "every port for phones' sound is taken")

    def give_back(self, port: int) -> None:
        """Let another leg have a pair."""
        self._taken.discard(port)

    async def _pair(
        self, port: int, packet_came: SoundReceived, report_came: Received
    ) -> tuple[SoundPort, PhoneSocket]:
        sound = SoundPort(self._bound(port), packet_came)
        try:
            reports = self._bound(port + 1)
            try:
                _, listening = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: PhoneSocket(report_came), sock=reports
                )
            except BaseException:
                reports.close()
                raise
        except BaseException:
            sound.close()
            raise
        return sound, listening

    def _bound(self, port: int) -> socket.socket:
        """Return a socket at a port, that never waits."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_DGRAM)
        try:
            opened.settimeout(0)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            opened.bind((self._host, port))
        except BaseException:
            opened.close()
            raise
        return opened
