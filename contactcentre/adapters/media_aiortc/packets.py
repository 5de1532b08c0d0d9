"""RTP and RTCP packets as bytes: the headers that are read, and the reports that are written."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from contactcentre.limits import SAMPLES_PER_TICK

HEADER_LENGTH = 12
PACKET_LENGTH = HEADER_LENGTH + SAMPLES_PER_TICK
"""Of 20 ms of sound."""
VERSION = 0x80
_VERSION_MASK, _PADDED, _EXTENDED, _SOURCES_MASK = 0xC0, 0x20, 0x10, 0x0F
PAYLOAD_TYPE_MASK = 0x7F
RTP_FIRST, RTP_LAST = 128, 191
"""A first byte in this range is RTP or RTCP, encrypted or not (RFC 7983)."""
RTCP_FIRST, RTCP_LAST = 192, 223
"""A second byte in this range is RTCP on the port of RTP (RFC 5761)."""
_SENDER_REPORT, _RECEIVER_REPORT, _DESCRIPTION = 200, 201, 202
_CNAME = 1
_NTP_EPOCH_S = 2_208_988_800
_LOST_MAX = 0x7F_FFFF
_ROUND_TRIP_MAX = 60 * 65_536
"""In units of 1/65536 s: what is longer is no round trip."""

_header = struct.Struct("!BBHII")
_sender_report = struct.Struct("!BBHIIIIII")
_report_block = struct.Struct("!IBBHIIII")

RtpPacket = tuple[int, int, int, int, bytes]
"""Payload type, sequence number, timestamp, source, payload: a plain tuple for the busiest path."""


def read_rtp(data: bytes) -> RtpPacket | None:
    """Return a packet's parts, None if it is not one."""
    if len(data) < HEADER_LENGTH:
        return None
    first, second, sequence, timestamp, source = _header.unpack_from(data)
    if first == VERSION:
        payload = data[HEADER_LENGTH:]
        return second & PAYLOAD_TYPE_MASK, sequence, timestamp, source, payload
    if first & _VERSION_MASK != VERSION:
        return None
    start = HEADER_LENGTH + 4 * (first & _SOURCES_MASK)
    if first & _EXTENDED:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = len(data) - (data[-1] if first & _PADDED else 0)
    if start > end:
        return None
    return second & PAYLOAD_TYPE_MASK, sequence, timestamp, source, data[start:end]


def write_rtp(
    payload_type: int, sequence: int, timestamp: int, source: int, payload: bytes
) -> bytes:
    """Return a packet; a payload type with the high bit set carries the marker."""
    return _header.pack(VERSION, payload_type, sequence, timestamp, source) + payload


def ntp(clock_s: float) -> int:
    """Return a wall-clock time as the 64 bits of NTP."""
    return int((clock_s + _NTP_EPOCH_S) * 4_294_967_296)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What one side has sent, for its sender report."""

    source: int
    timestamp: int
    packet_count: int
    octet_count: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one side has received, for the report block about it."""

    source: int
    fraction_lost: int
    """Of 256, since the last report."""
    lost_count: int
    highest: int
    jitter: int
    last_report: int
    """The middle bits of the NTP time in the sender report that came last."""
    since_last_report: int
    """In units of 1/65536 s."""


def write_report(sent: Sent, heard: Heard | None, *, clock_s: float) -> bytes:
    """Return a sender report with a report block about the other side, if it was heard."""
    block = b"" if heard is None else _block(heard)
    now = ntp(clock_s)
    report = _sender_report.pack(
        VERSION | (1 if block else 0),
        _SENDER_REPORT,
        6 + len(block) // 4,
        sent.source,
        now >> 32 & 0xFFFF_FFFF,
        now & 0xFFFF_FFFF,
        sent.timestamp,
        sent.packet_count & 0xFFFF_FFFF,
        sent.octet_count & 0xFFFF_FFFF,
    )
    return report + block + _describe(sent)


def _block(heard: Heard) -> bytes:
    """Return one report block."""
    lost = min(heard.lost_count, _LOST_MAX)
    return _report_block.pack(
        heard.source,
        min(heard.fraction_lost, 255),
        lost >> 16,
        lost & 0xFFFF,
        heard.highest & 0xFFFF_FFFF,
        heard.jitter,
        heard.last_report,
        heard.since_last_report & 0xFFFF_FFFF,
    )


def _describe(sent: Sent) -> bytes:
    """Return the source description that every report must carry (RFC 3550, section 6.1)."""
    name = sent.name.encode("ascii")
    item = struct.pack("!IBB", sent.source, _CNAME, len(name)) + name
    item += bytes(4 - len(item) % 4)
    return struct.pack("!BBH", VERSION | 1, _DESCRIPTION, len(item) // 4) + item


def read_sender_report(data: bytes) -> int | None:
    """Return the middle 32 bits of the NTP time of a compound packet's sender report, if any."""
    at = 0
    while at + 8 <= len(data):
        length = 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == _SENDER_REPORT and at + 16 <= len(data):
            return int.from_bytes(data[at + 10 : at + 14], "big")
        at += length
    return None


def read_round_trip_ms(data: bytes, source: int, *, clock_s: float) -> float | None:
    """Return how long it took there and back, as a compound packet's block about `source` tells.

    `clock_s` is the wall clock that our own reports were written by. None without such a block,
    before the other side has had a report of ours, or where the clock was set meanwhile.
    """
    now = ntp(clock_s) >> 16 & 0xFFFF_FFFF
    for about, last_report, since in _blocks(data):
        if about == source and last_report:
            ticks = (now - last_report - since) & 0xFFFF_FFFF
            return ticks * 1_000 / 65_536 if ticks < _ROUND_TRIP_MAX else None
    return None


def _blocks(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield whom each report block is about, our report that came last, and how long ago."""
    at = 0
    while at + 8 <= len(data):
        count, kind = data[at] & 0x1F, data[at + 1]
        length = 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
        head = {_SENDER_REPORT: 28, _RECEIVER_REPORT: 8}.get(kind, length)
        for number in range(count):
            block = at + head + number * _report_block.size
            if head < length and block + _report_block.size <= min(at + length, len(data)):
                about, *_, last_report, since = _report_block.unpack_from(data, block)
                yield about, last_report, since
        at += length
