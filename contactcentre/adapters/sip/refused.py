"""The answer to a request that cannot be read, made of what of it can be and kept nowhere.

Whoever sent it learns at once that it is wrong, and does not send it again and again (RFC 3261,
sections 8.2.7 and 18.3; RFC 4475). Nothing is answered to an ACK, to a response, or where nothing
shows which way an answer would go.
"""

import re
import secrets

from contactcentre.adapters.sip.messages import (
    REASONS,
    MalformedMessage,
    Response,
    noted_via,
    params_of,
    read_headers,
    read_via,
)
from contactcentre.adapters.sip.ways import Way

BAD, OTHER_VERSION = 400, 505
_END = b"\r\n\r\n"
_REQUEST = re.compile(r"([A-Za-z0-9.!%*_+`'~-]+) .*\bSIP/(\d+\.\d+)\s*", re.IGNORECASE)
_VERSION = re.compile(r"^SIP\s*/\s*\d+\.\d+")
_KEPT = ("from", "to", "call-id", "cseq")


def refuse(data: bytes, way: Way) -> None:
    """Tell whoever sent a request that it cannot be read, if it shows where the answer goes."""
    head, end, _ = data.partition(_END)
    try:
        start, headers = read_headers(head)
        written = next((value for name, value in headers if name == "via"), "")
        # one of another version is read as if it were of ours
        first = _VERSION.sub("SIP/2.0", written.partition(",")[0].strip())
        via = read_via(first)
    except MalformedMessage:
        return
    request = _REQUEST.fullmatch(start)
    if not end or request is None or request[1] == "ACK":
        return
    code = BAD if request[2] == "2.0" else OTHER_VERSION
    noted, port = noted_via(written, via, way.peer)
    others = [one for one in headers if one[0] == "via"][1:]
    answer = Response(code=code, reason=REASONS[code], headers=[("via", noted), *others])
    for kept in _KEPT:
        value = next((value for name, value in headers if name == kept), "")
        if kept == "to" and value and "tag" not in params_of(value):
            value += f";tag={secrets.token_hex(8)}"
        if value:
            answer.add(kept, value)
    way.back_to(port).send(answer.to_bytes())
