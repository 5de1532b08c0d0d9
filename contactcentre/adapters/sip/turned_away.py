"""The short answer to a call that cannot be taken now: its INVITE is read no further than needed.

The answer is made of the INVITE's own lines and kept nowhere (RFC 3261, section 8.2.7): whoever has
not heard it calls again and is answered again. A flood costs little more than its packets do.
"""

import secrets
from collections.abc import Callable

from contactcentre.adapters.sip.messages import (
    Request,
    Via,
    noted_via,
    read_via,
)
from contactcentre.adapters.sip.ways import Way

LINES_MAX = 64
_INVITE, _ACK = b"INVITE", b"ACK "
_ASKED_FROM_OUTSIDE = (_INVITE, b"OPTIONS", b"REGISTER", b"SUBSCRIBE", b"PUBLISH", b"MESSAGE")
"""What may be asked outside of any call; whoever asks it in a call says so by the tag of To."""
_END = b"\r\n\r\n"
_KEPT = {
    b"via": b"Via",
    b"v": b"Via",
    b"from": b"From",
    b"f": b"From",
    b"to": b"To",
    b"t": b"To",
    b"call-id": b"Call-ID",
    b"i": b"Call-ID",
    b"cseq": b"CSeq",
}
_ONCE = (b"From", b"To", b"Call-ID", b"CSeq")
Headers = dict[bytes, list[bytes]]


class TurnedAway:
    """Who is told to call again later, without a word more."""

    def __init__(self, is_known: Callable[[Request, Via], bool]) -> None:
        """Begin; `is_known` says whether an INVITE with such a Via is being answered already.

        It is shown no more of the INVITE than From, Call-ID and CSeq, and may raise ValueError.
        """
        self._is_known = is_known
        self._tag = b";tag=later" + secrets.token_hex(6).encode()
        """Of no use to anybody: no dialog has it, and what acknowledges it is told by it."""

    def is_over(self, data: bytes) -> bool:
        """Say whether a message only acknowledges that a call was turned away."""
        return data.startswith(_ACK) and self._tag in data

    def turn_away(self, data: bytes, way: Way, retry_after_s: int) -> bool:
        """Answer a new call so, and say whether that was done.

        Whatever is no plain INVITE of a new call is left to who reads it whole.
        """
        found = _of_no_call(data, _INVITE)
        if found is None:
            return False
        first = found[b"Via"][0].decode("utf-8", "surrogateescape")
        try:
            via = read_via(first.partition(",")[0].strip())
            is_known = self._is_known(_known_by(found), via)
        except ValueError:
            return False
        if is_known:
            return False
        noted, port = noted_via(first, via, way.peer)
        vias = [noted.encode("utf-8", "surrogateescape"), *found[b"Via"][1:]]
        lines = [
            b"SIP/2.0 503 Service Unavailable",
            *(b"Via: " + one for one in vias),
            b"From: " + found[b"From"][0],
            b"To: " + found[b"To"][0] + self._tag,
            b"Call-ID: " + found[b"Call-ID"][0],
            b"CSeq: " + found[b"CSeq"][0],
            b"Retry-After: %d" % retry_after_s,
            b"Content-Length: 0",
        ]
        way.back_to(port).send(b"\r\n".join(lines) + _END)
        return True


def is_of_no_call(data: bytes) -> bool:
    """Say whether a message plainly begins a call, or asks us something outside of any."""
    return any(_of_no_call(data, method) is not None for method in _ASKED_FROM_OUTSIDE)


def _of_no_call(data: bytes, method: bytes) -> Headers | None:
    found = _headers(data, method) if data.startswith(method + b" ") else None
    if found is None or b"tag" in found[b"To"][0].rpartition(b">")[2].lower():
        return None
    return found


def _known_by(found: Headers) -> Request:
    """Return as much of an INVITE as tells it from others, whether or not its branch does."""
    headers = [
        (name, found[kept][0].decode("utf-8", "surrogateescape"))
        for name, kept in (("from", b"From"), ("call-id", b"Call-ID"), ("cseq", b"CSeq"))
    ]
    return Request(method="INVITE", uri="", headers=headers)


def _headers(data: bytes, method: bytes) -> Headers | None:
    """Return the headers that an answer repeats; None if they are not there plainly, each once."""
    head, end, _ = data.partition(_END)
    lines = head.split(b"\r\n")
    if not end or len(lines) > LINES_MAX:
        return None
    found: Headers = {}
    for line in lines[1:]:
        if line[:1] in {b" ", b"\t"}:
            return None  # a line that goes on in the next one
        name, _, value = line.partition(b":")
        kept = _KEPT.get(name.rstrip().lower())
        if kept is not None:
            found.setdefault(kept, []).append(value.strip())
    is_plain = b"Via" in found and all(len(found.get(name, ())) == 1 for name in _ONCE)
    is_asked = is_plain and found[b"CSeq"][0].endswith(b" " + method)
    return found if is_asked and b"tag=" in found[b"From"][0] else None
