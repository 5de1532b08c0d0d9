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
InPlace = Callable[[int], int]
"""Takes how long the packet is that lies in one place, and says how long it is now; -1: refused."""


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


def protector_at(session: Session, address: int) -> InPlace:
    """Return what encrypts the RTP packet at an address, behind which is room for the trailer."""
    return _in_place(session, lib.srtp_protect, address)


def unprotector_at(session: Session, address: int) -> InPlace:
    """Return what decrypts the RTP packet at an address."""
    return _in_place(session, lib.srtp_unprotect, address)


def _in_place(session: Session, call: Any, address: int) -> InPlace:
    owner = session._srtp  # noqa: SLF001 - what frees the session is freed with this closure
    packet, length = ffi.cast("char *", address), ffi.new("int *")

    def transform(size: int) -> int:
        length[0] = size
        return -1 if call(owner[0], packet, length) else int(length[0])

    return transform
