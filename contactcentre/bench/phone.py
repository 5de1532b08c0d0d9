"""The sound of a telephone that is not one: RTP or SRTP on one port, a tone sent and a tone heard.

What it offers and takes as an answer is SDP in text; who carries that is somebody else's affair.
"""

import asyncio
import socket
import time
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable

import pylibsrtp

from contactcentre.adapters.media_aiortc import telephone_event
from contactcentre.adapters.media_aiortc.g711 import PCMA, Law
from contactcentre.adapters.media_aiortc.packets import (
    RTCP_FIRST,
    RTCP_LAST,
    RtpPacket,
    read_rtp,
    write_rtp,
)
from contactcentre.adapters.media_aiortc.phone_leg import PROFILES
from contactcentre.adapters.media_aiortc.phone_ports import RECEIVE_BUFFER_BYTES, PhoneSocket
from contactcentre.adapters.media_aiortc.sound_port import Listen, SoundPort
from contactcentre.bench.peer import (
    HEARD_PACKETS,
    HEARD_S,
    KEY_ENDS,
    KEY_PACKETS,
    Heard,
    heard_of,
    hears,
    tone_codes,
)
from contactcentre.bench.untold_port import UntoldPort
from contactcentre.limits import SAMPLES_PER_TICK, TICK_MS

KEYS_PAYLOAD_TYPE = 96
SUITE = "AES_CM_128_HMAC_SHA1_80"
_TONE_FRAMES = 50
_MARKER = _END = 0x80


