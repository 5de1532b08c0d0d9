"""Offers of browsers and of strangers: each an answer, or a sentence that says what is wrong."""

import random
from collections.abc import Callable

import pytest
from aioice import Candidate
from aiortc import RTCDtlsFingerprint
from aiortc.sdp import SessionDescription
from hypothesis import given, settings
from hypothesis import strategies as st

from contactcentre.adapters.media_aiortc import opus
from contactcentre.adapters.media_aiortc.codec import codec_of_word
from contactcentre.adapters.media_aiortc.g711 import PCMA, PCMU
from contactcentre.adapters.media_aiortc.offers import Offer, Ours, read_offer, write_answer
from contactcentre.domain.errors import MalformedOffer
from contactcentre.limits import SDP_MAX_BYTES

AUDIO = [
    "m=audio 50000 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
    "c=IN IP4 192.0.2.7",
    "a=rtcp:9 IN IP4 0.0.0.0",
    "a=candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host generation 0 network-id 1",
    "a=candidate:2 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active generation 0",
    "a=candidate:3 1 udp 2122 0d5c3c1e-0000-4000-8000-000000000000.local 50001 typ host",
    "a=candidate:4 2 udp 2122260222 192.0.2.7 50002 typ host generation 0",
    "a=ice-ufrag:Ab+/",
    "a=ice-pwd:abcdefghijklmnopqrstuvwx",
    "a=ice-options:trickle",
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
    "a=setup:actpass",
    "a=mid:0",
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "a=sendrecv",
    "a=msid:- 2d4c",
    "a=rtcp-mux",
    "a=rtcp-rsize",
    "a=rtpmap:111 opus/48000/2",
    "a=rtcp-fb:111 transport-cc",
    "a=fmtp:111 minptime=10;useinbandfec=1",
    "a=rtpmap:63 red/48000/2",
    "a=rtpmap:9 G722/8000",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:13 CN/8000",
    "a=rtpmap:110 telephone-event/48000",
    "a=rtpmap:126 telephone-event/8000",
    "a=ssrc:1 cname:x",
]
VIDEO = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0", "a=mid:1", "a=rtpmap:96 VP8/90000"]
DATA = ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:2"]
SESSION = ["v=0", "o=- 46117 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0"]
OURS = Ours(
    username="abcd",
    password="x" * 22,
    fingerprints=[RTCDtlsFingerprint(algorithm="sha-256", value="AB")],
    candidates=[Candidate.from_sdp("1 1 udp 2130706431 127.0.0.1 40000 typ host")],
    source=1_234,
    name="name",
)


def sdp(*lines: str) -> str:
    return "\r\n".join(lines) + "\r\n"


CHROMIUM = sdp(*SESSION, *AUDIO)


def without(start: str) -> str:
    left = [line for line in (*SESSION, *AUDIO) if not line.startswith(start)]
    assert len(left) < len(SESSION) + len(AUDIO)
    return sdp(*left)


def test_what_a_browser_offers_is_read() -> None:
    offer = read_offer(CHROMIUM)
    assert offer.codec.law is PCMU
    assert offer.codec.keys_payload_type == 126
    assert (offer.username, offer.password) == ("Ab+/", "abcdefghijklmnopqrstuvwx")
    assert offer.direction == "sendrecv"
    assert not offer.they_connect
    assert [candidate.port for candidate in offer.candidates] == [50_000], "one that can be tried"


def test_the_answer_is_one_law_and_keys_and_nothing_else() -> None:
    answer = SessionDescription.parse(write_answer(read_offer(CHROMIUM), OURS))
    (audio,) = answer.media
    assert [codec.name for codec in audio.rtp.codecs] == ["PCMU", "telephone-event"]
    assert [codec.payloadType for codec in audio.rtp.codecs] == [0, 126]
    assert audio.rtcp_mux
    assert audio.direction == "sendrecv"
    assert audio.dtls is not None
    assert audio.dtls.role == "client"
    assert audio.ice is not None
    assert audio.ice.password == "x" * 22
    assert [candidate.port for candidate in audio.ice_candidates] == [40_000]
    assert audio.ssrc[0].ssrc == 1_234


def test_what_the_other_side_likes_best_is_taken() -> None:
    liked = CHROMIUM.replace("SAVPF 111 63 9 0 8", "SAVPF 111 63 9 8 0")
    assert read_offer(liked).codec.law is PCMA


