"""Who may send us calls, and whom we may send ours: one file, read at the start.

A trunk is known by the addresses its messages come from, and by a password where it has one: then
each new call proves that it knows it (RFC 3261, section 22; RFC 8760 for SHA-256).
"""

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contactcentre.adapters.sip.digest import DIGESTS, Credentials, pairs_of, proof_of, prove
from contactcentre.adapters.sip.messages import Request, Response
from contactcentre.toml_files import read_toml

NONCE_LIFE_S = 60
PROOFS_KEPT_MAX = 10_000
REALM = "contactcentre"
TrunkName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Outward(_Written):
    """How we call out over a trunk."""

    address: IPv4Address | IPv6Address
    """Where our calls go; one of the trunk's addresses."""
    port: Annotated[int, Field(ge=1, le=65_535)] = 5_060
    transport: Literal["udp", "tcp", "tls"] = "udp"
    domain: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+$")] | None = None
    """What numbers are of, if it is not the address."""
    username: str | None = None
    password: str | None = None
    """What proves our calls where the trunk asks for it."""
    law: Literal["PCMA", "PCMU"] = "PCMA"
    """What we offer for the sound."""
    refer: bool = False
    """The trunk may be asked to hand its own callers to outside numbers (REFER)."""

    @property
    def peer(self) -> tuple[str, int]:
        """Return where our calls go."""
        return str(self.address), self.port

    def uri(self, number: str) -> str:
        """Return a number as an address of the trunk."""
        user = ";user=phone" if number.startswith("+") else ""
        host = str(self.address) if self.address.version == 4 else f"[{self.address}]"  # noqa: PLR2004 - IPv4
        return f"sip:{number}@{self.domain or f'{host}:{self.port}'}{user}"

    @model_validator(mode="after")
    def _both(self) -> "Outward":
        if (self.username is None) is not (self.password is None):
            raise ValueError("username and password go together")
        return self


class Trunk(_Written):
    """One trunk."""

    addresses: Annotated[tuple[IPv4Network | IPv6Network, ...], Field(min_length=1)]
    """Where its messages come from: addresses, and networks as 192.0.2.0/28."""
    username: str | None = None
    password: str | None = None
    """What each new call proves to know; none: the addresses are enough."""
    country: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}$")] = "44"
    """Numbers that come without a country are of this one."""
    only_tls: bool = False
    """Take nothing of it that is not encrypted."""
    tls_names: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]+$")], ...] = ()
    """Whose certificate it shows: one of these; none: out.domain, or its address."""
    early_media: bool = False
    """Let announcements be heard before the call is answered."""
    out: Outward | None = None
    """How we call out over it; none: it only brings calls."""

    @model_validator(mode="after")
    def _both(self) -> "Trunk":
        if (self.username is None) is not (self.password is None):
            raise ValueError("username and password go together")
        if self.out is not None and not any(self.out.address in net for net in self.addresses):
            raise ValueError("out.address must be one of its addresses: answers come from there")
        if self.only_tls and self.out is not None and self.out.transport != "tls":
            raise ValueError('only_tls: say out.transport = "tls" as well')
        return self

    @property
    def speaks_tls(self) -> bool:
        """Say whether it needs a node that speaks TLS."""
        return self.only_tls or (self.out is not None and self.out.transport == "tls")

    @property
    def known_by(self) -> Credentials | None:
        """Return what proves our own requests to it."""
        if self.out is None or self.out.username is None or self.out.password is None:
            return None
        return Credentials(username=self.out.username, password=self.out.password)


class TrunkFile(_Written):
    """The whole file."""

    trunks: Annotated[Mapping[TrunkName, Trunk], Field(min_length=1)]


def read_trunks(path: Path) -> TrunkFile:
    """Return the trunks of a file. Raises BadRequest, which names every mistake at once."""
    return read_toml(path, TrunkFile)


