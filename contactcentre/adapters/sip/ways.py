"""How SIP messages come and go: one UDP socket, and TCP and TLS connections (RFC 3261, 18)."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Collection
from typing import Any, Protocol, cast

import structlog

from contactcentre.adapters.sip.messages import (
    MESSAGE_MAX_BYTES,
    MalformedMessage,
    length_of,
    read_headers,
)
from contactcentre.adapters.sip.tls import TlsKeys, TlsListener, WrongName, check_name

log = structlog.get_logger()

RECEIVE_BUFFER_BYTES = 4 << 20
"""A burst of calls waits here for the loop, and is not asked for again."""
CONNECTIONS_MAX = 256
WAYS_KEPT_MAX = 1_000
CONNECT_MAX_MS = 3_000
MESSAGE_MAX_MS = 10_000
"""A message that has begun to come over TCP is complete within this."""
UNSENT_MAX_BYTES = 1 << 20
"""A peer that takes so little that this much waits for it is cut off."""
_HEAD_END = b"\r\n\r\n"
_EMPTY_LINE = b"\r\n"
STREAMS = frozenset({"tcp", "tls"})
Peer = tuple[str, int]


class Way(Protocol):
    """How one peer is reached."""

    @property
    def transport(self) -> str:
        """Return `udp`, `tcp` or `tls`."""

    @property
    def peer(self) -> Peer:
        """Return the peer's address, as its packets show it."""

    def back_to(self, port: int) -> "Way":
        """Return the way of a response to what came this way, where a datagram has to name one."""

    def send(self, data: bytes) -> None:
        """Send a message; never waits."""


Received = Callable[[bytes, Way], None]


class UdpWay:
    """A peer over UDP."""

    transport = "udp"
    __slots__ = ("_socket", "peer")

    def __init__(self, udp: "UdpSocket", peer: Peer) -> None:
        self._socket = udp
        self.peer = peer

    def back_to(self, port: int) -> Way:
        """Return the way to another port of the peer."""
        return self if port == self.peer[1] else self._socket.to((self.peer[0], port))

    def send(self, data: bytes) -> None:
        """Send a datagram."""
        self._socket.send(data, self.peer)