def test_laws_need_no_name_because_their_numbers_are_fixed() -> None:
    assert read_offer(without("a=rtpmap:0")).codec.law is PCMU


ONLY_OPUS = CHROMIUM.replace(" 0 8 13", "")


def test_opus_is_taken_where_nothing_else_is_offered_with_the_keys_of_its_clock() -> None:
    answer = write_answer(read_offer(ONLY_OPUS), OURS)
    (audio,) = SessionDescription.parse(answer).media
    assert [codec.name for codec in audio.rtp.codecs] == ["opus", "telephone-event"]
    assert [codec.payloadType for codec in audio.rtp.codecs] == [111, 110]
    assert [codec.clockRate for codec in audio.rtp.codecs] == [48_000, 48_000]
    assert "a=fmtp:111 maxplaybackrate=8000;" in answer
    assert "useinbandfec=1" in answer


def test_opus_has_the_keys_of_the_telephones_clock_where_there_are_no_others() -> None:
    codec = read_offer(ONLY_OPUS.replace("a=rtpmap:110 telephone-event/48000", "a=x")).codec
    assert (codec.keys_payload_type, codec.keys_rate_hz) == (126, 8_000)


@pytest.mark.parametrize(
    ("wished", "sent"), [("", 20_000), (";maxaveragebitrate=12000", 12_000)], ids=["none", "12k"]
)
def test_opus_is_sent_at_no_more_than_is_wished_for(wished: str, sent: int) -> None:
    offer = read_offer(ONLY_OPUS.replace("useinbandfec=1", f"useinbandfec=1{wished}"))
    assert offer.codec.bitrate == sent


def test_a_machine_without_libopus_says_so_and_takes_everything_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opus, "_library", lambda: None)
    with pytest.raises(MalformedOffer, match="no libopus"):
        read_offer(ONLY_OPUS)
    assert read_offer(CHROMIUM).codec.law is PCMU
    with pytest.raises(MalformedOffer, match="has opus, which this node has not"):
        codec_of_word("opus:111:48000:20000", keys_payload_type=110)
    assert opus.version() is None


def test_another_node_understands_the_word_for_a_codec() -> None:
    for offer in (CHROMIUM, ONLY_OPUS):
        codec = read_offer(offer).codec
        assert codec_of_word(codec.word(), keys_payload_type=codec.keys_payload_type) == codec
    with pytest.raises(MalformedOffer, match="has later, which this node has not"):
        codec_of_word("later:111", keys_payload_type=None)


def test_a_caller_without_keys_is_answered_without_keys() -> None:
    offer = read_offer(without("a=rtpmap:126"))
    assert offer.codec.keys_payload_type is None
    assert "telephone-event" not in write_answer(offer, OURS)


@pytest.mark.parametrize(
    ("offered", "answered"), [("sendonly", "recvonly"), ("recvonly", "sendonly")]
)
def test_a_direction_is_answered_by_its_other_end(offered: str, answered: str) -> None:
    offer = read_offer(CHROMIUM.replace("a=sendrecv", f"a={offered}"))
    assert f"a={answered}\r\n" in write_answer(offer, OURS)


def test_whoever_connects_is_let_connect() -> None:
    offer = read_offer(CHROMIUM.replace("a=setup:actpass", "a=setup:active"))
    assert offer.they_connect
    assert "a=setup:passive\r\n" in write_answer(offer, OURS)


def test_video_and_data_are_turned_down_in_their_places() -> None:
    bundled = sdp(*SESSION[:-1], "a=group:BUNDLE 2 0 1", *DATA, *AUDIO, *VIDEO)
    answer = SessionDescription.parse(write_answer(read_offer(bundled), OURS))
    assert [(media.kind, media.port) for media in answer.media] == [
        ("application", 0),
        ("audio", 9),
        ("video", 0),
    ]
    assert [group.items for group in answer.group] == [["0"]]


def test_what_the_session_says_holds_for_its_sections() -> None:
    credentials = [line for line in AUDIO if line.startswith(("a=ice-", "a=finger", "a=setup"))]
    rest = [line for line in AUDIO if line not in credentials]
    assert read_offer(sdp(*SESSION, *credentials, *rest)).username == "Ab+/"


