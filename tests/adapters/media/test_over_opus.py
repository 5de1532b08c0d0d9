"""Legs that speak Opus: what they say and hear, counted by two clocks, with losses repaired."""

import asyncio
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from contactcentre.adapters.media_aiortc import opus
from contactcentre.adapters.media_aiortc.carriage import Terms
from contactcentre.adapters.media_aiortc.codec import Codec
from contactcentre.adapters.media_aiortc.g711 import PCMU, Samples
from contactcentre.adapters.media_aiortc.opus import OpusDecoder, OpusEncoder
from contactcentre.adapters.media_aiortc.over_opus import BEHIND_MAX, OpusHeard, OverOpus, terms_of
from contactcentre.adapters.media_aiortc.packets import (
    Heard,
    RtpPacket,
    Sent,
    read_rtp,
    write_report,
    write_rtp,
)
from contactcentre.adapters.media_aiortc.sound_port import SoundPort
from contactcentre.bench.peer import strongest_tone
from tests.adapters.media.conftest import tone

SOURCE = 77
OPUS = Codec(law=PCMU, payload_type=111, bitrate=20_000, keys_payload_type=110, keys_rate_hz=48_000)
FRAMES = 60
LAST = 2**32
WORDS = tone(440, 0.02 * FRAMES)


def packets(
    *, first: int = 0, sequence: int = 65_500, source: int = SOURCE, words: Samples = WORDS
) -> list[bytes]:
    """Return a tone in Opus, as RTP packets by the clock of 48 kHz."""
    encoder = OpusEncoder()
    return [
        write_rtp(
            111,
            (sequence + number) & 0xFFFF,
            (first + number * 960) % LAST,
            source,
            encoder.encode(words[number * 160 : (number + 1) * 160]),
        )
        for number in range(FRAMES)
    ]


def heard(sent: Sequence[bytes], codec: Codec = OPUS) -> list[RtpPacket]:
    """Return what an engine is given of some packets."""
    came: list[RtpPacket] = []

    def take(data: bytes, _waited_s: float = 0.0) -> None:
        packet = read_rtp(data)
        assert packet is not None
        came.append(packet)

    listening = OpusHeard(codec, take)
    for one in sent:
        listening.came(one)
    return came


def sound_of(came: Sequence[RtpPacket]) -> Samples:
    return PCMU.decode(b"".join(payload for *_, payload in came))


@pytest.mark.parametrize("first", [0, 3, LAST - 20 * 960], ids=["0", "odd", "wrapping"])
def test_opus_is_heard_as_mu_law_on_an_unbroken_clock(first: int) -> None:
    came = heard(packets(first=first))
    assert len(came) == FRAMES
    assert {(kind, source, len(payload)) for kind, _, _, source, payload in came} == {
        (0, SOURCE, 160)
    }
    steps = np.diff([timestamp for _, _, timestamp, _, _ in came]) % LAST
    assert set(steps.tolist()) == {160}
    assert np.diff([sequence for _, sequence, *_ in came]).tolist().count(1) == FRAMES - 2
    hz, dbov = strongest_tone(sound_of(came))
    assert abs(hz - 440) < 5
    assert dbov > -18


def test_a_lost_packet_is_put_in_from_the_next_one_and_still_counts_as_lost() -> None:
    sent = packets()
    whole = sound_of(heard(sent))
    came = heard([*sent[:30], *sent[31:]])
    assert len(came) == FRAMES - 1
    lengths = [len(payload) for *_, payload in came]
    assert lengths[30] == 320
    assert lengths.count(160) == FRAMES - 2
    assert came[30][2] == came[29][2] + 160, "where the lost one would have begun"
    assert came[31][2] == came[30][2] + 320
    mended = sound_of(came)
    error = mended[4_800:4_960].astype(float) - whole[4_800:4_960]
    said = whole[4_800:4_960].astype(float)
    assert np.sqrt((error**2).mean()) < 0.5 * np.sqrt((said**2).mean())


def test_the_first_sound_of_a_word_is_heard_although_its_packet_was_lost() -> None:
    word = WORDS.copy()
    word[: 30 * 160] //= 400
    sent = packets(words=word)
    mended = sound_of(heard([*sent[:30], *sent[31:]]))[4_800:4_960].astype(float)
    assert np.sqrt((mended**2).mean()) > 2_000, "nobody could have guessed it"


def test_what_is_lost_in_a_row_is_left_to_the_jitter_buffer() -> None:
    sent = packets()
    came = heard([*sent[:30], *sent[33:]])
    assert {len(payload) for *_, payload in came} == {160}
    assert came[30][2] == came[29][2] + 4 * 160


def test_a_packet_that_comes_again_or_too_late_is_not_heard() -> None:
    sent = packets()
    came = heard([*sent[:30], sent[31], sent[30], sent[31], *sent[32:]])
    assert len(came) == FRAMES - 1
    assert len(sound_of(came)) == FRAMES * 160


def test_a_sender_that_begins_anew_is_heard_again() -> None:
    again = packets(first=5, sequence=65_000)
    assert len(heard([*packets(), *again])) == 2 * FRAMES - BEHIND_MAX + 1
    other = packets(first=99, source=SOURCE + 1)
    came = heard([*packets(), *other])
    assert len(came) == 2 * FRAMES
    assert came[-1][3] == SOURCE + 1