class Trunks:
    """The trunks, as calls come over them."""

    def __init__(self, file: TrunkFile) -> None:
        self._trunks = file.trunks
        self._known: dict[str, str | None] = {}
        self._secret = secrets.token_bytes(32)
        self._proofs: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def of(self, host: str) -> str | None:
        """Return the name of the trunk that an address belongs to."""
        if host not in self._known:
            if len(self._known) >= PROOFS_KEPT_MAX:
                self._known.clear()
            address = ip_address(host)
            self._known[host] = next(
                (n for n, t in self._trunks.items() if any(address in net for net in t.addresses)),
                None,
            )
        return self._known[host]

    def country(self, trunk: str) -> str:
        """Return the country of numbers that come without one."""
        return self._trunks[trunk].country

    def needs_tls(self, trunk: str) -> bool:
        """Say whether a trunk speaks over TLS alone."""
        return self._trunks[trunk].only_tls

    def is_early(self, trunk: str) -> bool:
        """Say whether its callers hear announcements before their call is answered."""
        return self._trunks[trunk].early_media

    def names_at(self, host: str) -> Sequence[str]:
        """Return whose certificate whoever is at an address may show: one of these."""
        name = self.of(host)
        trunk = None if name is None else self._trunks[name]
        if trunk is None:
            return (host,)
        domain = None if trunk.out is None else trunk.out.domain
        return trunk.tls_names or ((host,) if domain is None else (domain, host))

    @property
    def need_tls(self) -> list[str]:
        """Return the names of those that speak over TLS, or are called over it."""
        return [name for name, trunk in self._trunks.items() if trunk.speaks_tls]

    @property
    def outward(self) -> Mapping[str, Outward]:
        """Return the trunks that we may call out over, as they stand in the file."""
        said = ((name, trunk.out) for name, trunk in self._trunks.items())
        return {name: out for name, out in said if out is not None}

    def prove(self, host: str, asked: Response, request: Request) -> tuple[str, str] | None:
        """Return the header that proves a request of ours to the trunk at an address."""
        name = self.of(host)
        known = None if name is None else self._trunks[name].known_by
        if known is None:
            return None
        return prove(asked, known, method=request.method, uri=request.uri)

    def proves(self, trunk: str, request: Request) -> bool:
        """Say whether a call knows its trunk's password, and says so for the first time."""
        known = self._trunks[trunk]
        if known.username is None or known.password is None:
            return True
        scheme, _, said = request.first("authorization").partition(" ")
        pairs = pairs_of(said)
        if scheme.lower() != "digest" or pairs.get("username") != known.username:
            return False
        nonce, response = pairs.get("nonce", ""), pairs.get("response", "")
        digest = DIGESTS.get(pairs.get("algorithm", "MD5").upper())
        if digest is None or not self._is_fresh(nonce):
            return False
        bearer = Credentials(username=known.username, password=known.password)
        expected = proof_of(digest, pairs, bearer, realm=REALM, method=request.method)
        if not hmac.compare_digest(expected.encode(), response.encode()):
            return False
        proof = (nonce, pairs.get("nc", ""), pairs.get("cnonce", ""))
        if proof in self._proofs:
            return False
        self._keep(proof)
        return True

    def challenge(self) -> tuple[str, str]:
        """Return the header that asks for a proof."""
        at = format(int(time.monotonic() * 1_000), "x")
        nonce = f"{at}.{secrets.token_hex(4)}"
        text = f'Digest realm="{REALM}", nonce="{nonce}.{self._sign(nonce)}", algorithm=MD5'
        return "www-authenticate", f'{text}, qop="auth"'

    def _is_fresh(self, nonce: str) -> bool:
        """Say whether a nonce is one of ours and not too old."""
        own, _, signature = nonce.rpartition(".")
        if not hmac.compare_digest(self._sign(own).encode(), signature.encode()):
            return False
        return time.monotonic() - int(own.partition(".")[0], 16) / 1_000 <= NONCE_LIFE_S

    def _sign(self, nonce: str) -> str:
        return hmac.new(self._secret, nonce.encode(), sha256).hexdigest()[:32]

    def _keep(self, proof: tuple[str, ...]) -> None:
        """Remember a proof for as long as its nonce could be used."""
        now = time.monotonic()
        self._proofs[proof] = now
        while self._proofs:
            first, at = next(iter(self._proofs.items()))
            if now - at <= NONCE_LIFE_S and len(self._proofs) <= PROOFS_KEPT_MAX:
                break
            del self._proofs[first]
