"""The two laws of G.711, as tables: eight bits on the wire, sixteen-bit samples inside.

Every byte and every sample has its entry, so that whole nodes are decoded by one look-up. The
tables are those of ITU-T G.711, samples left-aligned in 16 bits.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contactcentre.limits import SAMPLES_PER_TICK

Samples = NDArray[np.int16]
Codes = NDArray[np.uint8]

SAMPLE_OFFSET = 32_768
"""A sample's place in an encoding table is its value plus this."""
SAMPLE_MAX = 32_767
SAMPLE_MIN = -32_768

_ULAW_BIAS = 33
_ULAW_CLIP = 0x1FFF
_ALAW_TOGGLE = 0x55


def _decoded_ulaw() -> Samples:
    """Return what each µ-law byte means."""
    codes = ~np.arange(256) & 0xFF
    mantissa, exponent = codes & 0x0F, (codes >> 4) & 7
    magnitude = (((mantissa << 1) + _ULAW_BIAS) << exponent) - _ULAW_BIAS
    return (np.where(codes & 0x80, -magnitude, magnitude) << 2).astype(np.int16)


def _encoded_ulaw() -> Codes:
    """Return the µ-law byte of each sample."""
    samples = np.arange(SAMPLE_MIN, SAMPLE_MAX + 1)
    magnitude = np.where(samples < 0, ~samples, samples) >> 2
    biased = np.minimum(magnitude + _ULAW_BIAS, _ULAW_CLIP)
    exponent = np.floor(np.log2(biased)).astype(np.int64) - 5
    code = (exponent << 4) | ((biased >> (exponent + 1)) & 0x0F)
    codes: Codes = (~np.where(samples < 0, code | 0x80, code) & 0xFF).astype(np.uint8)
    return codes


def _decoded_alaw() -> Samples:
    """Return what each A-law byte means."""
    codes = np.arange(256) ^ _ALAW_TOGGLE
    mantissa, exponent = codes & 0x0F, (codes >> 4) & 7
    steps = np.where(exponent > 0, mantissa + 16, mantissa)
    magnitude = ((steps << 4) + 8) << np.maximum(exponent - 1, 0)
    samples: Samples = np.where(codes & 0x80, magnitude, -magnitude).astype(np.int16)
    return samples


def _encoded_alaw() -> Codes:
    """Return the A-law byte of each sample."""
    samples = np.arange(SAMPLE_MIN, SAMPLE_MAX + 1)
    magnitude = np.where(samples < 0, ~samples, samples) >> 4
    exponent = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int64) - 3, 0)
    mantissa = (magnitude >> np.maximum(exponent - 1, 0)) & 0x0F
    code = (exponent << 4) | mantissa
    codes: Codes = (np.where(samples < 0, code, code | 0x80) ^ _ALAW_TOGGLE).astype(np.uint8)
    return codes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Law:
    """One of the two laws and its tables."""

    name: str
    payload_type: int
    """Fixed by RFC 3551."""
    decoded: Samples
    """256 entries: the sample of each byte."""
    encoded: Codes
    """65,536 entries: the byte of each sample, found at sample + SAMPLE_OFFSET."""
    silence: bytes
    """20 ms of nothing."""

    def decode(self, codes: bytes) -> Samples:
        """Return the samples of some bytes."""
        return self.decoded[np.frombuffer(codes, np.uint8)]

    def encode(self, samples: Samples) -> bytes:
        """Return the bytes of some samples."""
        return self.encoded[samples.astype(np.int32) + SAMPLE_OFFSET].tobytes()


def _law(name: str, payload_type: int, decoded: Samples, encoded: Codes) -> Law:
    """Return a law with its silence."""
    silence = bytes([encoded[SAMPLE_OFFSET]]) * SAMPLES_PER_TICK
    return Law(
        name=name, payload_type=payload_type, decoded=decoded, encoded=encoded, silence=silence
    )


PCMU = _law("PCMU", 0, _decoded_ulaw(), _encoded_ulaw())
PCMA = _law("PCMA", 8, _decoded_alaw(), _encoded_alaw())
LAWS = (PCMU, PCMA)
