"""What a browser offers, read strictly, and the answer that takes its telephone-quality sound.

Only what a connection of ours needs is read; whatever cannot become one is refused in a sentence.
The answer takes one audio section with one codec and keys, and turns the rest down.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from aioice import Candidate
from aiortc import RTCDtlsFingerprint

from contactcentre.adapters.media_aiortc.codec import RATE_HZ, Codec, codec_of
from contactcentre.adapters.media_aiortc.g711 import LAWS
from contactcentre.domain.errors import MalformedOffer
from contactcentre.limits import SDP_MAX_BYTES

LINES_MAX = 1_000
SECTIONS_MAX = 8
CANDIDATES_MAX = 24
PROFILE = "UDP/TLS/RTP/SAVPF"
_DIGESTS = ("sha-256", "sha-384", "sha-512")
_ICE_CHARS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_USERNAME_MIN, _PASSWORD_MIN, _ICE_MAX = 4, 22, 256
_PAYLOAD_TYPE_MAX = 127
_PORT_MAX = 65_535
_REVERSED: Mapping[str, str] = MappingProxyType(
    {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly"}
)
_ROLES = ("actpass", "active", "passive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One m= section: its line, and its attributes in order, those of the session first."""

    kind: str
    port: int
    profile: str
    formats: tuple[str, ...]
    connection: str
    """Its c= line, or the session's; empty if there is neither."""
    attributes: tuple[tuple[str, str], ...]

    def every(self, name: str) -> list[str]:
        """Return all values of an attribute."""
        return [value for key, value in self.attributes if key == name]

    def last(self, name: str) -> str | None:
        """Return an attribute's most specific value."""
        return next((value for key, value in reversed(self.attributes) if key == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one audio connection needs to know of the other side."""

    sections: tuple[Section, ...]
    audio: int
    """Which of the sections is the audio."""
    mid: str
    codec: Codec
    direction: str
    """Of our answer."""
    username: str
    password: str
    fingerprints: tuple[RTCDtlsFingerprint, ...]
    they_connect: bool
    """The other side begins the DTLS handshake."""
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What the answer says of this side."""

    username: str
    password: str
    fingerprints: Sequence[RTCDtlsFingerprint]
    candidates: Sequence[Candidate]
    source: int
    name: str
    """The canonical name of RTCP."""


def read_offer(sdp: str) -> Offer:
    """Return what an offer says, or refuse it."""
    sections = read_sections(sdp)
    audio, section = _audio(sections)
    username, password = _credentials(section)
    role = section.last("setup")
    if role not in _ROLES:
        raise MalformedOffer("The offer does not say who connects (a=setup).")
    if section.last("rtcp-mux") is None:
        raise MalformedOffer("The offer does not put RTP and RTCP on one port (a=rtcp-mux).")
    return Offer(
        sections=sections,
        audio=audio,
        mid=section.last("mid") or "0",
        codec=codec_in(section),
        direction=_direction(section),
        username=username,
        password=password,
        fingerprints=_fingerprints(section),
        they_connect=role == "active",
        candidates=tuple(_candidates(section)),
    )


def write_answer(offer: Offer, ours: Ours) -> str:
    """Return the answer to an offer."""
    lines = [
        "v=0",
        f"o=- {ours.source} 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {offer.mid}",
        "a=msid-semantic: WMS *",
    ]
    for index, section in enumerate(offer.sections):
        lines += _taken(offer, ours) if index == offer.audio else _declined(section)
    return "\r\n".join(lines) + "\r\n"


def _taken(offer: Offer, ours: Ours) -> list[str]:
    """Return the lines of the audio section."""
    lines = [
        f"m=audio 9 {PROFILE} {' '.join(map(str, offer.codec.formats))}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=mid:{offer.mid}",
        f"a={offer.direction}",
        "a=rtcp-mux",
        f"a=ice-ufrag:{ours.username}",
        f"a=ice-pwd:{ours.password}",
        f"a=setup:{'passive' if offer.they_connect else 'active'}",
        "a=ptime:20",
        f"a=msid:{ours.name} {ours.name}",
        f"a=ssrc:{ours.source} cname:{ours.name}",
        *offer.codec.lines(),
    ]
    lines += [f"a=fingerprint:{print_.algorithm} {print_.value}" for print_ in ours.fingerprints]
    lines += [f"a=candidate:{candidate.to_sdp()}" for candidate in ours.candidates]
    return [*lines, "a=end-of-candidates"]


def _declined(section: Section) -> list[str]:
    """Return the lines that turn a section down."""
    lines = [f"m={section.kind} 0 {section.profile} {' '.join(section.formats)}"]
    mid = section.last("mid")
    return lines if mid is None else [*lines, "c=IN IP4 0.0.0.0", f"a=mid:{mid}", "a=inactive"]


def read_sections(sdp: str) -> tuple[Section, ...]:
    """Return the m= sections of a session description. Raises MalformedOffer."""
    if len(sdp.encode("utf-8", "replace")) > SDP_MAX_BYTES:
        raise MalformedOffer(f"The offer is longer than {SDP_MAX_BYTES} bytes.")
    lines = sdp.splitlines()
    if not lines or lines[0] != "v=0" or len(lines) > LINES_MAX:
        raise MalformedOffer("The offer is not a session description (no v=0).")
    starts = [number for number, line in enumerate(lines) if line.startswith("m=")]
    if len(starts) > SECTIONS_MAX:
        raise MalformedOffer(f"The offer has more than {SECTIONS_MAX} sections.")
    session = lines[: starts[0]] if starts else lines
    ends = [*starts[1:], len(lines)]
    return tuple(
        _section(lines[start], session, lines[start + 1 : end])
        for start, end in zip(starts, ends, strict=False)
    )


def _attributes(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the a= lines as names and values."""
    split = (line[2:].strip().partition(":") for line in lines if line.startswith("a="))
    return tuple((name, value) for name, _, value in split)


def _section(line: str, session: Sequence[str], own: Sequence[str]) -> Section:
    """Return a section, which has what the session says unless it says otherwise."""
    said = [*session, *own]
    match line[2:].split():
        case [kind, port, profile, first, *more]:
            return Section(
                kind=kind,
                port=_port(port),
                profile=profile,
                formats=(first, *more),
                connection=next((line[2:] for line in reversed(said) if line[:2] == "c="), ""),
                attributes=_attributes(said),
            )
        case _:
            raise MalformedOffer("The offer has a section without a port or format (m=).")


def _port(text: str) -> int:
    """Return a port, without the count of ports that may stand behind it."""
    number = text.partition("/")[0]
    if not number.isascii() or not number.isdecimal() or int(number) > _PORT_MAX:
        raise MalformedOffer("The offer has a section whose port is none (m=).")
    return int(number)


def _audio(sections: Sequence[Section]) -> tuple[int, Section]:
    """Return the first audio section and its place."""
    for index, section in enumerate(sections):
        if section.kind == "audio":
            if section.profile != PROFILE:
                raise MalformedOffer(f"The offer's audio is not encrypted as {PROFILE}.")
            return index, section
    raise MalformedOffer("The offer has no audio.")


def _credentials(section: Section) -> tuple[str, str]:
    """Return the ICE user name and password."""
    username, password = section.last("ice-ufrag") or "", section.last("ice-pwd") or ""
    for value, least in ((username, _USERNAME_MIN), (password, _PASSWORD_MIN)):
        if not least <= len(value) <= _ICE_MAX or not _ICE_CHARS.issuperset(value):
            raise MalformedOffer("The offer has no usable a=ice-ufrag and a=ice-pwd.")
    return username, password


def _fingerprints(section: Section) -> tuple[RTCDtlsFingerprint, ...]:
    """Return the certificates' fingerprints that can be checked."""
    found = []
    for value in section.every("fingerprint"):
        algorithm, _, digest = value.partition(" ")
        if algorithm.lower() in _DIGESTS and digest:
            found.append(RTCDtlsFingerprint(algorithm=algorithm.lower(), value=digest.strip()))
    if not found:
        raise MalformedOffer("The offer has no a=fingerprint of its certificate.")
    return tuple(found)


def codec_in(section: Section, *, liked: Codec | None = None) -> Codec:
    """Return the codec to take of those that a section offers. Raises MalformedOffer."""
    named = {law.payload_type: f"{law.name}/{RATE_HZ}" for law in LAWS}
    named |= {n: name.removesuffix("/1") for n, name in _numbered(section, "rtpmap")}
    numbers = [int(text) for text in section.formats if text.isdecimal()]
    offered = {number: named[number] for number in numbers if number in named}
    return codec_of(offered, dict(_numbered(section, "fmtp")), liked=liked)


def _numbered(section: Section, name: str) -> Iterable[tuple[int, str]]:
    """Yield what an attribute says of payload types."""
    for value in section.every(name):
        number, _, said = value.partition(" ")
        if number.isdecimal() and int(number) <= _PAYLOAD_TYPE_MAX:
            yield int(number), said.strip()


def _direction(section: Section) -> str:
    """Return the direction of the answer."""
    offered = [name for name, _ in section.attributes if name in {*_REVERSED, "inactive"}]
    direction = offered[-1] if offered else "sendrecv"
    if direction not in _REVERSED:
        raise MalformedOffer("The offer's audio is inactive.")
    return _REVERSED[direction]


def _candidates(section: Section) -> Iterable[Candidate]:
    """Return the addresses of the other side that can be tried; it finds us from any other."""
    for value in section.every("candidate")[:CANDIDATES_MAX]:
        try:
            candidate = Candidate.from_sdp(value)
        except ValueError:
            raise MalformedOffer("The offer has an a=candidate that cannot be read.") from None
        usable = candidate.component == 1 and candidate.transport.lower() == "udp"
        if usable and 0 < candidate.port <= _PORT_MAX and not candidate.host.endswith(".local"):
            yield candidate
