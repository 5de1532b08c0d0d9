"""What a phone offers for its sound (RFC 3264), and what is answered: one codec, and keys.

A phone's sound goes as plain RTP, or as SRTP where the offer brings keys for it (RFC 4568). Such an
answer never goes out more weakly than it was asked for.
"""

import secrets
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from types import MappingProxyType

from contactcentre.adapters.media_aiortc.codec import Codec
from contactcentre.adapters.media_aiortc.offers import Section, codec_in, read_sections
from contactcentre.domain.errors import MalformedOffer

PLAIN, SECURE = "RTP/AVP", "RTP/SAVP"
SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32")
SRTP_KEY_BYTES = 30
"""A key of 16 bytes and a salt of 14."""
KEYS_PAYLOAD_TYPE = 101
"""What we name for keys where we offer; whoever else offers has the choice."""
_ANSWERED: Mapping[str, str] = MappingProxyType(
    {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
)
_NOBODY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - the old sign of a call on hold
Place = tuple[str, int]
"""An IP address and a port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SrtpKeys:
    """What one side encrypts with."""

    tag: int
    suite: str
    key: bytes

    @classmethod
    def draw(cls, *, tag: int = 1, suite: str = SUITES[0]) -> "SrtpKeys":
        """Return new keys of our own."""
        return cls(tag=tag, suite=suite, key=secrets.token_bytes(SRTP_KEY_BYTES))

    def line(self) -> str:
        """Return the line that tells them."""
        return f"a=crypto:{self.tag} {self.suite} inline:{b64encode(self.key).decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSound:
    """What one side of a phone call says of its sound, in an offer or an answer."""

    sections: tuple[Section, ...]
    audio: int
    """Which of the sections is the sound."""
    codec: Codec
    place: Place
    """Where it wants to be sent to."""
    report_place: Place
    is_muxed: bool
    """Reports share the port (RFC 5761)."""
    direction: str
    """As seen from that side."""
    srtp: SrtpKeys | None

    @property
    def answered(self) -> str:
        """Return the direction of our answer."""
        return _ANSWERED[self.direction]

    @property
    def wants_sound(self) -> bool:
        """Say whether that side is to be sent any; not while it has put us on hold."""
        return self.direction in {"sendrecv", "recvonly"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OurSound:
    """What we say of this side."""

    place: Place
    session: int
    version: int
    """Rises by one each time that what we say changes (RFC 3264, section 8)."""
    name: str
    source: int
    srtp: SrtpKeys | None


def read_sound(sdp: str, *, liked: Codec | None = None) -> PhoneSound:
    """Return what an offer or answer says of its sound, with the codec that is to be taken.

    `liked` is the one that the call has already. Raises MalformedOffer.
    """
    sections = read_sections(sdp)
    for index, section in enumerate(sections):
        if section.kind == "audio" and section.profile in {PLAIN, SECURE} and section.port:
            return _sound(sections, index, codec_in(section, liked=liked))
    raise MalformedOffer(f"The offer has no sound as {PLAIN} or {SECURE}.")


def write_answer(offer: PhoneSound, ours: OurSound) -> str:
    """Return the answer to an offer: its sound taken, whatever else it has turned down."""
    lines = _session(ours)
    for index, section in enumerate(offer.sections):
        if index != offer.audio:
            lines.append(f"m={section.kind} 0 {section.profile} {' '.join(section.formats)}")
            continue
        lines += _taken(ours, offer.codec, offer.answered)
        if offer.is_muxed:
            lines.append("a=rtcp-mux")
    return "\r\n".join(lines) + "\r\n"


def write_offer(ours: OurSound, codec: Codec) -> str:
    """Return an offer of ours, of one codec."""
    lines = [*_session(ours), *_taken(ours, codec, "sendrecv")]
    return "\r\n".join(lines) + "\r\n"


def _session(ours: OurSound) -> list[str]:
    host = ours.place[0]
    family = f"IN IP{ip_address(host).version} {host}"
    return ["v=0", f"o=- {ours.session} {ours.version} {family}", "s=-", f"c={family}", "t=0 0"]


def _taken(ours: OurSound, codec: Codec, direction: str) -> list[str]:
    """Return the lines of the sound."""
    profile = PLAIN if ours.srtp is None else SECURE
    lines = [f"m=audio {ours.place[1]} {profile} {' '.join(map(str, codec.formats))}"]
    lines += codec.lines()
    lines += [] if ours.srtp is None else [ours.srtp.line()]
    return [*lines, "a=ptime:20", f"a={direction}", f"a=ssrc:{ours.source} cname:{ours.name}"]


def _sound(sections: tuple[Section, ...], index: int, codec: Codec) -> PhoneSound:
    """Return what one section says."""
    section = sections[index]
    host = _host(section.connection)
    report = section.last("rtcp") or ""
    port = report.split()[0] if report else ""
    is_muxed = section.last("rtcp-mux") is not None
    usual = section.port if is_muxed else section.port + 1
    return PhoneSound(
        sections=sections,
        audio=index,
        codec=codec,
        place=(host, section.port),
        report_place=(host, int(port) if _is_port(port) else usual),
        is_muxed=is_muxed,
        direction=_direction(section, host),
        srtp=_srtp(section) if section.profile == SECURE else None,
    )


def _host(connection: str) -> str:
    """Return the address of a c= line. Raises MalformedOffer."""
    match connection.split():
        case ["IN", "IP4" | "IP6", host]:
            try:
                return str(ip_address(host))
            except ValueError:
                raise MalformedOffer("The offer names no address that is one (c=).") from None
        case _:
            raise MalformedOffer("The offer does not say where its sound is (c=).")


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text) <= 65_535  # noqa: PLR2004 - 16 bits


def _direction(section: Section, host: str) -> str:
    """Return the direction; the address of nobody is the older sign that nothing is to be sent."""
    said = [name for name, _ in section.attributes if name in _ANSWERED]
    direction = said[-1] if said else "sendrecv"
    if host not in _NOBODY:
        return direction
    return "sendonly" if direction in {"sendrecv", "sendonly"} else "inactive"


def _srtp(section: Section) -> SrtpKeys:
    """Return the first keys that are of use. Raises MalformedOffer."""
    for value in section.every("crypto"):
        match value.split():
            case [tag, suite, inline, *_] if suite in SUITES and tag.isdecimal():
                key = _srtp_key(inline)
                if key is not None:
                    return SrtpKeys(tag=int(tag), suite=suite, key=key)
            case _:
                continue
    raise MalformedOffer(f"The offer has no a=crypto with {' or '.join(SUITES)}.")


def _srtp_key(inline: str) -> bytes | None:
    """Return a key, None if it cannot be used; one with a key index (MKI) cannot."""
    method, _, value = inline.partition(":")
    text, *limits = value.split("|")
    if method != "inline" or any(":" in limit for limit in limits):
        return None
    try:
        key = b64decode(text, validate=True)
    except NotBase64:
        return None
    return key if len(key) == SRTP_KEY_BYTES else None


def offered_again(now: PhoneSound, before: PhoneSound) -> None:
    """Refuse an offer in a call that goes on if our sound could not follow it."""
    problems: Sequence[tuple[bool, str]] = (
        (not now.codec.is_like(before.codec), "The call has another codec; offer that one."),
        ((now.srtp is None) is not (before.srtp is None), "The call's encryption cannot change."),
    )
    for is_one, sentence in problems:
        if is_one:
            raise MalformedOffer(sentence)
