"""A browser that is not one: a real WebRTC caller that hums a tone and knows what it hears.

ICE, DTLS and the offer are aiortc's own peer connection; its tracks never start, because the answer
is shown to it as inactive. Packets are sent and taken by the peer itself, one every 20 ms.
"""

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
import pylibsrtp
from aiortc import (
    RTCConfiguration,
    RTCDtlsTransport,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)

from contactcentre.adapters.media_aiortc import telephone_event
from contactcentre.adapters.media_aiortc.g711 import LAWS, PCMU, Law, Samples
from contactcentre.adapters.media_aiortc.packets import (
    RTCP_FIRST,
    RTCP_LAST,
    RtpPacket,
    read_rtp,
    write_rtp,
)
from contactcentre.limits import SAMPLES_PER_TICK, TICK_MS

CONNECT_MAX_S = 10.0
SAMPLES_PER_S = 8_000
HEARD_S = 1.0
HEARD_PACKETS = 50
KEY_PACKETS = 5
"""A key is held down for 100 ms."""
KEY_ENDS = 3
"""The end of a press is said three times (RFC 4733, section 2.5.1.4)."""
TONE_LEVEL = 8_000
_MARKER = 0x80
_END = 0x80
_TICK_S = TICK_MS / 1_000

PacketCame = Callable[[RtpPacket], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a peer has heard in the last second."""

    frequency_hz: float
    """The strongest tone; 0 if nothing was heard."""
    level_dbov: float
    packets_count: int


def strongest_tone(samples: Samples) -> tuple[float, float]:
    """Return the frequency of the strongest tone in some sound, and the sound's loudness."""
    wave = samples.astype(np.float64)
    power = float((wave * wave).mean()) if len(wave) else 0.0
    if power < 1.0:
        return 0.0, -127.0
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    frequency = float(np.argmax(spectrum)) * SAMPLES_PER_S / len(wave)
    return frequency, 10 * math.log10(power / 32_768.0**2)


def heard_of(payloads: Iterable[tuple[float, bytes]], law: Law, *, within_s: float) -> Heard:
    """Return what was heard in the last seconds of payloads, each with when it came."""
    since = time.monotonic() - within_s
    recent = [payload for at, payload in payloads if at >= since]
    frequency, level = strongest_tone(law.decode(b"".join(recent)))
    return Heard(frequency_hz=frequency, level_dbov=level, packets_count=len(recent))


async def hears(heard: Callable[[], Heard], frequency_hz: float, *, within_s: float) -> bool:
    """Wait until a tone is what is heard, and say whether it came to that in time."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        now = heard()
        if abs(now.frequency_hz - frequency_hz) < 20 and now.packets_count > 10:  # noqa: PLR2004 - near enough, and long enough to tell
            return True
        await asyncio.sleep(0.05)
    return False


def tone_codes(frequency_hz: float, *, frames: int, law: Law = PCMU) -> list[bytes]:
    """Return some frames of a tone, ready to be sent."""
    at = np.arange(frames * SAMPLES_PER_TICK)
    wave = TONE_LEVEL * np.sin(2 * np.pi * frequency_hz / SAMPLES_PER_S * at)
    codes = law.encode(wave.astype(np.int16))
    return [codes[n : n + SAMPLES_PER_TICK] for n in range(0, len(codes), SAMPLES_PER_TICK)]


class _Network:
    """A bad network, the same for the same seed."""

    def __init__(self, *, loss: float, jitter_s: float, seed: int) -> None:
        self._loss = loss
        self._jitter_s = jitter_s
        self._chance = random.Random(seed)  # noqa: S311 - the same seed, the same network

    def carry(self, send: Callable[[bytes], None], packet: bytes) -> None:
        """Send a packet later, or never."""
        if self._chance.random() >= self._loss:
            late_s = self._chance.random() * self._jitter_s
            asyncio.get_running_loop().call_later(late_s, send, packet)


class Peer:
    """One caller. Used as a context manager it closes itself."""

    def __init__(self, *, law: Law = PCMU, seed: int = 0) -> None:
        telephone_event.register()
        self._law = law
        chance = random.Random(seed)  # noqa: S311 - a stream's numbers keep no secret
        self._sequence = chance.getrandbits(15)
        self._timestamp = chance.getrandbits(32)
        self._source = chance.getrandbits(32)
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        transceiver = self._connection.addTransceiver("audio")
        wanted = {f"audio/{law.name}", telephone_event.MIME_TYPE}
        capabilities = RTCRtpSender.getCapabilities("audio").codecs
        transceiver.setCodecPreferences([c for c in capabilities if c.mimeType in wanted])
        self._dtls: RTCDtlsTransport = transceiver.receiver.transport
        self._keys_payload_type: int | None = None
        self._send: Callable[[bytes], None] | None = None
        self._send_raw: Callable[[bytes], None] | None = None
        self._tone_hz: float | None = None
        self._phase = 0
        self._network: _Network | None = None
        self._keys: deque[tuple[int, bytes]] = deque()
        self._pressed_at = 0
        self._keys_up = asyncio.Event()
        self._sending: asyncio.Task[None] | None = None
        self._payloads: deque[tuple[float, bytes]] = deque(maxlen=HEARD_PACKETS)
        self.recording: list[tuple[float, RtpPacket]] | None = None
        """Set to a list to have every packet kept with the time it came."""
        self.packet_came: PacketCame | None = None
        self.received_count = self.sent_count = 0

    async def __aenter__(self) -> Self:
        """Return the peer."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the peer."""
        await self.close()

    @property
    def is_closed(self) -> bool:
        """Say whether the other side has ended the connection."""
        return self._dtls.state in {"closed", "failed"}

    async def offer(self) -> str:
        """Return an offer of sound, every address of ours in it."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return self._connection.localDescription.sdp

    async def accept(self, answer_sdp: str, *, sends: bool = True) -> None:
        """Take the answer and return once connected; sound is sent every 20 ms from then on."""
        for line in answer_sdp.splitlines():
            if line.startswith("a=rtpmap:") and "telephone-event" in line:
                self._keys_payload_type = int(line[len("a=rtpmap:") :].split()[0])
        for direction in ("sendrecv", "sendonly", "recvonly"):
            answer_sdp = answer_sdp.replace(f"a={direction}", "a=inactive")
        await self._connection.setRemoteDescription(
            RTCSessionDescription(sdp=answer_sdp, type="answer")
        )
        self._listen()
        async with asyncio.timeout(CONNECT_MAX_S):
            while self._dtls.state != "connected":
                if self._dtls.state == "failed" or self._connection.connectionState == "failed":
                    raise ConnectionError("The peer could not connect.")
                await asyncio.sleep(0.005)
        self._find_way()
        if sends:
            self._sending = asyncio.create_task(self._run(), name="peer sends")

    def tone(self, frequency_hz: float | None) -> None:
        """Hum a tone from now on, or be silent."""
        self._tone_hz = frequency_hz

    def impair(self, *, loss: float, jitter_ms: float, seed: int = 0) -> None:
        """Lose a share of what is sent from now on, and delay the rest by up to so long."""
        self._network = _Network(loss=loss, jitter_s=jitter_ms / 1_000, seed=seed)

    def mend(self) -> None:
        """Let what is sent from now on arrive as it was sent."""
        self._network = None

    async def press(self, key: str) -> None:
        """Press a key and return once it is up again."""
        assert self._keys_payload_type is not None, "the other side takes no keys"
        payload_type = self._keys_payload_type
        event = telephone_event.KEYS.index(key)
        durations = [SAMPLES_PER_TICK * (n + 1) for n in range(KEY_PACKETS)]
        for number, duration in enumerate(durations):
            marker = _MARKER if number == 0 else 0
            self._keys.append((payload_type | marker, bytes([event, 10, *_two(duration)])))
        for _ in range(KEY_ENDS):
            self._keys.append((payload_type, bytes([event, _END | 10, *_two(durations[-1])])))
        self._keys_up.clear()
        await self._keys_up.wait()

    def heard(self) -> Heard:
        """Return what was heard in the last second."""
        return heard_of(self._payloads, self._law, within_s=HEARD_S)

    async def hears(self, frequency_hz: float, *, within_s: float = 5.0) -> bool:
        """Wait until a tone is what is heard, and say whether it came to that in time."""
        return await hears(self.heard, frequency_hz, within_s=within_s)

    async def hears_nothing(self, *, within_s: float = 5.0) -> bool:
        """Wait until a second of silence was heard, and say whether it came to that in time."""
        ends = time.monotonic() + within_s
        while time.monotonic() < ends:
            if self.heard().level_dbov < -60:  # noqa: PLR2004 - nobody hears this
                return True
            await asyncio.sleep(0.05)
        return False

    async def vanish(self) -> None:
        """Stop sending and answering without a word, as a browser does whose machine died."""
        await self._stop_sending()
        self._send = None
        inside = self._dtls.transport._connection  # noqa: SLF001 - nothing kinder is silent
        for protocol in inside._protocols:  # noqa: SLF001 - likewise
            setattr(protocol, "datagram_received", _ignore)  # noqa: B010 - a method to mypy, a hook to us

    async def close(self) -> None:
        """Hang up."""
        await self._stop_sending()
        await self._connection.close()

    async def _stop_sending(self) -> None:
        """Send nothing more."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])
            self._sending = None

    async def _run(self) -> None:
        """Send a packet every 20 ms; what was due while the machine stood still is left out."""
        due = time.monotonic()
        while True:
            self.send_next()
            missed = max(0, int((time.monotonic() - due) / _TICK_S) - 1)
            self._timestamp = (self._timestamp + missed * SAMPLES_PER_TICK) & 0xFFFF_FFFF
            self._phase += missed * SAMPLES_PER_TICK
            due += _TICK_S * (1 + missed)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def send_next(self) -> None:
        """Send the packet that is due now: a piece of the tone, of silence, or of a key."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + SAMPLES_PER_TICK) & 0xFFFF_FFFF
        payload_type, payload, timestamp = self._law.payload_type, self._hum(), self._timestamp
        if self._keys:
            payload_type, payload = self._keys.popleft()
            if payload_type & _MARKER:
                self._pressed_at = timestamp
            timestamp = self._pressed_at
            if not self._keys:
                self._keys_up.set()
        self.send_packet(write_rtp(payload_type, self._sequence, timestamp, self._source, payload))

    def send_packet(self, packet: bytes) -> None:
        """Encrypt a packet and send it."""
        if self._send is None:
            return
        self.sent_count += 1
        if self._network is None:
            self._send(packet)
        else:
            self._network.carry(self._send, packet)

    def send_raw(self, datagram: bytes) -> None:
        """Send bytes as they are, as a stranger would who has found the port."""
        assert self._send_raw is not None, "not connected"
        self._send_raw(datagram)

    def _hum(self) -> bytes:
        """Return the next 20 ms of our own sound."""
        if self._tone_hz is None:
            return self._law.silence
        at = np.arange(self._phase, self._phase + SAMPLES_PER_TICK)
        self._phase += SAMPLES_PER_TICK
        wave = TONE_LEVEL * np.sin(2 * np.pi * self._tone_hz / SAMPLES_PER_S * at)
        return self._law.encode(wave.astype(np.int16))

    def _find_way(self) -> None:
        """Note where packets go."""
        inside = self._dtls.transport._connection  # noqa: SLF001 - aiortc sends by coroutine only
        pair = inside._nominated[1]  # noqa: SLF001 - likewise
        protect = self._dtls._tx_srtp.protect  # noqa: SLF001 - likewise
        sendto, there = pair.protocol.transport.sendto, pair.remote_addr
        self._send = lambda packet: sendto(protect(packet), there)
        self._send_raw = lambda datagram: sendto(datagram, there)

    def _listen(self) -> None:
        """Take packets at the socket."""
        inside = self._dtls.transport._connection  # noqa: SLF001 - aiortc hands on decoded sound only
        for protocol in inside._protocols:  # noqa: SLF001 - likewise
            taking = self._taking(protocol.datagram_received)
            setattr(protocol, "datagram_received", taking)  # noqa: B010 - a method to mypy, a hook to us

    def _taking(self, others: Callable[[bytes, tuple[Any, ...]], None]) -> Callable[..., None]:
        """Return a receiver that takes sound and leaves the rest to others."""

        def datagram_received(data: bytes, address: tuple[Any, ...]) -> None:
            """Put a datagram on its path by its first byte (RFC 7983)."""
            if not data or data[0] >> 6 != 2:  # noqa: PLR2004 - the version of RTP
                others(data, address)
            elif not RTCP_FIRST <= data[1] <= RTCP_LAST:
                self._took(data)

        return datagram_received

    def _took(self, data: bytes) -> None:
        """Decrypt a packet and keep its sound."""
        session = self._dtls._rx_srtp  # noqa: SLF001 - as above
        if session is None:
            return
        try:
            packet = read_rtp(session.unprotect(data))
        except pylibsrtp.Error:
            return
        if packet is None:
            return
        self.received_count += 1
        if self.packet_came is not None:
            self.packet_came(packet)
            return
        now = time.monotonic()
        if packet[0] in {law.payload_type for law in LAWS}:
            self._payloads.append((now, packet[4]))
        if self.recording is not None:
            self.recording.append((now, packet))


def _two(number: int) -> bytes:
    """Return a number in two bytes."""
    return number.to_bytes(2, "big")


def _ignore(_data: bytes, _address: tuple[Any, ...]) -> None:
    """Take no notice."""
