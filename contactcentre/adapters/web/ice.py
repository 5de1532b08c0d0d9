"""Servers that help browsers to be heard, with passwords that are good for a while.

A TURN server and we share a secret. The user's name says until when it is good, the password is
made from both, and the server needs to be told of nobody (coturn: use-auth-secret).
"""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Final

from contactcentre.ports.environment import Chance, Clock
from contactcentre.setting_checks import helping
from contactcentre.settings import Settings
from contactcentre.wire.ice import IceServer

GOOD_FOR_S: Final = 24 * 3_600
"""An adviser's page stays open over a shift, a caller's for as long as its claim lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IceServers:
    """What pages are told."""

    urls: Sequence[str]
    turn_secret: str
    """Empty where none of them relays."""
    clock: Clock
    chance: Chance

    @classmethod
    def of(cls, settings: Settings, clock: Clock, chance: Chance) -> "IceServers":
        """Return the servers of some settings."""
        secret = settings.turn_secret
        return cls(
            urls=settings.ice_servers,
            turn_secret="" if secret is None else secret.get_secret_value(),
            clock=clock,
            chance=chance,
        )

    def told(self) -> list[IceServer]:
        """Return the servers for one page; what relays has a name that no other page has."""
        if not self.urls:
            return []
        helps = helping(self.urls)
        until_s = self.clock.now_ms() // 1_000 + GOOD_FOR_S
        username = f"{until_s}:{self.chance.nonce()}"
        credential = turn_password(self.turn_secret, username)
        return [
            IceServer(urls=url)
            if url in helps
            else IceServer(urls=url, username=username, credential=credential)
            for url in self.urls
        ]


def turn_password(secret: str, username: str) -> str:
    """Return what a TURN server expects of a user that it knows nothing of but its secret."""
    return b64encode(hmac.digest(secret.encode(), username.encode(), sha1)).decode()
