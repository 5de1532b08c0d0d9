"""SRTP at the least cost a packet: libsrtp on one buffer, kept for as long as its session is used.

What pylibsrtp's own methods do, without their allocations: they take half of the time of a packet.
"""

from collections.abc import Callable
from typing import Any

from pylibsrtp import Error, Session
from pylibsrtp._binding import ffi, lib  # type: ignore[import-not-found]

PACKET_MAX_BYTES = 2_048
TRAILER_MAX_BYTES = 160
"""What encryption may put behind a packet, and more."""

Transform = Callable[[bytes], bytes]


def protector(session: Session) -> Transform:
    """Return what encrypts RTP packets in a session; it raises pylibsrtp.Error, ValueError."""
    return _transform(session, lib.srtp_protect)


def unprotector(session: Session) -> Transform:
    """Return what decrypts RTP packets of a session; it raises pylibsrtp.Error, ValueError."""
    return _transform(session, lib.srtp_unprotect)


def _transform(session: Session, call: Any) -> Transform:
    owner = session._srtp  # noqa: SLF001 - what frees the session is freed with this closure
    space = ffi.new("char[]", PACKET_MAX_BYTES)
    view, length, move = ffi.buffer(space), ffi.new("int *"), ffi.memmove

    def transform(packet: bytes) -> bytes:
        size = len(packet)
        if size > PACKET_MAX_BYTES - TRAILER_MAX_BYTES:
            raise ValueError("The packet is too long.")
        move(space, packet, size)
        length[0] = size
        error = call(owner[0], space, length)
        if error:
            raise Error(f"libsrtp refuses the packet ({error}).")
        done: bytes = view[0 : length[0]]
        return done

    return transform
