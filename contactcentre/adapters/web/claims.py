"""Signs and reads what is carried to media nodes: claims, tickets, passes of telephones.

Everyone who may sign or read shares the same keys. One of them signs; all of them are read, so that
a key can be changed without a caller losing the place: add the new key everywhere, then sign with
it, then, once the last claim of the old one has expired, take the old one away.

What a claim remembers of its call for another node is sealed with the same keys: it names the
adviser, which is nothing for the page to read.

Whatever is wrong with a claim, its bearer hears one sentence. Only whoever holds a claim that was
once good is told that it has expired: that helps no forger.
"""

import hmac
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any, TypeVar

import jwt
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from contactcentre.domain.errors import BadClaim, BadRequest
from contactcentre.ports.environment import Clock
from contactcentre.wire.claims import (
    AdviserTicket,
    CallerClaim,
    CallMemory,
    PhonePass,
    SupervisorTicket,
)

SECRET_MIN_BYTES = 32
"""HS256 wants a key at least as long as its hash (RFC 7518, 3.2)."""
SIGNED_MAX_CHARS = 4_096
"""Longer texts are refused unread; the messages that carry them say the same."""
LEEWAY_S = 30
"""How far the clocks of two machines may be apart."""

ALGORITHM = "HS256"

CLAIM_REFUSED = "This page's claim to the call is not good. Start a new call."
CLAIM_EXPIRED = "This page has been away for too long. Start a new call."
TICKET_REFUSED = "This ticket to the call is not good. Wait for the desk to ring again."
WAY_REFUSED = "This pass for a call's sound is not good."
WAY_EXPIRED = "This pass for a call's sound was used too late."
TICKET_EXPIRED = "The ring was over before your browser joined. Wait for the desk to ring again."

LISTENING_REFUSED = "This ticket to the talk is not good. Choose the talk on the board again."

Signed = TypeVar("Signed", CallerClaim, AdviserTicket, SupervisorTicket, PhonePass)


class Signatures:
    """The keys that claims and tickets are signed with."""

    def __init__(self, keys: Mapping[str, str], signing: str, clock: Clock) -> None:
        for kid, secret in keys.items():
            if len(secret.encode()) < SECRET_MIN_BYTES:
                raise BadRequest(
                    f"The signing key {kid!r} is too short: "
                    f"give it at least {SECRET_MIN_BYTES} random bytes."
                )
        if signing not in keys:
            raise BadRequest(f"There is no key {signing!r} among the signing keys to sign with.")
        self._keys = MappingProxyType(dict(keys))
        self._signing = signing
        self._clock = clock
        first = [signing, *(kid for kid in keys if kid != signing)]
        self._seals = MultiFernet([_seal(keys[kid]) for kid in first])

    def sign_claim(self, claim: CallerClaim) -> str:
        """Return the claim as its page carries it."""
        return self._sign(claim)

    def sign_ticket(self, ticket: AdviserTicket) -> str:
        """Return the ticket as the adviser's browser carries it."""
        return self._sign(ticket)

    def sign_pass(self, said: PhonePass) -> str:
        """Return the pass as the carrier of a telephone call carries it."""
        return self._sign(said)

    def read_claim(self, text: str) -> CallerClaim:
        """Return what a caller's claim says. Raises BadClaim."""
        return self._read(text, CallerClaim, refused=CLAIM_REFUSED, expired=CLAIM_EXPIRED)

    def read_ticket(self, text: str) -> AdviserTicket:
        """Return what an adviser's ticket says. Raises BadClaim."""
        return self._read(text, AdviserTicket, refused=TICKET_REFUSED, expired=TICKET_EXPIRED)

    def sign_supervisor_ticket(self, ticket: SupervisorTicket) -> str:
        """Return the ticket as the supervisor's browser carries it."""
        return self._sign(ticket)

    def read_supervisor_ticket(self, text: str) -> SupervisorTicket:
        """Return what a supervisor's ticket says. Raises BadClaim."""
        return self._read(
            text, SupervisorTicket, refused=LISTENING_REFUSED, expired=LISTENING_REFUSED
        )

    def read_pass(self, text: str) -> PhonePass:
        """Return what the pass of a telephone call says. Raises BadClaim."""
        return self._read(text, PhonePass, refused=WAY_REFUSED, expired=WAY_EXPIRED)

    def seal(self, memory: CallMemory) -> str:
        """Return what a claim remembers of its call, for our nodes alone to read."""
        said = memory.model_dump_json(exclude_defaults=True).encode()
        return self._seals.encrypt(zlib.compress(said)).decode()

    def unseal(self, claim: CallerClaim) -> CallMemory:
        """Return what a claim remembers of its call. Raises BadClaim."""
        try:
            said = zlib.decompress(self._seals.decrypt(claim.memory or ""))
            return CallMemory.model_validate_json(said)
        except (InvalidToken, ValueError, zlib.error) as error:
            raise BadClaim(CLAIM_REFUSED) from error

    def seal_text(self, text: str) -> str:
        """Return a text that our nodes alone can read."""
        return self._seals.encrypt(text.encode()).decode()

    def unseal_text(self, sealed: str) -> str:
        """Return a text that was sealed. Raises BadClaim."""
        try:
            return self._seals.decrypt(sealed).decode()
        except (InvalidToken, ValueError) as error:
            raise BadClaim(CLAIM_REFUSED) from error

    def _sign(self, said: CallerClaim | AdviserTicket | SupervisorTicket | PhonePass) -> str:
        return jwt.encode(
            said.model_dump(mode="json", exclude_none=True),
            self._keys[self._signing],
            algorithm=ALGORITHM,
            headers={"kid": self._signing},
        )

    def _read(self, text: str, model: type[Signed], *, refused: str, expired: str) -> Signed:
        try:
            said = model.model_validate(self._verified(text))
        except (jwt.PyJWTError, KeyError, ValueError, RecursionError) as error:
            raise BadClaim(refused) from error
        if said.exp + LEEWAY_S < self._clock.now_ms() // 1_000:
            raise BadClaim(expired)
        return said

    def _verified(self, text: str) -> Mapping[str, Any]:
        """Return what one of our keys has signed; the text says which, but not how."""
        if len(text) > SIGNED_MAX_CHARS:
            raise ValueError("longer than anything we sign")
        key = self._keys[str(jwt.get_unverified_header(text).get("kid"))]
        return jwt.decode(
            text,
            key,
            algorithms=[ALGORITHM],
            # our own clock says below whether it has expired: it can be simulated
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )


def _seal(secret: str) -> Fernet:
    """Return what seals with a key of its own, made from one that signs."""
    return Fernet(urlsafe_b64encode(sha256(b"the memory of a call:" + secret.encode()).digest()))


def page_digest(secret: str) -> str:
    """Return what a claim says of its page's secret."""
    return sha256(secret.encode()).hexdigest()


def prove_page(claim: CallerClaim, secret: str) -> None:
    """Let the claim pass only with the secret of its page. Raises BadClaim."""
    if not hmac.compare_digest(claim.page, page_digest(secret)):
        raise BadClaim(CLAIM_REFUSED)
