"""A leg that speaks Opus, made into one of µ-law at its edge (RFC 7587).

Behind this the engine sees packets of µ-law, counted by a clock of 8 kHz, and knows nothing of
Opus; in front of it the other side sees Opus, counted by its clock of 48 kHz. What a packet tells
of the one before it, which was lost, is put in front of its own sound: the jitter buffer takes
packets of any length, counts the loss, and waits a little longer while packets are being lost.
"""

import socket
import struct
from collections.abc import Callable

from contactcentre.adapters.media_aiortc.carriage import Carriage, Datagram, PacketCame, Terms
from contactcentre.adapters.media_aiortc.codec import OPUS_RATE_HZ, RATE_HZ, Codec
from contactcentre.adapters.media_aiortc.jitter import SEQUENCE_JUMP_MAX
from contactcentre.adapters.media_aiortc.opus import OpusDecoder, OpusEncoder
from contactcentre.adapters.media_aiortc.packets import HEADER_LENGTH, VERSION, read_rtp, write_rtp
from contactcentre.adapters.media_aiortc.sound_port import Listen, SoundPort, SoundReceived
from contactcentre.adapters.media_aiortc.telephone_event import PAYLOAD_LENGTH, duration_of

TIMES = OPUS_RATE_HZ // RATE_HZ
"""So often the one clock ticks while the other ticks once."""
BEHIND_MAX = 10
"""So many packets in a row that are older than what was heard: the sender has begun anew."""
_NEXT_BUT_ONE = 2
_BLOCKS_AT = 28
"""Where the report blocks of a sender report begin."""
_header = struct.Struct("!BBHII")
_sent = struct.Struct("!III")
_SENT_AT = 16
_block = struct.Struct("!IIIIII")
_JITTER = 3


Opens = Callable[[PacketCame, Datagram, Listen], Carriage]
"""Opens a carriage, given who takes the leg's packets, who its reports, and what opens ports."""


def terms_of(codec: Codec, opens: Opens) -> Terms:
    """Return the terms of a leg whose carriage takes and gives a codec, as the engine sees it."""

    def opened(packet_came: PacketCame, report_came: Datagram, listen: Listen) -> Carriage:
        def apart(opened: socket.socket, received: SoundReceived) -> SoundPort:
            port = listen(opened, received)
            port.stay_apart()
            return port

        heard = OpusHeard(codec, packet_came)
        return OverOpus(opens(heard.came, report_came, apart), codec)

    return Terms(
        law=codec.law,
        keys_payload_type=codec.keys_payload_type,
        open=opens if codec.bitrate is None else opened,
    )


def _nearest(wrapped: int, to: int, bits: int) -> int:
    """Return the count nearest to another one that a wrapping counter may stand for."""
    half = 1 << (bits - 1)
    return to + ((wrapped - to + half) & ((1 << bits) - 1)) - half


class OpusHeard:
    """What comes in, as µ-law."""

    def __init__(self, codec: Codec, packet_came: PacketCame) -> None:
        self._codec = codec
        self._packet_came = packet_came
        self._decoder = OpusDecoder()
        self._source: int | None = None
        self._sequence = self._time = self._behind = 0
        self._ends = 0
        """Where the sound that was heard last ends, by the engine's clock."""

    def came(self, data: bytes, waited_s: float = 0.0) -> None:
        """Take a packet."""
        packet = read_rtp(data)
        if packet is None:
            return
        payload_type, sequence, timestamp, source, payload = packet
        if payload_type == self._codec.payload_type:
            made = self._sound(sequence, timestamp, source, payload)
        elif payload_type == self._codec.keys_payload_type:
            made = self._key(sequence, timestamp, source, payload)
        else:
            return
        if made is not None:
            self._packet_came(made, waited_s)

    def _sound(self, sequence: int, timestamp: int, source: int, payload: bytes) -> bytes | None:
        """Return a packet of µ-law with what an Opus packet says, and with what it recovers."""
        step = self._step(sequence, timestamp, source)
        length = self._decoder.length_of(payload)
        if step is None or length <= 0:
            return None
        law, at, before = self._codec.law, self._time // TIMES, b""
        if step == _NEXT_BUT_ONE and at - self._ends == length:
            recovered = self._decoder.recover(payload, length)
            if recovered is not None:
                before = law.encode(recovered)
                at -= length
        samples = self._decoder.decode(payload)
        if samples is None:
            return None
        codes = before + law.encode(samples)
        self._ends = at + len(codes)
        return write_rtp(law.payload_type, sequence, at & 0xFFFF_FFFF, source, codes)

    def _key(self, sequence: int, timestamp: int, source: int, payload: bytes) -> bytes | None:
        """Return the packet of a key, counted by the engine's clock."""
        keys = self._codec.keys_payload_type
        if keys is None or len(payload) < PAYLOAD_LENGTH:
            return None
        if self._step(sequence, timestamp, source) is None:
            return None
        duration = duration_of(payload) * RATE_HZ // self._codec.keys_rate_hz
        said = payload[:2] + duration.to_bytes(2, "big")
        return write_rtp(keys, sequence, self._time // TIMES & 0xFFFF_FFFF, source, said)

    def _step(self, sequence: int, timestamp: int, source: int) -> int | None:
        """Go on to a packet and return how far it is ahead of the last; None if it comes too late.

        A decoder hears packets in their order only.
        """
        step = _nearest(sequence, self._sequence, 16) - self._sequence
        if source == self._source and -SEQUENCE_JUMP_MAX <= step <= 0:
            self._behind += 1
            if self._behind < BEHIND_MAX:
                return None
        if source != self._source or not 0 < step <= SEQUENCE_JUMP_MAX:
            self._decoder = OpusDecoder()
            step = 1
        self._source, self._sequence, self._behind = source, sequence, 0
        self._time = _nearest(timestamp, self._time, 32)
        return step


class OverOpus:
    """A carriage (carriage.Carriage) that is given packets of µ-law and sends them as Opus."""

    def __init__(self, inner: Carriage, codec: Codec) -> None:
        self._inner = inner
        self._codec = codec
        self._encoder = OpusEncoder(codec.bitrate or 0)
        self._octet_count = 0
        self.answer, self.run = inner.answer, inner.run
        self.end, self.close = inner.end, inner.close

    def send(self, packet: bytes) -> bool:
        """Send 20 ms."""
        _, _, sequence, timestamp, source = _header.unpack_from(packet)
        payload = self._encoder.encode(self._codec.law.decode(packet[HEADER_LENGTH:]))
        head = _header.pack(
            VERSION, self._codec.payload_type, sequence, timestamp * TIMES & 0xFFFF_FFFF, source
        )
        if not self._inner.send(head + payload):
            return False
        self._octet_count += len(payload)
        return True

    def send_report(self, packet: bytes) -> None:
        """Send a report of ours (packets.write_report), counted by the clock of Opus."""
        said = bytearray(packet)
        timestamp, packet_count, _ = _sent.unpack_from(said, _SENT_AT)
        _sent.pack_into(
            said,
            _SENT_AT,
            timestamp * TIMES & 0xFFFF_FFFF,
            packet_count,
            self._octet_count & 0xFFFF_FFFF,
        )
        for number in range(said[0] & 0x1F):
            at = _BLOCKS_AT + number * _block.size
            block = list(_block.unpack_from(said, at))
            block[_JITTER] = block[_JITTER] * TIMES & 0xFFFF_FFFF
            _block.pack_into(said, at, *block)
        self._inner.send_report(bytes(said))
