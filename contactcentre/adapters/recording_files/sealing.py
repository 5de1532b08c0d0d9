"""Keys: each recording has its own, which stands in its file sealed by one that operators keep.

A key of the operator's is any text of 32 characters or more; what seals is derived from it, so that
it serves no other end. AES-256-GCM throughout: whoever changes a byte is found out.
"""

import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from contactcentre.domain.errors import BadRequest, UnknownName

KEY_BYTES = 32
NONCE_BYTES = 12
_PURPOSE = b"contactcentre recordings 1"


class KeyRing:
    """The operator's keys by their names; the first one seals, all open."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        assert secrets, "nothing is sealed without a key"
        self.sealing = next(iter(secrets))
        self._keys = {name: AESGCM(_derived(secret)) for name, secret in secrets.items()}

    def seal(self, key: bytes, *, about: bytes) -> bytes:
        """Return a recording's own key, sealed, and bound to what is said about it."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._keys[self.sealing].encrypt(nonce, key, about)

    def open(self, sealed: bytes, *, name: str, about: bytes) -> bytes:
        """Return a recording's own key. Raises UnknownName without its sealing key, BadRequest."""
        opening = self._keys.get(name)
        if opening is None:
            raise UnknownName(
                f"The recording is sealed with the key {name!r}, which is not there; add it to"
                " CC_RECORDING_KEYS."
            )
        try:
            return opening.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
        except InvalidTag as error:
            raise BadRequest(
                f"The recording cannot be opened: it has been changed, or {name!r} in"
                " CC_RECORDING_KEYS is not the key that it was sealed with."
            ) from error


def new_key() -> bytes:
    """Return a key for one recording."""
    return AESGCM.generate_key(8 * KEY_BYTES)


def _derived(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=_PURPOSE).derive(
        secret.encode()
    )
