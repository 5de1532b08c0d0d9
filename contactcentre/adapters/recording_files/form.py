"""The form of a recording's file: a head that anybody may read, and sealed frames of sound.

    magic | length of the head | head (JSON) | frame | frame | … | last frame
    frame: where it begins (samples since the start) | length of what is sealed | what is sealed

A frame is sealed with the recording's own key and its number as the nonce, bound to the head and to
where it begins, so that none can be changed, moved or taken out of the middle. The last one holds
nothing: it says where the recording ends. Where it is missing, the node was lost before.
"""

import base64
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import ValidationError

from contactcentre.adapters.recording_files.sealing import NONCE_BYTES, KeyRing
from contactcentre.domain.call import Call
from contactcentre.domain.errors import BadRequest
from contactcentre.domain.ids import RecordingPart
from contactcentre.wire.said import Said

MAGIC = b"CCREC1\n"
HEAD_MAX_BYTES = 65_536
CHANNELS = 2
TAG_BYTES = 16
SEALED_MAX_BYTES = 65_536
_length = struct.Struct("!I")
_frame = struct.Struct("!QI")


class Head(Said):
    """What a file says of itself."""

    part: RecordingPart
    started_at_ms: int
    call: Call
    """As it stood when the part began."""
    law: str = "PCMU"
    channels: tuple[str, str] = ("caller", "adviser")
    key: str
    """The name of the key that seals the recording's own."""
    sealed_key: str

    def about(self) -> bytes:
        """Return what the sealed key is bound to."""
        return f"{self.part} {self.started_at_ms}".encode()


@dataclass(frozen=True, slots=True)
class Frame:
    """One sealed frame as it stands in a file."""

    at: int
    sealed: bytes
    size: int
    """Bytes in the file."""


def begin(head: Head) -> bytes:
    """Return how a file begins."""
    text = head.model_dump_json().encode()
    return MAGIC + _length.pack(len(text)) + text


class Sealer:
    """Makes the frames of one recording, in order."""

    def __init__(self, key: bytes, head: bytes) -> None:
        self._cipher = AESGCM(key)
        self._about = sha256(head).digest()
        self._count = 0

    def seal(self, sound: bytes, *, at: int) -> bytes:
        """Return the next frame as it is written."""
        nonce = self._count.to_bytes(NONCE_BYTES, "big")
        self._count += 1
        sealed = self._cipher.encrypt(
            nonce, sound, self._about + _length.pack(len(sound)) + _at(at)
        )
        return _frame.pack(at, len(sealed)) + sealed


def read_head(file: BinaryIO) -> tuple[Head, bytes]:
    """Return a file's head, and all bytes up to its end. Raises BadRequest."""
    start = file.read(len(MAGIC) + _length.size)
    if not start.startswith(MAGIC) or len(start) < len(MAGIC) + _length.size:
        raise BadRequest("This is not a recording.")
    (length,) = _length.unpack(start[len(MAGIC) :])
    text = file.read(length) if length <= HEAD_MAX_BYTES else b""
    try:
        return Head.model_validate_json(text), start + text
    except ValidationError as error:
        raise BadRequest("The head of this recording cannot be read.") from error


def read_frames(file: BinaryIO) -> Iterator[Frame]:
    """Yield the whole frames that follow; what was cut off in the middle is left out."""
    while len(head := file.read(_frame.size)) == _frame.size:
        at, length = _frame.unpack(head)
        sealed = file.read(length) if TAG_BYTES <= length <= SEALED_MAX_BYTES else b""
        if not sealed or len(sealed) < length:
            return
        yield Frame(at, sealed, _frame.size + length)


def open_sound(file: BinaryIO, keys: KeyRing) -> tuple[Head, Iterator[tuple[int, bytes]]]:
    """Return a recording's head, and its sound piece by piece with where each begins.

    Raises BadRequest, also from within, for what has been changed; UnknownName without the key.
    """
    head, start = read_head(file)
    key = keys.open(base64.b64decode(head.sealed_key), name=head.key, about=head.about())
    return head, _opened(file, AESGCM(key), sha256(start).digest())


def _opened(file: BinaryIO, cipher: AESGCM, about: bytes) -> Iterator[tuple[int, bytes]]:
    for number, frame in enumerate(read_frames(file)):
        nonce = number.to_bytes(NONCE_BYTES, "big")
        bound = about + _length.pack(len(frame.sealed) - TAG_BYTES) + _at(frame.at)
        try:
            yield frame.at, cipher.decrypt(nonce, frame.sealed, bound)
        except InvalidTag as error:
            raise BadRequest("The recording has been changed since it was made.") from error


def _at(samples: int) -> bytes:
    return samples.to_bytes(8, "big")
