"""One line of a segment: a checksum and a stored event.

A line that was torn by a crash, or that the disk changed, does not have its checksum.
"""

from zlib import crc32

from contactcentre.domain.errors import BadRequest
from contactcentre.ports.records import WrittenEvent
from contactcentre.wire.stored import decode, encode

CHECKSUM_DIGITS = 8


def line_of(written: WrittenEvent) -> bytes:
    """Return the line in which an event is kept."""
    stored = encode(written)
    return b"%08x %s\n" % (crc32(stored), stored)


def event_of(line: bytes) -> WrittenEvent:
    """Return the event of a line. Raises BadRequest for a line that is not whole."""
    checksum, stored = line[:CHECKSUM_DIGITS], line[CHECKSUM_DIGITS + 1 : -1]
    if line[-1:] != b"\n" or checksum != b"%08x" % crc32(stored):
        raise BadRequest("This line of the spool is not whole.")
    return decode(stored)
