"""One torture case: a good message with some lines changed, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.adapters.sip.entrance import NUMBER, OFFER

TAKEN, SILENCE = 200, None
BAD: Mapping[str, int] = {"malformed": 1}
REGISTERED: Mapping[str, int] = {"registration": 1}
RINGS: Mapping[str, int] = {"taken": 1}
HOST = "gate.example.net"
PORT = "{port}"
"""Stands for the port that a case is sent from: answers come back there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One message, and what comes of it."""

    name: str
    why: str
    code: int | None
    """What it is answered with; None for silence."""
    counted: Mapping[str, int] = field(default_factory=dict)
    says: str = ""
    """What its answer must say as well."""
    text: str

    def to_bytes(self, port: int) -> bytes:
        """Return it as it is sent from a port."""
        text = self.text.replace(PORT, str(port)).replace("\r\n", "\n").replace("\n", "\r\n")
        return text.encode("utf-8", "surrogateescape")


def lines_of(name: str, method: str, body: str, changed: Mapping[str, str]) -> str:
    """Return a good message of that name with some lines changed, or left out where empty."""
    lines = {
        "start": f"{method} sip:{NUMBER}@{HOST} SIP/2.0",
        "via": f"Via: SIP/2.0/UDP {HOST}:{PORT};branch=z9hG4bK{name}",
        "hops": "Max-Forwards: 70",
        "sender": f"From: <sip:anonymous@{HOST}>;tag={name}7",
        "to": f"To: <sip:{NUMBER}@{HOST}>",
        "call": f"Call-ID: {name}.4475@{HOST}",
        "cseq": f"CSeq: 8 {method}",
        "contact": f"Contact: <sip:anonymous@{HOST}>",
        "kind": "Content-Type: application/sdp" if body else "",
        "length": f"Content-Length: {len(body.encode('utf-8', 'surrogateescape'))}",
        "more": "",
        **changed,
    }
    return "\n".join(line for line in lines.values() if line) + "\n\n" + body


def options(
    name: str,
    why: str,
    code: int | None = 200,
    counted: Mapping[str, int] | None = None,
    *,
    says: str = "",
    method: str = "OPTIONS",
    body: str = "",
    **changed: str,
) -> Case:
    """Return a case whose message is an OPTIONS, or another request, but for some lines."""
    text = lines_of(name, method, body, changed)
    return Case(name=name, why=why, code=code, counted=counted or {}, says=says, text=text)


def register(name: str, why: str, **changed: str) -> Case:
    """Return a case whose message wants to register, which nobody does with us."""
    start = f"REGISTER sip:{HOST} SIP/2.0"
    changed = {"start": start, **changed}
    return options(name, why, 403, REGISTERED, method="REGISTER", **changed)


def invite(
    name: str,
    why: str,
    code: int | None = TAKEN,
    counted: Mapping[str, int] = RINGS,
    **changed: str,
) -> Case:
    """Return a case whose message is a call, taken unless something else is said."""
    return options(name, why, code, counted, method="INVITE", body=OFFER, **changed)


def response(
    name: str, why: str, start: str, counted: Mapping[str, int] | None = None, **changed: str
) -> Case:
    """Return a case whose message is a response, to nothing that we have asked."""
    return options(name, why, SILENCE, counted, start=start, method="INVITE", **changed)


def long(word: str, times: int) -> str:
    """Return a word that goes on and on."""
    return word * times
