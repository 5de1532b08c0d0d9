"""Twilio as a node hears it: one end of a stream, its sound given and taken as packets.

It speaks WebSocket by hand, in whole frames, so that the generator of a load costs little beside
the node that is measured.
"""

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from secrets import token_hex
from typing import Any, cast
from urllib.parse import urlsplit

from contactcentre.adapters.carrier_twilio.stream import CHANNELS, ENCODING, RATE_HZ
from contactcentre.adapters.media_aiortc.packets import HEADER_LENGTH, RtpPacket
from contactcentre.limits import SAMPLES_PER_TICK, TICK_MS

STREAM_OFFER = "stream"
"""Stands in the place of SDP: the answer is where the socket is opened."""
ACCOUNT, CALL = "AC" + "0" * 32, "CA" + "0" * 32
OPEN_MAX_S = 10.0
_TEXT, _MASKED, _TWO_BYTES, _SHORT_MAX = 0x81, 0x80, 126, 125
_NO_MASK = bytes(4)
"""A mask as any other (RFC 6455, section 5.3), and the cheapest."""
_PAYLOAD = b'"payload":"'
_FRAME_LENGTH = SAMPLES_PER_TICK * 4 // 3 + 3 & ~3
"""Of 20 ms in base64."""


class StreamPeer(asyncio.Protocol):
    """One telephone's sound at Twilio."""

    def __init__(self) -> None:
        self.packet_came: Callable[[RtpPacket], None] | None = None
        self._stream_sid = f"MZ{token_hex(16)}"
        self._transport: asyncio.Transport | None = None
        self._came = bytearray()
        self._is_upgraded = False
        self._began = asyncio.Event()
        self._said = self._chunk = 0
        self._number = 0
        """Of the frame that was heard last, those that the node has dropped counted as well."""

    async def offer(self) -> str:
        """Return that this leg opens a socket."""
        return STREAM_OFFER

    async def accept(self, url: str, *, sends: bool = True) -> None:
        """Open the socket at a node, and return once that says something."""
        assert not sends, "nothing is sent but by hand"
        there, loop = urlsplit(url), asyncio.get_running_loop()
        await loop.create_connection(lambda: self, there.hostname or "", there.port or 0)
        assert self._transport is not None, "connected"
        lines = [
            f"GET {there.path} HTTP/1.1",
            f"Host: {there.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: c2l4dGVlbiBvZiBieXRlcw==",
        ]
        self._transport.write("\r\n".join([*lines, "", ""]).encode())
        async with asyncio.timeout(OPEN_MAX_S):
            await self._began.wait()

    def send_packet(self, packet: bytes) -> None:
        """Send the sound of a packet as Twilio does."""
        self._chunk += 1
        sound = b64encode(packet[HEADER_LENGTH:]).decode()
        self._say(
            f'"event":"media","media":{{"track":"inbound","chunk":"{self._chunk}",'
            f'"timestamp":"{self._chunk * TICK_MS}","payload":"{sound}"}}'
        )

    async def close(self) -> None:
        """Break the connection."""
        if self._transport is not None:
            self._transport.abort()

    # What the loop says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class

    def data_received(self, data: bytes) -> None:
        """Take what the node says, in whole frames."""
        self._came += data
        if not self._is_upgraded:
            head, ends, rest = bytes(self._came).partition(b"\r\n\r\n")
            if not ends:
                return
            assert head.startswith(b"HTTP/1.1 101 "), head
            self._is_upgraded, self._came = True, bytearray(rest)
            self._start()
        self._take_frames()

    def _take_frames(self) -> None:
        at, came = 0, bytes(self._came)
        while len(came) >= at + 4:
            length, begins = came[at + 1], at + 2
            if length == _TWO_BYTES:
                length, begins = int.from_bytes(came[at + 2 : at + 4], "big"), at + 4
            if len(came) < begins + length:
                break
            if came[at] == _TEXT:
                self._heard(came[begins : begins + length])
            at = begins + length
        del self._came[:at]

    def _heard(self, message: bytes) -> None:
        """Take sound as a packet; give a mark back, whose name says how much is missing."""
        self._began.set()
        found = message.find(_PAYLOAD)
        if found >= 0:
            begins = found + len(_PAYLOAD)
            self._number += 1
            if self.packet_came is not None:
                sound = b64decode(message[begins : begins + _FRAME_LENGTH])
                at = self._number * SAMPLES_PER_TICK
                self.packet_came((0, self._number & 0xFFFF, at, 0, sound))
            return
        said = json.loads(message)
        if said["event"] == "mark":
            self._number = max(self._number, int(said["mark"]["name"][1:]))
            self._say(f'"event":"mark","mark":{json.dumps(said["mark"])}')

    def _start(self) -> None:
        self._say('"event":"connected","protocol":"Call","version":"1.0.0"')
        start: Mapping[str, Any] = {
            "accountSid": ACCOUNT,
            "streamSid": self._stream_sid,
            "callSid": CALL,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": ENCODING, "sampleRate": RATE_HZ, "channels": CHANNELS},
            "customParameters": {},
        }
        self._say(f'"event":"start","start":{json.dumps(start)}')

    def _say(self, said: str) -> None:
        """Send a message."""
        if self._transport is None or self._transport.is_closing():
            return
        self._said += 1
        text = (
            f'{{{said},"sequenceNumber":"{self._said}","streamSid":"{self._stream_sid}"}}'
        ).encode()
        if len(text) <= _SHORT_MAX:
            header = bytes([_TEXT, _MASKED | len(text)])
        else:
            header = bytes([_TEXT, _MASKED | _TWO_BYTES]) + len(text).to_bytes(2, "big")
        self._transport.write(header + _NO_MASK + text)
