"""Which codec a leg has: a law of G.711 wherever it is offered, Opus where nothing else will do.

Inside everything is G.711. Opus is turned into µ-law and back at the leg's edge, for many times
what a leg of G.711 costs, and nobody on a telephone would hear the difference: so nobody is
answered with it who offers a law as well.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contactcentre.adapters.media_aiortc import opus
from contactcentre.adapters.media_aiortc.g711 import LAWS, PCMU, Law
from contactcentre.domain.errors import MalformedOffer

KEYS_CODEC = "telephone-event"
OPUS_NAME = "opus/48000/2"
"""What every offer calls it, however many channels there are (RFC 7587, section 7)."""
OPUS_RATE_HZ = 48_000
RATE_HZ = 8_000
NO_CODEC = "The offer has neither PCMU nor PCMA nor Opus among its codecs."
NO_CODEC_BUT_OPUS = (
    "The offer has neither PCMU nor PCMA among its codecs, and this machine has no libopus."
)
_OPUS = "opus"
_WISHES = f"maxplaybackrate={RATE_HZ};sprop-maxcapturerate={RATE_HZ};useinbandfec=1"
"""What we say of our Opus: no more is heard than a telephone's, and losses are repaired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """What a leg's sound and keys are on the wire, and what the engine has of it."""

    law: Law
    payload_type: int
    bitrate: int | None = None
    """Of our Opus; None of G.711."""
    keys_payload_type: int | None = None
    """Of RFC 4733; None where keys do not come as packets."""
    keys_rate_hz: int = RATE_HZ
    """What the length of a key is counted by."""

    @property
    def formats(self) -> tuple[int, ...]:
        """Return the payload types of sound and keys, for an m= line."""
        keys = self.keys_payload_type
        return (self.payload_type,) if keys is None else (self.payload_type, keys)

    def lines(self) -> Iterator[str]:
        """Yield what SDP says of them."""
        name = f"{self.law.name}/{RATE_HZ}" if self.bitrate is None else OPUS_NAME
        yield f"a=rtpmap:{self.payload_type} {name}"
        if self.bitrate is not None:
            yield f"a=fmtp:{self.payload_type} {_WISHES};maxaveragebitrate={opus.BITRATE}"
        if self.keys_payload_type is not None:
            yield f"a=rtpmap:{self.keys_payload_type} {KEYS_CODEC}/{self.keys_rate_hz}"
            yield f"a=fmtp:{self.keys_payload_type} 0-15"

    def is_like(self, other: "Codec") -> bool:
        """Say whether sound of the one can go on as the other."""
        return (self.law, self.payload_type, self.bitrate is None) == (
            other.law,
            other.payload_type,
            other.bitrate is None,
        )

    def word(self) -> str:
        """Return the codec in a word that another node understands, but for the keys' number."""
        if self.bitrate is None:
            return self.law.name
        return f"{_OPUS}:{self.payload_type}:{self.keys_rate_hz}:{self.bitrate}"


def codec_of_word(word: str, *, keys_payload_type: int | None) -> Codec:
    """Return a codec by its word. Raises MalformedOffer where this node has it not."""
    for law in LAWS:
        if law.name == word:
            return _of_law(law, keys_payload_type)
    match word.split(":"):
        case ["opus", number, rate, bitrate] if opus.is_here():
            return Codec(
                law=PCMU,
                payload_type=int(number),
                bitrate=int(bitrate),
                keys_payload_type=keys_payload_type,
                keys_rate_hz=int(rate),
            )
        case parts:
            raise MalformedOffer(f"The call has {parts[0]}, which this node has not.")


def codec_of(
    offered: Mapping[int, str], parameters: Mapping[int, str], *, liked: Codec | None = None
) -> Codec:
    """Return the codec to take of those offered, by payload type in the order of preference.

    `liked` is the one that the call has already; it is taken if it is there. Raises MalformedOffer.
    """
    able = list(_able(offered, parameters))
    if liked is not None:
        able.sort(key=lambda one: not one.is_like(liked))
    if able:
        return able[0]
    raise MalformedOffer(NO_CODEC if opus.is_here() else NO_CODEC_BUT_OPUS)


def _able(offered: Mapping[int, str], parameters: Mapping[int, str]) -> Iterator[Codec]:
    """Yield what we have of the codecs offered: laws first, as their sender likes them best."""
    named = {number: name.lower() for number, name in offered.items()}
    laws = {(law.payload_type, f"{law.name}/{RATE_HZ}".lower()): law for law in LAWS}
    for one in named.items():
        if one in laws:
            yield _of_law(laws[one], _keys(named, RATE_HZ))
    for number, name in named.items():
        if name == OPUS_NAME and opus.is_here():
            keys, rate_hz = _keys(named, OPUS_RATE_HZ), OPUS_RATE_HZ
            if keys is None:
                keys, rate_hz = _keys(named, RATE_HZ), RATE_HZ
            yield Codec(
                law=PCMU,
                payload_type=number,
                bitrate=_bitrate(parameters.get(number, "")),
                keys_payload_type=keys,
                keys_rate_hz=rate_hz,
            )


def _of_law(law: Law, keys_payload_type: int | None) -> Codec:
    return Codec(law=law, payload_type=law.payload_type, keys_payload_type=keys_payload_type)


def _keys(named: Mapping[int, str], rate_hz: int) -> int | None:
    """Return the payload type of keys that are counted by a clock, if there is one."""
    wanted = f"{KEYS_CODEC}/{rate_hz}"
    return next((number for number, name in named.items() if name == wanted), None)


def _bitrate(parameters: str) -> int:
    """Return what to send at: no more than the other side wishes for."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "maxaveragebitrate" and value.isascii() and value.isdecimal():
            return max(opus.BITRATE_MIN, min(int(value), opus.BITRATE))
    return opus.BITRATE
