"""One WebRTC connection: ICE and DTLS by aiortc's parts, the packets by our own short path.

Of aiortc only the gatherer, the two transports and the certificate are used. Its peer connection,
tracks, senders and receivers never come into being, so no thread and no polling task is there to
be stopped. Packets are taken at the datagram, before they would be queued.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, cast

import pylibsrtp
from aioice.ice import StunProtocol
from aiortc import (
    RTCCertificate,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceParameters,
    RTCIceServer,
    RTCIceTransport,
)

from contactcentre.adapters.media_aiortc.carriage import Datagram, PacketCame
from contactcentre.adapters.media_aiortc.offers import Offer, Ours, write_answer
from contactcentre.adapters.media_aiortc.packets import (
    HEADER_LENGTH,
    RTCP_FIRST,
    RTCP_LAST,
    RTP_FIRST,
    RTP_LAST,
)
from contactcentre.adapters.media_aiortc.sound_port import Listen
from contactcentre.adapters.media_aiortc.sound_transport import Listener, SoundTransport
from contactcentre.adapters.media_aiortc.srtp import protector, unprotector

CONNECT_MAX_MS = 10_000
"""ICE and DTLS together take no longer, or the leg is given up."""
_STUN_LAST = 3
_DTLS_FIRST, _DTLS_LAST = 20, 63
"""Which kind of packet a datagram's first byte says it is (RFC 7983)."""


