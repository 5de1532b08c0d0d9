"""Digests (RFC 3261, section 22; RFC 8760): what proves a password, asked of us or by us."""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import md5, sha256
from types import MappingProxyType

from contactcentre.adapters.sip.messages import Response

Digest = Callable[[bytes], str]
DIGESTS: Mapping[str, Digest] = MappingProxyType(
    {
        "SHA-256": lambda data: sha256(data).hexdigest(),
        "MD5": lambda data: md5(data).hexdigest(),  # noqa: S324 - what trunks speak; the address counts as well
    }
)
"""By name, the better one first."""
_PAIR = re.compile(r'([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_SCHEME = re.compile(r"(?:^|,)\s*Digest\s+", re.IGNORECASE)
_ASKED_BY: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        401: ("www-authenticate", "authorization"),
        407: ("proxy-authenticate", "proxy-authorization"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """By what we are known to somebody."""

    username: str
    password: str = field(repr=False)


def pairs_of(said: str) -> dict[str, str]:
    """Return the parameters of a challenge or of an answer to one."""
    return {name.lower(): one or two for name, one, two in _PAIR.findall(said)}


def proof_of(
    digest: Digest, pairs: Mapping[str, str], known: Credentials, *, realm: str, method: str
) -> str:
    """Return what the bearer of a password answers."""
    who = digest(f"{known.username}:{realm}:{known.password}".encode())
    what = digest(f"{method}:{pairs.get('uri', '')}".encode("utf-8", "surrogateescape"))
    between = [pairs.get("nonce", "")]
    if pairs.get("qop"):
        between += [pairs.get("nc", ""), pairs.get("cnonce", ""), pairs["qop"]]
    return digest(":".join([who, *between, what]).encode("utf-8", "surrogateescape"))


def prove(asked: Response, known: Credentials, *, method: str, uri: str) -> tuple[str, str] | None:
    """Return the header that answers a challenge; None if there is none that we can answer."""
    challenge, answer = _ASKED_BY.get(asked.code, ("", ""))
    offered = {pairs.get("algorithm", "MD5").upper(): pairs for pairs in _asked(asked, challenge)}
    for name, digest in DIGESTS.items():
        pairs = offered.get(name)
        if pairs is None or not pairs.get("nonce"):
            continue
        realm = pairs.get("realm", "")
        said = {"username": known.username, "realm": realm, "nonce": pairs["nonce"], "uri": uri}
        qops = [one.strip() for one in pairs.get("qop", "").split(",") if one.strip()]
        bare = {"algorithm": name} if "algorithm" in pairs else {}
        if qops and "auth" not in qops:
            continue
        if qops:
            said["cnonce"] = secrets.token_hex(8)
            bare |= {"qop": "auth", "nc": "00000001"}
        proof = proof_of(digest, said | bare, known, realm=realm, method=method)
        said |= {"response": proof} | ({"opaque": pairs["opaque"]} if "opaque" in pairs else {})
        quoted = [f'{key}="{value}"' for key, value in said.items()]
        return answer, "Digest " + ", ".join([*quoted, *(f"{k}={v}" for k, v in bare.items())])
    return None


def _asked(response: Response, header: str) -> Iterator[Mapping[str, str]]:
    """Yield the challenges of a response."""
    for name, value in response.headers:
        if name == header:
            for part in _SCHEME.split(value)[1:]:
                yield pairs_of(part)
