"""SIP messages as text on the wire and as parts in memory (RFC 3261, sections 7, 20 and 25).

Read strictly where a mistake would matter (who, which call, which transaction, how long) and not at
all where nobody here asks. Header names are kept in their long form and in small letters.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

MESSAGE_MAX_BYTES = 65_535
HEADERS_MAX = 256
CSEQ_MAX = 2**31 - 1
LINE_MAX_CHARS = 4_096
_PORT, _PORT_MAX = 5_060, 65_535
_HEADERS_END = b"\r\n\r\n"

_LONG: Mapping[str, str] = MappingProxyType(
    {
        "c": "content-type",
        "e": "content-encoding",
        "f": "from",
        "i": "call-id",
        "k": "supported",
        "l": "content-length",
        "m": "contact",
        "o": "event",
        "r": "refer-to",
        "s": "subject",
        "t": "to",
        "u": "allow-events",
        "v": "via",
        "x": "session-expires",
    }
)
_WRITTEN: Mapping[str, str] = MappingProxyType(
    {
        "call-id": "Call-ID",
        "cseq": "CSeq",
        "min-se": "Min-SE",
        "session-id": "Session-ID",
        "rseq": "RSeq",
        "www-authenticate": "WWW-Authenticate",
    }
)
REASONS: Mapping[int, str] = MappingProxyType(
    {
        100: "Trying",
        180: "Ringing",
        183: "Session Progress",
        200: "OK",
        400: "Bad Request",
        401: "Unauthorized",
        403: "Forbidden",
        404: "Not Found",
        405: "Method Not Allowed",
        406: "Not Acceptable",
        408: "Request Timeout",
        415: "Unsupported Media Type",
        416: "Unsupported URI Scheme",
        420: "Bad Extension",
        422: "Session Interval Too Small",
        480: "Temporarily Unavailable",
        481: "Call/Transaction Does Not Exist",
        482: "Loop Detected",
        483: "Too Many Hops",
        486: "Busy Here",
        487: "Request Terminated",
        488: "Not Acceptable Here",
        491: "Request Pending",
        500: "Server Internal Error",
        501: "Not Implemented",
        503: "Service Unavailable",
        504: "Server Time-out",
        505: "Version Not Supported",
    }
)
_METHOD = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,256}")
_ADDRESS = re.compile(r"""[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"]+""")
_EMPTY_PARAM = re.compile(r";\s*(?:[;,]|$)")
_PARAM = re.compile(r""";\s*([^\s;=,"]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*))?""")


class MalformedMessage(ValueError):
    """What came is no SIP message; the sentence says why."""


@dataclass(slots=True, kw_only=True)
class Message:
    """What requests and responses have in common."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def first(self, name: str) -> str:
        """Return a header's first value, empty if there is none."""
        return next((value for key, value in self.headers if key == name), "")

    def every(self, name: str) -> list[str]:
        """Return every value of a header, those that share a line taken apart."""
        return [part for key, value in self.headers if key == name for part in _parts(value)]

    def add(self, name: str, value: str) -> None:
        """Put a header behind the others."""
        self.headers.append((name, value))

    @property
    def call_id(self) -> str:
        """Return which call it belongs to."""
        return self.first("call-id")

    @property
    def cseq(self) -> tuple[int, str]:
        """Return the number and method of its transaction."""
        number, _, method = self.first("cseq").partition(" ")
        return int(number), method.strip()

    @property
    def from_tag(self) -> str:
        """Return the tag of whoever sent the request."""
        return params_of(self.first("from")).get("tag", "")

    @property
    def to_tag(self) -> str:
        """Return the tag of whoever was sent the request; empty while that has none."""
        return params_of(self.first("to")).get("tag", "")

    def _written(self, start: str) -> bytes:
        lines = [start, *(f"{_written(name)}: {value}" for name, value in self.headers)]
        lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + _HEADERS_END + self.body