class Connection:
    """One connection, from the offer to its close; it tells what comes by three callbacks."""

    def __init__(
        self,
        *,
        offer: Offer,
        ice_servers: Sequence[str],
        packet_came: PacketCame,
        report_came: Datagram,
        listen: Listen,
    ) -> None:
        self._offer = offer
        self._listen_by = listen
        self._packet_came = packet_came
        self._report_came = report_came
        servers = [RTCIceServer(urls=list(ice_servers))] if ice_servers else []
        self._gatherer = RTCIceGatherer(iceServers=servers)
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = RTCDtlsTransport(self._ice, [RTCCertificate.generateCertificate()])
        self._over = asyncio.Event()
        self._keys_agreed = asyncio.Event()
        self._connecting: asyncio.Task[None] | None = None
        self._way: StunProtocol | None = None
        self._ports: dict[StunProtocol, SoundTransport] = {}
        self._protect: Callable[[bytes], bytes] | None = None
        self._unprotect: Callable[[bytes], bytes] | None = None
        self._send: Callable[[bytes, tuple[str, int]], None] | None = None
        self._there: tuple[str, int] = ("", 0)
        self.refused_count = 0
        """Packets that were not encrypted for us."""

    async def answer(self, *, source: int, name: str) -> str:
        """Gather our addresses and return the answer to the offer."""
        await self._gatherer.gather()
        ice = self._gatherer.getLocalParameters()
        inside = self._ice._connection  # noqa: SLF001 - aiortc shows the datagrams nowhere else
        for protocol in inside._protocols:  # noqa: SLF001 - likewise
            self._listen(protocol)
        for candidate in self._offer.candidates:
            await inside.add_remote_candidate(candidate)
        return write_answer(
            self._offer,
            Ours(
                username=ice.usernameFragment or "",
                password=ice.password or "",
                fingerprints=self._dtls.getLocalParameters().fingerprints,
                candidates=inside.local_candidates,
                source=source,
                name=name,
            ),
        )

    async def run(self, connected: Callable[[], None]) -> None:
        """Connect, say so, and return once the connection is over or has never come to be."""
        self._ice.on("statechange", self._look)
        self._dtls.on("statechange", self._look)
        self._connecting = asyncio.create_task(self._connect(), name="leg connects")
        self._connecting.add_done_callback(self._has_connected)
        try:
            async with asyncio.timeout(CONNECT_MAX_MS / 1_000):
                await self._keys_agreed.wait()
        except TimeoutError:
            return
        if not self._over.is_set():
            connected()
            await self._over.wait()

    def end(self) -> None:
        """Let `run` return; nothing is sent from now on."""
        self._over.set()
        self._keys_agreed.set()
        self._way = self._send = self._protect = self._unprotect = None
        for transport in self._ports.values():
            transport.port.speak(None)
            transport.port.hear_all()

    async def close(self) -> None:
        """End the connection and give back its sockets; to close it again does nothing.

        A handshake in progress ends by losing its transport: a cancellation may be swallowed
        in it (`asyncio.wait_for` of Python 3.11, when a datagram comes in the same moment).
        """
        self.end()
        await self._dtls.stop()
        await self._ice.stop()
        if self._connecting is not None:
            await asyncio.wait([self._connecting])

    def send(self, packet: bytes) -> bool:
        """Encrypt an RTP packet and send it by the loop, as where the way is a relay's.

        Before the connection stands it goes nowhere.
        """
        if self._send is None or self._protect is None:
            return False
        self._send(self._protect(packet), self._there)
        return True

    def send_report(self, packet: bytes) -> None:
        """Encrypt an RTCP packet and send it, where the other side can now be reached."""
        if self._send is not None:
            self._find_way()
            self._send(self._dtls._tx_srtp.protect_rtcp(packet), self._there)  # noqa: SLF001 - as above

    async def _connect(self) -> None:
        """Find a way to the other side and agree on keys."""
        if self._over.is_set():
            return
        offer = self._offer
        inside = self._ice._connection  # noqa: SLF001 - the role is given here, as aiortc itself does
        inside.ice_controlling = False
        self._dtls._set_role("server" if offer.they_connect else "client")  # noqa: SLF001 - likewise
        await self._ice.start(
            RTCIceParameters(usernameFragment=offer.username, password=offer.password)
        )
        if self._ice.state == "completed":
            await self._dtls.start(RTCDtlsParameters(fingerprints=list(offer.fingerprints)))

    def _has_connected(self, connecting: asyncio.Task[None]) -> None:
        """Take the keys over, or end what has not come to be."""
        if connecting.cancelled() or self._dtls.state != "connected":
            self.end()
        if self._over.is_set():
            return
        self._unprotect = unprotector(self._dtls._rx_srtp)  # noqa: SLF001 - aiortc's own users are its tracks
        self._protect = protector(self._dtls._tx_srtp)  # noqa: SLF001 - likewise
        self._find_way()
        self._keys_agreed.set()

    def _find_way(self) -> None:
        """Note the pair of addresses that ICE has chosen, and leave its socket to the tick."""
        pair = self._ice._connection._nominated.get(1)  # noqa: SLF001 - aioice sends by coroutine only
        if pair is None:
            return
        before = self._way, self._there
        self._way, self._there = pair.protocol, pair.remote_addr
        if before == (self._way, self._there):
            return
        if self._way not in self._ports and SoundTransport.can_replace(self._way.transport):
            self._leave_to_tick(self._way)
        self._send = self._way.transport.sendto
        for protocol, transport in self._ports.items():
            if protocol is self._way:
                transport.port.hear(None, self._dtls._rx_srtp)  # noqa: SLF001 - as above
                transport.port.speak(self._there, self._dtls._tx_srtp)  # noqa: SLF001 - likewise
            else:
                transport.port.speak(None)

    def _leave_to_tick(self, way: StunProtocol) -> None:
        """Let a socket be looked at in each tick; without a port the loop goes on with it."""
        listener = cast(Listener, way)  # by `_listen`
        with suppress(OSError):
            self._ports[way] = SoundTransport(way.transport, listener, self._listen_by)

    def _look(self) -> None:
        """Notice that ICE has lost the other side, or DTLS been closed by it."""
        if self._ice.state in {"failed", "closed"} or self._dtls.state in {"failed", "closed"}:
            self.end()

    def _listen(self, protocol: StunProtocol) -> None:
        """Take sound at the socket; leave ICE and DTLS to their owners, drop anything else."""
        others, let_go = protocol.datagram_received, protocol.connection_lost

        def connection_lost(error: Exception | None) -> None:
            """Send nothing more where there is no socket any more."""
            if protocol is self._way:
                self.end()
            let_go(error)

        def datagram_received(data: bytes, address: tuple[Any, ...], waited_s: float = 0.0) -> None:
            """Put a datagram on its path by its first byte."""
            if len(data) < HEADER_LENGTH:
                return
            first = data[0]
            if RTP_FIRST <= first <= RTP_LAST:
                self._packet(data, waited_s)
            elif first <= _STUN_LAST or _DTLS_FIRST <= first <= _DTLS_LAST:
                others(data, address)

        setattr(protocol, "connection_lost", connection_lost)  # noqa: B010 - a method to mypy, a hook to us
        setattr(protocol, "datagram_received", datagram_received)  # noqa: B010 - likewise

    def _packet(self, data: bytes, waited_s: float) -> None:
        """Decrypt a packet and hand it on."""
        if self._unprotect is None:
            return
        is_report = RTCP_FIRST <= data[1] <= RTCP_LAST
        decrypt = self._dtls._rx_srtp.unprotect_rtcp if is_report else self._unprotect  # noqa: SLF001 - as above
        try:
            clear = decrypt(data)
        except (pylibsrtp.Error, ValueError):
            self.refused_count += 1
            return
        if is_report:
            self._report_came(clear)
        else:
            self._packet_came(clear, waited_s)
