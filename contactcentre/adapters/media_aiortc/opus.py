"""Opus at 8 kHz, by libopus itself: one voice encoded, one voice decoded, nothing in between.

The library comes with PyAV, which aiortc brings along; where it does not, the system's is taken.
Where there is none, `is_here` says so and nobody is told that we have Opus.
"""

import ctypes
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from contactcentre.adapters.media_aiortc.g711 import Samples
from contactcentre.limits import SAMPLES_PER_TICK

BITRATE = 20_000
"""What a voice of telephone quality is sent at, what repairs losses included."""
BITRATE_MIN = 6_000
COMPLEXITY = 3
"""Of 0 to 10: more costs half as much again, and at 8 kHz is hardly heard."""
LOSS_EXPECTED_PERCENT = 5
"""So much is repaired by what the next packet tells of the one before it (in-band FEC)."""
FRAME_MAX_SAMPLES = 960
"""120 ms, the longest packet that there is (RFC 6716, section 3.2)."""
PAYLOAD_MAX_BYTES = 1_275
_RATE_HZ, _CHANNELS = 8_000, 1
_FOR_VOICES = 2_048
_SET_BITRATE, _SET_COMPLEXITY, _SET_INBAND_FEC, _SET_PACKET_LOSS = 4_002, 4_010, 4_012, 4_014
_STEP_SAMPLES = 20
"""2.5 ms, which every length is a multiple of."""


def _places() -> Iterator[str]:
    """Yield where the library may be."""
    av = importlib.util.find_spec("av")
    if av is not None and av.origin is not None:
        package = Path(av.origin).parent
        yield from map(str, package.parent.glob("av.libs/libopus-*.so*"))
        yield from map(str, package.glob(".dylibs/libopus.*dylib"))
    yield from ("libopus.so.0", "libopus.0.dylib")


@cache
def _library() -> ctypes.CDLL | None:
    """Return libopus, told how it is called; None where there is none."""
    for place in _places():
        try:
            library = ctypes.CDLL(place)
        except OSError:
            continue
        state, data, number, length = (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.c_int32,
        )
        library.opus_get_version_string.restype = ctypes.c_char_p
        library.opus_encoder_init.argtypes = [state, length, number, number]
        library.opus_encoder_ctl.argtypes = [state, number]  # and one more, of any kind
        library.opus_encode.argtypes = [state, data, number, state, length]
        library.opus_encode.restype = length
        library.opus_decoder_init.argtypes = [state, length, number]
        library.opus_decode.argtypes = [state, data, length, state, number, number]
        library.opus_packet_get_nb_samples.argtypes = [data, length, length]
        return library
    return None


def is_here() -> bool:
    """Say whether this machine has libopus."""
    return _library() is not None


def version() -> str | None:
    """Return which libopus is used, None where there is none."""
    library = _library()
    return None if library is None else library.opus_get_version_string().decode()


def _loaded() -> ctypes.CDLL:
    library = _library()
    assert library is not None, "nobody is told of Opus where there is none"
    return library


def _room(size: int) -> ctypes.Array[ctypes.c_int64]:
    """Return room for a state of so many bytes, aligned for anything."""
    return (ctypes.c_int64 * (size // 8 + 1))()


class OpusEncoder:
    """One voice on its way out."""

    def __init__(self, bitrate: int = BITRATE) -> None:
        library = _loaded()
        self._encode = library.opus_encode
        self._state = _room(library.opus_encoder_get_size(_CHANNELS))
        self._out = ctypes.create_string_buffer(PAYLOAD_MAX_BYTES)
        self._view = memoryview(self._out)
        error = library.opus_encoder_init(self._state, _RATE_HZ, _CHANNELS, _FOR_VOICES)
        for request, value in (
            (_SET_BITRATE, bitrate),
            (_SET_COMPLEXITY, COMPLEXITY),
            (_SET_INBAND_FEC, 1),
            (_SET_PACKET_LOSS, LOSS_EXPECTED_PERCENT),
        ):
            error = error or library.opus_encoder_ctl(self._state, request, ctypes.c_int(value))
        assert error == 0, "libopus takes these settings"

    def encode(self, samples: Samples) -> bytes:
        """Return the packet of 20 ms."""
        sound = samples.tobytes()
        length = self._encode(self._state, sound, SAMPLES_PER_TICK, self._out, PAYLOAD_MAX_BYTES)
        assert length > 0, "20 ms can always be encoded"
        return bytes(self._view[:length])


class OpusDecoder:
    """One voice on its way in. What it returns holds good until it is asked again."""

    def __init__(self) -> None:
        library = _loaded()
        self._decode = library.opus_decode
        self._length_of = library.opus_packet_get_nb_samples
        self._state = _room(library.opus_decoder_get_size(_CHANNELS))
        self._out = (ctypes.c_int16 * FRAME_MAX_SAMPLES)()
        self._samples: Samples = np.frombuffer(memoryview(self._out), np.int16)
        error = library.opus_decoder_init(self._state, _RATE_HZ, _CHANNELS)
        assert error == 0, "libopus takes these settings"

    def decode(self, payload: bytes) -> Samples | None:
        """Return what a packet says, None if it is not one."""
        return self._asked(payload, FRAME_MAX_SAMPLES, is_lost=0)

    def recover(self, payload: bytes, length: int) -> Samples | None:
        """Return the samples that a lost packet held, from what the next one tells of it.

        Where that tells nothing they are invented. None if it is not a packet.
        """
        assert length % _STEP_SAMPLES == 0
        return self._asked(payload, length, is_lost=1)

    def length_of(self, payload: bytes) -> int:
        """Return how many samples a packet holds; less than 1 if it is not one."""
        length: int = self._length_of(payload, len(payload), _RATE_HZ)
        return length

    def _asked(self, payload: bytes, length: int, *, is_lost: int) -> Samples | None:
        if not payload:
            return None
        count = self._decode(self._state, payload, len(payload), self._out, length, is_lost)
        return self._samples[:count] if count > 0 else None