class UdpSocket(asyncio.DatagramProtocol):
    """The socket that all of it shares."""

    def __init__(self, received: Received) -> None:
        self._received = received
        self._transport: asyncio.DatagramTransport | None = None
        self._ways: dict[Peer, UdpWay] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop's is one by its ways

    def datagram_received(self, data: bytes, address: tuple[str | Any, int]) -> None:
        """Pass a message on; the bytes that only keep a way open are none."""
        if data.strip(b"\r\n\0"):
            self._received(data, self.to((address[0], address[1])))

    def to(self, peer: Peer) -> UdpWay:
        """Return the way to a peer, one and the same for all that goes there."""
        way = self._ways.get(peer)
        if way is None:
            if len(self._ways) >= WAYS_KEPT_MAX:
                self._ways.clear()
            way = self._ways[peer] = UdpWay(self, peer)
        return way

    def error_received(self, _error: Exception) -> None:
        """Go on: one peer that is not there is no matter to the others."""

    def send(self, data: bytes, there: Peer) -> None:
        """Send, while the socket is open."""
        if self._transport is not None:
            self._transport.sendto(data, there)

    def close(self) -> None:
        """Close."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None


class StreamWay:
    """A peer over a connection, from either side; what is said before it stands waits."""

    def __init__(self, transport: str, peer: Peer) -> None:
        self.transport = transport
        self.peer = peer
        self._writer: asyncio.StreamWriter | None = None
        self._unsent: list[bytes] = []
        self.is_closed = False

    def back_to(self, port: int) -> Way:  # noqa: ARG002 - a connection has one way back
        """Return this way."""
        return self

    def send(self, data: bytes) -> None:
        """Send a message, or let it wait for the connection."""
        if self.is_closed:
            return
        if self._writer is None:
            if sum(map(len, self._unsent)) < UNSENT_MAX_BYTES:
                self._unsent.append(data)
            return
        self._writer.write(data)
        if self._writer.transport.get_write_buffer_size() > UNSENT_MAX_BYTES:
            self._writer.transport.abort()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received
    ) -> None:
        """Take messages until the connection ends."""
        self._writer = writer
        for data in self._unsent:
            self.send(data)
        self._unsent.clear()
        try:
            while True:
                received(await _message(reader, self.send), self)
        except (MalformedMessage, OSError, EOFError, TimeoutError, ValueError) as error:
            # what follows in a stream cannot be found again behind a message without an end
            log.debug("a SIP connection has ended", why=type(error).__name__)
        finally:
            self.close()

    def close(self) -> None:
        """Close."""
        self.is_closed = True
        if self._writer is not None:
            self._writer.close()


class Ways:
    """Everything that listens, and the connections that stand."""

    def __init__(
        self,
        received: Received,
        keys: TlsKeys | None = None,
        *,
        named: Callable[[str], Collection[str]] = lambda host: (host,),
    ) -> None:
        """Begin; `named` gives those whose certificate whoever is at an address has to show."""
        self._received = received
        self._keys = keys
        self._named = named
        self._misnamed: set[Peer] = set()
        self._udp = UdpSocket(received)
        self._server: asyncio.Server | None = None
        self._streams: dict[tuple[str, Peer], StreamWay] = {}
        self._serving: set[asyncio.Task[None]] = set()

    async def open(self, host: str, port: int) -> None:
        """Listen on a port, over UDP and TCP. Raises OSError."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_DGRAM)
        opened.settimeout(0)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        try:
            opened.bind((host, port))
            loop = asyncio.get_running_loop()
            await loop.create_datagram_endpoint(lambda: self._udp, sock=opened)
        except BaseException:
            opened.close()
            raise
        self._server = await asyncio.start_server(
            self._accept, host, port, limit=MESSAGE_MAX_BYTES, reuse_address=True
        )

    def open_tls(self, host: str, port: int, *, may_come: Callable[[str], bool]) -> None:
        """Listen on a port over TLS, to some addresses. Raises OSError."""
        assert self._keys is not None, "nobody listens over TLS without a certificate"
        listener = TlsListener(self._keys, may_come, self._accept_tls)
        listener.open(host, port)
        self._own(listener.run(), "sip over tls")
        self._own(self._keys.watch(), "sip certificate")

    def to(self, transport: str, peer: Peer) -> Way:
        """Return the way to a peer; the connection that stands, or a new one, or a datagram's."""
        if transport not in STREAMS:
            return self._udp.to(peer)
        known = self._streams.get((transport, peer))
        if known is not None and not known.is_closed:
            return known
        way = self._streams[transport, peer] = StreamWay(transport, peer)
        self._own(self._connect(way), f"sip to {peer[0]}")
        return way

    def stands(self, transport: str, peer: Peer) -> bool:
        """Say whether there is a connection with a peer."""
        known = self._streams.get((transport, peer))
        return known is not None and not known.is_closed

    def is_misnamed(self, peer: Peer) -> bool:
        """Say whether a peer has shown somebody else's certificate as we called it last."""
        return peer in self._misnamed

    async def close(self) -> None:
        """Close everything."""
        self._udp.close()
        if self._server is not None:
            self._server.close()
        for way in list(self._streams.values()):
            way.close()
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection that a peer has made."""
        self._welcome("tcp", reader, writer)

    def _accept_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve an encrypted connection that a peer has made."""
        self._welcome("tls", reader, writer)

    def _welcome(
        self, transport: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        peer = writer.get_extra_info("peername")
        if peer is None or len(self._streams) >= CONNECTIONS_MAX:
            writer.close()
            return
        way = self._streams[transport, peer[:2]] = StreamWay(transport, peer[:2])
        self._own(self._serve(way, reader, writer), f"sip from {peer[0]}")

    async def _connect(self, way: StreamWay) -> None:
        """Serve a connection that we make."""
        self._misnamed.discard(way.peer)
        try:
            async with asyncio.timeout(CONNECT_MAX_MS / 1_000):
                context = self._calling(way.transport)
                reader, writer = await asyncio.open_connection(
                    *way.peer, limit=MESSAGE_MAX_BYTES, ssl=context
                )
            self._check(way, writer)
        except WrongName as error:
            log.warning("a SIP peer shows the wrong certificate", peer=way.peer[0], why=str(error))
            way.close()
            self._forget(way)
            return
        except (OSError, TimeoutError) as error:
            log.debug("a SIP peer cannot be connected to", peer=way.peer[0], why=str(error))
            way.close()
            self._forget(way)
            return
        await self._serve(way, reader, writer)

    def _check(self, way: StreamWay, writer: asyncio.StreamWriter) -> None:
        """Look whose certificate a peer shows. Raises WrongName."""
        shown = writer.get_extra_info("peercert")
        if shown is None:
            return
        try:
            check_name(shown, self._named(way.peer[0]))
        except WrongName:
            self._misnamed.add(way.peer)
            writer.close()
            raise

    def _calling(self, transport: str) -> ssl.SSLContext | None:
        """Return how we call. Raises OSError for what is to be encrypted and cannot be."""
        if transport != "tls":
            return None
        if self._keys is None:
            raise OSError("this node has no certificate")
        return self._keys.calling

    async def _serve(
        self, way: StreamWay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            await way.serve(reader, writer, self._received)
        finally:
            self._forget(way)

    def _forget(self, way: StreamWay) -> None:
        if self._streams.get((way.transport, way.peer)) is way:
            del self._streams[way.transport, way.peer]

    def _own(self, work: Any, name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)


async def _message(reader: asyncio.StreamReader, answer: Callable[[bytes], None]) -> bytes:
    """Return the next message of a stream, by the length that it gives.

    Raises MalformedMessage, EOFError, OSError, TimeoutError, ValueError.
    """
    start = await _start(reader, answer)
    async with asyncio.timeout(MESSAGE_MAX_MS / 1_000):
        try:
            head = start + await reader.readuntil(_HEAD_END)
        except asyncio.LimitOverrunError as error:
            raise MalformedMessage("Its headers have no end.") from error
        _, headers = read_headers(head.removesuffix(_HEAD_END))
        length = length_of(headers) or 0
        if length > MESSAGE_MAX_BYTES:
            raise MalformedMessage("It is longer than a message may be.")
        return head + await reader.readexactly(length)


async def _start(reader: asyncio.StreamReader, answer: Callable[[bytes], None]) -> bytes:
    """Return the first byte of the next message, however long that takes to come.

    Two empty lines ask whether we are there, and one is the answer (RFC 5626, section 4.4.1).
    """
    empty_count = 0
    while (start := await reader.readexactly(1)) in {b"\r", b"\n"}:
        async with asyncio.timeout(MESSAGE_MAX_MS / 1_000):
            line = start + await reader.readexactly(1)
        empty_count = empty_count + 1 if line == _EMPTY_LINE else 0
        if empty_count == 2:  # noqa: PLR2004 - two
            answer(_EMPTY_LINE)
            empty_count = 0
    return start
