"""What the system is told of a node's sockets and tells of their packets, in arrays of its structs.

A slot is what one socket needs to receive a packet, or to send one: all of it side by side, so that
a tick touches little memory. The layout is Linux's; elsewhere only names and packets are used.
"""

import socket
import struct
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKET_MAX_BYTES = 2_048
STAMPED = 35 if sys.platform == "linux" else 0
"""SO_TIMESTAMPNS: the system says of each packet when it came. 0 where it does not."""
NAME_BYTES = 32
SAID_BYTES = 32

Place = tuple[str, int]
Slots = NDArray[np.void]

_MESSAGE = np.dtype(
    [
        ("name", "u8"),
        ("name_length", "u4"),
        ("", "u4"),
        ("pieces", "u8"),
        ("pieces_count", "u8"),
        ("said", "u8"),
        ("said_length", "u8"),
        ("flags", "u4"),
        ("", "u4"),
    ]
)
"""struct msghdr"""
_PIECE = np.dtype([("base", "u8"), ("length", "u8")])
"""struct iovec"""
_OUTGOING = [("message", _MESSAGE), ("piece", _PIECE), ("name", "u1", NAME_BYTES)]
_SAID = np.dtype([("length", "u8"), ("level", "i4"), ("kind", "i4"), ("s", "i8"), ("ns", "i8")])
"""struct cmsghdr, and the timespec behind it"""
OUTGOING = np.dtype([*_OUTGOING, ("", "u1", 24)])
INCOMING = np.dtype(
    [*_OUTGOING, ("said", _SAID), ("packet", "u1", PACKET_MAX_BYTES), ("", "u1", 56)]
)
assert _SAID.itemsize == SAID_BYTES
assert INCOMING.itemsize // 64 % 2, "an odd number of cache lines: the slots' heads share none"


def address_of(array: NDArray[Any]) -> int:
    """Return where in memory an array begins."""
    start: int = array.__array_interface__["data"][0]
    return start


def addresses(slots: Slots) -> NDArray[np.uint64]:
    """Return where in memory each slot begins."""
    return np.uint64(address_of(slots)) + np.arange(len(slots), dtype=np.uint64) * np.uint64(
        slots.itemsize
    )


def made(count: int, kind: np.dtype[np.void]) -> Slots:
    """Return slots whose messages point at what stands beside them."""
    slots: Slots = np.zeros(count, kind)
    at, message, assigned = addresses(slots), slots["message"], kind.fields
    assert assigned is not None
    message["name"] = at + np.uint64(assigned["name"][1])
    message["pieces"] = at + np.uint64(assigned["piece"][1])
    message["pieces_count"] = 1
    if "said" in assigned:
        message["said"] = at + np.uint64(assigned["said"][1])
        slots["piece"]["base"] = at + np.uint64(assigned["packet"][1])
        slots["piece"]["length"] = PACKET_MAX_BYTES
    return slots


def name_of(place: Place) -> bytes:
    """Return a place as the system writes it (struct sockaddr), filled up with zeros."""
    host, port = place
    if ":" in host:
        name = struct.pack("=HHI", socket.AF_INET6, socket.htons(port), 0)
        name += socket.inet_pton(socket.AF_INET6, host)
    else:
        name = struct.pack("=HH", socket.AF_INET, socket.htons(port)) + socket.inet_aton(host)
    return name.ljust(NAME_BYTES, b"\0")


def name_length(name: bytes) -> int:
    """Return how much of a name the system is to be told."""
    return 28 if int.from_bytes(name[:2], sys.byteorder) == socket.AF_INET6 else 16


def place_of(name: bytes) -> Place:
    """Return the place that the system has written."""
    port = int.from_bytes(name[2:4], "big")
    if int.from_bytes(name[:2], sys.byteorder) == socket.AF_INET6:
        return socket.inet_ntop(socket.AF_INET6, name[8:24]), port
    return socket.inet_ntoa(name[4:8]), port
