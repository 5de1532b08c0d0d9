"""What is read from packets and written into them, held against aiortc's own reading."""

import struct

import pytest
from aiortc.rtp import RtcpPacket, RtcpSdesPacket, RtcpSrPacket
from hypothesis import given, settings
from hypothesis import strategies as st

from contactcentre.adapters.media_aiortc.packets import (
    Heard,
    Sent,
    ntp,
    read_round_trip_ms,
    read_rtp,
    read_sender_report,
    write_report,
    write_rtp,
)

PLAIN = struct.pack("!BBHII", 0x80, 0x80 | 8, 7, 1_600, 99)


def test_a_packet_is_read_as_it_was_written() -> None:
    assert read_rtp(write_rtp(8, 7, 1_600, 99, b"sound")) == (8, 7, 1_600, 99, b"sound")


@pytest.mark.parametrize(
    ("data", "payload"),
    [
        pytest.param(PLAIN + b"sound", b"sound", id="plain, with its marker"),
        pytest.param(b"\x82" + PLAIN[1:] + bytes(8) + b"sound", b"sound", id="two sources"),
        pytest.param(
            b"\x90" + PLAIN[1:] + b"\xbe\xde\x00\x01abcd" + b"sound", b"sound", id="an extension"
        ),
        pytest.param(b"\xa0" + PLAIN[1:] + b"sound\x00\x00\x03", b"sound", id="padding"),
        pytest.param(PLAIN, b"", id="nothing in it"),
    ],
)
def test_every_form_of_header_is_read(data: bytes, payload: bytes) -> None:
    assert read_rtp(data) == (8, 7, 1_600, 99, payload)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(PLAIN[:-1], id="short"),
        pytest.param(b"\x00" + PLAIN[1:], id="another version"),
        pytest.param(b"\x8f" + PLAIN[1:], id="sources that are not there"),
        pytest.param(b"\x90" + PLAIN[1:] + b"\xbe\xde", id="half an extension"),
        pytest.param(b"\x90" + PLAIN[1:] + b"\xbe\xde\xff\xff", id="an extension past the end"),
        pytest.param(b"\xa0" + PLAIN[1:] + b"\xff", id="more padding than packet"),
    ],
)
def test_what_is_no_packet_is_none(data: bytes) -> None:
    assert read_rtp(data) is None


@settings(deadline=None)
@given(st.binary(max_size=64))
def test_no_bytes_of_a_stranger_are_an_error(data: bytes) -> None:
    packet = read_rtp(data)
    assert packet is None or len(packet[4]) <= len(data)
    middle = read_sender_report(data)
    assert middle is None or 0 <= middle < 1 << 32
    took_ms = read_round_trip_ms(data, 5, clock_s=1_000.0)
    assert took_ms is None or 0 <= took_ms <= 60_000


def test_a_report_says_what_was_sent_and_heard() -> None:
    sent = Sent(source=5, timestamp=1_600, packet_count=10, octet_count=1_600, name="name")
    heard = Heard(
        source=6,
        fraction_lost=64,
        lost_count=3,
        highest=65_540,
        jitter=12,
        last_report=77,
        since_last_report=88,
    )
    data = write_report(sent, heard, clock_s=1_000.5)
    report, description = RtcpPacket.parse(data)
    assert isinstance(report, RtcpSrPacket)
    assert report.ssrc == 5
    assert report.sender_info.packet_count == 10
    assert report.sender_info.ntp_timestamp == ntp(1_000.5)
    (block,) = report.reports
    assert (block.ssrc, block.fraction_lost, block.packets_lost) == (6, 64, 3)
    assert (block.highest_sequence, block.jitter, block.lsr, block.dlsr) == (65_540, 12, 77, 88)
    assert isinstance(description, RtcpSdesPacket)
    assert description.chunks[0].items == [(1, b"name")]
    assert read_sender_report(data) == ntp(1_000.5) >> 16 & 0xFFFF_FFFF


def test_a_report_about_nobody_has_no_block() -> None:
    sent = Sent(source=5, timestamp=0, packet_count=0, octet_count=0, name="sixteen letters.")
    report, _ = RtcpPacket.parse(write_report(sent, None, clock_s=0))
    assert isinstance(report, RtcpSrPacket)
    assert report.reports == []


def about(source: int, *, last_report_s: float, since_s: float) -> bytes:
    """Return what the other side reports of what it hears from `source`."""
    heard = Heard(
        source=source,
        fraction_lost=0,
        lost_count=0,
        highest=9,
        jitter=0,
        last_report=ntp(last_report_s) >> 16 & 0xFFFF_FFFF,
        since_last_report=int(since_s * 65_536),
    )
    sent = Sent(source=6, timestamp=0, packet_count=1, octet_count=160, name="name")
    return write_report(sent, heard, clock_s=0)


def test_the_round_trip_is_what_is_left_of_the_time_since_our_report() -> None:
    data = about(5, last_report_s=1_000.0, since_s=0.7)
    assert read_round_trip_ms(data, 5, clock_s=1_000.75) == pytest.approx(50, abs=0.1)
    assert read_round_trip_ms(data, 8, clock_s=1_000.75) is None, "about somebody else"


def test_a_clock_that_was_set_back_makes_no_round_trip() -> None:
    data = about(5, last_report_s=1_000.0, since_s=0.7)
    assert read_round_trip_ms(data, 5, clock_s=990.0) is None
