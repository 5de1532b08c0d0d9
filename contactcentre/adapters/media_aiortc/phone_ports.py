"""The ports that phones' sound comes in by: a pair for each leg, sound on the even one."""

import asyncio
import errno
import secrets
import socket
from collections.abc import Callable
from typing import Any, cast

from contactcentre.adapters.media_aiortc.slots import Place
from contactcentre.adapters.media_aiortc.sound_port import Listen, SoundPort, SoundReceived

TRIES_MAX = 64
"""Ports may be taken by others on the machine; so many in a row are not."""
RECEIVE_BUFFER_BYTES = 65_536

Received = Callable[[bytes, Place], None]


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
        self, listen: Listen, packet_came: SoundReceived, report_came: Received
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
                return port, *await self._pair(port, listen, packet_came, report_came)
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
        self, port: int, listen: Listen, packet_came: SoundReceived, report_came: Received
    ) -> tuple[SoundPort, PhoneSocket]:
        opened = self._bound(port)
        try:
            sound = listen(opened, packet_came)
        except OSError:
            opened.close()
            raise
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