@pytest.mark.parametrize(("rate_hz", "length"), [(48_000, 960), (8_000, 160)])
def test_keys_come_by_either_clock(rate_hz: int, length: int) -> None:
    codec = Codec(
        law=PCMU, payload_type=111, bitrate=9_000, keys_payload_type=110, keys_rate_hz=rate_hz
    )
    sent = packets(first=0, sequence=0)
    key = bytes([5, 10]) + length.to_bytes(2, "big")
    came = heard([*sent[:10], write_rtp(110, 10, 9_600, SOURCE, key), *sent[11:]], codec)
    kind, sequence, timestamp, _, payload = came[10]
    assert (kind, sequence, timestamp) == (110, 10, 1_600)
    assert payload == bytes([5, 10, 0, 160])
    assert {len(payload) for kind, _, _, _, payload in came if kind == 0} == {160}


@pytest.mark.parametrize("payload", [b"", b"\xff\xff", b"\x03\x00", bytes(1_000)])
def test_what_is_no_opus_is_not_heard_and_harms_nothing(payload: bytes) -> None:
    sent = packets(sequence=0)
    sent[20] = write_rtp(111, 20, 20 * 960, SOURCE, payload)
    sent[21] = write_rtp(9, 21, 21 * 960, SOURCE, bytes(160))
    came = heard(sent)
    assert came[-1][1] == FRAMES - 1
    assert abs(strongest_tone(sound_of(came[25:]))[0] - 440) < 10


class Wire:
    """A carriage (carriage.Carriage) that keeps what it is to send."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.reports: list[bytes] = []
        self.is_closed = False
        self.is_held = False
        self.send_report = self.reports.append

    def send(self, packet: bytes) -> bool:
        """Keep a packet, if anybody is to have it."""
        if not self.is_held:
            self.sent.append(packet)
        return not self.is_held

    async def answer(self, *, source: int, name: str) -> str:
        """Answer."""
        return f"{source} {name}"

    async def run(self, connected: Callable[[], None]) -> None:
        """Be connected and over."""
        connected()

    def end(self) -> None:
        """End."""
        self.is_closed = True

    async def close(self) -> None:
        """Close."""
        self.is_closed = True


def no_ports(*_: object) -> SoundPort:
    """Open none: the wire of these tests has none."""
    raise AssertionError


def terms(wire: Wire, codec: Codec = OPUS) -> Terms:
    return terms_of(codec, lambda _came, _report, _listen: wire)


def test_what_is_said_goes_out_as_opus_by_its_clock() -> None:
    wire = Wire()
    carriage = terms(wire).open(lambda _data, _waited_s=0.0: None, print, no_ports)
    for number in range(FRAMES):
        codes = PCMU.encode(WORDS[number * 160 : (number + 1) * 160])
        at = (LAST - 320 + number * 160) % LAST
        carriage.send(write_rtp(0, 65_530 + number & 0xFFFF, at, 5, codes))
    said = [read_rtp(packet) for packet in wire.sent]
    decoder, pieces = OpusDecoder(), []
    for number, packet in enumerate(said):
        assert packet is not None
        kind, sequence, timestamp, source, payload = packet
        assert (kind, sequence, source) == (111, 65_530 + number & 0xFFFF, 5)
        assert timestamp == (number * 960 - 1_920) % LAST
        samples = decoder.decode(payload)
        assert samples is not None
        pieces.append(samples.copy())
    assert abs(strongest_tone(np.concatenate(pieces))[0] - 440) < 5


def test_reports_are_counted_by_the_clock_of_opus() -> None:
    wire = Wire()
    carriage = OverOpus(wire, OPUS)
    carriage.send(write_rtp(0, 1, 0, 5, PCMU.silence))
    about = Heard(
        source=SOURCE,
        fraction_lost=1,
        lost_count=2,
        highest=3,
        jitter=40,
        last_report=5,
        since_last_report=6,
    )
    sent = Sent(source=5, timestamp=1_600, packet_count=1, octet_count=160, name="name")
    carriage.send_report(write_report(sent, about, clock_s=1_000.0))
    said = wire.reports[0]
    assert int.from_bytes(said[16:20], "big") == 9_600
    assert int.from_bytes(said[20:24], "big") == 1
    assert int.from_bytes(said[24:28], "big") == len(wire.sent[0]) - 12
    assert int.from_bytes(said[40:44], "big") == 240
    assert int.from_bytes(said[44:48], "big") == 5
    assert said[52:] == write_report(sent, about, clock_s=1_000.0)[52:]


def test_what_is_not_sent_counts_in_no_report() -> None:
    wire = Wire()
    carriage = OverOpus(wire, OPUS)
    wire.is_held = True
    assert not carriage.send(write_rtp(0, 1, 0, 5, PCMU.silence))
    sent = Sent(source=5, timestamp=1_600, packet_count=0, octet_count=0, name="name")
    carriage.send_report(write_report(sent, None, clock_s=1_000.0))
    assert int.from_bytes(wire.reports[0][24:28], "big") == 0


async def test_all_else_is_the_carriages_own_and_g711_is_left_alone() -> None:
    wire, connected = Wire(), asyncio.Event()
    carriage = terms(wire).open(lambda _data, _waited_s=0.0: None, print, no_ports)
    assert await carriage.answer(source=5, name="name") == "5 name"
    await carriage.run(connected.set)
    assert connected.is_set()
    carriage.end()
    assert wire.is_closed
    plain = terms(Wire(), Codec(law=PCMU, payload_type=0))
    assert isinstance(plain.open(lambda _data, _waited_s=0.0: None, print, no_ports), Wire)


def test_the_library_is_there_where_aiortc_is() -> None:
    assert opus.is_here()
    assert (opus.version() or "").startswith("libopus 1.")
