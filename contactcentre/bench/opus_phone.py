"""A telephone that has nothing but Opus, and what the load of a bench sends in either codec."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contactcentre.adapters.media_aiortc.codec import OPUS_NAME, OPUS_RATE_HZ
from contactcentre.adapters.media_aiortc.g711 import PCMU
from contactcentre.adapters.media_aiortc.opus import OpusEncoder
from contactcentre.bench.phone import PhonePeer
from contactcentre.limits import SAMPLES_PER_TICK, TICK_MS

OPUS_PAYLOAD_TYPE = 107
SILENT_BYTES = 20
"""Opus says nothing in fewer bytes than any sound."""


class OpusPhone(PhonePeer):
    """One telephone's sound, offered and answered as Opus alone; it is sent and taken by hand."""

    def __init__(self) -> None:
        super().__init__(law=PCMU)

    def sdp(self, *, direction: str = "sendrecv", host: str | None = None) -> str:
        """Return what this side says of its sound."""
        said = super().sdp(direction=direction, host=host)
        said = said.replace(" RTP/AVP 0 ", f" RTP/AVP {OPUS_PAYLOAD_TYPE} ")
        return said.replace("a=rtpmap:0 PCMU/8000", f"a=rtpmap:{OPUS_PAYLOAD_TYPE} {OPUS_NAME}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCodec:
    """How a load makes and knows the packets of a codec."""

    payload_type: int
    tick: int
    """So far the clock goes in 20 ms."""
    frames: Callable[[Sequence[bytes]], list[bytes]]
    """Makes payloads of frames of µ-law, to be sent over and over."""
    is_sound: Callable[[bytes], bool]


def _encoded(frames: Sequence[bytes]) -> list[bytes]:
    encoder = OpusEncoder()
    return [encoder.encode(PCMU.decode(frame)) for frame in frames]


G711 = LoadCodec(
    payload_type=PCMU.payload_type,
    tick=SAMPLES_PER_TICK,
    frames=list,
    is_sound=lambda payload: payload != PCMU.silence,
)
OPUS = LoadCodec(
    payload_type=OPUS_PAYLOAD_TYPE,
    tick=OPUS_RATE_HZ * TICK_MS // 1_000,
    frames=_encoded,
    is_sound=lambda payload: len(payload) >= SILENT_BYTES,
)
