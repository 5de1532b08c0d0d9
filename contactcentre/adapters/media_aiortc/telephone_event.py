"""Keys pressed on a leg, as RFC 4733 sends them: a press is many packets with one timestamp."""

from aiortc.codecs import CODECS
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

KEYS = "0123456789*#"
CLOCK_RATE = 8_000
MIME_TYPE = "audio/telephone-event"
PAYLOAD_LENGTH = 4
_DEFAULT_PAYLOAD_TYPE = 101


def register() -> None:
    """Let aiortc's own offers and answers name telephone-event, which it does not know."""
    if not any(codec.mimeType == MIME_TYPE for codec in CODECS["audio"]):
        CODECS["audio"].append(
            RTCRtpCodecParameters(
                mimeType=MIME_TYPE,
                clockRate=CLOCK_RATE,
                channels=1,
                payloadType=_DEFAULT_PAYLOAD_TYPE,
            )
        )


def duration_of(payload: bytes) -> int:
    """Return how long a key has been down, in samples."""
    return int.from_bytes(payload[2:PAYLOAD_LENGTH], "big")


class KeyPresses:
    """Tells each press once, whichever of its packets come and however often."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: tuple[int, int] | None = None

    def heard(self, source: int, timestamp: int, payload: bytes) -> str | None:
        """Return the key if this packet is the first that came of a press."""
        if len(payload) < PAYLOAD_LENGTH or payload[0] >= len(KEYS):
            return None
        if self._last is not None and self._last[0] == source:
            ahead = (timestamp - self._last[1]) & 0xFFFF_FFFF
            if ahead == 0 or ahead >= 1 << 31:
                return None
        self._last = (source, timestamp)
        return KEYS[payload[0]]