class PhonePeer:
    """One telephone's sound."""

    def __init__(self, *, law: Law = PCMA, host: str = "127.0.0.1", srtp_key: bytes = b"") -> None:
        self._law = law
        self._host = host
        self._srtp_key = srtp_key
        self._suite, self._tag = SUITE, 1
        self._keys_payload_type = KEYS_PAYLOAD_TYPE
        self._out = self._in = _clear
        self._socket: PhoneSocket | UntoldPort | SoundPort | None = None
        self.port = 0
        self.there: tuple[str, int] | None = None
        self.packet_came: Callable[[RtpPacket], None] | None = None
        self.waited_s = 0.0
        """How long the packet that has come last had waited to be taken."""
        self.report_count = 0
        self.sent_count = 0
        self._payloads: deque[tuple[float, bytes]] = deque(maxlen=HEARD_PACKETS)
        self._tone: list[bytes] = []
        self._number = 0
        self._sending: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open a port of the system's choice."""
        loop = asyncio.get_running_loop()
        transport, self._socket = await loop.create_datagram_endpoint(
            lambda: PhoneSocket(self._came), local_addr=(self._host, 0)
        )
        self.port = transport.get_extra_info("sockname")[1]

    def open_untold(self) -> None:
        """Open a port that is only heard when it is looked at (`take`)."""
        self._socket = UntoldPort(self._bound(), self._came)

    def open_by(self, listen: Listen) -> SoundPort:
        """Open a port that is looked at together with many others."""
        port = self._socket = listen(self._bound(), self._came)
        return port

    def _bound(self) -> socket.socket:
        """Return a socket at a port of the system's choice, that never waits."""
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.settimeout(0)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        opened.bind((self._host, 0))
        self.port = opened.getsockname()[1]
        return opened

    def take(self) -> None:
        """Hear what has come to a port that is not told of."""
        if isinstance(self._socket, UntoldPort):
            self._socket.take()

    async def offer(self) -> str:
        """Return an offer of this sound, with its port open."""
        if self._socket is None:
            await self.open()
        return self.sdp()

    async def accept(self, sdp: str, *, sends: bool = True) -> None:
        """Take the answer; nothing is sent until something is hummed, or sent by hand."""
        assert not sends, "a phone hums when it is told to"
        self.answered(sdp)

    def sdp(self, *, direction: str = "sendrecv", host: str | None = None) -> str:
        """Return what this side says of its sound, whoever offers."""
        law, profile = self._law, "RTP/SAVP" if self._srtp_key else "RTP/AVP"
        lines = [
            "v=0",
            f"o=- 1 1 IN IP4 {self._host}",
            "s=-",
            f"c=IN IP4 {host or self._host}",
            "t=0 0",
            f"m=audio {self.port} {profile} {law.payload_type} {KEYS_PAYLOAD_TYPE}",
            f"a=rtpmap:{law.payload_type} {law.name}/8000",
            f"a=rtpmap:{KEYS_PAYLOAD_TYPE} telephone-event/8000",
            f"a={direction}",
            "a=rtcp-mux",
        ]
        if self._srtp_key:
            key = b64encode(self._srtp_key).decode()
            lines.append(f"a=crypto:{self._tag} {self._suite} inline:{key}")
        return "\r\n".join(lines) + "\r\n"

    def answered(self, sdp: str) -> None:
        """Send to where the other side says, with its keys, and as what it takes keypad tones."""
        host = self._host
        for line in sdp.splitlines():
            if line.startswith("c="):
                host = line.split()[-1]
            elif line.startswith("m=audio"):
                self.there = (host, int(line.split()[1]))
            elif line.endswith("telephone-event/8000"):
                self._keys_payload_type = int(line.split()[0].partition(":")[2])
            elif line.startswith("a=crypto"):
                key = b64decode(line.partition("inline:")[2])
                policy = pylibsrtp.Policy
                self._in = self._session(key, policy.SSRC_ANY_INBOUND).unprotect
                self._out = self._session(self._srtp_key, policy.SSRC_ANY_OUTBOUND).protect

    def encrypt(self, key: bytes, *, suite: str = SUITE, tag: int = 1) -> None:
        """Offer another key, suite or tag; they are used once there is an answer."""
        self._srtp_key, self._suite, self._tag = key, suite, tag

    def number_from(self, number: int) -> None:
        """Give the next packet this number."""
        self._number = number - 1

    def _session(self, key: bytes, which: int) -> pylibsrtp.Session:
        policy = pylibsrtp.Policy(key=key, ssrc_type=which, srtp_profile=PROFILES[self._suite])
        return pylibsrtp.Session(policy)

    def hum(self, frequency_hz: float) -> None:
        """Send a tone from now on, a packet every 20 ms."""
        self._tone = tone_codes(frequency_hz, frames=_TONE_FRAMES, law=self._law)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_on(), name="phone sends")

    async def press(self, key: str) -> None:
        """Press a key and return once it is up again."""
        event, at = telephone_event.KEYS.index(key), self._number * SAMPLES_PER_TICK
        for number in range(KEY_PACKETS + KEY_ENDS):
            held = SAMPLES_PER_TICK * min(number + 1, KEY_PACKETS)
            end = _END if number >= KEY_PACKETS else 0
            payload = bytes([event, end | 10]) + held.to_bytes(2, "big")
            self._number += 1
            marker = _MARKER if number == 0 else 0
            self.send_packet(
                write_rtp(self._keys_payload_type | marker, self._number & 0xFFFF, at, 9, payload)
            )
            await asyncio.sleep(TICK_MS / 1_000)

    def send_next(self) -> None:
        """Send the packet that is due."""
        self._number += 1
        payload = self._tone[self._number % len(self._tone)]
        timestamp = self._number * SAMPLES_PER_TICK & 0xFFFF_FFFF
        number = self._number & 0xFFFF
        self.send_packet(write_rtp(self._law.payload_type, number, timestamp, 9, payload))

    def send_packet(self, packet: bytes) -> None:
        """Send a packet, encrypted where that was agreed."""
        if self.there is not None and self._socket is not None:
            self.sent_count += 1
            self._socket.send(self._out(packet), self.there)

    def heard(self, *, within_s: float = HEARD_S) -> Heard:
        """Return what was heard lately, in the last second if nothing else is said."""
        return heard_of(self._payloads, self._law, within_s=within_s)

    async def hears(self, frequency_hz: float, *, within_s: float = 5.0) -> bool:
        """Wait until a tone is what is heard, and say whether it came to that in time."""
        return await hears(self.heard, frequency_hz, within_s=within_s)

    async def rest(self) -> None:
        """Send nothing more."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])
            self._sending = None

    async def close(self) -> None:
        """Give the port back."""
        await self.rest()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _send_on(self) -> None:
        due = time.monotonic()
        while True:
            self.send_next()
            due = max(due + TICK_MS / 1_000, time.monotonic() - TICK_MS / 1_000)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _came(self, data: bytes, _address: tuple[str, int], waited_s: float = 0.0) -> None:
        if RTCP_FIRST <= data[1] <= RTCP_LAST:
            self.report_count += 1
            return
        try:
            packet = read_rtp(self._in(data))
        except pylibsrtp.Error:
            return
        if packet is None:
            return
        if self.packet_came is not None:
            self.waited_s = waited_s
            self.packet_came(packet)
        else:
            self._payloads.append((time.monotonic(), packet[4]))


def _clear(packet: bytes) -> bytes:
    """Return a packet as it is."""
    return packet