@dataclass(slots=True, kw_only=True)
class Request(Message):
    """A request."""

    method: str
    uri: str

    def to_bytes(self) -> bytes:
        """Return it as it goes over the wire."""
        return self._written(f"{self.method} {self.uri} SIP/2.0")

    def response(
        self,
        code: int,
        *,
        tag: str = "",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> "Response":
        """Return a response to it, with our tag unless it has one already."""
        to = self.first("to")
        if tag and code > 100 and not self.to_tag:  # noqa: PLR2004 - Trying makes no dialog
            to = f"{to};tag={tag}"
        kept = [(name, value) for name, value in self.headers if name == "via"]
        if 100 < code < 300:  # noqa: PLR2004 - what may make a dialog shows the way back
            kept += [(name, value) for name, value in self.headers if name == "record-route"]
        kept += [("from", self.first("from")), ("to", to), ("call-id", self.call_id)]
        kept += [("cseq", self.first("cseq")), *headers]
        return Response(code=code, reason=REASONS.get(code, "Refused"), headers=kept, body=body)


@dataclass(slots=True, kw_only=True)
class Response(Message):
    """A response."""

    code: int
    reason: str

    def to_bytes(self) -> bytes:
        """Return it as it goes over the wire."""
        return self._written(f"SIP/2.0 {self.code} {self.reason}")


def read_message(data: bytes) -> Request | Response:
    """Return what some bytes say. Raises MalformedMessage.

    What is behind the length that it gives is not looked at: a datagram may end in filling.
    """
    if len(data) > MESSAGE_MAX_BYTES:
        raise MalformedMessage("It is longer than a message may be.")
    head, end, body = data.partition(_HEADERS_END)
    if not end:
        raise MalformedMessage("Its headers have no end.")
    start, headers = read_headers(head)
    message = _start(start, headers)
    _check(message)
    length = length_of(headers)
    if length is not None and length > len(body):
        raise MalformedMessage("Its body is shorter than it says.")
    message.body = body[:length]
    message.headers = [one for one in message.headers if one[0] != "content-length"]
    return message


def read_headers(head: bytes) -> tuple[str, list[tuple[str, str]]]:
    """Return the first line and the headers of a message's head. Raises MalformedMessage."""
    lines: list[str] = []
    for line in head.decode("utf-8", "surrogateescape").split("\r\n"):
        if line[:1] in {" ", "\t"} and len(lines) > 1:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    if len(lines) > HEADERS_MAX or max(map(len, lines)) > LINE_MAX_CHARS:
        raise MalformedMessage("It has more headers, or longer ones, than anybody needs.")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        name = name.rstrip().lower()
        if not colon or not _NAME.fullmatch(name):
            raise MalformedMessage("It has a header without a name.")
        if "\n" in value or "\r" in value:
            raise MalformedMessage("It has a header that breaks its line.")
        headers.append((_LONG.get(name, name), value.strip()))
    return lines[0], headers


def length_of(headers: Iterable[tuple[str, str]]) -> int | None:
    """Return how long headers say a body is, if they do. Raises MalformedMessage."""
    said = {value for name, value in headers if name == "content-length"}
    if not all(_is_number(one) for one in said):
        raise MalformedMessage("The length that it gives is no number.")
    lengths = {int(one) for one in said}
    if len(lengths) > 1:
        raise MalformedMessage("It gives two lengths.")
    return lengths.pop() if lengths else None


def _start(line: str, headers: list[tuple[str, str]]) -> Request | Response:
    """Return the message that a first line begins."""
    match line.split(" "):
        case ["SIP/2.0", code, *reason] if _is_number(code) and 100 <= int(code) <= 699:  # noqa: PLR2004 - RFC 3261, 7.2
            return Response(code=int(code), reason=" ".join(reason), headers=headers)
        case [method, uri, "SIP/2.0"] if _METHOD.fullmatch(method) and _ADDRESS.fullmatch(uri):
            return Request(method=method, uri=uri, headers=headers)
        case [_, _, version] if version.upper().startswith("SIP/"):
            raise MalformedMessage("It is of another version of SIP.")
        case _:
            raise MalformedMessage("It begins like no SIP message.")


def _check(message: Request | Response) -> None:
    """Refuse a message that does not say where it belongs."""
    for name in ("via", "from", "to", "call-id", "cseq"):
        if not message.first(name):
            raise MalformedMessage(f"It has no {_written(name)}.")
    number, _, method = message.first("cseq").partition(" ")
    if not _is_number(number) or int(number) > CSEQ_MAX:
        raise MalformedMessage("Its CSeq is no number that one may have.")
    if isinstance(message, Request) and method.strip() != message.method:
        raise MalformedMessage("Its CSeq is of another method.")
    if isinstance(message, Response) and not message.from_tag:
        raise MalformedMessage("Its From has no tag.")
    for name in ("from", "to", "call-id", "cseq"):
        if sum(key == name for key, _ in message.headers) > 1:
            raise MalformedMessage(f"It has two headers of the name {_written(name)}.")
    if _EMPTY_PARAM.search(message.first("via")):
        raise MalformedMessage("Its Via has a parameter without a name.")
    read_via(next(iter(message.every("via")), ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """Where a response goes."""

    transport: str
    host: str
    port: int | None
    params: Mapping[str, str]

    @property
    def branch(self) -> str:
        """Return what names the transaction."""
        return self.params.get("branch", "")


def read_via(value: str) -> Via:
    """Return what a Via says. Raises MalformedMessage."""
    found = re.match(
        r"SIP\s*/\s*2\.0\s*/\s*(\w+)\s+(\[[0-9A-Fa-f:.]+\]|[\w.-]+)\s*(?::\s*(\d{1,5}))?\s*(?=;|$)",
        value,
    )
    if found is None:
        raise MalformedMessage("Its Via cannot be read.")
    transport, host, port = found.groups()
    return Via(
        transport=transport.lower(),
        host=host.strip("[]"),
        port=_port(port),
        params=params_of(value[found.end() :]),
    )


def noted_via(written: str, via: Via, peer: tuple[str, int]) -> tuple[str, int]:
    """Return a Via with where its request came from noted in it, and the port of the way back.

    `written` is the whole line, `via` its first value (RFC 3581).
    """
    host, port = peer
    first, comma, rest = written.partition(",")
    shown = f"[{host}]" if ":" in host else host
    noted = re.sub(r";\s*(received|rport)(\s*=[^;]*)?(?=;|$)", "", first) + f";received={shown}"
    if "rport" in via.params:
        return f"{noted};rport={port}{comma}{rest}", port
    return noted + comma + rest, via.port or _PORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Uri:
    """A sip: or tel: address."""

    scheme: str
    user: str
    host: str
    port: int | None
    params: Mapping[str, str]


def read_uri(text: str) -> Uri:
    """Return the parts of an address. Raises MalformedMessage."""
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if not colon or scheme not in {"sip", "sips", "tel"}:
        raise MalformedMessage("An address in it is neither sip: nor tel:.")
    rest = rest.partition("?")[0]
    if scheme == "tel":
        number, _, params = rest.partition(";")
        return Uri(scheme=scheme, user=number, host="", port=None, params=params_of(";" + params))
    user, at, place = rest.rpartition("@")
    host_port, _, params = place.partition(";")
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?", host_port)
    if found is None or (at and not user):
        raise MalformedMessage("An address in it names no host.")
    return Uri(
        scheme=scheme,
        user=user.partition(":")[0].partition(";")[0],
        host=found[1].strip("[]"),
        port=_port(found[2]),
        params=params_of(";" + params),
    )


def address_of(value: str) -> str:
    """Return the address that a From, To, Contact or Route names, as it is written there."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", value)
    opened = bare.find("<")
    if opened < 0:
        return bare.partition(";")[0].strip()
    return bare[opened + 1 :].partition(">")[0].strip()


def params_of(value: str) -> Mapping[str, str]:
    """Return the parameters behind an address or value, those inside of <> left out."""
    bare = re.sub(r"<[^>]*>", "", re.sub(r'^\s*"(?:[^"\\]|\\.)*"', "", value))
    start = bare.find(";")
    if start < 0:
        return {}
    found = _PARAM.findall(bare, start)
    return {name.lower(): text.strip('"') for name, text in found}


def _parts(value: str) -> Sequence[str]:
    """Return the values of a line that commas separate, outside of quotes and brackets."""
    if "," not in value:
        return (value,)
    parts, start = [], 0
    is_quoted = is_bracketed = is_escaped = False
    for at, char in enumerate(value):
        if is_escaped:
            is_escaped = False
        elif char == "\\" and is_quoted:
            is_escaped = True
        elif char == '"' and not is_bracketed:
            is_quoted = not is_quoted
        elif char in "<>" and not is_quoted:
            is_bracketed = char == "<"
        elif char == "," and not (is_quoted or is_bracketed):
            parts.append(value[start:at])
            start = at + 1
    parts.append(value[start:])
    return [part.strip() for part in parts if part.strip()]


def _port(text: str | None) -> int | None:
    """Return a port that may be sent to. Raises MalformedMessage."""
    if text and int(text) > _PORT_MAX:
        raise MalformedMessage("It has a port that no address has.")
    return int(text) if text else None


def _written(name: str) -> str:
    return _WRITTEN.get(name) or "-".join(part.capitalize() for part in name.split("-"))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 10  # noqa: PLR2004 - 32 bits
