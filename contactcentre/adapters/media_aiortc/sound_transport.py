"""A socket that the loop has listened to, and that is the tick's from now on."""

import asyncio
from typing import Any, Protocol

from contactcentre.adapters.media_aiortc.slots import Place
from contactcentre.adapters.media_aiortc.sound_port import Listen, SoundPort


class Listener(Protocol):
    """Whoever has listened to a socket until now, and goes on to."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""

    def datagram_received(self, data: bytes, address: Place, waited_s: float = 0.0, /) -> None:
        """Take a datagram."""

    def connection_lost(self, error: Exception | None) -> None:
        """Take note that the socket is closed."""


class SoundTransport(asyncio.DatagramTransport):
    """A socket of the loop's that is looked at in each tick from now on, with the same listener.

    Raises OSError if there are no more ports.
    """

    def __init__(
        self, instead_of: asyncio.DatagramTransport, listener: Listener, listen: Listen
    ) -> None:
        opened = instead_of.get_extra_info("socket").dup()
        super().__init__({"socket": opened, "sockname": opened.getsockname()})
        opened.settimeout(0)
        try:
            self.port: SoundPort = listen(opened, listener.datagram_received)
        except OSError:
            opened.close()
            raise
        instead_of.set_protocol(asyncio.DatagramProtocol())
        instead_of.close()
        self._listener = listener
        self._is_closing = False
        listener.connection_made(self)

    @staticmethod
    def can_replace(transport: asyncio.DatagramTransport) -> bool:
        """Say whether a transport has a socket to itself, as one by way of a relay has not."""
        return transport.get_extra_info("socket") is not None

    def sendto(self, data: Any, address: Any = None) -> None:
        """Send, or lose what the system does not take at once."""
        self.port.send(data, address)

    def is_closing(self) -> bool:
        """Say whether it is closed."""
        return self._is_closing

    def close(self) -> None:
        """Close, and let the listener know in the loop's next round."""
        if not self._is_closing:
            self._is_closing = True
            self.port.close()
            asyncio.get_running_loop().call_soon(self._listener.connection_lost, None)

    def abort(self) -> None:
        """Close."""
        self.close()