MALFORMED = [
    pytest.param("", "not a session description", id="nothing"),
    pytest.param("hello", "not a session description", id="words"),
    pytest.param("\x00\xff" * 50, "not a session description", id="bytes"),
    pytest.param(CHROMIUM + "a=x:" + "y" * SDP_MAX_BYTES, "longer than", id="too long"),
    pytest.param(sdp("v=0", *["a=x"] * 2_000), "not a session description", id="too many lines"),
    pytest.param(CHROMIUM + sdp(*["m=video 9 X 1"] * 9), "more than 8 sections", id="sections"),
    pytest.param(sdp(*SESSION), "no audio", id="no section"),
    pytest.param(sdp(*SESSION, *VIDEO), "no audio", id="video alone"),
    pytest.param(sdp(*SESSION, *DATA), "no audio", id="data alone"),
    pytest.param(sdp(*SESSION, "m=audio"), "without a port", id="half a section"),
    pytest.param(sdp(*SESSION, "m=audio 9 RTP/AVP 0"), "not encrypted", id="plain RTP"),
    pytest.param(CHROMIUM.replace("111 63 9 0 8 13", "63 9"), "PCMA nor Opus", id="no codec"),
    pytest.param(
        CHROMIUM.replace("PCMU/8000", "PCMU/16000")
        .replace("PCMA/8000", "PCMA/16000")
        .replace("opus/48000/2", "opus/16000/2"),
        "neither PCMU nor PCMA",
        id="another rate",
    ),
    pytest.param(without("a=ice-ufrag"), "a=ice-ufrag", id="no ICE name"),
    pytest.param(without("a=ice-pwd"), "a=ice-pwd", id="no ICE password"),
    pytest.param(CHROMIUM.replace("Ab+/", "A b "), "a=ice-ufrag", id="ICE name with a space"),
    pytest.param(CHROMIUM.replace("Ab+/", "a" * 257), "a=ice-ufrag", id="long ICE name"),
    pytest.param(without("a=fingerprint"), "a=fingerprint", id="no fingerprint"),
    pytest.param(CHROMIUM.replace("sha-256", "md5"), "a=fingerprint", id="weak fingerprint"),
    pytest.param(without("a=setup"), "a=setup", id="no role"),
    pytest.param(CHROMIUM.replace("actpass", "holdconn"), "a=setup", id="another role"),
    pytest.param(without("a=rtcp-mux"), "a=rtcp-mux", id="two ports"),
    pytest.param(CHROMIUM.replace("sendrecv", "inactive"), "inactive", id="inactive"),
    pytest.param(CHROMIUM.replace("udp 2122260223", "udp x"), "a=candidate", id="candidate"),
    pytest.param(
        CHROMIUM.replace(" typ host generation 0 network-id 1", ""), "a=candidate", id="half of one"
    ),
]


@pytest.mark.parametrize(("offer", "reason"), MALFORMED)
def test_an_offer_that_cannot_be_answered_is_refused_with_its_reason(
    offer: str, reason: str
) -> None:
    with pytest.raises(MalformedOffer, match=reason) as refused:
        read_offer(offer)
    assert str(refused.value).endswith("."), "a sentence"


def answer_or_refuse(text: str) -> Offer | None:
    try:
        offer = read_offer(text)
    except MalformedOffer:
        return None
    SessionDescription.parse(write_answer(offer, OURS))
    return offer


@settings(deadline=None)
@given(st.text(max_size=300))
def test_no_text_of_a_stranger_is_an_error(text: str) -> None:
    assert answer_or_refuse(text) is None
    assert answer_or_refuse("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" + text) is None


def cut(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text))
    return text[:at] + text[at + chance.randrange(40) :]


def swap(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text))
    return text[:at] + chance.choice("0:=\r\n /é\x00m") + text[at + 1 :]


def repeat(chance: random.Random, text: str) -> str:
    lines = text.splitlines()
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))
    return sdp(*lines)


@pytest.mark.parametrize("harm", [cut, swap, repeat])
def test_no_harm_to_an_offer_is_an_error(harm: Callable[[random.Random, str], str]) -> None:
    chance = random.Random(1)  # noqa: S311 - the same harm every time
    outcomes = []
    for _ in range(500):
        text = CHROMIUM
        for _ in range(chance.randrange(1, 4)):
            text = harm(chance, text)
        outcomes.append(answer_or_refuse(text) is None)
    assert any(outcomes)
    assert not all(outcomes)
